package ledgertest

import (
	"testing"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// shuts are the ways in which a provider says that the window of an attempt was
// shut.
var shuts = map[string]func(b *bench, id campaign.MessageID, n int){
	"by the answer": func(b *bench, id campaign.MessageID, n int) {
		b.settle(id, n, ledger.OutcomeRefused, outside())
	},
	"by a receipt": func(b *bench, id campaign.MessageID, n int) {
		b.settle(id, n, ledger.OutcomeAccepted)
		if about := b.receive(b.receipt(id, n, campaign.Failed, outside())); !about[0].WindowShut {
			b.Errorf("the receipt is about %+v", about[0])
		}
	},
	"by a receipt before the answer": func(b *bench, id campaign.MessageID, n int) {
		b.receive(b.receipt(id, n, campaign.Failed, outside()))
		b.settle(id, n, ledger.OutcomeAccepted)
	},
	"by a receipt that finds its attempt later": func(b *bench, id campaign.MessageID, n int) {
		r := b.receipt(id, n, campaign.Failed, outside())
		r.Message, r.Attempt = 0, 0
		b.receive(r)
		b.settle(id, n, ledger.OutcomeAccepted)
	},
}

var windowWordScenarios = map[string]func(*testing.T, *bench){
	"a refused text is no failure, and the template goes out": func(t *testing.T, b *bench) {
		for way, shut := range shuts {
			b.advance(time.Hour)
			id := b.greeted(welcomes(otherwise))
			b.takes(id, 1, "free")
			b.advance(time.Second)
			shut(b, id, 1)
			b.expect(id, campaign.Pending)
			b.advance(time.Second)
			b.takes(id, 2, "template")
			b.settle(id, 2, ledger.OutcomeAccepted)
			b.receive(b.receipt(id, 1, campaign.Failed, outside())) // told again
			b.expect(id, campaign.Accepted)
			failed, err := b.Failures(t.Context(), id.Campaign())
			b.check(err)
			if len(failed) != 0 || b.campaign(id.Campaign()).State != campaign.Running {
				t.Errorf("%s: the campaign has the failures %+v", way, failed)
			}
		}
	},
	"a refused text without a template is skipped": func(_ *testing.T, b *bench) {
		for _, shut := range shuts {
			b.advance(time.Hour)
			id := b.greeted(welcomes(func(s *campaign.Step) { s.Otherwise = campaign.Skip }))
			b.receive(b.receipt(id-1, 1, campaign.Delivered))
			b.takes(id, 1, "free")
			b.advance(time.Second)
			shut(b, id, 1)
			b.advance(time.Second)
			b.takes(id, 2, "window")
			b.expectAll(id.Recipient(), campaign.Delivered, campaign.Skipped, campaign.Pending)
		}
	},
	"only what is written after the word opens the window again": func(_ *testing.T, b *bench) {
		b.opens("wamid.1")
		id := b.running(freely(otherwise), 1).Recipient(1).Message(0)
		b.advance(time.Minute)
		b.takes(id, 1, "free")
		b.advance(time.Minute)
		b.settle(id, 1, ledger.OutcomeRefused, outside())
		b.advance(time.Minute)
		b.opens("wamid.1", func(h *ledger.InboundEvent) { h.At = start })
		b.opens("wamid.2", func(h *ledger.InboundEvent) { h.At = b.now.Add(-time.Minute) }) // at that very moment
		b.takes(id, 2, "template")
		b.opens("wamid.3")
		b.takes(b.running(freely(otherwise), 1).Recipient(1).Message(0), 1, "free")
	},
	"a late word shuts the window as it was": func(_ *testing.T, b *bench) {
		b.opens("wamid.1")
		id := b.running(freely(otherwise), 1).Recipient(1).Message(0)
		b.takes(id, 1, "free")
		b.settle(id, 1, ledger.OutcomeAccepted)
		b.advance(time.Second)
		late := b.receipt(id, 1, campaign.Failed, outside())
		b.advance(time.Minute)
		b.opens("wamid.2")
		b.advance(time.Minute)
		b.receive(late)
		b.advance(time.Second)
		b.takes(id, 2, "free")
	},
	"a clock of the provider that is behind ours makes no circle": func(_ *testing.T, b *bench) {
		b.opens("wamid.1")
		id := b.running(freely(otherwise), 1).Recipient(1).Message(0)
		b.takes(id, 1, "free")
		r := b.receipt(id, 1, campaign.Failed, outside())
		r.At = start.Add(-time.Hour)
		b.receive(r)
		b.advance(time.Second)
		b.takes(id, 2, "template")
	},
	"a template that is refused so has failed": func(t *testing.T, b *bench) {
		for _, d := range []*campaign.Definition{steps(1), freely(otherwise)} {
			id := b.running(d, 1).Recipient(1).Message(0)
			b.takes(id, 1, "template")
			b.opens("wamid.1")
			b.settle(id, 1, ledger.OutcomeRefused, outside())
			b.expect(id, campaign.Failed)
			if reason := b.line(id).Reason; reason != "outside_window" {
				t.Errorf("it failed because of %q", reason)
			}
			b.takes(b.running(freely(otherwise), 1).Recipient(1).Message(0), 1, "free")
			b.advance(campaign.WindowFor)
		}
	},
	"the word counts against nobody": func(t *testing.T, b *bench) {
		b.opens("wamid.1")
		id := b.running(freely(otherwise), 1).Recipient(1).Message(0)
		b.takes(id, 1, "free")
		b.settle(id, 1, ledger.OutcomeRefused, outside())
		b.advance(time.Second)
		for n := 2; n < 2+campaign.MaxFailures; n++ { // all of its failures are still to come
			b.expect(id, campaign.Pending)
			b.takes(id, n, "template")
			b.settle(id, n, ledger.OutcomeRefused, campaign.Failure{Code: 131000, Reason: "busy", Retry: true})
			b.advance(10 * time.Minute)
		}
		b.expect(id, campaign.Failed)
		if line := b.line(id); line.Attempts != campaign.MaxFailures {
			t.Errorf("it was tried %d times", line.Attempts)
		}
	},
	"trouble with a template that was none stops the number": func(t *testing.T, b *bench) {
		b.opens("wamid.1")
		c := b.running(freely(), 1)
		b.takes(c.Recipient(1).Message(0), 1, "free")
		b.settle(c.Recipient(1).Message(0), 1, ledger.OutcomeRefused, trouble(campaign.PauseTemplate))
		if state := b.campaign(c).State; state != campaign.Paused {
			t.Errorf("the campaign is %s", state)
		}
	},
}
