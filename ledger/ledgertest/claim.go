package ledgertest

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/ledger"
)

var claimScenarios = map[string]func(*testing.T, *bench){
	"a claim returns the row": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1)
		got, err := b.Claim(t.Context(), campaign.Task{Message: id.Recipient(1).Message(0), Attempt: 1}, ledger.Sender{}, b.now, b.now.Add(time.Minute))
		b.check(err)
		want := ledger.Claimed{Phone: "+447700900000", Person: "+447700900000", Cells: []string{"Ana", "+447700900000"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		b.expect(id.Recipient(1).Message(0), campaign.Posting)
	},
	"a message is claimed once": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.claim(id, 1)
		if reason := b.tryClaim(id, 1); reason != "gone" {
			t.Errorf("the second claim was refused as %q, want gone", reason)
		}
		if reason := b.tryClaim(id, 2); reason != "gone" {
			t.Errorf("a claim of the next attempt was refused as %q, want gone", reason)
		}
	},
	"of many claims at once one is granted": func(t *testing.T, b *bench) {
		const messages, claimers = 40, 8
		id := b.running(steps(1), messages)
		var granted atomic.Int64
		var group sync.WaitGroup
		for range claimers {
			group.Go(func() {
				for i := range messages {
					_, err := b.Claim(t.Context(), campaign.Task{Message: id.Recipient(i + 1).Message(0), Attempt: 1}, ledger.Sender{}, b.now, b.now.Add(time.Minute))
					var refused *ledger.RefusedError
					switch {
					case err == nil:
						granted.Add(1)
					case !errors.As(err, &refused):
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		if granted.Load() != messages {
			t.Errorf("%d claims granted for %d messages", granted.Load(), messages)
		}
	},
	"no claim unless the campaign runs": func(t *testing.T, b *bench) {
		c := b.imported(steps(1), people(1))
		id := c.Recipient(1).Message(0)
		refused := func(when string) {
			t.Helper()
			if reason := b.tryClaim(id, 1); reason != "stopped" {
				t.Errorf("%s: refused as %q, want stopped", when, reason)
			}
		}
		refused("as a draft")
		b.act(c, campaign.Start)
		b.act(c, campaign.Pause)
		refused("while paused")
		b.act(c, campaign.Resume)
		b.claim(id, 1)
	},
	"no claim of a shut gate, an early or an unknown message": func(t *testing.T, b *bench) {
		c := b.running(steps(2), 1)
		first, second := c.Recipient(1).Message(0), c.Recipient(1).Message(1)
		if reason := b.tryClaim(second, 1); reason != "gone" {
			t.Errorf("a waiting message was refused as %q, want gone", reason)
		}
		b.claim(first, 1)
		b.settle(first, 1, ledger.OutcomeRefused, campaign.Failure{Reason: "busy", Retry: true, Wait: time.Minute})
		if reason := b.tryClaim(first, 2); reason != "early" {
			t.Errorf("an early claim was refused as %q, want early", reason)
		}
		b.advance(time.Minute)
		if reason := b.tryClaim(first, 1); reason != "gone" {
			t.Errorf("a claim of an old attempt was refused as %q, want gone", reason)
		}
		b.claim(first, 2)
		if reason := b.tryClaim(c.Recipient(2).Message(0), 1); reason != "gone" {
			t.Errorf("a message that does not exist was refused as %q, want gone", reason)
		}
	},
	"no claim after the campaign's time": func(t *testing.T, b *bench) {
		c := b.running(steps(1, func(d *campaign.Definition) { d.Expires = campaign.Duration(time.Hour) }), 1)
		b.advance(time.Hour)
		if reason := b.tryClaim(c.Recipient(1).Message(0), 1); reason != "expired" {
			t.Errorf("refused as %q, want expired", reason)
		}
	},
	"no claim of the opted out": func(t *testing.T, b *bench) {
		scopes := []struct {
			scope    campaign.SuppressionScope
			category campaign.Category
			other    bool // the scope is another campaign's
			claimed  bool
		}{
			{scope: campaign.ScopeAll, category: campaign.Utility},
			{scope: campaign.ScopeMarketing, category: campaign.Marketing},
			{scope: campaign.ScopeMarketing, category: ""},
			{scope: campaign.ScopeMarketing, category: campaign.Utility, claimed: true},
			{category: campaign.Utility},
			{category: campaign.Utility, other: true, claimed: true},
		}
		for _, s := range scopes {
			c := b.running(steps(2, func(d *campaign.Definition) { d.Steps[0].Category = s.category }), 1)
			id := c.Recipient(1).Message(0)
			switch {
			case s.other:
				s.scope = ledger.CampaignScope(c + 1)
			case s.scope == "":
				s.scope = ledger.CampaignScope(c)
			}
			optOut := ledger.Suppression{Person: "+447700900000", Scope: s.scope}
			b.check(b.Suppress(t.Context(), []ledger.Suppression{optOut}, by("tester"), b.now))
			reason := b.tryClaim(id, 1)
			if claimed := reason == ""; claimed != s.claimed {
				t.Errorf("scope %s, category %q: claimed %v (%s), want %v", s.scope, s.category, claimed, reason, s.claimed)
			}
			if !s.claimed {
				b.expect(id, campaign.Skipped)
				b.expect(id+1, campaign.Skipped)
			}
			if removed, err := b.Unsuppress(t.Context(), optOut.Person, s.scope, by("tester"), b.now); !removed || err != nil {
				t.Errorf("removing the opt-out: %v, %v", removed, err)
			}
		}
	},
}
