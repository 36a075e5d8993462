package ledgertest

import (
	"strings"
	"testing"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// edits changes what an earlier message of the first person says.
func (b *bench) edits(id, text string, change ...func(*ledger.InboundEvent)) {
	b.Helper()
	b.answer(func(h *ledger.InboundEvent) {
		h.ID, h.Edit, h.Reply = id, true, campaign.Reply{Text: text}
		for _, f := range change {
			f(h)
		}
	})
}

// says is a message of the first person under an identifier.
func (b *bench) says(id, text string, change ...func(*ledger.InboundEvent)) {
	b.Helper()
	b.edits(id, text, append([]func(*ledger.InboundEvent){func(h *ledger.InboundEvent) { h.Edit = false }}, change...)...)
}

func saidAt(at time.Time) func(*ledger.InboundEvent) {
	return func(h *ledger.InboundEvent) { h.At = at }
}

// posting is a question that is on its way, so that answers are kept and none is
// decided on.
func (b *bench) posting() campaign.RecipientID {
	b.Helper()
	r := b.running(asks(), 1).Recipient(1)
	b.claim(r.Message(0), 1)
	b.advance(time.Second)
	return r
}

// editScenarios: an edit counts as what the message says now, once.
var editScenarios = map[string]func(*testing.T, *bench){
	"an edit that a branch waits for opens it": func(t *testing.T, b *bench) {
		r := b.running(asks(), 1).Recipient(1)
		b.send(r.Message(0), 1)
		b.says("a", "yes pleas")
		b.expect(r.Message(1), campaign.Waiting)
		b.edits("a", "yes please")
		b.expectAll(r, campaign.Accepted, campaign.Pending, campaign.Skipped, campaign.Waiting)
		b.edits("a", "no please") // a change of mind
		b.expectAll(r, campaign.Accepted, campaign.Pending, campaign.Skipped, campaign.Waiting)
	},
	"an edit takes the place of what was said, in whichever order they come": func(t *testing.T, b *bench) {
		for name, order := range map[string]string{
			"in order": "said edit again", "said last": "edit again said", "edits crossed": "said again edit",
			"all twice": "said said edit again said edit again", "backwards": "again edit said",
		} {
			b.advance(time.Minute)
			r := b.posting()
			for _, what := range strings.Fields(order) {
				switch what {
				case "said":
					b.says(name, "yes please", saidAt(b.now))
				case "edit":
					b.edits(name, "hm", saidAt(b.now.Add(time.Second)))
				case "again":
					b.edits(name, "no please", saidAt(b.now.Add(2*time.Second)))
				}
			}
			b.settle(r.Message(0), 1, ledger.OutcomeAccepted)
			if got := b.statuses(r, 3); got[1] != campaign.Skipped || got[2] != campaign.Pending {
				t.Errorf("%s: the branches are %v", name, got[1:])
			}
		}
	},
	"an edit answers what the message answered": func(t *testing.T, b *bench) {
		older := b.running(asks(), 1).Recipient(1)
		b.send(older.Message(0), 1)
		b.advance(time.Minute)
		b.says("a", "perhaps")
		b.advance(time.Minute)
		newer := b.running(asks(), 1).Recipient(1)
		b.send(newer.Message(0), 1)
		b.advance(time.Minute)
		b.edits("a", "yes please", func(h *ledger.InboundEvent) { h.ReplyTo = "wamid.of.the.person" })
		b.expect(older.Message(1), campaign.Pending)
		b.expect(newer.Message(1), campaign.Waiting)
	},
	"an edit of a message that nobody has heard is an answer": func(t *testing.T, b *bench) {
		r := b.running(asks(), 1).Recipient(1)
		b.send(r.Message(0), 1)
		b.edits("unheard", "yes please")
		b.expect(r.Message(1), campaign.Pending)
	},
	"an edit that says STOP is one, and one that no longer does is no START": func(t *testing.T, b *bench) {
		r := b.running(asks(), 1).Recipient(1)
		b.send(r.Message(0), 1)
		b.says("a", "what is this")
		b.advance(time.Second)
		b.edits("a", "STOP", func(h *ledger.InboundEvent) { h.OptOut = campaign.ScopeAll })
		b.expectAll(r, campaign.Accepted, campaign.Skipped, campaign.Skipped, campaign.Skipped)
		b.advance(time.Second)
		b.edits("a", "yes please")
		if reason := b.refusal(); reason != "suppressed" {
			t.Errorf("a later campaign was refused as %q", reason)
		}
	},
	"nobody edits what another person said": func(t *testing.T, b *bench) {
		r := b.posting()
		b.says("a", "yes please")
		b.edits("a", "no please", func(h *ledger.InboundEvent) { h.Person = "+447700900009" })
		b.settle(r.Message(0), 1, ledger.OutcomeAccepted)
		b.expectAll(r, campaign.Accepted, campaign.Pending, campaign.Skipped, campaign.Waiting)
	},
}
