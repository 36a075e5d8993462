package scheduler

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"carillon/campaign"
	"carillon/ledger"
)

func every10(t require, catchUp campaign.CatchUp, next time.Time) (ledger.Schedule, Cron) {
	t.Helper()
	of := ledger.Schedule{Schedule: campaign.Schedule{Name: "s", Cron: "*/10 * * * *", CatchUp: catchUp}, NextAt: next}
	return of, parseCron(t, of.Cron, of.Zone)
}

func TestSlotsThatWereMissed(t *testing.T) {
	t.Parallel()
	nine := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		catchUp campaign.CatchUp
		after   time.Duration
		want    string // d for due, c for caught up, m for missed
	}{
		"on time":                   {campaign.CatchUpNone, 0, "d"},
		"a little late":             {campaign.CatchUpNone, time.Minute, "d"},
		"none":                      {campaign.CatchUpNone, 25 * time.Minute, "mmm"},
		"none, but one on time":     {campaign.CatchUpNone, 30 * time.Minute, "mmmd"},
		"the last":                  {campaign.CatchUpLast, 25 * time.Minute, "mmc"},
		"the last is on time":       {campaign.CatchUpLast, 30*time.Minute + time.Second, "mmmd"},
		"the last where none said":  {"", 25 * time.Minute, "mmc"},
		"all":                       {campaign.CatchUpAll, 25 * time.Minute, "ccc"},
		"all where it was just one": {campaign.CatchUpAll, 2 * time.Minute, "c"},
		"all, but one on time":      {campaign.CatchUpAll, 30 * time.Minute, "cccd"},
	} {
		t.Run(name, func(t *testing.T) {
			of, cron := every10(t, test.catchUp, nine)
			slots, next := comeDue(of, cron, nine.Add(test.after))
			got := ""
			for n, slot := range slots {
				letter := slot.State[:1]
				if slot.CaughtUp {
					letter = "c"
				}
				got += string(letter)
				if want := nine.Add(time.Duration(n) * 10 * time.Minute); !slot.At.Equal(want) || slot.Detail == "" || slot.Schedule != "s" {
					t.Errorf("slot %d: %+v", n, slot)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if want := nine.Add(time.Duration(len(slots)) * 10 * time.Minute); !next.Equal(want) {
				t.Errorf("the next one is %s, want %s", next, want)
			}
		})
	}
}

// TestEverySlotIsAccountedFor whatever the time that nobody looked.
func TestEverySlotIsAccountedFor(t *testing.T) {
	t.Parallel()
	nine := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		policy := rapid.SampledFrom([]campaign.CatchUp{campaign.CatchUpNone, campaign.CatchUpLast, campaign.CatchUpAll}).Draw(t, "catch_up")
		n := rapid.OneOf(rapid.IntRange(1, 20), rapid.IntRange(mostMissed-3, mostMissed+3), rapid.IntRange(1, 5*mostMissed)).Draw(t, "slots")
		of, cron := every10(t, policy, nine)
		now := nine.Add(time.Duration(n)*10*time.Minute - time.Second)
		slots, next := comeDue(of, cron, now)
		if !next.After(now) || next.Sub(now) > 10*time.Minute {
			t.Fatalf("at %s the next one is %s", now, next)
		}
		due := 0
		for i, slot := range slots {
			if i > 0 && !slot.At.After(slots[i-1].At) {
				t.Fatalf("slot %s follows slot %s", slot.At, slots[i-1].At)
			}
			if slot.State == campaign.SlotDue {
				due++
			}
		}
		want := map[campaign.CatchUp]int{campaign.CatchUpNone: 0, campaign.CatchUpLast: 1, campaign.CatchUpAll: min(n, mostMissed)}[policy]
		if due != want {
			t.Fatalf("%d of %d slots are due, want %d", due, n, want)
		}
		if n <= mostMissed {
			if len(slots) != n {
				t.Fatalf("%d slots, want %d", len(slots), n)
			}
			return
		}
		summary := fmt.Sprintf("%d slots were missed from this one on", n-mostMissed)
		if len(slots) != mostMissed+1 || !slots[0].At.Equal(nine) || !strings.Contains(slots[0].Detail, summary) {
			t.Fatalf("%d slots; the first says %q, want %q", len(slots), slots[0].Detail, summary)
		}
	})
}
