package ledgertest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/ledger"
)

var historyScenarios = map[string]func(*testing.T, *bench){
	"the history of a row has every attempt, receipt, reply and opt-out": func(t *testing.T, b *bench) {
		c := b.running(steps(2, func(d *campaign.Definition) { d.Steps[1].After = campaign.AfterReply }), 2)
		first := c.Recipient(1).Message(0)
		began := b.now
		b.claim(first, 1)
		b.settle(first, 1, ledger.OutcomeRefused, campaign.Failure{Code: 131026, Reason: "full", Retry: true})
		b.advance(time.Hour)
		b.send(first, 2)
		sent := b.now
		b.advance(time.Minute)
		b.receive(b.receipt(first, 2, campaign.Delivered))
		b.hear(ledger.InboundEvent{
			ID: "r1", Channel: "main", Person: "+447700900000", At: b.now, Message: true, Answers: true, ReplyTo: providerID(first, 2),
			Reply: campaign.Reply{Text: "Yes", Payload: "yes", Pressed: true},
		})
		b.check(b.Suppress(t.Context(), []ledger.Suppression{{Person: "+447700900000", Scope: campaign.ScopeMarketing, Reason: "by letter"}}, by("ops"), b.now))
		got, err := b.History(t.Context(), c.Recipient(1))
		b.check(err)
		if len(got.Rows) != 2 || got.Rows[0].Status != campaign.Delivered || !got.Rows[0].DeliveredAt.Equal(b.now) {
			t.Errorf("%+v", got.Rows)
		}
		wanted := []ledger.Attempt{
			{Message: first, N: 1, Claimed: began, Settled: began, Outcome: "refused", Code: 131026, Reason: "full"},
			{Message: first, N: 2, Claimed: sent, Settled: sent, Outcome: "accepted", ProviderID: providerID(first, 2)},
		}
		if diff := cmp.Diff(wanted, got.Attempts); diff != "" {
			t.Error(diff)
		}
		if len(got.Replies) != 1 || got.Replies[0].Text != "Yes" || !got.Replies[0].Pressed || got.Replies[0].Message != first {
			t.Errorf("%+v", got.Replies)
		}
		if len(got.Suppressions) != 1 || got.Suppressions[0].Reason != "by letter" {
			t.Errorf("%+v", got.Suppressions)
		}
		other, err := b.History(t.Context(), c.Recipient(2))
		if err != nil || len(other.Attempts)+len(other.Replies)+len(other.Suppressions) != 0 {
			t.Errorf("%+v, %v", other, err)
		}
	},

	"there is no history of a row that is not there": func(t *testing.T, b *bench) {
		c := b.imported(steps(1), []campaign.Row{row(1, "+447700900000"), {Number: 2, Phone: "12", Verdict: campaign.Invalid, Values: []string{}}, row(9, "+447700900009")})
		for n, want := range map[int]error{1: nil, 2: nil, 3: ledger.ErrNotFound, 9: nil, 10: ledger.ErrNotFound} {
			if _, err := b.History(t.Context(), c.Recipient(n)); !errors.Is(err, want) {
				t.Errorf("row %d: %v", n, err)
			}
		}
		if _, err := b.History(t.Context(), (c + 1).Recipient(1)); !errors.Is(err, ledger.ErrNotFound) {
			t.Error(err)
		}
	},

	"the failed are found by their reason": func(t *testing.T, b *bench) {
		c := b.running(steps(1), 3)
		for n, reason := range map[int]string{1: "full", 2: "gone"} {
			id := c.Recipient(n).Message(0)
			b.claim(id, 1)
			b.settle(id, 1, ledger.OutcomeRefused, campaign.Failure{Code: n, Reason: reason})
		}
		page, err := b.Report(t.Context(), ledger.ReportQuery{Campaign: c, Recipients: 10, Status: campaign.Failed, Reason: "gone"})
		if err != nil || page.Next != 0 || len(page.Rows) != 1 || page.Rows[0].Row() != 2 {
			t.Errorf("%+v, %v", page, err)
		}
	},
}
