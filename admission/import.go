// Package admission is the one door to the ledger: what a campaign and its list
// have to be like before they come in, whoever brings them.
//
// It guarantees that a list is read, judged and imported in the same way by the
// HTTP API, by schedules and by carillon check, and that what fails on the way
// leaves no trace. It starts nothing and sends nothing.
package admission

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"carillon/campaign"
	"carillon/contacts"
	"carillon/ledger"
)

// Ledger is what an import needs of the record.
type Ledger interface {
	BeginIntake(ctx context.Context, n ledger.NewCampaign, now time.Time) (*ledger.Intake, error)
}

var _ Ledger = (*ledger.Ledger)(nil)

// Imported is a campaign that has just come in, as a draft.
type Imported struct {
	ID campaign.ID
	// Layout says how the list was read.
	Layout contacts.Layout
}

// Import reads a contact list, which stays open, and makes a campaign of it. Rows
// that cannot be sent are kept with the reason; a list without a single good row
// makes a campaign that has nothing to do.
//
// n says what is imported; its columns come from the list. A key makes the import
// happen once: the error is a *ledger.ExistsError where it has been used. It
// is a *contacts.Error where the list is unusable, and joins *campaign.Mistake
// where the definition does not fit the list. After an error no trace is left.
func Import(ctx context.Context, l Ledger, n ledger.NewCampaign, file *os.File, now func() time.Time) (Imported, error) {
	list, err := contacts.OpenFile(file, n.Definition.Contacts, contacts.Limits{})
	if err != nil {
		return Imported{}, err
	}
	defer func() { _ = list.Close() }() // it was read only
	renderer, err := list.Compile(n.Definition)
	if err != nil {
		return Imported{}, err
	}
	n.Columns = list.Layout().Columns
	intake, err := l.BeginIntake(ctx, n, now())
	if err != nil {
		return Imported{}, err
	}
	judge := judgement(renderer, contacts.NewLocator(n.Definition.Hours, now()))
	err = fill(ctx, intake, list, judge, now)
	if err == nil {
		err = intake.Reveal(ctx)
	}
	if err != nil {
		return Imported{}, errors.Join(err, abandon(ctx, intake))
	}
	return Imported{ID: intake.ID(), Layout: list.Layout()}, nil
}

// abandon removes what has come in, also for a caller who has gone.
func abandon(ctx context.Context, intake *ledger.Intake) error {
	const patience = time.Minute
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	return intake.Abandon(ctx)
}

// judgement is what a row goes through between the list and the ledger.
func judgement(renderer *campaign.Renderer, locator *contacts.Locator) func(campaign.Row) campaign.Row {
	return func(row campaign.Row) campaign.Row { return locator.Locate(renderer.Judge(row)) }
}

// fill reads a batch while the ledger stores the one before.
func fill(ctx context.Context, intake *ledger.Intake, list *contacts.Reader, judge func(campaign.Row) campaign.Row, now func() time.Time) error {
	batches := make(chan []campaign.Row, 1)
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error {
		defer close(batches)
		return readBatches(ctx, list, judge, batches)
	})
	work.Go(func() error {
		for batch := range batches {
			if err := intake.Add(ctx, batch, now()); err != nil {
				return err
			}
		}
		return nil
	})
	return work.Wait()
}

func readBatches(ctx context.Context, list *contacts.Reader, judge func(campaign.Row) campaign.Row, batches chan<- []campaign.Row) error {
	for last := false; !last; {
		batch := make([]campaign.Row, 0, ledger.IntakeBatch)
		for len(batch) < ledger.IntakeBatch {
			row, err := list.Next()
			if errors.Is(err, io.EOF) {
				last = true
				break
			}
			if err != nil {
				return err
			}
			batch = append(batch, judge(row))
		}
		if len(batch) == 0 {
			return nil
		}
		select {
		case batches <- batch:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
