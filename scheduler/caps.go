package scheduler

import (
	"sync"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// caps are the rates that campaigns have of their own. A campaign's is for all
// its numbers together, from whichever of them asks first.
type caps struct {
	mu sync.Mutex
	of map[campaign.ID]*allowance
}

// allowance is how much of a campaign's own rate is not used.
type allowance struct {
	tokens float64
	since  time.Time
}

func newCaps() *caps { return &caps{of: map[campaign.ID]*allowance{}} }

// take is how many messages the campaign's own rate lets through now, at most as
// many as are wanted. It saves up for two ticks of the scheduler and no more, so
// that the campaign's messages are spread evenly.
func (c *caps) take(of ledger.Campaign, wanted int, now time.Time) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	rate := of.Definition.Rate
	a := c.of[of.ID]
	if a == nil {
		a = &allowance{tokens: 1, since: now}
		c.of[of.ID] = a
	}
	most := max(1, 2*rate*tick.Seconds())
	if passed := now.Sub(a.since).Seconds(); passed > 0 { // another number may have asked later
		a.tokens, a.since = min(most, a.tokens+rate*passed), now
	}
	n := max(0, min(wanted, int(a.tokens)))
	a.tokens -= float64(n)
	return n
}

// giveBack returns what was taken and not used.
func (c *caps) giveBack(id campaign.ID, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a := c.of[id]; a != nil {
		a.tokens += float64(n)
	}
}

// forget drops a campaign that does not run, or was stopped meanwhile.
func (c *caps) forget(id campaign.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.of, id)
}
