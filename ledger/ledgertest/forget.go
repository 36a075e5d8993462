package ledgertest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

const (
	ana   = "+447700900000" // the first of people
	other = "+447700999999" // another key of hers
)

// forget erases the first of people.
func (b *bench) forget() ledger.Erased {
	b.Helper()
	done, err := b.Forget(b.Context(), ana, by("tester"), b.now)
	b.check(err)
	return done
}

var forgetScenarios = map[string]func(*testing.T, *bench){
	"an operator who allows it again leaves nothing of the erasure": func(t *testing.T, b *bench) {
		b.running(steps(1), 2)
		b.forget()
		removed, err := b.Unsuppress(t.Context(), people(1)[0].Person, campaign.ScopeAll, by("tester"), b.now)
		b.check(err)
		list, err := b.Suppressions(t.Context(), ledger.Suppression{}, 10)
		b.check(err)
		if !removed || len(list) != 0 {
			t.Errorf("removed: %t; on record are %+v", removed, list)
		}
		if reason := b.refusal(); reason != "" {
			t.Errorf("refused as %q", reason)
		}
	},
	"a person who is erased leaves the counts and nothing else": func(t *testing.T, b *bench) {
		c := b.imported(steps(2), append(people(2), row(3, ana))) // the third repeats the first
		b.act(c, campaign.Start)
		r := c.Recipient(1)
		b.send(r.Message(0), 1)
		b.receive(b.receipt(r.Message(0), 1, campaign.Delivered))
		before := b.campaign(c).Counts
		done := b.forget()
		if done != (ledger.Erased{Rows: 2, Skipped: 1}) {
			t.Errorf("erased %+v", done)
		}
		page, err := b.Report(t.Context(), ledger.ReportQuery{Campaign: c, Recipients: 10})
		b.check(err)
		if len(page.Rows) != 5 {
			t.Fatalf("the report has %d lines", len(page.Rows))
		}
		for _, line := range page.Rows {
			if wants := map[int]string{1: "forgotten", 2: "+447700900001", 3: "forgotten"}[line.Recipient.Row()]; line.Phone != wants {
				t.Errorf("row %d shows %q", line.Recipient.Row(), line.Phone)
			}
		}
		b.expectAll(r, campaign.Delivered, campaign.Skipped)
		if total := b.campaign(c).Counts.Total(); total != before.Total() {
			t.Errorf("%d messages are left of %d", total, before.Total())
		}
		// A late receipt still finds its message by our reference.
		b.receive(b.receipt(r.Message(0), 1, campaign.Read))
		b.expect(r.Message(0), campaign.Read)
		if done := b.forget(); done != (ledger.Erased{}) {
			t.Errorf("erased again %+v", done)
		}
	},
	"a row that may mean the person goes, too": func(t *testing.T, b *bench) {
		unclear := campaign.Row{
			Number: 2, Phone: "7700900000", Verdict: campaign.Invalid, Values: []string{"Ana", "7700900000"},
			Detail: "7700900000 may be a number of GB, " + ana + ", or one abroad",
		}
		other := campaign.Row{Number: 3, Phone: "12", Verdict: campaign.Invalid, Detail: "too short", Values: []string{"Bob", "12"}}
		c := b.imported(steps(1), []campaign.Row{row(1, ana), unclear, other})
		if done := b.forget(); done.Rows != 2 {
			t.Errorf("%d rows were erased, want 2", done.Rows)
		}
		page, err := b.Report(t.Context(), ledger.ReportQuery{Campaign: c, Recipients: 10})
		b.check(err)
		for n, want := range []string{"forgotten", "forgotten", "12"} {
			if line := page.Rows[n]; line.Phone != want || strings.Contains(line.Reason, ana) {
				t.Errorf("row %d is still %q, %q", n+1, line.Phone, line.Reason)
			}
		}
	},
	"nobody who was erased is in a later list": func(t *testing.T, b *bench) {
		b.forget()
		c := b.running(steps(1), 2)
		if reason := b.tryClaim(c.Recipient(1).Message(0), 1); reason != "suppressed" {
			t.Errorf("refused as %q", reason)
		}
		if line := b.line(c.Recipient(1).Message(0)); line.Phone != "forgotten" || line.Status != campaign.Skipped {
			t.Errorf("the list has %s, %s", line.Phone, line.Status)
		}
		b.claim(c.Recipient(2).Message(0), 1)
		removed, err := b.Unsuppress(t.Context(), ana, campaign.ScopeAll, by("tester"), b.now)
		if !removed || err != nil {
			t.Errorf("taking it back: %t, %v", removed, err)
		}
		b.claim(b.running(steps(1), 1).Recipient(1).Message(0), 1)
	},
	"a person is erased under all keys, with what they said and wanted": func(t *testing.T, b *bench) {
		r := b.running(asks(), 1).Recipient(1)
		b.claim(r.Message(0), 1)
		b.check(b.Settle(t.Context(), ledger.Settlement{
			Message: r.Message(0), Attempt: 1, Outcome: ledger.OutcomeAccepted, At: b.now, ProviderID: providerID(r.Message(0), 1), Keys: []string{"+447700999999"},
		}))
		b.presses(r.Message(0), "yes")
		b.wants(campaign.ScopeMarketing)
		b.forget()
		list, err := b.Suppressions(t.Context(), ledger.Suppression{}, 10)
		b.check(err)
		for _, s := range list {
			if s.Person[:1] == "+" {
				t.Errorf("on record is still %+v", s)
			}
		}
		later := b.imported(steps(1), []campaign.Row{row(1, "+447700999999")})
		b.act(later, campaign.Start)
		if reason := b.tryClaim(later.Recipient(1).Message(0), 1); reason != "suppressed" {
			t.Errorf("the other key was refused as %q", reason)
		}
		b.writes("hello again") // nothing of it is kept
		b.wants(campaign.ScopeAll)
		if again, err := b.Suppressions(t.Context(), ledger.Suppression{}, 10); err != nil || len(again) != len(list) {
			t.Errorf("there are %d opt-outs, %v; want %d", len(again), err, len(list))
		}
	},
	"a person is erased who stands in a list under two keys": func(t *testing.T, b *bench) {
		c := b.imported(steps(1), []campaign.Row{row(1, ana), row(2, other), row(3, other)}) // the third repeats the second
		b.act(c, campaign.Start)
		b.sendTo(c.Recipient(1).Message(0), other)
		if done := b.forget(); done != (ledger.Erased{Rows: 3, Skipped: 1}) {
			t.Errorf("erased %+v", done)
		}
		page, err := b.Report(t.Context(), ledger.ReportQuery{Campaign: c, Recipients: 10})
		b.check(err)
		for _, line := range page.Rows {
			if line.Phone != "forgotten" {
				t.Errorf("row %d shows %q", line.Row(), line.Phone)
			}
		}
	},
	"what is told late of a person who was erased is not kept": func(t *testing.T, b *bench) {
		c := b.running(steps(1), 3)
		answered, reported := c.Recipient(1).Message(0), b.running(steps(1), 1).Recipient(1).Message(0)
		b.claim(answered, 1)
		b.claim(reported, 1)
		b.forget()
		b.settle(answered, 1, ledger.OutcomeAccepted)
		b.receive(b.receipt(reported, 1, campaign.Delivered))
		for _, id := range []campaign.MessageID{answered, reported} {
			if line := b.line(id); line.ProviderID != "" || !line.Status.Arrived() && line.Status != campaign.Accepted {
				t.Errorf("%s is kept under %q", line.Status, line.ProviderID)
			}
		}
	},
	"whoever turns out to be a person who was erased is left alone": func(t *testing.T, b *bench) {
		c := b.running(steps(2), 3)
		b.forget()
		b.sendTo(c.Recipient(2).Message(0), ana)
		b.answer(func(h *ledger.InboundEvent) { h.ID, h.Person, h.Also = "moved", "+447700900002", []string{ana} })
		for n := 2; n <= 3; n++ {
			id := c.Recipient(n).Message(0)
			b.receive(b.receipt(id, 1, campaign.Delivered))
			if reason := b.tryClaim(id+campaign.MessageID(3-n), 1); reason != "suppressed" {
				t.Errorf("row %d was refused as %q", n, reason)
			}
		}
		list, err := b.Suppressions(t.Context(), ledger.Suppression{}, 10)
		b.check(err)
		for _, s := range list {
			if s.Person == ana {
				t.Errorf("on record is again %+v", s)
			}
		}
	},
	"a row that was erased is not sent to when its person may be written to again": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.claim(id, 1)
		b.forget()
		_, err := b.Unsuppress(t.Context(), ana, campaign.ScopeAll, by("tester"), b.now)
		b.check(err)
		b.settle(id, 1, ledger.OutcomeRefused, campaign.Failure{Reason: "timeout", Retry: true})
		b.advance(time.Hour)
		if reason := b.tryClaim(id, 2); reason != "suppressed" {
			t.Errorf("refused as %q", reason)
		}
	},
	"a person is erased while a list is being imported": func(t *testing.T, b *bench) {
		in, err := b.BeginIntake(t.Context(), ledger.NewCampaign{Definition: steps(1), Columns: []string{"Name", "Phone"}}, b.now)
		b.check(err)
		var rows []campaign.Row
		for i := range 20 * 50 {
			rows = append(rows, row(i+1, fmt.Sprintf("+44770091%04d", i)))
		}
		rows[500] = row(501, ana)
		erased := make(chan error, 1)
		for i := 0; i < len(rows); i += 50 {
			if i == 500 {
				go func() {
					_, err := b.Forget(t.Context(), ana, by("tester"), b.now)
					erased <- err
				}()
			}
			b.check(in.Add(t.Context(), rows[i:i+50], b.now))
		}
		b.check(<-erased)
		b.check(in.Reveal(t.Context()))
		b.campaigns = append(b.campaigns, in.ID())
		id := in.ID().Recipient(501).Message(0)
		if line := b.line(id); line.Phone != "forgotten" {
			t.Errorf("the list has %s", line.Phone)
		}
		b.act(in.ID(), campaign.Start)
		if reason := b.tryClaim(id, 1); reason != "suppressed" && reason != "gone" {
			t.Errorf("refused as %q", reason)
		}
	},
	"a person who stands in one list under two keys": func(t *testing.T, b *bench) {
		c := b.imported(steps(1), []campaign.Row{row(1, ana), row(2, "+447700999999"), row(3, "+447700900001")})
		b.act(c, campaign.Start)
		id := c.Recipient(1).Message(0)
		b.claim(id, 1)
		b.check(b.Settle(t.Context(), ledger.Settlement{
			Message: id, Attempt: 1, Outcome: ledger.OutcomeAccepted, At: b.now, ProviderID: providerID(id, 1), Keys: []string{"+447700999999"},
		}))
		if done := b.forget(); done != (ledger.Erased{Rows: 2, Skipped: 1}) {
			t.Errorf("erased %+v", done)
		}
		for i, want := range []string{"forgotten", "forgotten", "+447700900001"} {
			if line := b.line(c.Recipient(i + 1).Message(0)); line.Phone != want {
				t.Errorf("row %d shows %q", i+1, line.Phone)
			}
		}
	},
	"who may be written to again is not in the lists that they were erased from": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.claim(id, 1)
		b.settle(id, 1, ledger.OutcomeRefused, campaign.Failure{Reason: "busy", Retry: true, Tries: 1})
		b.forget()
		if removed, err := b.Unsuppress(t.Context(), ana, campaign.ScopeAll, by("tester"), b.now); !removed || err != nil {
			t.Errorf("taking it back: %t, %v", removed, err)
		}
		if removed, err := b.Unsuppress(t.Context(), ana, campaign.ScopeAll, by("tester"), b.now); removed || err != nil {
			t.Errorf("taking it back again: %t, %v", removed, err)
		}
		b.retry(id.Campaign(), campaign.Failed)
		b.expect(id, campaign.Failed)
	},
	"a list comes in while its people are erased": func(t *testing.T, b *bench) {
		for i := range 20 {
			phone := fmt.Sprintf("+44770092%04d", i)
			erased := make(chan error, 1)
			go func() {
				_, err := b.Forget(t.Context(), phone, by("tester"), b.now)
				erased <- err
			}()
			c := b.imported(steps(1), []campaign.Row{row(1, phone)})
			b.check(<-erased)
			b.act(c, campaign.Start)
			if line := b.line(c.Recipient(1).Message(0)); line.Phone != "forgotten" {
				t.Errorf("the list has %s", line.Phone)
			}
			if reason := b.tryClaim(c.Recipient(1).Message(0), 1); reason != "suppressed" && reason != "gone" {
				t.Errorf("refused as %q", reason)
			}
		}
	},
}
