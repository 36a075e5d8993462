package scheduler

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"carillon/campaign"
)

// closing ends the rows of cancelled and expired campaigns, each in a
// goroutine of its own, for a million rows take a while.
type closing struct {
	ledger Ledger
	log    *slog.Logger
	now    func() time.Time

	mu    sync.Mutex
	under map[campaign.ID]bool
	group sync.WaitGroup
}

func newClosing(l Ledger, log *slog.Logger, now func() time.Time) *closing {
	return &closing{ledger: l, log: log, now: now, under: map[campaign.ID]bool{}}
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
		err := c.ledger.CloseRows(ctx, id, to, reason, c.now())
		if err != nil && !errors.Is(err, context.Canceled) {
			c.log.Error("scheduler: closing a campaign failed, trying again", "campaign", id, "error", err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.under, id)
	})
}

func (c *closing) wait() { c.group.Wait() }
