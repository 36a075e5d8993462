package admission

import (
	"context"
	"errors"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// Rehearsal is an import of which nothing is left: it finds what only a ledger
// can find, such as duplicates. It serves one goroutine.
type Rehearsal struct {
	record *ledger.Ledger
	intake *ledger.Intake
}

// Rehearse begins an import of a list with these columns. Close ends it.
func Rehearse(ctx context.Context, columns []string) (*Rehearsal, error) {
	record, err := ledger.OpenScratch(ctx)
	if err != nil {
		return nil, err
	}
	// A campaign without steps: the rows are wanted, not their messages.
	intake, err := record.BeginIntake(ctx, ledger.NewCampaign{Definition: &campaign.Definition{}, Columns: columns}, time.Now())
	if err != nil {
		return nil, errors.Join(err, record.Close())
	}
	return &Rehearsal{record: record, intake: intake}, nil
}

// Add takes a batch of a List in, whose rows then have the verdict that an import
// would give them.
func (r *Rehearsal) Add(ctx context.Context, batch []campaign.Row) error {
	return r.intake.Add(ctx, batch, time.Now())
}

// Close throws away what came in.
func (r *Rehearsal) Close() error { return r.record.Close() }
