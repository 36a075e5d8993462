package ledgertest

import (
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/ledger"
)

// watched is what an observer was told.
type watched struct {
	mu      sync.Mutex
	commits []ledger.Commit
	decided map[ledger.Way]int
}

func (b *bench) watch() *watched {
	w := &watched{decided: map[ledger.Way]int{}}
	b.Observe(ledger.Observer{
		Committed: func(c ledger.Commit) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.commits = append(w.commits, c)
		},
		Decided: func(way ledger.Way, n int) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.decided[way] += n
		},
	})
	return w
}

// ways are how messages were decided so far.
func (w *watched) ways() map[ledger.Way]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.decided)
}

func (b *bench) census() ledger.Census {
	b.Helper()
	found, err := b.Census(b.Context())
	b.check(err)
	return found
}

func (b *bench) oldest(id campaign.ID) ledger.Oldest {
	b.Helper()
	found, err := b.OldestFeedable(b.Context(), id, 0, b.now)
	b.check(err)
	return found
}

func (b *bench) wantWays(w *watched, want map[ledger.Way]int) {
	b.Helper()
	if diff := cmp.Diff(want, w.ways()); diff != "" {
		b.Errorf("unknown messages were decided: %s", diff)
	}
}

var observeScenarios = map[string]func(*testing.T, *bench){
	"it is told how unknown messages are decided": func(_ *testing.T, b *bench) {
		w := b.watch()
		c := b.running(steps(1), 5)
		id := func(n int) campaign.MessageID { return c.Recipient(n).Message(0) }
		for n := 1; n <= 4; n++ {
			b.lost(id(n))
		}
		b.claim(id(5), 1)
		b.advance(2 * time.Minute) // the claim is dead
		b.sweep()
		if got := b.census().Undecided; got != 5 {
			b.Errorf("%d are undecided, want 5", got)
		}
		b.wantWays(w, map[ledger.Way]int{})
		b.receive(b.receipt(id(1), 1, campaign.Delivered))
		b.settle(id(5), 1, ledger.OutcomeAccepted)
		b.wantWays(w, map[ledger.Way]int{ledger.ByReceipt: 1, ledger.ByResult: 1})
		b.advance(10 * time.Minute)
		b.sweep()
		b.wantWays(w, map[ledger.Way]int{ledger.ByReceipt: 1, ledger.ByResult: 1, ledger.ByHold: 3})
		if got := b.census().Undecided; got != 0 {
			b.Errorf("%d are undecided, want none", got)
		}
		b.receive(b.receipt(id(2), 1, campaign.Sent))
		_, err := b.Resolve(b.Context(), c, ledger.Drop, "tester", b.now)
		b.check(err)
		b.wantWays(w, map[ledger.Way]int{ledger.ByReceipt: 2, ledger.ByResult: 1, ledger.ByHold: 3, ledger.ByPersonDrop: 2})
	},
	"it is told that unknown messages are sent again": func(_ *testing.T, b *bench) {
		b.resend, b.mute = true, true // without references the policy decides alone
		w := b.watch()
		c := b.running(steps(1), 1)
		id := c.Recipient(1).Message(0)
		b.lost(id)
		b.advance(10 * time.Minute)
		b.sweep()
		b.wantWays(w, map[ledger.Way]int{ledger.ByResend: 1})
		b.claim(id, 2)
		b.settle(id, 2, ledger.OutcomeUnknown, campaign.Failure{Reason: "timeout"})
		_, err := b.Resolve(b.Context(), c, ledger.Resend, "tester", b.now)
		b.check(err)
		b.wantWays(w, map[ledger.Way]int{ledger.ByResend: 1, ledger.ByPersonResend: 1})
	},
	"it is told of commits by urgency": func(_ *testing.T, b *bench) {
		w := b.watch()
		b.running(steps(1), 1)
		jobs := map[string]int{}
		for _, c := range w.commits {
			if c.Err != nil || c.Took < 0 {
				b.Errorf("told of %+v", c)
			}
			jobs[c.Priority.String()] += c.Jobs
		}
		if jobs["urgent"] == 0 || jobs["background"] == 0 {
			b.Errorf("told of jobs %v", jobs)
		}
	},
	"the census counts campaigns and those that wait for a person": func(_ *testing.T, b *bench) {
		b.imported(steps(1), people(1))
		b.running(steps(1), 1)
		b.act(b.running(steps(1), 1), campaign.Pause)
		b.act(b.running(steps(1), 1), campaign.Cancel)
		b.pauseBecause(b.running(steps(1), 1), "the template was rejected")
		want := map[campaign.State]int64{campaign.Draft: 1, campaign.Running: 1, campaign.Paused: 2, campaign.Cancelled: 1}
		if diff := cmp.Diff(want, b.census().States); diff != "" {
			b.Error(diff)
		}
		if got := b.census().InTrouble; got != 1 {
			b.Errorf("%d wait for a person, want 1", got)
		}
	},
	"the oldest to feed is that of a retry, or fresh": func(t *testing.T, b *bench) {
		c := b.running(steps(1), 2)
		if got := b.oldest(c); !got.Again.IsZero() || !got.Fresh {
			t.Errorf("of fresh ones: %+v", got)
		}
		first := c.Recipient(1).Message(0)
		b.claim(first, 1)
		b.settle(first, 1, ledger.OutcomeRefused, campaign.Failure{Code: 131000, Reason: "busy", Retry: true, Passing: true})
		if got := b.oldest(c); !got.Again.IsZero() {
			t.Errorf("a retry that is not due: %+v", got)
		}
		refused := b.now
		b.advance(time.Hour)
		if got := b.oldest(c); got.Again.Before(refused) || !got.Again.Before(b.now) || !got.Fresh {
			t.Errorf("a retry that is due: %+v", got)
		}
		b.send(first, 2)
		b.send(c.Recipient(2).Message(0), 1)
		if got := b.oldest(c); got.Fresh || !got.Again.IsZero() {
			t.Errorf("of none: %+v", got)
		}
	},
	"all that sends by itself is paused at once": func(t *testing.T, b *bench) {
		running, draft, planned := b.running(steps(1), 1), b.imported(steps(1), people(1)), b.imported(steps(1), people(1))
		b.check(b.StartAt(t.Context(), planned, b.now.Add(time.Hour), 0))
		b.add(b.daily("daily"))
		_, err := b.RunNow(t.Context(), "daily", "tester", b.now)
		b.check(err)
		for _, want := range []ledger.AllPaused{{Campaigns: 2, Schedules: 1, Slots: 1}, {}} {
			done, err := b.PauseAll(t.Context(), "tester", b.now)
			b.check(err)
			if done != want {
				t.Errorf("paused %+v, want %+v", done, want)
			}
		}
		b.advance(2 * time.Hour)
		_, err = b.StartDue(t.Context(), planned, b.now)
		b.check(err)
		for id, want := range map[campaign.ID]campaign.State{running: campaign.Paused, planned: campaign.Paused, draft: campaign.Draft} {
			if got := b.campaign(id); got.State != want {
				t.Errorf("campaign %s is %s, want %s", id, got.State, want)
			}
		}
		if got := b.schedule("daily"); !got.Paused {
			t.Error("the schedule goes on")
		}
		open, err := b.OpenSlots(t.Context())
		b.check(err)
		if len(open) > 0 {
			t.Errorf("open slots: %v", open)
		}
		if got := b.act(planned, campaign.Resume); got.State != campaign.Running || !got.Started.Equal(b.now) {
			t.Errorf("resumed, it is %s since %s", got.State, got.Started)
		}
	},
}
