package ledgertest

import (
	"errors"
	"maps"
	"testing"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

var leaseScenarios = map[string]func(*testing.T, *bench){
	"a lease has one holder": func(t *testing.T, b *bench) {
		has := func(holder string, ttl time.Duration) bool {
			t.Helper()
			_, held, err := b.Lease(t.Context(), "scheduler", holder, ttl)
			b.check(err)
			return held
		}
		if !has("a", time.Hour) || has("b", time.Hour) || !has("a", time.Hour) {
			t.Fatal("the first holder has to keep the lease, and nobody else gets it")
		}
		b.check(b.Release(t.Context(), "scheduler", "b"))
		if has("b", time.Hour) {
			t.Error("another's release freed the lease")
		}
		b.check(b.Release(t.Context(), "scheduler", "a"))
		if !has("b", -time.Second) {
			t.Error("a released lease was not free")
		}
		if !has("c", time.Hour) {
			t.Error("a lease whose time is over was not free")
		}
	},
	"who was overtaken changes nothing": func(t *testing.T, b *bench) {
		c := b.running(steps(2), 1)
		b.act(c, campaign.Cancel)
		counted := func(want campaign.Counts) {
			t.Helper()
			got := b.campaign(c).Counts
			maps.DeleteFunc(got, func(_ campaign.Status, n int64) bool { return n == 0 })
			if !maps.Equal(got, want) {
				t.Errorf("the messages stand at %v, want %v", got, want)
			}
		}
		old, held, err := b.Lease(t.Context(), "scheduler", "a", -time.Second)
		if err != nil || !held {
			t.Fatalf("the first holder: %t, %v", held, err)
		}
		ctx := ledger.Fenced(t.Context(), old)
		if done, err := b.Finish(ctx, []campaign.ID{c}, b.now); err != nil || len(done) > 0 {
			t.Errorf("in its own term: %v, %v", done, err)
		}
		term, held, err := b.Lease(t.Context(), "scheduler", "b", time.Hour)
		if err != nil || !held || term.Fence <= old.Fence {
			t.Fatalf("the next holder: %+v after %+v, %t, %v", term, old, held, err)
		}
		if err := b.CloseRows(ctx, c, campaign.Skipped, "late", b.now); !errors.Is(err, ledger.ErrDeposed) {
			t.Errorf("closing rows as the old holder: %v, want ErrDeposed", err)
		}
		if _, err := b.Finish(ctx, []campaign.ID{c}, b.now); !errors.Is(err, ledger.ErrDeposed) {
			t.Errorf("finishing as the old holder: %v, want ErrDeposed", err)
		}
		counted(campaign.Counts{campaign.Pending: 1, campaign.Waiting: 1})
		b.check(b.CloseRows(ledger.Fenced(t.Context(), term), c, campaign.Skipped, "cancelled", b.now))
		counted(campaign.Counts{campaign.Skipped: 2})
	},
	"a holder that let its lease run out begins another term": func(t *testing.T, b *bench) {
		first, _, err := b.Lease(t.Context(), "scheduler", "a", -time.Second)
		b.check(err)
		second, _, err := b.Lease(t.Context(), "scheduler", "a", time.Hour)
		b.check(err)
		third, _, err := b.Lease(t.Context(), "scheduler", "a", time.Hour)
		b.check(err)
		if second == first || third != second {
			t.Errorf("got the terms %+v, %+v and %+v; want the last two alike", first, second, third)
		}
	},
}
