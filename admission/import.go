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
	Layout campaign.Layout
	// Notes say what could not be checked of the templates.
	Notes []string
}

// Upload tells one import from another.
type Upload struct {
	// Key makes the import happen once; empty for none. Hash tells whether what
	// comes again under a key is the same.
	Key, Hash string
	// Files are those that come with the campaign; nil for none.
	Files *Files
}

// Import reads the campaign's list, which stays open, and keeps both. Rows
// that cannot be sent are kept with the reason; a list without a single good row
// makes a campaign that has nothing to do.
//
// The error is a *ledger.ExistsError where the upload's key has been used. It
// is a *contacts.Error where the list is unusable, and joins *campaign.Mistake
// where the definition does not fit the list or the files. After an error no trace is left.
func (c Campaign) Import(ctx context.Context, l Ledger, up Upload, file *os.File, now func() time.Time) (Imported, error) {
	reader, err := contacts.OpenFile(file, c.Definition.Contacts, contacts.Limits{})
	if err != nil {
		return Imported{}, err
	}
	defer func() { _ = reader.Close() }() // it was read only
	list, err := NewList(reader, c, up.Files, now())
	if err != nil {
		return Imported{}, err
	}
	intake, err := l.BeginIntake(ctx, ledger.NewCampaign{
		Definition: c.Definition, Weights: c.weights, Columns: list.Layout().Columns, Key: up.Key, Hash: up.Hash,
	}, now())
	if err != nil {
		return Imported{}, err
	}
	// Only now, for what has come in before is not held against templates again.
	approval, err := c.door.Approve(ctx, c.Definition, now())
	if err == nil {
		list.Against(c.Definition, approval.Lists)
		err = fill(ctx, intake, list, now)
	}
	if err == nil {
		err = list.files.keep(ctx, intake, list.used, now)
	}
	if err == nil {
		err = intake.Reveal(ctx)
	}
	if err != nil {
		return Imported{}, errors.Join(err, abandon(ctx, intake))
	}
	return Imported{ID: intake.ID(), Layout: list.Layout(), Notes: approval.Notes}, nil
}

// abandon removes what has come in, also for a caller who has gone.
func abandon(ctx context.Context, intake *ledger.Intake) error {
	const patience = time.Minute
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	return intake.Abandon(ctx)
}

// fill reads a batch while the ledger stores the one before.
func fill(ctx context.Context, intake *ledger.Intake, list *List, now func() time.Time) error {
	batches := make(chan []campaign.Row, 1)
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error {
		defer close(batches)
		return readBatches(ctx, list, batches)
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

func readBatches(ctx context.Context, list *List, batches chan<- []campaign.Row) error {
	for more := true; more; {
		var batch []campaign.Row
		var err error
		if batch, more, err = list.Batch(); err != nil || len(batch) == 0 {
			return err
		}
		select {
		case batches <- batch:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
