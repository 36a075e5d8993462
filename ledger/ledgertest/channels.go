package ledgertest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/ledger"
)

// over is a definition of n steps for several numbers.
func over(n int, numbers ...string) *campaign.Definition {
	return steps(n, func(d *campaign.Definition) { d.Channel, d.Channels = "", numbers })
}

var channelScenarios = map[string]func(*testing.T, *bench){
	"numbers get equal parts, in turn": func(t *testing.T, b *bench) {
		c := b.running(over(1, "main", "second", "third"), 9)
		for row := 1; row <= 9; row++ {
			id := c.Recipient(row).Message(0)
			if one, next := b.position(id), b.position(c.Recipient(row%9+1).Message(0)); one == next {
				t.Errorf("row %d and the one behind it are both on number %d", row, one)
			}
		}
		for position := range 3 {
			if n := len(b.feedableFrom(position, c, 100)); n != 3 {
				t.Errorf("number %d has %d messages, want 3", position, n)
			}
		}
	},
	"numbers get parts by their weights, evenly spread": func(t *testing.T, b *bench) {
		const size = 100
		in, err := b.BeginIntake(t.Context(), ledger.NewCampaign{Definition: over(1, "main", "second"), Weights: []float64{80, 20}}, b.now)
		b.check(err)
		b.check(in.Add(t.Context(), people(size), b.now))
		b.check(in.Reveal(t.Context()))
		c := in.ID()
		b.campaigns = append(b.campaigns, c)
		for first := 1; first+9 <= size; first++ { // every ten rows
			found := 0
			for row := first; row < first+10; row++ {
				found += b.position(c.Recipient(row).Message(0))
			}
			if found != 2 {
				t.Errorf("from row %d on the second number has %d of ten, want 2", first, found)
			}
		}
	},
	"weights have to fit": func(t *testing.T, b *bench) {
		for _, weights := range [][]float64{{1}, {1, 2, 3}, {1, 0}, {1, -1}} {
			if _, err := b.BeginIntake(t.Context(), ledger.NewCampaign{Definition: over(1, "main", "second"), Weights: weights}, b.now); err == nil {
				t.Errorf("the weights %v were taken for two numbers", weights)
			}
		}
	},
	"a recipient stays with one number": func(t *testing.T, b *bench) {
		c := b.running(over(3, "main", "second"), 6)
		for row := 1; row <= 6; row++ {
			first := c.Recipient(row).Message(0)
			for step := range 3 {
				id := c.Recipient(row).Message(step)
				if got, want := b.position(id), b.position(first); got != want {
					t.Errorf("row %d: step %d is on number %d, the first on %d", row, step+1, got, want)
				}
				b.send(id, 1)
				b.receive(b.receipt(id, 1, campaign.Delivered))
			}
		}
	},
	"a claim for the wrong number is refused": func(t *testing.T, b *bench) {
		c := b.running(over(1, "main", "second"), 1)
		id := c.Recipient(1).Message(0)
		right := b.position(id)
		if reason := b.tryClaimFrom(1-right, id, 1); reason != "gone" {
			t.Errorf("refused as %q, want gone", reason)
		}
		if reason := b.tryClaimFrom(right, id, 1); reason != "" {
			t.Errorf("the right number was refused: %s", reason)
		}
	},
	"each number has its own rule for what is unknown": func(t *testing.T, b *bench) {
		c := b.running(over(1, "main", "second"), 2)
		waits := map[string]time.Duration{"main": time.Minute, "second": time.Hour}
		policy := func(number string) ledger.UnknownPolicy { return ledger.UnknownPolicy{After: waits[number]} }
		var ids [2]campaign.MessageID // by position
		for row := 1; row <= 2; row++ {
			id := c.Recipient(row).Message(0)
			ids[b.position(id)] = id
			b.claim(id, 1)
		}
		b.advance(2 * time.Minute) // the claims are dead
		sweep := func() {
			t.Helper()
			_, err := b.Sweep(t.Context(), b.now, policy)
			b.check(err)
		}
		sweep()
		b.advance(2 * time.Minute)
		sweep()
		got := [2]string{b.line(ids[0]).Reason, b.line(ids[1]).Reason}
		if diff := cmp.Diff([2]string{"unconfirmed", "the worker that posted it was lost"}, got); diff != "" {
			t.Error(diff)
		}
	},
	"attempts count for the number that made them": func(t *testing.T, b *bench) {
		c := b.running(over(1, "main", "second"), 2)
		var persons []string
		for _, p := range people(2) {
			persons = append(persons, p.Person)
		}
		for row := 1; row <= 2; row++ {
			b.send(c.Recipient(row).Message(0), 1)
		}
		for position := range 2 {
			got, err := b.Attempted(t.Context(), map[campaign.ID]int{c: position}, persons, b.now)
			b.check(err)
			for i, person := range persons {
				if made := b.position(c.Recipient(i+1).Message(0)) == position; made != (len(got[person]) == 1) {
					t.Errorf("number %d wrote to %s: %t, found %v", position, person, made, got[person])
				}
			}
		}
	},
}
