package ledgertest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/ledger"
)

var suppressionScenarios = map[string]func(*testing.T, *bench){
	"an operator's word ends what waits at once": func(t *testing.T, b *bench) {
		r := b.running(steps(2), 2).Recipient(1)
		b.check(b.Suppress(t.Context(), []ledger.Suppression{{Person: people(1)[0].Person, Scope: campaign.ScopeAll, Reason: "by letter"}}, by("tester"), b.now))
		b.expectAll(r, campaign.Skipped, campaign.Skipped)
		b.expectAll(r+1, campaign.Pending, campaign.Waiting)
		if reason := b.line(r.Message(0)).Reason; reason != "opted out: recorded by an operator" {
			t.Errorf("it is skipped because %q", reason)
		}
	},
	"an operator's word while its messages are claimed": func(t *testing.T, b *bench) {
		const many = 100
		c := b.running(steps(1), many)
		var claiming sync.WaitGroup
		granted := make([]bool, many+1)
		for row := 1; row <= many; row++ {
			task := campaign.Task{Message: c.Recipient(row).Message(0), Attempt: 1}
			claiming.Go(func() {
				_, err := b.Claim(t.Context(), task, ledger.Sender{}, b.now, b.now.Add(time.Minute))
				granted[row] = err == nil
			})
		}
		posting := make([]bool, many+1)
		for i, p := range people(many) {
			b.check(b.Suppress(t.Context(), []ledger.Suppression{{Person: p.Person, Scope: campaign.ScopeAll}}, by("tester"), b.now))
			posting[i+1] = b.line(c.Recipient(i+1).Message(0)).Status == campaign.Posting
		}
		claiming.Wait()
		if diff := cmp.Diff(posting, granted); diff != "" {
			t.Errorf("claims were granted after the opt-out (-when it was on record +at the end):\n%s", diff)
		}
	},
	"a choice in the app lifts nothing but itself": func(t *testing.T, b *bench) {
		choose := func(stop campaign.SuppressionScope) {
			b.answer(func(h *ledger.InboundEvent) {
				h.Message, h.Answers, h.Source, h.OptOut, h.OptIn, h.Restores = false, false, ledger.SourceProvider, stop, stop == "", campaign.ScopeMarketing
			})
		}
		choose(campaign.ScopeMarketing)
		if reason := b.refusal(marketing); reason != "suppressed" {
			t.Errorf("refused as %q", reason)
		}
		choose("")
		if reason := b.refusal(marketing); reason != "" {
			t.Errorf("after the choice was taken back refused as %q", reason)
		}
		b.wants(campaign.ScopeMarketing)
		choose("")
		if reason := b.refusal(marketing); reason != "suppressed" {
			t.Errorf("what the person wrote was taken back: %q", reason)
		}
	},
	"several messages that reach nobody suppress softly, until the person writes": func(t *testing.T, b *bench) {
		nobody := campaign.Failure{Code: 131026, Reason: "undeliverable", Unreachable: true}
		miss := func() {
			id := b.running(steps(1), 1).Recipient(1).Message(0)
			b.send(id, 1)
			failed := b.receipt(id, 1, campaign.Failed, nobody)
			b.receive(failed)
			b.receive(failed) // told twice, it counts once
		}
		for range ledger.SilencesBelieved - 1 {
			miss()
		}
		if reason := b.refusal(); reason != "" {
			t.Errorf("refused as %q too early", reason)
		}
		miss()
		if reason := b.refusal(); reason != "suppressed" {
			t.Errorf("refused as %q, want suppressed", reason)
		}
		b.writes("I am back")
		if reason := b.refusal(); reason != "" {
			t.Errorf("refused as %q after the person wrote", reason)
		}
		miss() // counted from the start
		if reason := b.refusal(); reason != "" {
			t.Errorf("refused as %q after one more", reason)
		}
	},
	"a delivery between them shows that somebody is there": func(t *testing.T, b *bench) {
		nobody := campaign.Failure{Code: 131026, Reason: "undeliverable", Unreachable: true}
		for i := range 2 * ledger.SilencesBelieved {
			b.advance(time.Millisecond)
			id := b.running(steps(1), 1).Recipient(1).Message(0)
			b.send(id, 1)
			if i%2 == 1 {
				b.receive(b.receipt(id, 1, campaign.Delivered))
				continue
			}
			b.receive(b.receipt(id, 1, campaign.Failed, nobody))
		}
		if reason := b.refusal(); reason != "" {
			t.Errorf("refused as %q", reason)
		}
	},
	"a STOP under a key that only its reference explains": func(t *testing.T, b *bench) {
		r := b.running(steps(2), 1).Recipient(1)
		b.send(r.Message(0), 1)
		b.wants(campaign.ScopeAll, func(h *ledger.InboundEvent) { h.Person, h.ReplyTo = "+447700999999", providerID(r.Message(0), 1) })
		b.expectAll(r, campaign.Accepted, campaign.Skipped)
		if reason := b.refusal(); reason != "suppressed" {
			t.Errorf("a later campaign was refused as %q", reason)
		}
	},
	"an alias of two keys makes them one person": func(t *testing.T, b *bench) {
		c := b.running(steps(2), 3)
		for row := 1; row <= 2; row++ {
			id := c.Recipient(row).Message(0)
			b.claim(id, 1)
			b.check(b.Settle(t.Context(), ledger.Settlement{
				Message: id, Attempt: 1, Outcome: ledger.OutcomeAccepted, At: b.now, ProviderID: providerID(id, 1), Keys: []string{"+447700999999"},
			}))
		}
		b.answer(func(h *ledger.InboundEvent) { h.Person, h.Also = "+447700999990", []string{"+447700999999"} })
		b.wants(campaign.ScopeAll, func(h *ledger.InboundEvent) { h.Person = "+447700999990" })
		b.expectAll(c.Recipient(1), campaign.Accepted, campaign.Skipped)
		b.expectAll(c.Recipient(2), campaign.Accepted, campaign.Skipped)
		b.expectAll(c.Recipient(3), campaign.Pending, campaign.Waiting)
	},
	"an opt-out about a campaign, without a reference, is about that of the newest message": func(t *testing.T, b *bench) {
		asked := b.running(asks(), 1).Recipient(1)
		b.send(asked.Message(0), 1)
		b.advance(time.Minute)
		newest := b.running(steps(2), 1).Recipient(1) // waits for no answer
		b.send(newest.Message(0), 1)
		b.wants(campaign.ScopeCampaign)
		b.expectAll(newest, campaign.Accepted, campaign.Skipped)
		b.expectAll(asked, campaign.Accepted, campaign.Waiting, campaign.Waiting, campaign.Waiting)
	},
	"an opt-out that forbids one branch leaves the other": func(t *testing.T, b *bench) {
		for _, otherwise := range []campaign.Otherwise{campaign.Stop, campaign.Skip, campaign.Send} {
			r := b.running(asks(func(d *campaign.Definition) {
				d.Steps[1].Category, d.Steps[1].Otherwise = campaign.Marketing, otherwise
			}), 1).Recipient(1)
			b.send(r.Message(0), 1)
			b.wants(campaign.ScopeMarketing)
			b.expectAll(r, campaign.Accepted, campaign.Skipped, campaign.Waiting, campaign.Waiting)
			b.presses(r.Message(0), "no")
			b.expectAll(r, campaign.Accepted, campaign.Skipped, campaign.Pending, campaign.Waiting)
		}
	},
	"what is behind branches is decided when none of them can go out": func(t *testing.T, b *bench) {
		r := b.running(asks(func(d *campaign.Definition) {
			d.Steps[1].Category, d.Steps[1].Otherwise = campaign.Marketing, campaign.Stop
		}), 1).Recipient(1)
		b.send(r.Message(0), 1)
		b.wants(campaign.ScopeMarketing)
		b.advance(time.Hour)
		b.sweep()
		b.expectAll(r, campaign.Accepted, campaign.Skipped, campaign.Skipped, campaign.Skipped)
	},
	"a STOP while its key is linked to the person": func(t *testing.T, b *bench) {
		for i := range 20 {
			phone, alias := fmt.Sprintf("+44770092%04d", i), fmt.Sprintf("+44770093%04d", i)
			list := []campaign.Row{row(1, phone)}
			c := b.imported(steps(1), list)
			b.act(c, campaign.Start)
			id := c.Recipient(1).Message(0)
			b.claim(id, 1)
			var settling sync.WaitGroup
			settling.Go(func() {
				err := b.Settle(t.Context(), ledger.Settlement{
					Message: id, Attempt: 1, Outcome: ledger.OutcomeAccepted, At: b.now, ProviderID: providerID(id, 1), Keys: []string{alias},
				})
				if err != nil {
					t.Error(err)
				}
			})
			b.wants(campaign.ScopeAll, func(h *ledger.InboundEvent) { h.Person, h.Answers = alias, false })
			settling.Wait()
			later := b.imported(steps(1), list)
			b.act(later, campaign.Start)
			if reason := b.tryClaim(later.Recipient(1).Message(0), 1); reason != "suppressed" {
				t.Errorf("%s was refused as %q", phone, reason)
			}
		}
	},
	"a key that is told of many people does not make them one": func(t *testing.T, b *bench) {
		const many = 12
		c := b.running(steps(2), many)
		for row := 1; row <= many; row++ {
			id := c.Recipient(row).Message(0)
			b.claim(id, 1)
			b.check(b.Settle(t.Context(), ledger.Settlement{
				Message: id, Attempt: 1, Outcome: ledger.OutcomeAccepted, At: b.now, ProviderID: providerID(id, 1), Keys: []string{"+447700999999"},
			}))
		}
		b.wants(campaign.ScopeAll)
		b.expectAll(c.Recipient(1), campaign.Accepted, campaign.Skipped)
		b.expectAll(c.Recipient(many), campaign.Accepted, campaign.Waiting)
	},
}
