package ledgertest

import (
	"testing"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

var settleScenarios = map[string]func(*testing.T, *bench){
	"accepted": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.send(id, 1)
		line := b.line(id)
		if line.Status != campaign.Accepted || line.ProviderID != providerID(id, 1) || !line.AcceptedAt.Equal(b.now) || line.Attempts != 1 {
			t.Errorf("got %+v", line)
		}
	},
	"settling twice changes nothing": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.send(id, 1)
		b.settle(id, 1, ledger.OutcomeAccepted)
		b.settle(id, 1, ledger.OutcomeRefused, campaign.Failure{Reason: "late", Retry: true})
		b.expect(id, campaign.Accepted)
	},
	"a refusal worth retrying waits and counts": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		busy := campaign.Failure{Code: 131016, Reason: "unavailable", Retry: true}
		for n := 1; n < campaign.MaxFailures; n++ {
			b.claim(id, n)
			b.settle(id, n, ledger.OutcomeRefused, busy)
			b.expect(id, campaign.Pending)
			b.advance(campaign.Backoff(n))
		}
		b.claim(id, campaign.MaxFailures)
		b.settle(id, campaign.MaxFailures, ledger.OutcomeRefused, busy)
		line := b.line(id)
		if line.Status != campaign.Failed || line.Code != 131016 || line.Reason != "unavailable" || line.Attempts != campaign.MaxFailures {
			t.Errorf("after the last attempt: %+v", line)
		}
	},
	"a permanent refusal fails at once": func(t *testing.T, b *bench) {
		id := b.running(steps(2), 1).Recipient(1).Message(0)
		b.claim(id, 1)
		b.settle(id, 1, ledger.OutcomeRefused, campaign.Failure{Code: 131026, Reason: "undeliverable"})
		b.expect(id, campaign.Failed)
		b.expect(id+1, campaign.Skipped)
	},
	"throttling uses up no attempt": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		for n := 1; n <= 3*campaign.MaxFailures; n++ {
			b.claim(id, n)
			b.settle(id, n, ledger.OutcomeRefused, campaign.Failure{Code: 130429, Reason: "throttled", Retry: true, Throttled: true})
			b.expect(id, campaign.Pending)
			b.advance(5 * time.Minute)
		}
		if got := b.line(id).Attempts; got != 0 {
			t.Errorf("%d attempts, want 0", got)
		}
	},
	"a released claim is free again": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.claim(id, 1)
		b.settle(id, 1, ledger.OutcomeReleased)
		b.expect(id, campaign.Pending)
		b.send(id, 2)
		if got := b.line(id).Attempts; got != 1 {
			t.Errorf("%d attempts, want 1", got)
		}
	},
	"a claim released after its campaign has ended is not sent": func(t *testing.T, b *bench) {
		c := b.running(steps(1), 1)
		id := c.Recipient(1).Message(0)
		b.claim(id, 1)
		b.act(c, campaign.Cancel)
		b.settle(id, 1, ledger.OutcomeReleased)
		b.expect(id, campaign.Failed)
		if open := b.campaign(c).Open; open != 0 {
			t.Errorf("%d messages open, want none", open)
		}
	},
	"a pair limit asks for longer and longer waits": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		limit := campaign.Failure{Code: 131056, Reason: "pair_limit", Retry: true, Throttled: true, Escalates: true}
		for n := 1; n <= 3; n++ {
			b.claim(id, n)
			b.settle(id, n, ledger.OutcomeRefused, limit)
			b.advance(campaign.Backoff(n) - time.Millisecond)
			if reason := b.tryClaim(id, n+1); reason != "early" {
				t.Errorf("after %d refusals: refused as %q, want early", n, reason)
			}
			b.advance(time.Millisecond)
		}
		b.send(id, 4)
	},
	"trouble with the account pauses the campaign": func(t *testing.T, b *bench) {
		c := b.running(steps(1), 2)
		id := c.Recipient(1).Message(0)
		b.claim(id, 1)
		b.settle(id, 1, ledger.OutcomeRefused, campaign.Failure{
			Code: 190, Reason: "token_expired", Detail: "make a new token", Retry: true, Throttled: true, Pause: campaign.PauseAccount,
		})
		got := b.campaign(c)
		if got.State != campaign.Paused || got.Reason != "token_expired (190): make a new token" {
			t.Errorf("%s, %q", got.State, got.Reason)
		}
		b.act(c, campaign.Resume)
		b.advance(time.Minute)
		b.send(id, 2)
	},
	"an unknown message is decided as it is when nobody confirms it": func(t *testing.T, b *bench) {
		c := b.running(steps(1), 1)
		id := c.Recipient(1).Message(0)
		b.claim(id, 1)
		b.settle(id, 1, ledger.OutcomeUnknown, campaign.Failure{Reason: "timeout"})
		b.expect(id, campaign.Unknown)
		if open := b.campaign(c).Open; open != 1 {
			t.Errorf("%d open messages while undecided, want 1", open)
		}
		b.advance(10 * time.Minute)
		b.sweep()
		b.expect(id, campaign.Unknown)
		if open := b.campaign(c).Open; open != 0 {
			t.Errorf("%d open messages once decided, want 0", open)
		}
		b.receive(b.receipt(id, 1, campaign.Delivered))
		b.expect(id, campaign.Delivered)
	},
	"a late answer settles an unknown message": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.claim(id, 1)
		b.advance(2 * time.Minute)
		b.sweep()
		b.expect(id, campaign.Unknown)
		b.settle(id, 1, ledger.OutcomeAccepted)
		b.expect(id, campaign.Accepted)
	},
}
