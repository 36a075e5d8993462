package ledgertest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"carillon/campaign"
	"carillon/ledger"
)

// handingOver is a campaign of n steps for rows people, whose first number is
// stopped after it has begun with the first of its own.
func (b *bench) handingOver(n, rows int, numbers ...string) (c campaign.ID, mine []campaign.MessageID) {
	b.Helper()
	d := over(n, numbers...)
	d.Handover = true
	c = b.running(d, rows)
	mine = b.onNumber(0, c, rows)
	b.send(mine[0], 1)
	b.check(b.StopBecause(b.Context(), c, 0, "trouble", b.now))
	return c, mine
}

func (b *bench) handOver(c campaign.ID, from int) {
	b.Helper()
	weights := make([]float64, len(b.campaign(c).Definition.ChannelNames()))
	for i := range weights {
		weights[i] = 1
	}
	b.check(b.HandOver(b.Context(), c, from, weights, b.now))
}

// positions says of some messages on which numbers they are.
func (b *bench) positions(ids []campaign.MessageID) []int {
	b.Helper()
	var found []int
	for _, id := range ids {
		found = append(found, b.position(id))
	}
	return found
}

var handoverScenarios = map[string]func(*testing.T, *bench){
	"a stopped number hands over what it has not begun": func(t *testing.T, b *bench) {
		c, mine := b.handingOver(2, 15, "main", "second", "third")
		if b.campaign(c).Stopped[0].Handed {
			t.Error("it has handed over before it was asked to")
		}
		for range 2 { // the second time there is nothing to do
			b.handOver(c, 0)
			if diff := cmp.Diff([]int{0, 1, 2, 1, 2}, b.positions(mine)); diff != "" {
				t.Errorf("the numbers of its recipients, -want +got:\n%s", diff)
			}
		}
		if !b.campaign(c).Stopped[0].Handed {
			t.Error("nobody knows that it is done")
		}
		if reason := b.tryClaimFrom(0, mine[1], 1); reason != "gone" {
			t.Errorf("a task of the old number was refused as %q, want gone", reason)
		}
		for _, id := range mine[1:] {
			b.send(id, 1)
			b.receive(b.receipt(id, 1, campaign.Delivered))
			b.send(id+1, 1) // the next step goes with it
		}
		b.act(c, campaign.Resume)
		if diff := cmp.Diff([]int{0, 1, 2, 1, 2}, b.positions(mine)); diff != "" {
			t.Errorf("after the resume, -want +got:\n%s", diff)
		}
	},
	"whoever was attempted stays": func(t *testing.T, b *bench) {
		d := over(2, "main", "second")
		d.Handover = true
		c := b.running(d, 10)
		mine := b.onNumber(0, c, 10)
		b.claim(mine[0], 1)
		b.claim(mine[1], 1)
		b.settle(mine[1], 1, ledger.OutcomeReleased)
		b.send(mine[2], 1)
		b.receive(b.receipt(mine[2], 1, campaign.Delivered)) // its second step is pending
		b.refuse(mine[3], trouble(campaign.PauseChannel))
		b.handOver(c, 0)
		if diff := cmp.Diff([]int{0, 0, 0, 0, 1}, b.positions(mine)); diff != "" {
			t.Error(diff)
		}
	},
	"the part of each is by the weights of those that go on": func(t *testing.T, b *bench) {
		c, mine := b.handingOver(1, 63, "main", "second", "third")
		b.check(b.HandOver(t.Context(), c, 0, []float64{80, 15, 5}, b.now))
		got := map[int]int{}
		for _, position := range b.positions(mine) {
			got[position]++
		}
		if diff := cmp.Diff(map[int]int{0: 1, 1: 15, 2: 5}, got); diff != "" {
			t.Error(diff)
		}
	},
	"a stopped number takes nothing over": func(t *testing.T, b *bench) {
		c, mine := b.handingOver(1, 15, "main", "second", "third")
		b.check(b.StopBecause(t.Context(), c, 2, "trouble", b.now))
		b.handOver(c, 0)
		b.handOver(c, 2)
		if diff := cmp.Diff([]int{0, 1, 1, 1, 1}, b.positions(mine)); diff != "" {
			t.Error(diff)
		}
		if n := len(b.feedableFrom(1, c, 100)); n != 14 {
			t.Errorf("the last number has %d to send, want 14", n)
		}
	},
	"nothing is handed over by a number that goes on, or in a campaign that does not": func(t *testing.T, b *bench) {
		c, mine := b.handingOver(1, 4, "main", "second")
		b.act(c, campaign.Pause)
		b.handOver(c, 0)
		if b.campaign(c).Stopped[0].Handed {
			t.Error("a paused campaign has handed over")
		}
		b.act(c, campaign.Resume)
		b.handOver(c, 0)
		if diff := cmp.Diff([]int{0, 0}, b.positions(mine)); diff != "" {
			t.Error(diff)
		}
	},
	"what was retried is handed over as well": func(t *testing.T, b *bench) {
		c, mine := b.handingOver(1, 4, "main", "second")
		b.check(b.CloseRows(t.Context(), c, campaign.Expired, "time", b.now))
		b.handOver(c, 0)
		if diff := cmp.Diff([]int{0, 0}, b.positions(mine)); diff != "" || !b.campaign(c).Stopped[0].Handed {
			t.Errorf("what has expired is handed over, or looked for: %s", diff)
		}
		b.retry(c, campaign.Expired)
		if b.campaign(c).Stopped[0].Handed {
			t.Error("nobody looks again")
		}
		b.handOver(c, 0)
		if diff := cmp.Diff([]int{0, 1}, b.positions(mine)); diff != "" {
			t.Error(diff)
		}
	},
	"while it hands over, workers of both numbers send each message once": func(t *testing.T, b *bench) {
		const rows = 1500 // several batches
		d := over(1, "main", "second")
		d.Handover = true
		c := b.running(d, rows)
		mine := b.onNumber(0, c, 2)
		b.claim(mine[0], 1)
		granted := make([][]campaign.MessageID, 2)
		var group errgroup.Group
		group.Go(func() error {
			if err := b.StopBecause(t.Context(), c, 0, "trouble", b.now); err != nil {
				return err
			}
			var both errgroup.Group // twice at once
			for range 2 {
				both.Go(func() error { return b.HandOver(t.Context(), c, 0, []float64{1, 1}, b.now) })
			}
			return both.Wait()
		})
		for position := range 2 {
			group.Go(func() error {
				for row := 4; row <= rows; row += 10 {
					id := c.Recipient(row).Message(0)
					if b.tryClaimFrom(position, id, 1) == "" {
						granted[position] = append(granted[position], id)
					}
				}
				return nil
			})
		}
		b.check(group.Wait())
		for position, ids := range granted {
			for _, id := range ids {
				if got := b.position(id); got != position {
					t.Errorf("row %d went out from number %d and is on %d", id.Recipient().Row(), position, got)
				}
			}
		}
		for _, f := range b.feedableFrom(0, c, rows) {
			t.Errorf("row %d is left on the stopped number", f.ID.Recipient().Row())
		}
	},
}
