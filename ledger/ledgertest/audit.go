package ledgertest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/ledger"
)

// deeds are what the audit log has, the oldest first, as short lines.
func (b *bench) deeds(id campaign.ID) []string {
	b.Helper()
	found, err := b.Audit(b.Context(), ledger.AuditQuery{Campaign: id, Limit: 100})
	b.check(err)
	lines := make([]string, len(found))
	for i, d := range found {
		words := []string{d.By.Name, string(d.By.Way), string(d.Action), d.Schedule, d.Person, d.Detail}
		lines[len(found)-1-i] = strings.Join(strings.Fields(strings.Join(words, " ")), " ")
	}
	return lines
}

func (b *bench) wantDeeds(id campaign.ID, want ...string) {
	b.Helper()
	if diff := cmp.Diff(want, b.deeds(id)); diff != "" {
		b.Errorf("the audit log (-want +got):\n%s", diff)
	}
}

var auditScenarios = map[string]func(*testing.T, *bench){
	"what is done to a campaign is on record, once": func(t *testing.T, b *bench) {
		c := b.imported(steps(1), people(3))
		b.check(b.StartAt(t.Context(), c, b.now.Add(time.Hour), 0, by("ana"), b.now))
		b.act(c, campaign.Start)
		b.act(c, campaign.Pause)
		b.act(c, campaign.Pause) // changes nothing
		b.act(c, campaign.Resume)
		b.send(c.Recipient(1).Message(0), 1)
		b.claim(c.Recipient(2).Message(0), 1)
		b.settle(c.Recipient(2).Message(0), 1, ledger.OutcomeRefused, campaign.Failure{Code: 1, Reason: "odd", Retry: false})
		b.claim(c.Recipient(3).Message(0), 1)
		b.settle(c.Recipient(3).Message(0), 1, ledger.OutcomeUnknown)
		for range 2 {
			_, err := b.Resolve(t.Context(), c, ledger.Drop, ledger.Actor{Name: "ops", Way: ledger.WayPage}, b.now)
			b.check(err)
		}
		if _, err := b.PauseBecause(t.Context(), c, `said: "+447700900000"`, b.now); err != nil {
			t.Fatal(err)
		}
		b.act(c, campaign.Cancel)
		if _, err := b.Act(t.Context(), c, campaign.Resume, by("late"), b.now); !errors.Is(err, ledger.ErrState) {
			t.Error(err)
		}
		b.wantDeeds(c, "own create scenario", "ana api plan for 2026-03-02T11:00:00Z", "tester api start", "tester api pause", "tester api resume",
			"ops page resolve drop", "Carillon own pause", "tester api cancel")
	},

	"a retry is on record with the first message that it frees": func(t *testing.T, b *bench) {
		c := b.running(steps(1), 2)
		b.retry(c, campaign.Failed) // nothing has failed
		b.claim(c.Recipient(1).Message(0), 1)
		b.settle(c.Recipient(1).Message(0), 1, ledger.OutcomeRefused, campaign.Failure{Code: 1, Reason: "full", Retry: true, Tries: 1})
		b.retry(c, campaign.Failed)
		b.wantDeeds(c, "own create scenario", "tester api start", "ops api retry failed")
	},

	"a deed that is not done is not on record": func(t *testing.T, b *bench) {
		c := b.imported(steps(1), people(1))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := b.Act(ctx, c, campaign.Start, by("gone"), b.now); err == nil {
			t.Error("somebody who had gone before it began has started it")
		}
		if removed, err := b.Unsuppress(t.Context(), "+447700900001", campaign.ScopeAll, by("ana"), b.now); removed || err != nil {
			t.Error(removed, err)
		}
		b.wantDeeds(0, "own create scenario")
	},

	"what is done to people names nobody, and less once they are erased": func(t *testing.T, b *bench) {
		const ana, bert = "+447700900001", "+447700900002"
		c := b.imported(steps(1), people(3))
		b.check(b.Suppress(t.Context(), []ledger.Suppression{{Person: ana, Scope: campaign.ScopeAll, Reason: "call " + ana}}, by("ops"), b.now))
		b.check(b.Suppress(t.Context(), []ledger.Suppression{{Person: bert, Scope: ledger.CampaignScope(c)}}, by("ops"), b.now))
		_, err := b.Unsuppress(t.Context(), ana, campaign.ScopeAll, by("ops"), b.now)
		b.check(err)
		b.wantDeeds(0, "own create scenario", "ops api suppress +447*******01 all", "ops api suppress +447*******02 campaign "+c.String(),
			"ops api unsuppress +447*******01 all")
		_, err = b.Forget(t.Context(), ana, by("ops"), b.now)
		b.check(err)
		b.wantDeeds(0, "own create scenario", "ops api suppress forgotten all", "ops api suppress +447*******02 campaign "+c.String(),
			"ops api unsuppress forgotten all", "ops api forget forgotten")
	},

	"a list of opt-outs is one deed, however long": func(t *testing.T, b *bench) {
		list := make([]ledger.Suppression, 450)
		for i, p := range people(len(list)) {
			list[i] = ledger.Suppression{Person: p.Person, Scope: campaign.ScopeAll}
		}
		record := b.ImportSuppressions(by("ops"))
		b.check(record.Add(t.Context(), list[:300], b.now))
		b.check(record.Add(t.Context(), list[300:], b.now))
		b.check(b.Suppress(t.Context(), list, by("ops"), b.now))
		found, err := b.Audit(t.Context(), ledger.AuditQuery{Limit: 10})
		b.check(err)
		if len(found) != 2 || found[0].Action != ledger.ActSuppress || found[1].Action != ledger.ActImport || found[0].Count != 450 || found[1].Count != 450 {
			t.Errorf("%+v", found)
		}
	},

	"what is done to schedules is on record, once": func(t *testing.T, b *bench) {
		for range 2 {
			_, _, err := b.AddSchedule(t.Context(), b.daily("daily"), by("ana"), b.now)
			b.check(err)
			b.check(b.PauseSchedule(t.Context(), "daily", by("ana"), b.now))
		}
		for range 2 {
			b.check(b.ResumeSchedule(t.Context(), "daily", b.now.Add(time.Hour), by("ana"), b.now))
			_, err := b.RunNow(t.Context(), "daily", by("ana"), b.now)
			b.check(err)
		}
		b.check(b.RemoveSchedule(t.Context(), "daily", by("ana"), b.now))
		b.wantDeeds(0, "ana api add daily", "ana api pause daily", "ana api resume daily", "ana api run daily", "ana api remove daily")
	},

	"the audit log is paged, the newest first": func(t *testing.T, b *bench) {
		c := b.imported(steps(1), people(1))
		other := b.imported(steps(1), people(1))
		for _, a := range []campaign.Action{campaign.Start, campaign.Pause, campaign.Resume, campaign.Pause} {
			b.act(c, a)
			b.act(other, a)
		}
		var got []string
		q := ledger.AuditQuery{Campaign: c, Limit: 2}
		for {
			page, err := b.Audit(t.Context(), q)
			b.check(err)
			if len(page) == 0 {
				break
			}
			for _, d := range page {
				got = append(got, string(d.Action))
			}
			q.Before = page[len(page)-1].ID
		}
		if diff := cmp.Diff([]string{"pause", "resume", "pause", "start", "create"}, got); diff != "" {
			t.Error(diff)
		}
	},
}
