package ledgertest

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"carillon/campaign"
	"carillon/ledger"
)

// onNumber are the first messages of a campaign's rows that are on the number at
// a position.
func (b *bench) onNumber(position int, c campaign.ID, rows int) []campaign.MessageID {
	b.Helper()
	var ids []campaign.MessageID
	for row := 1; row <= rows; row++ {
		if id := c.Recipient(row).Message(0); b.position(id) == position {
			ids = append(ids, id)
		}
	}
	return ids
}

// reasons are those of a campaign's stopped numbers.
func (b *bench) reasons(c campaign.ID) map[int]string {
	b.Helper()
	found := map[int]string{}
	for position, stop := range b.campaign(c).Stopped {
		found[position] = stop.Reason
	}
	return found
}

var stopScenarios = map[string]func(*testing.T, *bench){
	"trouble with one number of several stops that one": func(t *testing.T, b *bench) {
		c, other := b.running(over(1, "main", "second"), 4), b.running(over(1, "third", "main"), 4)
		mine, theirs := b.onNumber(0, c, 4), b.onNumber(1, c, 4)
		b.refuse(mine[0], trouble(campaign.PauseChannel))
		if got := b.campaign(c).State; got != campaign.Running {
			t.Errorf("the campaign is %s", got)
		}
		if diff := cmp.Diff(map[int]string{0: troubleReason}, b.reasons(c)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(map[int]string{1: troubleReason + " (met by campaign " + c.String() + ")"}, b.reasons(other)); diff != "" {
			t.Error(diff)
		}
		if reason := b.tryClaim(mine[1], 1); reason != "stopped" {
			t.Errorf("a claim for the stopped number was refused as %q", reason)
		}
		b.send(theirs[0], 1)
	},
	"trouble with the account stops the numbers that it has": func(t *testing.T, b *bench) {
		c, both := b.running(over(1, "main", "third", "second"), 3), b.running(over(1, "second", "main"), 2)
		b.refuse(b.onNumber(2, c, 3)[0], trouble(campaign.PauseAccount))
		if diff := cmp.Diff(map[int]string{0: troubleReason, 2: troubleReason}, b.reasons(c)); diff != "" {
			t.Error(diff)
		}
		if got := b.campaign(both); got.State != campaign.Paused || len(got.Stopped) != 0 {
			t.Errorf("the one that has no other number is %s with %v", got.State, got.Stopped)
		}
	},
	"the last number to stop pauses the campaign": func(t *testing.T, b *bench) {
		c := b.running(over(1, "main", "third"), 4)
		b.refuse(b.onNumber(0, c, 4)[0], trouble(campaign.PauseChannel))
		before := b.campaign(c).Changes
		b.refuse(b.onNumber(1, c, 4)[0], trouble(campaign.PauseChannel))
		got := b.campaign(c)
		if want := "main: " + troubleReason + "; third: " + troubleReason; got.State != campaign.Paused || got.Reason != want || got.Changes != before+1 {
			t.Errorf("%s, %q, changed %d times after %d", got.State, got.Reason, got.Changes, before)
		}
		if got := b.act(c, campaign.Resume); got.State != campaign.Running || len(got.Stopped) != 0 {
			t.Errorf("after the resume it is %s with %v", got.State, got.Stopped)
		}
	},
	"a resume lets a stopped number go on": func(t *testing.T, b *bench) {
		c := b.running(over(2, "main", "second"), 4)
		mine := b.onNumber(0, c, 4)
		b.refuse(mine[0], trouble(campaign.PauseChannel))
		for _, id := range b.onNumber(1, c, 4) {
			for step := range 2 {
				b.send(id+campaign.MessageID(step), 1)
				b.receive(b.receipt(id+campaign.MessageID(step), 1, campaign.Delivered))
			}
		}
		if finished, err := b.Finish(t.Context(), []campaign.ID{c}, b.now); err != nil || len(finished) != 0 {
			t.Errorf("it ended with messages that wait: %v, %v", finished, err)
		}
		before := b.campaign(c).Changes
		if got := b.act(c, campaign.Resume); got.State != campaign.Running || len(got.Stopped) != 0 || got.Changes != before+1 {
			t.Errorf("%s with %v, changed %d times after %d", got.State, got.Stopped, got.Changes, before)
		}
		if got := b.act(c, campaign.Resume); got.Changes != before+1 {
			t.Errorf("a second resume changed it: %d times after %d", got.Changes, before)
		}
		b.advance(time.Minute)
		left := b.feedable(c, 10)
		if len(left) != len(mine) {
			t.Errorf("%d can be fed after the resume, want %d", len(left), len(mine))
		}
		for _, f := range left {
			b.send(f.ID, f.Attempt)
		}
	},
	"a number is stopped for a reason": func(t *testing.T, b *bench) {
		c, single := b.running(over(1, "main", "second"), 2), b.running(steps(1), 1)
		const reason = "no such channel"
		for range 2 {
			b.check(b.StopBecause(t.Context(), c, 1, reason, b.now))
		}
		if diff := cmp.Diff(map[int]string{1: reason}, b.reasons(c)); diff != "" {
			t.Error(diff)
		}
		b.check(b.StopBecause(t.Context(), single, 0, reason, b.now))
		if got := b.campaign(single); got.State != campaign.Paused || got.Reason != reason {
			t.Errorf("with one number it is %s, %q", got.State, got.Reason)
		}
	},
	"nothing is stopped in a campaign that does not run": func(t *testing.T, b *bench) {
		c := b.running(over(1, "main", "second"), 2)
		b.act(c, campaign.Pause)
		b.check(b.StopBecause(t.Context(), c, 0, "no such channel", b.now))
		if got := b.reasons(c); len(got) != 0 {
			t.Errorf("stopped: %v", got)
		}
	},
	"all numbers stop in the same moment": func(t *testing.T, b *bench) {
		const rows = 12
		numbers := []string{"main", "second", "third"}
		c := b.running(over(1, numbers...), rows)
		for row := 1; row <= rows; row++ {
			b.claim(c.Recipient(row).Message(0), 1)
		}
		var group errgroup.Group
		for row := 1; row <= rows; row++ {
			group.Go(func() error {
				return b.Settle(t.Context(), ledger.Settlement{
					Message: c.Recipient(row).Message(0), Attempt: 1, Outcome: ledger.OutcomeRefused, At: b.now, Failure: trouble(campaign.PauseChannel),
				})
			})
		}
		b.check(group.Wait())
		got := b.campaign(c)
		if got.State != campaign.Paused || got.Changes != 2 || len(got.Stopped) != len(numbers) {
			t.Errorf("%s after %d changes, stopped %v", got.State, got.Changes, got.Stopped)
		}
		for _, number := range numbers {
			if !strings.Contains(got.Reason, number+": ") {
				t.Errorf("the reason %q does not name %s", got.Reason, number)
			}
		}
	},
}
