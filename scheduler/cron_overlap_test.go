package scheduler

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

func TestOverlap(t *testing.T) {
	t.Parallel()
	for overlap, want := range map[campaign.Overlap][]string{
		campaign.OverlapSkip:     {"done running", "skipped", "skipped"},
		campaign.OverlapQueue:    {"done running", "due", "due"},
		campaign.OverlapParallel: {"done running", "done running", "done running"},
	} {
		t.Run(string(overlap), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := wind(t)
				c.schedule("s", overlap)
				s, _ := c.process(-1, false)
				c.run(s, 31*time.Minute)
				c.want("s", want...)
				c.counted(s)
				running := c.campaigns()
				if overlap == campaign.OverlapSkip {
					if detail := c.last("s").Detail; !strings.Contains(detail, running[0].String()+" of the slot") {
						t.Errorf("it does not name campaign %s: %s", running[0], detail)
					}
				}
				// Each that ends lets the next one in, in order.
				c.end(running[0])
				c.run(s, 30*time.Second)
				switch overlap {
				case campaign.OverlapQueue:
					c.want("s", "done cancelled", "done running", "due")
				case campaign.OverlapSkip:
					c.run(s, 9*time.Minute)
					c.want("s", "done cancelled", "skipped", "skipped", "done running")
				}
			})
		})
	}
}

// TestAllThatWasMissedIsMadeUpFor, one after the other, although the process that
// planned it dies with that.
func TestAllThatWasMissedIsMadeUpFor(t *testing.T) {
	t.Parallel()
	for overlap, want := range map[campaign.Overlap][2][]string{
		campaign.OverlapSkip:     {{"done running", "due", "due", "skipped"}, {"done cancelled", "done cancelled", "done cancelled", "skipped", "done running"}},
		campaign.OverlapQueue:    {{"done running", "due", "due", "due"}, {"done cancelled", "done cancelled", "done cancelled", "done running", "due"}},
		campaign.OverlapParallel: {{"done running", "done running", "done running", "done running"}, {"done cancelled", "done cancelled", "done cancelled", "done running", "done running"}},
	} {
		t.Run(string(overlap), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := wind(t)
				c.schedule("s", overlap)
				<-time.After(35 * time.Minute) // nobody is there
				const plan = 0
				dies, _ := c.process(plan, true)
				c.run(dies, 5*time.Second)
				c.want("s", "due", "due", "due")
				s, _ := c.process(-1, false)
				c.run(s, 6*time.Minute) // one comes on time
				c.want("s", want[0]...)
				for range 3 {
					c.end(c.oldestRunning())
					c.run(s, 10*time.Second)
				}
				c.run(s, 9*time.Minute)
				c.want("s", want[1]...)
			})
		})
	}
}

// oldestRunning is the campaign of the oldest slot that is not through.
func (c *clockwork) oldestRunning() campaign.ID {
	c.t.Helper()
	open, err := c.ledger.OpenSlots(c.t.Context())
	if err != nil || len(open) == 0 || open[0].Campaign == 0 {
		c.t.Fatal(open, err)
	}
	return open[0].Campaign
}

// campaigns are all there are, the oldest first.
func (c *clockwork) campaigns() []campaign.ID {
	c.t.Helper()
	all, err := c.ledger.Campaigns(c.t.Context(), 0, 100)
	if err != nil || len(all) == 0 {
		c.t.Fatal(all, err)
	}
	var ids []campaign.ID
	for n := range all {
		ids = append(ids, all[len(all)-1-n].ID)
	}
	return ids
}

func (c *clockwork) end(id campaign.ID) {
	c.t.Helper()
	if _, err := c.ledger.Act(c.t.Context(), id, campaign.Cancel, ledger.Actor{Name: "tester"}, time.Now()); err != nil {
		c.t.Fatal(err)
	}
}
