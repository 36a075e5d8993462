package ledgertest

import (
	"testing"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// wants has the first person say that they want to be left alone.
func (b *bench) wants(scope campaign.SuppressionScope, change ...func(*ledger.InboundEvent)) {
	b.Helper()
	b.answer(func(h *ledger.InboundEvent) {
		h.ID, h.OptOut, h.Reply = "stop "+string(scope), scope, campaign.Reply{Text: "STOP"}
		for _, f := range change {
			f(h)
		}
	})
}

func marketing(d *campaign.Definition) { d.Steps[0].Category = campaign.Marketing }

// refusal is why the first message of a new campaign would not be claimed.
func (b *bench) refusal(change ...func(*campaign.Definition)) string {
	b.Helper()
	return b.tryClaim(b.running(steps(1, change...), 1).Recipient(1).Message(0), 1)
}

var optOutScenarios = map[string]func(*testing.T, *bench){
	"a STOP ends what waits at once, and forbids the rest": func(t *testing.T, b *bench) {
		r := b.running(steps(3), 2).Recipient(1)
		b.send(r.Message(0), 1)
		b.wants(campaign.ScopeAll)
		b.expectAll(r, campaign.Accepted, campaign.Skipped, campaign.Skipped)
		if reason := b.line(r.Message(1)).Reason; reason != "opted out: told by the person" {
			t.Errorf("it is skipped because %q", reason)
		}
		b.receive(b.receipt(r.Message(0), 1, campaign.Delivered))
		b.expectAll(r, campaign.Delivered, campaign.Skipped, campaign.Skipped)
		if reason := b.refusal(); reason != "suppressed" {
			t.Errorf("a later campaign was refused as %q", reason)
		}
		b.claim((r + 1).Message(0), 1) // the other person is still there
	},
	"a STOP under an alias counts": func(t *testing.T, b *bench) {
		r := b.running(steps(2), 1).Recipient(1)
		b.claim(r.Message(0), 1)
		b.check(b.Settle(t.Context(), ledger.Settlement{
			Message: r.Message(0), Attempt: 1, Outcome: ledger.OutcomeAccepted, At: b.now, ProviderID: "x", Keys: []string{"+447700999999"},
		}))
		b.wants(campaign.ScopeAll, func(h *ledger.InboundEvent) { h.Person = "+447700999999" })
		b.expectAll(r, campaign.Accepted, campaign.Skipped)
		if reason := b.refusal(); reason != "suppressed" {
			t.Errorf("a later campaign was refused as %q", reason)
		}
	},
	"an opt-out about marketing leaves the rest alone": func(t *testing.T, b *bench) {
		r := b.running(steps(2, marketing, second(func(s *campaign.Step) { s.Otherwise = campaign.Send })), 1).Recipient(1)
		b.wants(campaign.ScopeMarketing)
		b.expectAll(r, campaign.Skipped, campaign.Pending)
		if reason := b.refusal(marketing); reason != "suppressed" {
			t.Errorf("marketing was refused as %q", reason)
		}
		if reason := b.refusal(); reason != "" {
			t.Errorf("what is no marketing was refused as %q", reason)
		}
	},
	"an opt-out about the campaign that is answered": func(t *testing.T, b *bench) {
		r := b.running(steps(2), 1).Recipient(1)
		b.send(r.Message(0), 1)
		b.wants(campaign.ScopeCampaign, func(h *ledger.InboundEvent) { h.ReplyTo = providerID(r.Message(0), 1) })
		b.expectAll(r, campaign.Accepted, campaign.Skipped)
		if reason := b.refusal(); reason != "" {
			t.Errorf("another campaign was refused as %q", reason)
		}
	},
	"an opt-out about a campaign that is not known is one about all": func(t *testing.T, b *bench) {
		b.wants(campaign.ScopeCampaign)
		if reason := b.refusal(); reason != "suppressed" {
			t.Errorf("refused as %q", reason)
		}
	},
	"what was claimed is not wanted any more after a stop or a pause": func(t *testing.T, b *bench) {
		c := b.running(steps(1), 2)
		wanted := func(row int) bool {
			wanted, err := b.Wanted(t.Context(), c.Recipient(row).Message(0))
			b.check(err)
			return wanted
		}
		b.claim(c.Recipient(1).Message(0), 1)
		b.claim(c.Recipient(2).Message(0), 1)
		if !wanted(1) || !wanted(2) {
			t.Error("what was just claimed is not wanted")
		}
		b.wants(campaign.ScopeAll)
		if wanted(1) || !wanted(2) {
			t.Error("want the second alone after the first has opted out")
		}
		b.act(c, campaign.Pause)
		if wanted(2) {
			t.Error("it is wanted while the campaign is paused")
		}
	},
	"START takes back what the person said, and no operator's word": func(t *testing.T, b *bench) {
		start := func() {
			b.answer(func(h *ledger.InboundEvent) { h.ID, h.OptIn, h.Reply = "start", true, campaign.Reply{Text: "START"} })
		}
		b.wants(campaign.ScopeAll)
		start()
		if reason := b.refusal(); reason != "" {
			t.Errorf("after START refused as %q", reason)
		}
		b.wants(campaign.ScopeAll)
		b.check(b.Suppress(t.Context(), []ledger.Suppression{{Person: "+447700900000", Scope: campaign.ScopeAll, Reason: "by letter"}}, by("tester"), b.now))
		start()
		if reason := b.refusal(); reason != "suppressed" {
			t.Errorf("an operator's word was taken back: %q", reason)
		}
		list, err := b.Suppressions(t.Context(), ledger.Suppression{}, 10)
		b.check(err)
		if len(list) != 1 || list[0].Reason != "by letter" || list[0].Source != ledger.SourceOperator {
			t.Errorf("on record is %+v", list)
		}
	},
	"a START that comes late takes back no later STOP": func(t *testing.T, b *bench) {
		says := func(at time.Duration, change func(*ledger.InboundEvent)) {
			b.answer(func(h *ledger.InboundEvent) {
				h.At = start.Add(at)
				change(h)
			})
		}
		stop := func(h *ledger.InboundEvent) { h.OptOut = campaign.ScopeAll }
		again := func(h *ledger.InboundEvent) { h.OptIn = true }
		b.advance(time.Hour)
		says(0, stop)
		says(time.Minute, again)
		if reason := b.refusal(); reason != "" {
			t.Errorf("after START refused as %q", reason)
		}
		says(0, stop)
		says(2*time.Minute, stop)
		says(time.Minute, again)
		if reason := b.refusal(); reason != "suppressed" {
			t.Errorf("after the last STOP refused as %q", reason)
		}
		says(3*time.Minute, again)
		if reason := b.refusal(); reason != "" {
			t.Errorf("after the last START refused as %q", reason)
		}
		says(6*time.Minute, func(h *ledger.InboundEvent) {
			h.Message, h.Answers, h.Source, h.OptOut = false, false, ledger.SourceProvider, campaign.ScopeMarketing
		})
		says(4*time.Minute, func(h *ledger.InboundEvent) { h.OptOut = campaign.ScopeMarketing })
		says(5*time.Minute, again)
		if reason := b.refusal(marketing); reason != "suppressed" {
			t.Errorf("after a later choice in the app refused as %q", reason)
		}
	},
	"a message that is left out says whose word that is": func(t *testing.T, b *bench) {
		why := func() string {
			t.Helper()
			id := b.running(steps(1), 1).Recipient(1).Message(0)
			if reason := b.tryClaim(id, 1); reason != "suppressed" {
				t.Fatalf("refused as %q", reason)
			}
			return b.line(id).Reason
		}
		person := people(1)[0].Person
		for _, test := range []struct {
			source ledger.Source
			want   string
		}{ // each weighs more than the one before
			{ledger.SourceSilence, "left alone: 3 consecutive messages have reached nobody"},
			{ledger.SourceProvider, "opted out: chosen in WhatsApp"},
			{ledger.SourcePerson, "opted out: told by the person"},
			{ledger.SourceOperator, "opted out: recorded by an operator"},
		} {
			b.check(b.Suppress(t.Context(), []ledger.Suppression{{Person: person, Scope: campaign.ScopeAll, Reason: "x", Source: test.source}}, by("tester"), b.now))
			if got := why(); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		}
		_, err := b.Forget(t.Context(), person, by("tester"), b.now)
		b.check(err)
		if got := why(); got != "the person was erased" {
			t.Errorf("once erased: %q", got)
		}
	},
	"an opt-out that is told again after it was taken back is old news": func(t *testing.T, b *bench) {
		early := func(h *ledger.InboundEvent) { h.At = b.now.Add(-2 * time.Second) }
		again := func(h *ledger.InboundEvent) { h.ID, h.OptIn, h.At = "start", true, b.now.Add(-time.Second) }
		b.wants(campaign.ScopeAll, early)
		b.answer(again)
		r := b.running(steps(2), 1).Recipient(1)
		b.wants(campaign.ScopeAll, early) // the webhook is repeated
		b.expectAll(r, campaign.Pending, campaign.Waiting)
		b.wants(campaign.ScopeMarketing, early) // or comes late
		if reason := b.refusal(marketing); reason != "" {
			t.Errorf("refused as %q", reason)
		}
		b.wants(campaign.ScopeAll) // a new one
		b.expectAll(r, campaign.Skipped, campaign.Skipped)
		b.answer(again)
		if reason := b.refusal(); reason != "suppressed" {
			t.Errorf("after an old START refused as %q", reason)
		}
	},
	"an opt-out that is told again after it was taken back under another key": func(t *testing.T, b *bench) {
		const twin = "+447700999999"
		early := func(h *ledger.InboundEvent) { h.Person, h.At = twin, b.now.Add(-time.Minute) }
		b.wants(campaign.ScopeAll, early)
		b.answer(func(h *ledger.InboundEvent) { h.ID, h.OptIn, h.Also = "start", true, []string{twin} })
		b.wants(campaign.ScopeAll, early)
		if reason := b.refusal(); reason != "" {
			t.Errorf("refused as %q", reason)
		}
	},
	"what was taken back in the app takes back nothing that was written": func(t *testing.T, b *bench) {
		b.answer(func(h *ledger.InboundEvent) {
			h.Message, h.Answers, h.Source, h.OptIn, h.Restores = false, false, ledger.SourceProvider, true, campaign.ScopeMarketing
		})
		b.wants(campaign.ScopeMarketing, func(h *ledger.InboundEvent) { h.At = b.now.Add(-time.Minute) })
		if reason := b.refusal(marketing); reason != "suppressed" {
			t.Errorf("refused as %q", reason)
		}
	},
}
