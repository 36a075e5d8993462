package ledgertest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/ledger"
)

// knownByID has it told that the first of people, known by a key, has the user ID.
func (b *bench) knownByID(key string) {
	b.Helper()
	b.receive(ledger.Receipt{ProviderID: "wamid.of " + key, Status: campaign.Sent, At: b.now, Keys: []string{key, anasID}})
}

// verdicts are those of a campaign's rows, with the row that a duplicate repeats.
func (b *bench) verdicts(id campaign.ID, rows int) []string {
	b.Helper()
	page, err := b.Report(b.Context(), ledger.ReportQuery{Campaign: id, Recipients: rows})
	b.check(err)
	var list []string
	for _, line := range page.Rows {
		if line.Status == campaign.Rejected {
			list = append(list, line.Reason)
		} else if line.Step == 1 {
			list = append(list, string(line.Verdict))
		}
	}
	return list
}

// lists are keys of three people in the order of a list's rows, and what becomes of
// the rows where the first two keys are known to be one person's.
var lists = map[string]struct{ keys, want []string }{
	"a user ID twice":                 {[]string{anasID, "GB.22", anasID}, []string{"ok", "ok", "duplicate: the same person stands in row 1"}},
	"the number first":                {[]string{ana, other, anasID}, []string{"ok", "ok", "duplicate: the same person stands in row 1"}},
	"the user ID first":               {[]string{anasID, other, ana}, []string{"ok", "ok", "duplicate: the same person stands in row 1"}},
	"two user IDs of one person":      {[]string{other, anasID, "GB.ENT.11"}, []string{"ok", "ok", "duplicate: the same person stands in row 2"}},
	"a user ID of whom nothing is on": {[]string{ana, "GB.33", "GB.22"}, []string{"ok", "ok", "ok"}},
}

var listedIDScenarios = map[string]func(*testing.T, *bench){
	"a person who stands twice, by whichever key, is a duplicate": func(t *testing.T, b *bench) {
		b.knownByID(ana)
		b.knownByID("GB.ENT.11")
		for name, l := range lists {
			var together []campaign.Row
			for i, key := range l.keys {
				together = append(together, row(i+1, key))
			}
			if diff := cmp.Diff(l.want, b.verdicts(b.imported(steps(2), together), len(l.keys))); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
			in, err := b.BeginIntake(t.Context(), ledger.NewCampaign{Definition: steps(1)}, b.now)
			b.check(err)
			for i, key := range l.keys { // each row in a batch of its own
				b.check(in.Add(t.Context(), []campaign.Row{row(i+1, key)}, b.now))
			}
			b.check(in.Reveal(t.Context()))
			b.campaigns = append(b.campaigns, in.ID())
			if diff := cmp.Diff(l.want, b.verdicts(in.ID(), len(l.keys))); diff != "" {
				t.Errorf("%s, in several batches: %s", name, diff)
			}
		}
	},
	"two numbers of one person are two recipients, beside user IDs as well": func(t *testing.T, b *bench) {
		b.sendTo(b.running(steps(1), 1).Recipient(1).Message(0), other)
		for _, third := range []string{"GB.22", "+447700900777"} {
			id := b.imported(steps(1), []campaign.Row{row(1, ana), row(2, third), row(3, other)})
			if diff := cmp.Diff([]string{"ok", "ok", "ok"}, b.verdicts(id, 3)); diff != "" {
				t.Error(diff)
			}
		}
	},
	"who has a user ID alone is claimed, and known by it in receipts": func(t *testing.T, b *bench) {
		c := b.imported(steps(2), []campaign.Row{row(1, anasID), row(2, other)})
		b.act(c, campaign.Start)
		id := c.Recipient(1).Message(0)
		got, err := b.Claim(t.Context(), campaign.Task{Message: id, Attempt: 1}, ledger.Sender{}, b.now, b.now.Add(time.Minute))
		b.check(err)
		want := ledger.Claimed{Phone: anasID, Person: anasID, Cells: []string{"Ana", anasID}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		b.settle(id, 1, ledger.OutcomeUnknown)
		b.receive(ledger.Receipt{ProviderID: "wamid.1", Status: campaign.Delivered, Channel: "main", At: b.now, Keys: []string{anasID}})
		b.expect(id, campaign.Delivered)
		if line := b.line(id); line.Phone != anasID || line.ProviderID != "wamid.1" {
			t.Errorf("the report has %s, %s", line.Phone, line.ProviderID)
		}
		b.expect(id+1, campaign.Pending)
	},
	"the person counts by the user ID for the pair limit and the portfolio": func(t *testing.T, b *bench) {
		c := b.imported(steps(1), []campaign.Row{row(1, anasID)})
		b.act(c, campaign.Start)
		id := c.Recipient(1).Message(0)
		_, err := b.Claim(t.Context(), campaign.Task{Message: id, Attempt: 1}, ledger.Sender{Portfolio: "shop"}, b.now, b.now.Add(time.Minute))
		b.check(err)
		persons, err := b.Persons(t.Context(), []campaign.MessageID{id})
		b.check(err)
		attempted, err := b.Attempted(t.Context(), map[campaign.ID]int{c: 0}, []string{anasID}, b.now.Add(-time.Minute))
		b.check(err)
		reached, err := b.ReachedAmong(t.Context(), "shop", []string{anasID}, b.now)
		b.check(err)
		if persons[id] != anasID || len(attempted[anasID]) != 1 || !reached[anasID] {
			t.Errorf("for %v, attempted %v, reached %v", persons, attempted, reached)
		}
	},
	"who stopped under one key gets nothing under the other": func(t *testing.T, b *bench) {
		b.knownByID(ana)
		for said, listed := range map[string]string{ana: anasID, anasID: ana} {
			c := b.imported(steps(1), []campaign.Row{row(1, listed)})
			b.act(c, campaign.Start)
			b.check(b.Suppress(t.Context(), []ledger.Suppression{{Person: said, Scope: campaign.ScopeAll}}, by("tester"), b.now))
			if reason := b.tryClaim(c.Recipient(1).Message(0), 1); reason == "" {
				t.Errorf("%s was claimed after a stop of %s", listed, said)
			}
			b.expect(c.Recipient(1).Message(0), campaign.Skipped)
			_, err := b.Unsuppress(t.Context(), listed, campaign.ScopeAll, by("tester"), b.now)
			b.check(err)
		}
	},
	"who is erased goes out of the lists that have the user ID": func(t *testing.T, b *bench) {
		b.knownByID(ana)
		c := b.imported(steps(2), []campaign.Row{row(1, anasID), row(2, ana), row(3, other)})
		b.act(c, campaign.Start)
		b.send(c.Recipient(1).Message(0), 1)
		if got := b.forget(); got.Rows != 2 || got.Skipped != 1 {
			t.Errorf("erased %+v", got)
		}
		page, err := b.Report(t.Context(), ledger.ReportQuery{Campaign: c, Recipients: 3})
		b.check(err)
		for _, line := range page.Rows {
			if erased := line.Phone == "forgotten"; erased == (line.Row() == 3) {
				t.Errorf("row %d shows %s", line.Row(), line.Phone)
			}
		}
		found, err := b.Report(t.Context(), ledger.ReportQuery{Campaign: c, Recipients: 3, Search: anasID})
		b.check(err)
		if len(found.Rows) > 0 {
			t.Errorf("found by the user ID: %+v", found)
		}
		later := b.imported(steps(1), []campaign.Row{row(1, anasID), row(2, anasID)})
		b.act(later, campaign.Start)
		if reason := b.tryClaim(later.Recipient(1).Message(0), 1); reason == "" {
			t.Error("a later list with the user ID is sent to")
		}
		if diff := cmp.Diff([]string{"ok", "duplicate: the same person stands in row 1"}, b.verdicts(later, 2)); diff != "" {
			t.Error(diff)
		}
	},
	"no authentication template goes to a user ID": func(t *testing.T, b *bench) {
		first := steps(2, func(d *campaign.Definition) { d.Steps[0].Category = campaign.Authentication })
		c := b.imported(first, []campaign.Row{row(1, anasID), row(2, ana)})
		b.expectAll(c.Recipient(1), campaign.Skipped, campaign.Skipped)
		b.expectAll(c.Recipient(2), campaign.Pending, campaign.Waiting)
		second := steps(2, func(d *campaign.Definition) { d.Steps[1].Category = campaign.Authentication })
		c = b.imported(second, []campaign.Row{row(1, anasID)})
		b.act(c, campaign.Start)
		id := c.Recipient(1).Message(0)
		b.send(id, 1)
		b.receive(b.receipt(id, 1, campaign.Delivered))
		b.expect(id+1, campaign.Skipped)
		if got, want := b.line(id+1).Reason, second.Steps[1].Barred(anasID); got != want {
			t.Errorf("the reason is %q, want %q", got, want)
		}
	},
}
