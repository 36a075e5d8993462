package ledgertest

import (
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"carillon/campaign"
	"carillon/ledger"
)

var undeliverable = campaign.Failure{Code: 131026, Reason: "undeliverable"}

var receiptScenarios = map[string]func(*testing.T, *bench){
	"in every order the best news wins": func(t *testing.T, b *bench) {
		orders := [][]campaign.Status{
			{campaign.Sent, campaign.Delivered, campaign.Read},
			{campaign.Sent, campaign.Read, campaign.Delivered},
			{campaign.Delivered, campaign.Sent, campaign.Read},
			{campaign.Delivered, campaign.Read, campaign.Sent},
			{campaign.Read, campaign.Sent, campaign.Delivered},
			{campaign.Read, campaign.Delivered, campaign.Sent},
		}
		c := b.running(steps(1), 2*len(orders))
		for i, order := range orders {
			id := c.Recipient(2*i + 1).Message(0)
			b.send(id, 1)
			for _, s := range order { // one by one, each twice
				b.receive(b.receipt(id, 1, s))
				b.receive(b.receipt(id, 1, s))
			}
			b.expect(id, campaign.Read)
			together := c.Recipient(2*i + 2).Message(0)
			b.send(together, 1)
			var batch []ledger.Receipt
			for _, s := range order {
				batch = append(batch, b.receipt(together, 1, s))
			}
			b.receive(batch...)
			line := b.line(together)
			if line.Status != campaign.Read || line.SentAt.IsZero() || line.DeliveredAt.IsZero() || line.ReadAt.IsZero() {
				t.Errorf("in one batch %v: %+v", order, line)
			}
		}
	},
	"before the answer": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.claim(id, 1)
		b.receive(b.receipt(id, 1, campaign.Delivered))
		b.settle(id, 1, ledger.OutcomeAccepted)
		line := b.line(id)
		if line.Status != campaign.Delivered || line.AcceptedAt.IsZero() {
			t.Errorf("got %+v", line)
		}
	},
	"a failure, the sent that it overtook and the answer, at the same time": func(t *testing.T, b *bench) {
		const n = 200
		passing := campaign.Failure{Code: 408, Reason: "timeout", Retry: true, Wait: time.Hour}
		c := b.running(steps(1), n)
		var all errgroup.Group
		for row := range n {
			id := c.Recipient(row + 1).Message(0)
			b.claim(id, 1)
			all.Go(func() error {
				return b.Settle(t.Context(), ledger.Settlement{
					Message: id, Attempt: 1, Outcome: ledger.OutcomeAccepted, At: b.now, ProviderID: providerID(id, 1),
				})
			})
			for _, r := range []ledger.Receipt{b.receipt(id, 1, campaign.Failed, passing), b.receipt(id, 1, campaign.Sent)} {
				all.Go(func() error {
					_, err := b.Receive(t.Context(), []ledger.Receipt{r}, b.now)
					return err
				})
			}
		}
		b.check(all.Wait())
		for row := range n {
			b.expect(c.Recipient(row+1).Message(0), campaign.Pending) // whichever came first
		}
	},
	"at the same time as the answer": func(t *testing.T, b *bench) {
		const many = 60
		c := b.running(steps(2), many)
		var group errgroup.Group
		for row := 1; row <= many; row++ {
			id := c.Recipient(row).Message(0)
			b.claim(id, 1)
			group.Go(func() error {
				return b.Settle(t.Context(), ledger.Settlement{
					Message: id, Attempt: 1, Outcome: ledger.OutcomeAccepted, At: b.now, ProviderID: providerID(id, 1),
				})
			})
			group.Go(func() error {
				r := b.receipt(id, 1, campaign.Delivered)
				if row%2 == 0 {
					r.Message, r.Attempt = 0, 0 // it goes by the provider's id alone
				}
				_, err := b.Receive(t.Context(), []ledger.Receipt{r}, b.now)
				return err
			})
		}
		b.check(group.Wait())
		_, err := b.MatchEarly(t.Context(), b.now)
		b.check(err)
		for row := 1; row <= many; row++ {
			b.expect(c.Recipient(row).Message(0), campaign.Delivered)
			b.expect(c.Recipient(row).Message(1), campaign.Pending)
		}
	},
	"without our reference": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.send(id, 1)
		b.receive(ledger.Receipt{ProviderID: providerID(id, 1), Status: campaign.Delivered, At: b.now})
		b.expect(id, campaign.Delivered)
	},
	"without our reference and before the answer": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.claim(id, 1)
		b.receive(ledger.Receipt{ProviderID: providerID(id, 1), Status: campaign.Delivered, At: b.now})
		b.expect(id, campaign.Posting)
		b.settle(id, 1, ledger.OutcomeAccepted)
		b.expect(id, campaign.Delivered)
	},
	"without our reference, before one that carries it": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.claim(id, 1)
		b.receive(ledger.Receipt{ProviderID: providerID(id, 1), Status: campaign.Delivered, At: b.now})
		b.receive(b.receipt(id, 1, campaign.Sent))
		b.expect(id, campaign.Delivered)
		if n, err := b.MatchEarly(t.Context(), b.now); n != 0 || err != nil {
			t.Errorf("matched %d once more, %v", n, err)
		}
	},
	"with our reference an attempt learns its provider's id": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.claim(id, 1)
		b.settle(id, 1, ledger.OutcomeUnknown, campaign.Failure{Reason: "timeout"})
		b.receive(b.receipt(id, 1, campaign.Sent))
		b.receive(ledger.Receipt{ProviderID: providerID(id, 1), Status: campaign.Read, At: b.now})
		b.expect(id, campaign.Read)
	},
	"a failure that tells which message it was finds what was told before": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.claim(id, 1)
		b.receive(ledger.Receipt{ProviderID: providerID(id, 1), Status: campaign.Read, At: b.now}) // without our reference
		b.receive(b.receipt(id, 1, campaign.Failed, campaign.Failure{Code: 408, Reason: "timeout", Retry: true}))
		b.expect(id, campaign.Read)
	},
	"of a message nobody knows are dropped after a week": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.receive(ledger.Receipt{ProviderID: providerID(id, 1), Status: campaign.Delivered, At: b.now})
		b.check(b.Tidy(t.Context(), b.now.Add(8*24*time.Hour)))
		b.send(id, 1)
		b.expect(id, campaign.Accepted)
	},
	"a failure is final, unless it arrives after all": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.send(id, 1)
		b.receive(b.receipt(id, 1, campaign.Failed, undeliverable))
		b.receive(b.receipt(id, 1, campaign.Sent))
		b.expect(id, campaign.Failed)
		b.receive(b.receipt(id, 1, campaign.Delivered))
		b.expect(id, campaign.Delivered)
		b.receive(b.receipt(id, 1, campaign.Failed, undeliverable))
		b.expect(id, campaign.Delivered)
	},
	"a failure and a delivery in one batch": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.send(id, 1)
		b.receive(b.receipt(id, 1, campaign.Failed, undeliverable), b.receipt(id, 1, campaign.Delivered))
		b.expect(id, campaign.Delivered)
	},
	"a failure worth retrying": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.send(id, 1)
		b.receive(b.receipt(id, 1, campaign.Failed, campaign.Failure{Code: 408, Reason: "timeout", Retry: true}))
		b.expect(id, campaign.Pending)
		b.advance(time.Minute)
		b.send(id, 2)
		b.receive(b.receipt(id, 1, campaign.Failed, undeliverable))
		b.expect(id, campaign.Accepted)
		b.receive(b.receipt(id, 2, campaign.Delivered))
		b.expect(id, campaign.Delivered)
	},
	"sent that its own failure has overtaken cancels no retry": func(t *testing.T, b *bench) {
		timeout := campaign.Failure{Code: 408, Reason: "timeout", Retry: true}
		c := b.running(steps(1), 2)
		for row, together := range []bool{false, true} {
			id := c.Recipient(row + 1).Message(0)
			b.send(id, 1)
			failed, sent := b.receipt(id, 1, campaign.Failed, timeout), b.receipt(id, 1, campaign.Sent)
			if together {
				b.receive(failed, sent)
			} else {
				b.receive(failed)
				b.receive(sent)
			}
			b.expect(id, campaign.Pending)
		}
	},
	"sent of a refused attempt cancels its retry": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.claim(id, 1)
		b.settle(id, 1, ledger.OutcomeRefused, campaign.Failure{Reason: "busy", Retry: true})
		b.receive(b.receipt(id, 1, campaign.Sent))
		b.expect(id, campaign.Sent)
	},
	"an older attempt's delivery cancels a retry": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.send(id, 1)
		b.receive(b.receipt(id, 1, campaign.Failed, campaign.Failure{Code: 408, Reason: "timeout", Retry: true}))
		b.receive(b.receipt(id, 1, campaign.Delivered))
		b.expect(id, campaign.Delivered)
		b.advance(time.Hour)
		if reason := b.tryClaim(id, 2); reason != "gone" {
			t.Errorf("the retry was refused as %q, want gone", reason)
		}
	},
}
