package ledgertest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/ledger"
)

var limitScenarios = map[string]func(*testing.T, *bench){
	"a portfolio's reach counts each person once, for a day": func(t *testing.T, b *bench) {
		first, second := b.running(steps(1), 3), b.running(steps(1), 3) // the same people
		claim := func(c campaign.ID, row int, portfolio string) {
			t.Helper()
			task := campaign.Task{Message: c.Recipient(row).Message(0), Attempt: 1}
			_, err := b.Claim(t.Context(), task, ledger.Sender{Portfolio: portfolio}, b.now, b.now.Add(time.Minute))
			b.check(err)
		}
		expect := func(portfolio string, want ledger.Reach) {
			t.Helper()
			got, err := b.Reached(t.Context(), portfolio, b.now)
			b.check(err)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		}
		expect("p", ledger.Reach{})
		begun := b.now
		claim(first, 1, "p")
		b.advance(time.Hour)
		claim(first, 2, "p")
		claim(second, 2, "p")
		claim(second, 3, "")
		expect("p", ledger.Reach{People: 2, Frees: begun.Add(24 * time.Hour)})
		expect("another", ledger.Reach{})
		for n, want := range map[int64]time.Time{1: begun.Add(24 * time.Hour), 2: begun.Add(25 * time.Hour), 3: {}} {
			frees, err := b.ReachedFrees(t.Context(), "p", n, b.now)
			b.check(err)
			if !frees.Equal(want) {
				t.Errorf("number %d counts until %v, want %v", n, frees, want)
			}
		}
		among, err := b.ReachedAmong(t.Context(), "p", []string{people(3)[0].Person, people(3)[2].Person}, b.now)
		b.check(err)
		if diff := cmp.Diff(map[string]bool{people(3)[0].Person: true}, among); diff != "" {
			t.Error(diff)
		}
		b.now = begun.Add(24 * time.Hour)
		expect("p", ledger.Reach{People: 1, Frees: begun.Add(25 * time.Hour)})
		b.check(b.Tidy(t.Context(), b.now))
		expect("p", ledger.Reach{People: 1, Frees: begun.Add(25 * time.Hour)})
	},
	"a refused claim reaches nobody": func(t *testing.T, b *bench) {
		c := b.running(steps(1), 1)
		b.act(c, campaign.Pause)
		_, err := b.Claim(t.Context(), campaign.Task{Message: c.Recipient(1).Message(0), Attempt: 1}, ledger.Sender{Portfolio: "p"}, b.now, b.now.Add(time.Minute))
		if err == nil {
			t.Fatal("claimed in a paused campaign")
		}
		reach, err := b.Reached(t.Context(), "p", b.now)
		b.check(err)
		if reach.People != 0 {
			t.Errorf("%d reached, want none", reach.People)
		}
	},
	"attempts are found by the person": func(t *testing.T, b *bench) {
		first, second := b.running(steps(2), 3), b.running(steps(1), 3)
		begun := b.now
		b.send(first.Recipient(1).Message(0), 1)
		b.receive(b.receipt(first.Recipient(1).Message(0), 1, campaign.Delivered))
		b.advance(time.Second)
		b.send(first.Recipient(1).Message(1), 1)
		b.send(second.Recipient(1).Message(0), 1)
		b.claim(second.Recipient(2).Message(0), 1)
		b.settle(second.Recipient(2).Message(0), 1, ledger.OutcomeReleased)
		all, persons := map[campaign.ID]int{first: 0, second: 0}, []string{people(3)[0].Person, people(3)[1].Person}
		got, err := b.Attempted(t.Context(), all, persons, begun)
		b.check(err)
		if n := len(got[persons[0]]); n != 3 || len(got) != 1 {
			t.Errorf("got %v; want three attempts for the first person and no other", got)
		}
		got, err = b.Attempted(t.Context(), all, persons, b.now)
		b.check(err)
		if n := len(got[persons[0]]); n != 2 {
			t.Errorf("got %v; want the two of this second", got)
		}
		owners, err := b.Persons(t.Context(), []campaign.MessageID{first.Recipient(2).Message(1)})
		b.check(err)
		if want := map[campaign.MessageID]string{first.Recipient(2).Message(1): people(3)[1].Person}; !cmp.Equal(want, owners) {
			t.Errorf("got %v, want %v", owners, want)
		}
		active, err := b.ActiveSince(t.Context(), b.now)
		b.check(err)
		if len(active) != 2 {
			t.Errorf("%d campaigns are active, want 2", len(active))
		}
	},
	"what was put off may go later, and only if it was waiting": func(t *testing.T, b *bench) {
		c := b.running(steps(1), 2)
		waiting, claimed := c.Recipient(1).Message(0), c.Recipient(2).Message(0)
		b.claim(claimed, 1)
		later := b.now.Add(time.Minute)
		b.check(b.Postpone(t.Context(), map[campaign.MessageID]time.Time{waiting: later, claimed: later}, "too many", b.now))
		b.expect(claimed, campaign.Posting)
		if n := len(b.feedable(c, 10)); n != 0 {
			t.Errorf("%d messages are feedable, want none", n)
		}
		if got := b.line(waiting).Reason; got != "too many" {
			t.Errorf("it waits for the reason %q", got)
		}
		b.now = later
		b.send(waiting, 1)
		if got := b.line(waiting).Reason; got != "" {
			t.Errorf("after it was sent its reason is %q", got)
		}
	},
}
