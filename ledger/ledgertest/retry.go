package ledgertest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/ledger"
)

// retry attempts the messages of a campaign again that ended so.
func (b *bench) retry(id campaign.ID, ended campaign.Status) ledger.Retried {
	b.Helper()
	done, err := b.Retry(b.Context(), id, []campaign.Status{ended}, by("ops"), b.now)
	b.check(err)
	return done
}

var retryScenarios = map[string]func(*testing.T, *bench){
	"the failed are attempted again, and what waited for them waits again": func(t *testing.T, b *bench) {
		busy := campaign.Failure{Reason: "busy", Retry: true, Tries: 1}
		c := b.running(steps(3, func(d *campaign.Definition) { d.Expires = campaign.Duration(time.Hour) }), 4)
		failed, refused, gone, fine := c.Recipient(1).Message(0), c.Recipient(2).Message(0), c.Recipient(3).Message(0), c.Recipient(4).Message(0)
		for _, id := range []campaign.MessageID{failed, refused, gone} {
			b.claim(id, 1)
		}
		b.settle(failed, 1, ledger.OutcomeRefused, busy)
		b.settle(refused, 1, ledger.OutcomeRefused, undeliverable)
		b.settle(gone, 1, ledger.OutcomeRefused, busy)
		b.send(fine, 1)
		b.expect(failed+2, campaign.Skipped)
		b.check(b.Suppress(t.Context(), []ledger.Suppression{{Person: "+447700900002", Scope: campaign.ScopeAll}}, by("tester"), b.now))
		b.advance(2 * time.Hour)
		got, err := b.Retry(t.Context(), c, []campaign.Status{campaign.Failed}, by("ops"), b.now)
		b.check(err)
		want := ledger.Retried{Again: 1, Refused: 1, OptedOut: 1, LeftOut: []ledger.LeftOut{
			{Message: refused, Phone: "+447700900001", Status: campaign.Failed, Why: "undeliverable (131026)"},
			{Message: gone, Phone: "+447700900002", Status: campaign.Failed, Why: "opted out: recorded by an operator"},
		}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		b.expect(failed, campaign.Pending)
		b.expect(failed+1, campaign.Waiting)
		b.expect(failed+2, campaign.Waiting)
		b.expect(refused, campaign.Failed)
		b.expect(gone+1, campaign.Skipped)
		b.expect(fine, campaign.Accepted)
		if expires := b.campaign(c).Expires; !expires.Equal(b.now.Add(time.Hour)) {
			t.Errorf("it expires at %s, want an hour from the retry", expires)
		}
		b.send(failed, 2)
		b.receive(b.receipt(failed, 2, campaign.Delivered))
		b.expect(failed+1, campaign.Pending)
	},
	"the expired too, each step in its turn": func(t *testing.T, b *bench) {
		c := b.running(steps(2), 2)
		first, other := c.Recipient(1).Message(0), c.Recipient(2).Message(0)
		b.send(other, 1)
		b.check(b.CloseRows(t.Context(), c, campaign.Expired, "time", b.now))
		b.receive(b.receipt(other, 1, campaign.Delivered))
		_, err := b.Finish(t.Context(), []campaign.ID{c}, b.now)
		b.check(err)
		got, err := b.Retry(t.Context(), c, []campaign.Status{campaign.Failed, campaign.Expired}, by("ops"), b.now)
		b.check(err)
		if got.Again != 3 || b.campaign(c).State != campaign.Running {
			t.Errorf("%+v, %s; want 3 again and running", got, b.campaign(c).State)
		}
		b.expect(first, campaign.Pending)
		b.expect(first+1, campaign.Waiting)
		b.expect(other+1, campaign.Pending) // the step before it was delivered meanwhile
	},
	"those left out are listed as far as a person reads": func(t *testing.T, b *bench) {
		const refused = ledger.LeftOutLimit + 1
		c := b.running(steps(1), refused+1)
		for row := 1; row <= refused; row++ {
			b.claim(c.Recipient(row).Message(0), 1)
			b.settle(c.Recipient(row).Message(0), 1, ledger.OutcomeRefused, undeliverable)
		}
		b.check(b.CloseRows(t.Context(), c, campaign.Expired, "time", b.now))
		out := fmt.Sprintf("+4477009%05d", refused)
		b.check(b.Suppress(t.Context(), []ledger.Suppression{{Person: out, Scope: campaign.ScopeMarketing}, {Person: out, Scope: campaign.ScopeAll}}, by("tester"), b.now))
		got, err := b.Retry(t.Context(), c, []campaign.Status{campaign.Expired}, by("ops"), b.now)
		b.check(err)
		want := []ledger.LeftOut{{Message: c.Recipient(refused + 1).Message(0), Phone: out, Status: campaign.Expired, Why: "opted out: recorded by an operator"}}
		if diff := cmp.Diff(want, got.LeftOut); diff != "" || got.OptedOut != 1 {
			t.Errorf("%+v\n%s", got, diff)
		}
		got, err = b.Retry(t.Context(), c, []campaign.Status{campaign.Failed, campaign.Expired}, by("ops"), b.now)
		b.check(err)
		if got.Refused != refused || got.OptedOut != 1 || len(got.LeftOut) != ledger.LeftOutLimit {
			t.Fatalf("%d refused, %d opted out, %d listed", got.Refused, got.OptedOut, len(got.LeftOut))
		}
		for i, m := range got.LeftOut {
			if m.Message != c.Recipient(i+1).Message(0) {
				t.Errorf("entry %d is row %d", i, m.Message.Recipient().Row())
			}
		}
	},
	"not what was dropped, for it may have arrived": func(t *testing.T, b *bench) {
		c := b.running(steps(1), 1)
		id := c.Recipient(1).Message(0)
		b.lost(id)
		_, err := b.Resolve(t.Context(), c, ledger.Drop, by("ops"), b.now)
		b.check(err)
		got, err := b.Retry(t.Context(), c, []campaign.Status{campaign.Failed}, by("ops"), b.now)
		b.check(err)
		if got.Again != 0 || got.Refused != 1 {
			t.Errorf("got %+v, want it refused", got)
		}
		b.expect(id, campaign.Failed)
	},
	"a campaign in which nothing is attempted stays as it is": func(t *testing.T, b *bench) {
		ends := map[campaign.State]func(campaign.ID){
			campaign.Running: func(campaign.ID) {},
			campaign.Paused:  func(c campaign.ID) { b.pauseBecause(c, "a person has to look") },
			campaign.Finished: func(c campaign.ID) {
				_, err := b.Finish(t.Context(), []campaign.ID{c}, b.now)
				b.check(err)
			},
		}
		for state, end := range ends {
			c := b.running(steps(1, func(d *campaign.Definition) { d.Expires = campaign.Duration(time.Hour) }), 2)
			b.claim(c.Recipient(1).Message(0), 1)
			b.settle(c.Recipient(1).Message(0), 1, ledger.OutcomeRefused, undeliverable)
			b.send(c.Recipient(2).Message(0), 1)
			end(c)
			before := b.campaign(c)
			b.advance(time.Minute)
			if got := b.retry(c, campaign.Failed); got.Again != 0 || got.Refused != 1 {
				t.Errorf("%s: %+v", state, got)
			}
			if diff := cmp.Diff(before, b.campaign(c)); diff != "" || before.State != state {
				t.Errorf("it was %s and has changed: %s", before.State, diff)
			}
		}
	},
	"one in a later batch starts it again": func(t *testing.T, b *bench) {
		const batch = 500
		c := b.running(steps(1, func(d *campaign.Definition) { d.Expires = campaign.Duration(time.Hour) }), batch+2)
		for row := 1; row <= batch+2; row++ {
			failure := undeliverable
			if row > batch {
				failure = campaign.Failure{Reason: "busy", Retry: true, Tries: 1}
			}
			b.claim(c.Recipient(row).Message(0), 1)
			b.settle(c.Recipient(row).Message(0), 1, ledger.OutcomeRefused, failure)
		}
		_, err := b.Finish(t.Context(), []campaign.ID{c}, b.now)
		b.check(err)
		b.advance(2 * time.Hour)
		got := b.retry(c, campaign.Failed)
		now := b.campaign(c)
		if got.Again != 2 || got.Refused != batch || now.State != campaign.Running || now.Open != 2 {
			t.Errorf("%d again, %d refused; %s with %d open messages", got.Again, got.Refused, now.State, now.Open)
		}
		if now.Reason != "retried by ops" || !now.Finished.IsZero() || !now.Expires.Equal(b.now.Add(time.Hour)) {
			t.Errorf("%q, finished at %s, expires at %s", now.Reason, now.Finished, now.Expires)
		}
	},
	"while the sweep finishes the campaign": func(t *testing.T, b *bench) {
		busy := campaign.Failure{Reason: "busy", Retry: true, Tries: 1}
		c := b.running(steps(1), 50)
		for row := 1; row <= 50; row++ {
			b.claim(c.Recipient(row).Message(0), 1)
			b.settle(c.Recipient(row).Message(0), 1, ledger.OutcomeRefused, busy)
		}
		done := make(chan struct{})
		var finishing sync.WaitGroup
		finishing.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if _, err := b.Finish(t.Context(), []campaign.ID{c}, b.now); err != nil {
					t.Error(err)
				}
			}
		})
		got, err := b.Retry(t.Context(), c, []campaign.Status{campaign.Failed}, by("ops"), b.now)
		close(done)
		finishing.Wait()
		b.check(err)
		if now := b.campaign(c); got.Again != 50 || now.State != campaign.Running || now.Open != 50 {
			t.Errorf("%+v; %s with %d open messages", got, now.State, now.Open)
		}
	},
	"not what is cancelled, not started, or no failure": func(t *testing.T, b *bench) {
		c := b.imported(steps(1), people(1))
		refused := func(s campaign.Status) {
			t.Helper()
			if _, err := b.Retry(t.Context(), c, []campaign.Status{s}, by("ops"), b.now); !errors.Is(err, ledger.ErrState) {
				t.Errorf("got %v, want ErrState", err)
			}
		}
		refused(campaign.Failed)
		b.act(c, campaign.Start)
		refused(campaign.Delivered)
		b.act(c, campaign.Cancel)
		refused(campaign.Failed)
	},
	"branches that expired are decided by what was answered meanwhile": func(t *testing.T, b *bench) {
		for payload, want := range map[string][]campaign.Status{
			"":    {campaign.Accepted, campaign.Waiting, campaign.Waiting, campaign.Waiting},
			"yes": {campaign.Accepted, campaign.Pending, campaign.Skipped, campaign.Waiting},
			"no":  {campaign.Accepted, campaign.Skipped, campaign.Pending, campaign.Waiting},
		} {
			r := b.running(asks(), 1).Recipient(1)
			b.send(r.Message(0), 1)
			b.check(b.CloseRows(t.Context(), r.Campaign(), campaign.Expired, "time", b.now))
			if payload != "" {
				b.presses(r.Message(0), payload)
			}
			b.retry(r.Campaign(), campaign.Expired)
			b.expectAll(r, want...)
		}
	},
	"a branch that expired and is not wanted any more leaves the other": func(t *testing.T, b *bench) {
		r := b.running(asks(func(d *campaign.Definition) { d.Steps[1].Category = campaign.Marketing }), 1).Recipient(1)
		b.send(r.Message(0), 1)
		b.check(b.CloseRows(t.Context(), r.Campaign(), campaign.Expired, "time", b.now))
		b.wants(campaign.ScopeMarketing)
		b.retry(r.Campaign(), campaign.Expired)
		b.expectAll(r, campaign.Accepted, campaign.Expired, campaign.Waiting, campaign.Waiting)
		b.presses(r.Message(0), "no")
		b.expectAll(r, campaign.Accepted, campaign.Expired, campaign.Pending, campaign.Waiting)
	},
}
