package ledgertest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/ledger"
)

func ids(found []ledger.Feedable) []campaign.MessageID {
	var list []campaign.MessageID
	for _, f := range found {
		list = append(list, f.ID)
	}
	return list
}

var sweepScenarios = map[string]func(*testing.T, *bench){
	"feeds what came back before what is fresh": func(t *testing.T, b *bench) {
		c := b.running(steps(2), 5)
		message := func(row, step int) campaign.MessageID { return c.Recipient(row).Message(step) }
		b.claim(message(4, 0), 1)
		b.settle(message(4, 0), 1, ledger.OutcomeRefused, campaign.Failure{Reason: "busy", Retry: true})
		b.send(message(2, 0), 1)
		b.advance(500 * time.Millisecond)
		b.receive(b.receipt(message(2, 0), 1, campaign.Delivered))
		b.advance(time.Hour)
		got := b.feedable(c, 10)
		// The order of the two that came back is that of their times.
		if len(got) != 5 || cmp.Diff([]campaign.MessageID{message(1, 0), message(3, 0), message(5, 0)}, ids(got[2:])) != "" {
			t.Fatalf("got %v", got)
		}
		for _, f := range got[:2] {
			want := 1
			if f.ID == message(4, 0) {
				want = 2
			} else if f.ID != message(2, 1) {
				t.Errorf("message %d came back, want the retry and the opened gate", f.ID)
			}
			if f.Attempt != want {
				t.Errorf("message %d has attempt %d next, want %d", f.ID, f.Attempt, want)
			}
		}
		if got := b.feedable(c, 3); len(got) != 3 {
			t.Errorf("%d messages, want no more than the 3 asked for", len(got))
		}
	},
	"a dead claim becomes unknown": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.claim(id, 1)
		b.advance(59 * time.Second)
		b.sweep()
		b.expect(id, campaign.Posting)
		b.advance(2 * time.Second)
		b.sweep()
		b.expect(id, campaign.Unknown)
		if reason := b.tryClaim(id, 2); reason != "gone" {
			t.Errorf("refused as %q, want gone", reason)
		}
	},
	"a held message counts as accepted after a day": func(t *testing.T, b *bench) {
		c := b.running(steps(1), 1)
		id := c.Recipient(1).Message(0)
		b.claim(id, 1)
		b.settle(id, 1, ledger.OutcomeHeld)
		b.expect(id, campaign.Held)
		b.advance(24 * time.Hour)
		b.sweep()
		b.expect(id, campaign.Accepted)
	},
	"no receipt within the time to live": func(t *testing.T, b *bench) {
		c := b.running(steps(1, func(d *campaign.Definition) { d.Steps[0].Category = campaign.Authentication }), 1)
		id := c.Recipient(1).Message(0)
		b.send(id, 1)
		b.advance(15 * time.Minute)
		b.sweep()
		b.expect(id, campaign.Undelivered)
		b.receive(b.receipt(id, 1, campaign.Delivered))
		b.expect(id, campaign.Delivered)
	},
	"a campaign finishes when nothing is open": func(t *testing.T, b *bench) {
		c := b.running(steps(1), 2)
		finish := func() campaign.State {
			_, err := b.Finish(t.Context(), []campaign.ID{c}, b.now)
			b.check(err)
			return b.campaign(c).State
		}
		b.send(c.Recipient(1).Message(0), 1)
		if state := finish(); state != campaign.Running {
			t.Errorf("%s with a message left, want running", state)
		}
		b.send(c.Recipient(2).Message(0), 1)
		if state := finish(); state != campaign.Finished {
			t.Errorf("%s with nothing left, want finished", state)
		}
		b.receive(b.receipt(c.Recipient(1).Message(0), 1, campaign.Read))
		b.expect(c.Recipient(1).Message(0), campaign.Read)
	},
	"a finished campaign runs again for a failure worth retrying": func(t *testing.T, b *bench) {
		timeout := campaign.Failure{Code: 408, Reason: "timeout", Retry: true}
		c := b.running(steps(1, func(d *campaign.Definition) { d.Expires = campaign.Duration(time.Hour) }), 2)
		for row := 1; row <= 2; row++ {
			b.send(c.Recipient(row).Message(0), 1)
		}
		_, err := b.Finish(t.Context(), []campaign.ID{c}, b.now)
		b.check(err)
		b.receive(b.receipt(c.Recipient(1).Message(0), 1, campaign.Failed, timeout))
		b.expect(c.Recipient(1).Message(0), campaign.Pending)
		if got := b.campaign(c); got.State != campaign.Running || !got.Finished.IsZero() {
			t.Errorf("%s, finished at %s; want running", got.State, got.Finished)
		}
		b.advance(time.Minute)
		b.send(c.Recipient(1).Message(0), 2)
		_, err = b.Finish(t.Context(), []campaign.ID{c}, b.now)
		b.check(err)
		b.advance(time.Hour)
		b.receive(b.receipt(c.Recipient(2).Message(0), 1, campaign.Failed, timeout))
		b.expect(c.Recipient(2).Message(0), campaign.Failed)
		if got := b.campaign(c).State; got != campaign.Finished {
			t.Errorf("%s after its time, want finished", got)
		}
	},
	"a cancelled campaign attempts nothing again": func(t *testing.T, b *bench) {
		c := b.running(steps(1), 1)
		id := c.Recipient(1).Message(0)
		b.claim(id, 1)
		b.act(c, campaign.Cancel)
		b.settle(id, 1, ledger.OutcomeRefused, campaign.Failure{Reason: "busy", Retry: true})
		b.expect(id, campaign.Failed)
	},
	"finishing and a retry at the same time lose nothing": func(t *testing.T, b *bench) {
		timeout := campaign.Failure{Code: 408, Reason: "timeout", Retry: true}
		c := b.running(steps(1), 40)
		for row := 1; row <= 40; row++ {
			b.send(c.Recipient(row).Message(0), 1)
		}
		var group sync.WaitGroup
		for row := 1; row <= 40; row++ {
			group.Go(func() {
				if _, err := b.Receive(t.Context(), []ledger.Receipt{b.receipt(c.Recipient(row).Message(0), 1, campaign.Failed, timeout)}, b.now); err != nil {
					t.Error(err)
				}
			})
			group.Go(func() {
				if _, err := b.Finish(t.Context(), []campaign.ID{c}, b.now); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if got := b.campaign(c); got.State != campaign.Running || got.Open != 40 {
			t.Errorf("%s with %d open messages, want running with 40", got.State, got.Open)
		}
	},
	"one campaign paused for a reason": func(t *testing.T, b *bench) {
		c := b.running(steps(1), 1)
		before := b.campaign(c).Changes
		b.pauseBecause(c, "no such channel")
		if got := b.campaign(c); got.State != campaign.Paused || got.Reason != "no such channel" || got.Changes != before+1 {
			t.Errorf("%s, %q, changed %d times after %d", got.State, got.Reason, got.Changes, before)
		}
	},
	"sweeping while gates open loses nothing": func(t *testing.T, b *bench) {
		const people = 400
		c := b.running(steps(2), people)
		for row := 1; row <= people; row++ {
			b.send(c.Recipient(row).Message(0), 1)
		}
		b.advance(campaign.DefaultPatience) // every gate's patience is over, and every receipt comes now
		var group sync.WaitGroup
		group.Go(func() {
			for row := 1; row <= people; row += 4 {
				var batch []ledger.Receipt
				for r := row; r < row+4; r++ {
					batch = append(batch, b.receipt(c.Recipient(r).Message(0), 1, campaign.Delivered))
				}
				if _, err := b.Receive(t.Context(), batch, b.now); err != nil {
					t.Error(err)
				}
			}
		})
		group.Go(func() {
			for range 20 {
				if _, err := b.Sweep(t.Context(), b.now, b.policy); err != nil {
					t.Error(err)
				}
			}
		})
		group.Wait()
		if pending, feedable := b.campaign(c).Counts[campaign.Pending], len(b.feedable(c, 2*people)); int64(feedable) != pending {
			t.Errorf("%d messages are pending and %d of them can be fed", pending, feedable)
		}
	},
	"cancel": func(t *testing.T, b *bench) {
		c := b.running(steps(2), 700)
		sent := c.Recipient(1).Message(0)
		b.send(sent, 1)
		b.act(c, campaign.Cancel)
		b.check(b.CloseRows(t.Context(), c, campaign.Skipped, "cancelled", b.now))
		want := campaign.Counts{campaign.Accepted: 1, campaign.Skipped: 1399}
		if diff := cmp.Diff(want, nonZero(b.campaign(c).Counts)); diff != "" {
			t.Error(diff)
		}
		_, err := b.Finish(t.Context(), []campaign.ID{c}, b.now)
		b.check(err)
		if got := b.campaign(c); got.State != campaign.Cancelled || got.Finished.IsZero() {
			t.Errorf("%s, finished at %s; want cancelled with a time", got.State, got.Finished)
		}
		b.receive(b.receipt(sent, 1, campaign.Delivered))
		b.expect(sent, campaign.Delivered)
	},
	"actions that a state does not allow": func(t *testing.T, b *bench) {
		c := b.imported(steps(1), people(1))
		refused := func(a campaign.Action) {
			t.Helper()
			if _, err := b.Act(t.Context(), c, a, by("tester"), b.now); !errors.Is(err, ledger.ErrState) {
				t.Errorf("%s: %v, want ErrState", a, err)
			}
		}
		refused(campaign.Pause)
		refused(campaign.Resume)
		b.act(c, campaign.Start)
		b.act(c, campaign.Start)
		b.act(c, campaign.Cancel)
		refused(campaign.Start)
		refused(campaign.Resume)
		b.act(c, campaign.Cancel)
	},
	"a scheduled campaign waits for its time": func(t *testing.T, b *bench) {
		c := b.imported(steps(1), people(1))
		b.check(b.StartAt(t.Context(), c, b.now.Add(time.Hour), 0, by("tester"), b.now))
		got := b.campaign(c)
		if got.State != campaign.Scheduled || !got.StartAt.Equal(b.now.Add(time.Hour)) {
			t.Errorf("%s at %s", got.State, got.StartAt)
		}
		b.act(c, campaign.Start)
		if err := b.StartAt(t.Context(), c, b.now, 0, by("tester"), b.now); !errors.Is(err, ledger.ErrState) {
			t.Errorf("scheduling a running campaign: %v, want ErrState", err)
		}
	},
}

func nonZero(counts campaign.Counts) campaign.Counts {
	kept := campaign.Counts{}
	for s, n := range counts {
		if n != 0 {
			kept[s] = n
		}
	}
	return kept
}
