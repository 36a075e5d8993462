package campaign

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func always(t time.Time) (time.Time, bool) { return t, true }

func TestDailyLimitLast(t *testing.T) {
	t.Parallel()
	friday := time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)
	office := &Hours{From: "09:00", To: "17:00", Days: "mon-fri", Zone: "UTC"}
	within := func(t time.Time) (time.Time, bool) { return office.Next("", t) }
	// Those who count ceased to be written to at three yesterday, a minute apart.
	used := func(n int64) time.Time { return friday.Add(time.Duration(n) * time.Minute) }
	for name, test := range map[string]struct {
		limit  DailyLimit
		people int64
		now    time.Time
		opens  func(time.Time) (time.Time, bool)
		want   string
	}{
		"room for all":             {DailyLimit{Size: 1000}, 1000, friday, always, "2026-11-20T15:00:00Z"},
		"one too many":             {DailyLimit{Size: 1000}, 1001, friday, always, "2026-11-21T15:00:00Z"},
		"three days":               {DailyLimit{Size: 1000}, 3000, friday, always, "2026-11-22T15:00:00Z"},
		"used up":                  {DailyLimit{Size: 10, Used: 10, Frees: used}, 5, friday, always, "2026-11-20T15:05:00Z"},
		"used up, and all of it":   {DailyLimit{Size: 10, Used: 10, Frees: used}, 20, friday, always, "2026-11-21T15:10:00Z"},
		"used in part":             {DailyLimit{Size: 10, Used: 4, Frees: used}, 10, friday, always, "2026-11-20T15:04:00Z"},
		"used in part, a day":      {DailyLimit{Size: 10, Used: 4, Frees: used}, 11, friday, always, "2026-11-21T15:00:00Z"},
		"more used than there is":  {DailyLimit{Size: 10, Used: 15, Frees: used}, 1, friday, always, "2026-11-20T15:06:00Z"},
		"over a weekend":           {DailyLimit{Size: 1000}, 2000, friday, within, "2026-11-23T09:00:00Z"},
		"begins on Monday":         {DailyLimit{Size: 1000}, 2000, friday.Add(3 * time.Hour), within, "2026-11-24T09:00:00Z"},
		"frees outside the hours":  {DailyLimit{Size: 10, Used: 10, Frees: func(int64) time.Time { return friday.Add(4 * time.Hour) }}, 1, friday, within, "2026-11-23T09:00:00Z"},
		"ten years and a day more": {DailyLimit{Size: 1}, 4000, friday, always, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := test.limit.Last(test.people, test.now, test.opens)
			if told := got.UTC().Format(time.RFC3339); ok != (test.want != "") || ok && told != test.want {
				t.Errorf("got %s, %v, want %s", told, ok, test.want)
			}
		})
	}
}

// The forecast is what happens when each person is written to as soon as the limit
// allows it.
func TestDailyLimitLastIsWhatHappens(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		limit := DailyLimit{Size: rapid.Int64Range(1, 8).Draw(t, "size")}
		var reached []time.Time // in order
		for range rapid.Int64Range(0, limit.Size).Draw(t, "used") {
			limit.Used++
			reached = append(reached, now.Add(-24*time.Hour).Add(time.Duration(limit.Used)*time.Minute))
		}
		limit.Frees = func(n int64) time.Time { return now.Add(time.Duration(n) * time.Minute) }
		people := rapid.Int64Range(1, 40).Draw(t, "people")
		at := now
		for range people {
			if free := int64(len(reached)) - limit.Size; free >= 0 {
				at = latest(at, reached[free].Add(24*time.Hour))
			}
			reached = append(reached, at)
		}
		if got, ok := limit.Last(people, now, always); !ok || !got.Equal(at) {
			t.Fatalf("got %v, %v, want %v", got, ok, at)
		}
	})
}
