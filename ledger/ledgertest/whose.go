package ledgertest

import (
	"testing"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// own and foreign are two channels of different apps. The messages of the
// scenarios go out from main.
var (
	own     = []string{"main", "second"}
	foreign = []string{"third"}
)

var whoseScenarios = map[string]func(*testing.T, *bench){
	"a webhook of another app moves no message, by whichever way": func(t *testing.T, b *bench) {
		c := b.running(steps(2), 4)
		for n, r := range []func(campaign.MessageID) ledger.Receipt{
			func(id campaign.MessageID) ledger.Receipt { return b.receipt(id, 1, campaign.Delivered) },
			func(id campaign.MessageID) ledger.Receipt {
				return ledger.Receipt{ProviderID: providerID(id, 1), Status: campaign.Delivered, At: b.now}
			},
			func(id campaign.MessageID) ledger.Receipt {
				return b.receipt(id, 1, campaign.Failed, campaign.Failure{Reason: "forged", Suppress: campaign.ScopeAll, Pause: campaign.PauseAccount})
			},
			func(id campaign.MessageID) ledger.Receipt {
				return ledger.Receipt{ProviderID: providerID(id, 1), Status: campaign.Failed, At: b.now, Failure: undeliverable}
			},
		} {
			id := c.Recipient(n + 1).Message(0)
			b.send(id, 1)
			receipt := r(id)
			receipt.Channel, receipt.Peers = "third", foreign
			if about := b.receive(receipt); about[0] != (ledger.Received{}) {
				t.Errorf("receipt %d is said to be about %+v", n, about[0])
			}
			_, err := b.MatchEarly(t.Context(), b.now)
			b.check(err)
			b.expectAll(c.Recipient(n+1), campaign.Accepted, campaign.Waiting)
			receipt.Channel, receipt.Peers, receipt.Status, receipt.Failure = "main", own, campaign.Delivered, campaign.Failure{}
			b.receive(receipt)
			b.expect(id, campaign.Delivered)
		}
		if got := b.campaign(c); got.State != campaign.Running {
			t.Errorf("the campaign is %s", got.State)
		}
	},
	"an early receipt of another app waits for an attempt of its own": func(t *testing.T, b *bench) {
		// Two providers may give two messages the same identifier.
		theirs := b.running(steps(1, func(d *campaign.Definition) { d.Channel = "third" }), 1).Recipient(1).Message(0)
		ours := b.running(steps(1), 1).Recipient(1).Message(0)
		b.receive(ledger.Receipt{Channel: "third", Peers: foreign, ProviderID: "1001", Status: campaign.Read, At: b.now})
		settle := func(id campaign.MessageID) {
			b.claim(id, 1)
			b.check(b.Settle(t.Context(), ledger.Settlement{Message: id, Attempt: 1, Outcome: ledger.OutcomeAccepted, At: b.now, ProviderID: "1001"}))
		}
		settle(ours)
		b.expect(ours, campaign.Accepted)
		_, err := b.MatchEarly(t.Context(), b.now)
		b.check(err)
		b.expect(ours, campaign.Accepted)
		settle(theirs)
		b.expect(theirs, campaign.Read)
		b.receive(ledger.Receipt{Channel: "main", Peers: own, ProviderID: "1001", Status: campaign.Delivered, At: b.now})
		b.expect(ours, campaign.Delivered)
		b.expect(theirs, campaign.Read)
	},
	"a reply to another app answers nothing of ours": func(t *testing.T, b *bench) {
		r := b.running(asks(), 1).Recipient(1)
		b.send(r.Message(0), 1)
		answer := ledger.InboundEvent{
			ID: "in.1", Channel: "third", Peers: foreign, At: b.now, Message: true, Answers: true, Source: ledger.SourcePerson,
			ReplyTo: providerID(r.Message(0), 1), Reply: campaign.Reply{Payload: "yes", Pressed: true},
		}
		b.expectFate(b.hear(answer), ledger.FateNobody)
		answer.ID, answer.Person = "in.2", ana
		b.hear(answer)
		b.expectAll(r, campaign.Accepted, campaign.Waiting, campaign.Waiting, campaign.Waiting)
		answer.ID, answer.Channel, answer.Peers = "in.3", "main", own
		b.hear(answer)
		b.expectAll(r, campaign.Accepted, campaign.Pending, campaign.Skipped, campaign.Waiting)
	},
	"another app's stop for this campaign is one for all": func(t *testing.T, b *bench) {
		r := b.running(steps(1), 1).Recipient(1)
		b.send(r.Message(0), 1)
		b.hear(ledger.InboundEvent{
			Channel: "third", Peers: foreign, Person: ana, At: b.now, Source: ledger.SourcePerson,
			OptOut: campaign.ScopeCampaign, ReplyTo: providerID(r.Message(0), 1),
		})
		if reason := b.tryClaim(b.running(steps(1), 1).Recipient(1).Message(0), 1); reason != "suppressed" {
			t.Errorf("refused as %q", reason)
		}
	},
	"an unknown message is told by its recipient, where only it can be meant": func(t *testing.T, b *bench) {
		bare := func(id campaign.MessageID, s campaign.Status) ledger.Receipt {
			return ledger.Receipt{Channel: "main", Peers: own, ProviderID: providerID(id, 1), Keys: []string{ana}, Status: s, At: b.now}
		}
		first := b.running(steps(2), 1).Recipient(1).Message(0)
		b.lost(first)
		wrong := bare(first, campaign.Delivered)
		wrong.Channel = "second"
		b.receive(wrong) // the person's, but from another number
		wrong = bare(first, campaign.Delivered)
		wrong.At = b.now.Add(-time.Minute)
		b.receive(wrong) // of before it was claimed
		wrong = bare(first, campaign.Delivered)
		wrong.Keys = []string{other}
		b.receive(wrong)
		b.expect(first, campaign.Unknown)
		b.check(b.Tidy(t.Context(), b.now.Add(8*24*time.Hour)))

		second := b.running(steps(1), 1).Recipient(1).Message(0)
		b.claim(second, 1)
		b.receive(bare(second, campaign.Delivered)) // either could be meant
		b.expect(first, campaign.Unknown)
		b.settle(second, 1, ledger.OutcomeAccepted)
		b.expect(second, campaign.Delivered)
		b.expect(first, campaign.Unknown)

		b.receive(bare(first, campaign.Sent), bare(first, campaign.Delivered))
		b.expectAll(first.Recipient(), campaign.Delivered, campaign.Pending)
		r := bare(first, campaign.Read)
		r.Keys = nil
		b.receive(r) // its identifier is known now
		b.expect(first, campaign.Read)
	},
	"what was unknown is told by its recipient, whatever was decided about it since": func(t *testing.T, b *bench) {
		b.now, b.mute, b.resend = time.Now(), true, true
		late := func(id campaign.MessageID, s campaign.Status) {
			b.receive(ledger.Receipt{Channel: "main", Peers: own, ProviderID: providerID(id, 1), Keys: []string{ana}, Status: s, At: b.now})
		}
		again := b.running(steps(1), 1).Recipient(1).Message(0)
		b.lost(again)
		b.advance(10 * time.Minute)
		b.sweep()
		b.expect(again, campaign.Pending)
		late(again, campaign.Sent)
		b.expect(again, campaign.Sent) // and not sent a second time

		dropped := b.running(steps(1), 1).Recipient(1).Message(0)
		b.lost(dropped)
		_, err := b.Resolve(t.Context(), dropped.Campaign(), ledger.Drop, by("ana"), b.now)
		b.check(err)
		_, err = b.Finish(t.Context(), []campaign.ID{dropped.Campaign()}, b.now)
		b.check(err)
		late(dropped, campaign.Delivered)
		b.expect(dropped, campaign.Delivered)

		posting := b.running(steps(1), 1).Recipient(1).Message(0)
		b.lost(posting)
		b.advance(10 * time.Minute)
		b.sweep()
		b.claim(posting, 2)
		late(posting, campaign.Sent) // either attempt could be meant
		b.expect(posting, campaign.Posting)
	},
	"receipts of two messages for one unknown one tell nothing": func(_ *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.lost(id)
		r := ledger.Receipt{Channel: "main", Peers: own, ProviderID: "x", Keys: []string{ana}, Status: campaign.Delivered, At: b.now}
		s := r
		s.ProviderID = "y"
		b.receive(r, s)
		b.expect(id, campaign.Unknown)
	},
	"an unknown message is told by a receipt that came before it was known to be one": func(t *testing.T, b *bench) {
		c := b.running(steps(1), 3)
		settled, died := c.Recipient(1).Message(0), c.Recipient(2).Message(0)
		for n, id := range []campaign.MessageID{settled, died} {
			b.claim(id, 1)
			b.receive(ledger.Receipt{Channel: "main", Peers: own, ProviderID: providerID(id, 1), Keys: []string{people(2)[n].Person}, Status: campaign.Delivered, At: b.now})
			b.expect(id, campaign.Posting)
		}
		b.settle(settled, 1, ledger.OutcomeUnknown, campaign.Failure{Reason: "timeout"})
		b.expect(settled, campaign.Delivered)
		b.advance(2 * time.Minute)
		b.sweep()
		b.expect(died, campaign.Delivered)
	},
	"a receipt without a reference is no proof for an attempt that has nothing else": func(t *testing.T, b *bench) {
		b.now, b.resend = time.Now(), true
		b.check(b.WebhooksUp(t.Context()))
		c := b.running(steps(1), 2)
		id, later := c.Recipient(1).Message(0), c.Recipient(2).Message(0)
		b.lost(id)
		b.advance(10 * time.Minute)
		b.send(later, 1)
		b.receive(ledger.Receipt{Channel: "main", Peers: own, ProviderID: providerID(later, 1), Status: campaign.Delivered, At: b.now})
		b.advance(time.Minute)
		b.sweep()
		b.expect(id, campaign.Unknown)
		b.receive(b.receipt(later, 1, campaign.Read))
		b.advance(time.Minute)
		b.sweep()
		b.expect(id, campaign.Pending)
	},
	"where nothing is echoed the rule decides alone": func(t *testing.T, b *bench) {
		b.now, b.mute = time.Now(), true
		for _, resend := range []bool{false, true} {
			b.resend = resend
			id := b.running(steps(1), 1).Recipient(1).Message(0)
			b.lost(id)
			b.advance(9 * time.Minute)
			b.sweep()
			if line := b.line(id); line.Status != campaign.Unknown || line.Reason == "unconfirmed" {
				t.Errorf("decided too early: %s, %q", line.Status, line.Reason)
			}
			b.advance(time.Minute)
			b.sweep()
			switch line := b.line(id); {
			case resend:
				b.expect(id, campaign.Pending)
			case line.Status != campaign.Unknown || line.Reason != "unconfirmed":
				t.Errorf("hold: %s, %q", line.Status, line.Reason)
			}
		}
	},
}
