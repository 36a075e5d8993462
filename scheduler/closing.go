package scheduler

import (
	"context"
	"sync"
	"time"

	"carillon/campaign"
)

// closing ends the rows of cancelled and expired campaigns, each in a
// goroutine of its own, for a million rows take a while.
type closing struct {
	ledger  Ledger
	trouble *trouble
	now     func() time.Time

	mu    sync.Mutex
	under map[campaign.ID]bool
	group sync.WaitGroup
}

func newClosing(l Ledger, t *trouble, now func() time.Time) *closing {
	return &closing{ledger: l, trouble: t, now: now, under: map[campaign.ID]bool{}}
}

// start begins to close a campaign, unless that is under way.
func (c *closing) start(ctx context.Context, id campaign.ID, to campaign.Status, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.under[id] {
		return
	}
	c.under[id] = true
	c.group.Go(func() {
		c.trouble.report("close campaign "+id.String(), c.ledger.CloseRows(ctx, id, to, reason, c.now()))
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.under, id)
	})
}

func (c *closing) wait() { c.group.Wait() }
