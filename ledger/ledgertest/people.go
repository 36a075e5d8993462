package ledgertest

import (
	"fmt"
	"testing"

	"carillon/campaign"
	"carillon/ledger"
)

// sendTo has the first attempt of a message accepted for another key of its
// person.
func (b *bench) sendTo(id campaign.MessageID, alias string) {
	b.Helper()
	b.claim(id, 1)
	b.check(b.Settle(b.Context(), ledger.Settlement{
		Message: id, Attempt: 1, Outcome: ledger.OutcomeAccepted, At: b.now, ProviderID: providerID(id, 1), Keys: []string{alias},
	}))
}

var peopleScenarios = map[string]func(*testing.T, *bench){
	"a provider's word suppresses the person": func(t *testing.T, b *bench) {
		id := b.running(steps(1, func(d *campaign.Definition) { d.Steps[0].Category = campaign.Marketing }), 1).Recipient(1).Message(0)
		b.send(id, 1)
		b.receive(b.receipt(id, 1, campaign.Failed, campaign.Failure{
			Code: 131050, Reason: "marketing_stopped", Suppress: campaign.ScopeMarketing,
		}))
		later := b.running(steps(1, func(d *campaign.Definition) { d.Steps[0].Category = campaign.Marketing }), 1)
		if reason := b.tryClaim(later.Recipient(1).Message(0), 1); reason != "suppressed" {
			t.Errorf("refused as %q, want suppressed", reason)
		}
	},
	"an opt-out under an alias counts": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.sendTo(id, other)
		b.check(b.Suppress(t.Context(), []ledger.Suppression{{Person: "+447700999999", Scope: campaign.ScopeAll}}, by("tester"), b.now))
		later := b.running(steps(1), 1)
		if reason := b.tryClaim(later.Recipient(1).Message(0), 1); reason != "suppressed" {
			t.Errorf("refused as %q, want suppressed", reason)
		}
		removed, err := b.Unsuppress(t.Context(), "+447700900000", campaign.ScopeAll, by("tester"), b.now)
		if !removed || err != nil {
			t.Errorf("removing it under the other key: %v, %v", removed, err)
		}
		if list, err := b.Suppressions(t.Context(), ledger.Suppression{}, 10); err != nil || len(list) != 0 {
			t.Errorf("left after removal: %v, %v", list, err)
		}
	},
	"where the answer was lost a receipt tells the alias": func(t *testing.T, b *bench) {
		id := b.running(steps(2), 1).Recipient(1).Message(0)
		b.lost(id)
		r := b.receipt(id, 1, campaign.Sent)
		r.Keys = []string{other}
		b.receive(r)
		b.expectFate(b.hear(ledger.InboundEvent{Channel: "main", Person: other, OptOut: campaign.ScopeAll, At: b.now, Source: ledger.SourcePerson}), ledger.FateOnRecord)
		b.expect(id+1, campaign.Skipped)
	},
	"an alias learnt later carries the opt-out over": func(t *testing.T, b *bench) {
		c := b.running(steps(2), 1)
		id := c.Recipient(1).Message(0)
		b.claim(id, 1)
		b.check(b.Suppress(t.Context(), []ledger.Suppression{{Person: "+447700999999", Scope: campaign.ScopeAll}}, by("tester"), b.now))
		b.check(b.Settle(t.Context(), ledger.Settlement{
			Message: id, Attempt: 1, Outcome: ledger.OutcomeAccepted, At: b.now, ProviderID: providerID(id, 1), Keys: []string{"+447700999999"},
		}))
		b.expect(id+1, campaign.Skipped)
		b.receive(b.receipt(id, 1, campaign.Delivered))
		if reason := b.tryClaim(id+1, 1); reason != "gone" {
			t.Errorf("refused as %q, want gone", reason)
		}
	},
	"an opt-out counts under every key there is a way to": func(t *testing.T, b *bench) {
		moved := func(from, to string) {
			b.answer(func(h *ledger.InboundEvent) { h.ID, h.Person, h.Also = "moved to "+to, to, []string{from} })
		}
		refused := func(phone string) {
			c := b.imported(steps(1), []campaign.Row{row(1, phone)})
			b.act(c, campaign.Start)
			if reason := b.tryClaim(c.Recipient(1).Message(0), 1); reason != "suppressed" {
				t.Errorf("%s is refused as %q", phone, reason)
			}
		}
		for i, moves := range [][3][2]int{
			{{0, 1}, {1, 2}, {2, 3}}, // from number to number
			{{0, 1}, {0, 2}, {0, 3}}, // several of one
			{{0, 3}, {1, 3}, {2, 3}}, // one of several
			{{0, 1}, {2, 3}, {1, 3}}, // known apart first
		} {
			key := func(n int) string { return fmt.Sprintf("+4477008%d000%d", i, n) }
			for _, m := range moves {
				moved(key(m[0]), key(m[1]))
			}
			b.check(b.Suppress(t.Context(), []ledger.Suppression{{Person: key(i), Scope: campaign.ScopeAll}}, by("tester"), b.now))
			for n := range 4 {
				refused(key(n))
			}
		}
	},
	"of two keys' opt-outs the weightier holds for both": func(t *testing.T, b *bench) {
		b.check(b.Suppress(t.Context(), []ledger.Suppression{{Person: ana, Scope: campaign.ScopeAll}}, by("tester"), b.now))
		b.answer(func(h *ledger.InboundEvent) { h.Person, h.OptOut = other, campaign.ScopeAll })
		b.answer(func(h *ledger.InboundEvent) { h.ID, h.Person, h.Also, h.OptIn = "moved", other, []string{ana}, true })
		c := b.imported(steps(1), []campaign.Row{row(1, other)})
		b.act(c, campaign.Start)
		if reason := b.tryClaim(c.Recipient(1).Message(0), 1); reason != "suppressed" {
			t.Errorf("refused as %q", reason)
		}
	},
	"opt-outs are listed in pages": func(t *testing.T, b *bench) {
		var list []ledger.Suppression
		for i := range 25 {
			list = append(list, ledger.Suppression{Person: fmt.Sprintf("+4477%08d", i), Scope: campaign.ScopeAll, Reason: "asked"})
		}
		b.check(b.Suppress(t.Context(), list, by("tester"), b.now))
		b.check(b.Suppress(t.Context(), list, by("tester"), b.now))
		var seen int
		var last ledger.Suppression
		for {
			page, err := b.Suppressions(t.Context(), last, 10)
			b.check(err)
			if len(page) == 0 {
				break
			}
			seen, last = seen+len(page), page[len(page)-1]
			if last.Reason != "asked" || !last.Since.Equal(b.now) {
				t.Fatalf("got %+v", last)
			}
		}
		if seen != 25 {
			t.Errorf("%d opt-outs listed, want 25", seen)
		}
	},
}

var reportScenarios = map[string]func(*testing.T, *bench){
	"pages hold every line once, in the order of the list": func(t *testing.T, b *bench) {
		rows := people(95)
		rows[40] = campaign.Row{Number: 41, Phone: "abc", Verdict: campaign.Invalid, Detail: "letters", Values: []string{"", "abc"}}
		c := b.imported(steps(2), rows)
		var lines []ledger.ReportRow
		var next campaign.RecipientID
		for {
			page, err := b.Report(t.Context(), ledger.ReportQuery{Campaign: c, After: next, Recipients: 10})
			b.check(err)
			lines = append(lines, page.Rows...)
			if next = page.Next; next == 0 {
				break
			}
		}
		if len(lines) != 94*2+1 {
			t.Fatalf("%d lines, want %d", len(lines), 94*2+1)
		}
		for i := 1; i < len(lines); i++ {
			a, z := lines[i-1], lines[i]
			if a.Row() > z.Row() || a.Row() == z.Row() && a.Step >= z.Step {
				t.Errorf("row %d step %d comes before row %d step %d", a.Row(), a.Step, z.Row(), z.Step)
			}
		}
		if r := lines[80]; r.Step != 0 || r.Reason != "invalid: letters" || r.Phone != "abc" {
			t.Errorf("the rejected row reads %+v", r)
		}
	},
	"filters": func(t *testing.T, b *bench) {
		rows := people(20)
		rows[7].Values[0] = "Łucja 100%"
		rows[9] = campaign.Row{Number: 10, Phone: "", Verdict: campaign.MissingPhone, Values: []string{"", ""}}
		c := b.imported(steps(1), rows)
		b.act(c, campaign.Start)
		b.send(c.Recipient(3).Message(0), 1)
		queries := map[string]struct {
			query ledger.ReportQuery
			rows  []int
		}{
			"status":            {ledger.ReportQuery{Status: campaign.Accepted}, []int{3}},
			"rejected":          {ledger.ReportQuery{Status: campaign.Rejected}, []int{10}},
			"phone":             {ledger.ReportQuery{Search: "00900004"}, []int{5}},
			"cell":              {ledger.ReportQuery{Search: "ucja 100%"}, []int{8}},
			"no wildcard":       {ledger.ReportQuery{Search: "a%"}, nil},
			"status and search": {ledger.ReportQuery{Status: campaign.Pending, Search: "00900002"}, nil},
		}
		for name, q := range queries {
			q.query.Campaign, q.query.Recipients = c, 100
			page, err := b.Report(t.Context(), q.query)
			b.check(err)
			var got []int
			for _, line := range page.Rows {
				got = append(got, line.Row())
			}
			if len(got) != len(q.rows) || len(got) > 0 && got[0] != q.rows[0] {
				t.Errorf("%s: rows %v, want %v", name, got, q.rows)
			}
		}
	},
}
