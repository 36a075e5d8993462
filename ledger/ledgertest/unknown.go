package ledgertest

import (
	"errors"
	"testing"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// lost claims a message for the first time; its answer never comes.
func (b *bench) lost(id campaign.MessageID) {
	b.Helper()
	b.claim(id, 1)
	b.settle(id, 1, ledger.OutcomeUnknown, campaign.Failure{Reason: "timeout"})
}

// Uptimes are kept by the database's clock, so these scenarios begin now.
var unknownScenarios = map[string]func(*testing.T, *bench){
	"sent again only with proof that receipts arrive": func(t *testing.T, b *bench) {
		b.now, b.resend = time.Now(), true
		b.check(b.WebhooksUp(t.Context()))
		c := b.running(steps(1), 3)
		id, other := c.Recipient(1).Message(0), c.Recipient(2).Message(0)
		b.send(other, 1)
		b.lost(id)
		b.advance(10 * time.Minute)
		b.receive(b.receipt(other, 1, campaign.Delivered)) // accepted before the post: no proof
		b.sweep()
		b.expect(id, campaign.Unknown)
		later := c.Recipient(3).Message(0)
		b.send(later, 1)
		b.advance(time.Minute)
		b.sweep()
		b.expect(id, campaign.Unknown)
		b.receive(b.receipt(later, 1, campaign.Sent))
		b.advance(time.Minute)
		b.sweep()
		b.expect(id, campaign.Pending)
		b.send(id, 2)
		b.receive(b.receipt(id, 2, campaign.Delivered))
	},
	"what failed before does not explain a lost worker": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.send(id, 1)
		b.receive(b.receipt(id, 1, campaign.Failed, campaign.Failure{Code: 408, Reason: "timeout", Retry: true}))
		b.advance(time.Minute)
		b.claim(id, 2)
		b.advance(2 * time.Minute) // the claim is dead
		b.sweep()
		if line := b.line(id); line.Status != campaign.Unknown || line.Code != 0 || line.Reason != "the worker that posted it was lost" {
			t.Errorf("%s, %d %q", line.Status, line.Code, line.Reason)
		}
	},
	"a gap in the webhooks starts the wait anew": func(t *testing.T, b *bench) {
		b.now, b.resend = time.Now(), true
		c := b.running(steps(1), 2)
		id, later := c.Recipient(1).Message(0), c.Recipient(2).Message(0)
		b.lost(id)
		b.send(later, 1)
		b.receive(b.receipt(later, 1, campaign.Delivered))
		b.advance(10 * time.Minute)
		b.sweep() // nothing says that the webhooks have been up
		b.expect(id, campaign.Unknown)
		b.advance(24 * time.Hour)
		b.sweep()
		line := b.line(id)
		if line.Status != campaign.Unknown || line.Reason != "unconfirmed" || b.campaign(c).Open != 0 {
			t.Errorf("after a day: %+v, %d open", line, b.campaign(c).Open)
		}
	},
	"a receipt settles it either way": func(t *testing.T, b *bench) {
		c := b.running(steps(1), 2)
		arrived, failed := c.Recipient(1).Message(0), c.Recipient(2).Message(0)
		b.lost(arrived)
		b.lost(failed)
		b.receive(b.receipt(arrived, 1, campaign.Sent), b.receipt(failed, 1, campaign.Failed, undeliverable))
		b.expect(arrived, campaign.Sent)
		b.expect(failed, campaign.Failed)
	},
	"an operator sends them again": func(t *testing.T, b *bench) {
		c := b.running(steps(1), 3)
		decided, undecided := c.Recipient(1).Message(0), c.Recipient(2).Message(0)
		b.lost(decided)
		b.advance(10 * time.Minute)
		b.sweep()
		b.lost(undecided)
		b.send(c.Recipient(3).Message(0), 1)
		n, err := b.Resolve(t.Context(), c, ledger.Resend, by("ops"), b.now)
		if n != 2 || err != nil {
			t.Errorf("resolved %d, %v; want 2", n, err)
		}
		for _, id := range []campaign.MessageID{decided, undecided} {
			if line := b.line(id); line.Status != campaign.Pending || line.Reason != "sent again by ops" {
				t.Errorf("got %+v", line)
			}
			b.send(id, 2)
		}
	},
	"an operator drops them": func(t *testing.T, b *bench) {
		c := b.running(steps(2), 1)
		id := c.Recipient(1).Message(0)
		b.lost(id)
		n, err := b.Resolve(t.Context(), c, ledger.Drop, by("ops"), b.now)
		if n != 1 || err != nil {
			t.Errorf("resolved %d, %v; want 1", n, err)
		}
		b.expect(id, campaign.Failed)
		b.expect(id+1, campaign.Skipped)
		b.receive(b.receipt(id, 1, campaign.Delivered))
		b.expect(id, campaign.Delivered)
	},
	"nothing of a cancelled campaign is sent again": func(t *testing.T, b *bench) {
		c := b.running(steps(1), 1)
		b.lost(c.Recipient(1).Message(0))
		b.act(c, campaign.Cancel)
		if _, err := b.Resolve(t.Context(), c, ledger.Resend, by("ops"), b.now); !errors.Is(err, ledger.ErrState) {
			t.Errorf("got %v, want ErrState", err)
		}
		if n, err := b.Resolve(t.Context(), c, ledger.Drop, by("ops"), b.now); n != 1 || err != nil {
			t.Errorf("dropped %d, %v; want 1", n, err)
		}
	},
}
