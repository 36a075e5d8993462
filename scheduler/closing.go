package scheduler

import (
	"sync"

	"carillon/campaign"
)

// closing is work on all rows of a campaign, each in a goroutine of its own, for
// a million rows take a while: the end of those that are cancelled or expired,
// and what a stopped number hands over.
type closing struct {
	trouble *trouble

	mu    sync.Mutex
	under map[campaign.ID]bool
	group sync.WaitGroup
}

func newClosing(t *trouble) *closing {
	return &closing{trouble: t, under: map[campaign.ID]bool{}}
}

// start begins a piece of work on a campaign, unless one is under way.
func (c *closing) start(id campaign.ID, what string, work func() error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.under[id] {
		return
	}
	c.under[id] = true
	c.group.Go(func() {
		c.trouble.report(what+" campaign "+id.String(), work())
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.under, id)
	})
}

func (c *closing) wait() { c.group.Wait() }
