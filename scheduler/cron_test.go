package scheduler

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// zones have changes of an hour and of half an hour, at midnight too, by hours
// of either sign, and none at all.
var zones = []string{
	"UTC", "Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "America/Havana", "America/Asuncion", "Asia/Beirut",
	"Africa/Casablanca", "America/Sao_Paulo", "America/Scoresbysund", "Asia/Kathmandu", "Pacific/Chatham", "America/St_Johns",
}

func parseCron(t require, expr, zone string) Cron {
	t.Helper()
	c, err := ParseCron(expr, zone)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// require is what a test and a property have in common.
type require interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func TestCronAtTheChangeOfTheClocks(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		expr, zone, after string
		want              []string
	}{
		"a plain day":            {"0 9 * * 1-5", "Europe/Madrid", "2026-05-01T06:59:59Z", []string{"2026-05-01T07:00:00Z", "2026-05-04T07:00:00Z"}},
		"the moment is over":     {"0 9 * * *", "UTC", "2026-05-01T09:00:00Z", []string{"2026-05-02T09:00:00Z"}},
		"a word":                 {"@daily", "America/New_York", "2026-05-01T00:00:00Z", []string{"2026-05-01T04:00:00Z"}},
		"left out":               {"30 2 * * *", "Europe/Madrid", "2026-03-28T12:00:00Z", []string{"2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"}},
		"left out twice":         {"0,30 2,3 * * *", "Europe/Madrid", "2026-03-28T12:00:00Z", []string{"2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:00:00Z"}},
		"comes twice":            {"30 2 * * *", "Europe/Madrid", "2026-10-24T12:00:00Z", []string{"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"}},
		"asked in between":       {"30 2 * * *", "Europe/Madrid", "2026-10-25T01:10:00Z", []string{"2026-10-26T01:30:00Z"}},
		"hourly, left out":       {"30 * * * *", "Europe/Madrid", "2026-03-29T00:00:00Z", []string{"2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"}},
		"hourly, twice":          {"30 * * * *", "Europe/Madrid", "2026-10-25T00:00:00Z", []string{"2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"}},
		"midnight is left out":   {"0 0 * * *", "Asia/Beirut", "2026-03-28T12:00:00Z", []string{"2026-03-28T22:00:00Z", "2026-03-29T21:00:00Z"}},
		"half an hour left out":  {"15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00:00Z", []string{"2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"}},
		"a whole day left out":   {"0 9 * * *", "Pacific/Apia", "2011-12-29T20:00:00Z", []string{"2011-12-30T19:00:00Z"}},
		"the 29th of February":   {"0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", []string{"2028-02-29T00:00:00Z"}},
		"the 366th day":          {"0 9 * * *", "Europe/Madrid", "2040-12-31T08:00:00Z", []string{"2041-01-01T08:00:00Z", "2041-01-02T08:00:00Z"}},
		"the day or the weekday": {"0 0 1 * 1", "UTC", "2026-05-29T00:00:00Z", []string{"2026-06-01T00:00:00Z", "2026-06-08T00:00:00Z"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := parseCron(t, test.expr, test.zone)
			moment, err := time.Parse(time.RFC3339, test.after)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for range test.want {
				moment = c.Next(moment)
				got = append(got, moment.Format(time.RFC3339))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseCronSaysWhatToWrite(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ expr, zone, want string }{
		{"0 9 * *", "", "five fields"},
		{"0 0 9 * * *", "", "five fields"},
		{"0 9 * * 7", "", "Sunday is 0"},
		{"", "", "five fields"},
		{"@every 1h", "", "is not a time"},
		{"@fortnightly", "", "@weekly"},
		{"CRON_TZ=Europe/Madrid 0 9 * * *", "", "under zone"},
		{"TZ=x", "", "under zone"},
		{"0 9 30 2 *", "", "never matches"},
		{", 9 * * *", "", "never matches"},
		{"0 9 * * *", "Europe/Atlantis", "Europe/Madrid"},
		{"0 9 * * *", "Local", "Europe/Madrid"},
		{"0 9 * * *", "../etc/passwd", "Europe/Madrid"},
	} {
		_, err := ParseCron(test.expr, test.zone)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q in %q: %v; want a word on %q", test.expr, test.zone, err, test.want)
		}
	}
}

// moments are those of a range in which zones change their rules.
func moments() *rapid.Generator[time.Time] {
	const from, to = 1_000_000_000, 2_400_000_000 // 2001 to 2046
	return rapid.Custom(func(t *rapid.T) time.Time {
		return time.Unix(rapid.Int64Range(from, to).Draw(t, "second"), rapid.Int64Range(0, 1e9-1).Draw(t, "nanosecond"))
	})
}

func TestSlotsOnlyGoForward(t *testing.T) {
	t.Parallel()
	fields := rapid.SampledFrom([]string{"*", "*/7", "0", "30", "15,45", "0-20/5"})
	hours := rapid.SampledFrom([]string{"*", "*/2", "0", "1", "2", "3", "1-3", "23", "0,12"})
	days := rapid.SampledFrom([]string{"* * *", "* * 0", "* * 6,0", "1 * *", "28-31 3,10 *", "* 3,10,11 *"})
	rapid.Check(t, func(t *rapid.T) {
		expr := fmt.Sprintf("%s %s %s", fields.Draw(t, "minute"), hours.Draw(t, "hour"), days.Draw(t, "days"))
		c := parseCron(t, expr, rapid.SampledFrom(zones).Draw(t, "zone"))
		at := moments().Draw(t, "after")
		for range 50 {
			next := c.Next(at)
			if !next.After(at) {
				t.Fatalf("%s: after %s comes %s", expr, at, next)
			}
			// Whoever asks at any moment in between hears the same.
			between := at.Add(time.Duration(rapid.Int64Range(0, int64(next.Sub(at))-1).Draw(t, "between")))
			if again := c.Next(between); !again.Equal(next) {
				t.Fatalf("%s: after %s comes %s, after %s %s", expr, at, next, between, again)
			}
			at = next
		}
	})
}

// TestADailySlotComesOnceADay looks at each day of two years: the slot comes once,
// at the time that is asked for where the day has it, and else right after it.
func TestADailySlotComesOnceADay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(zones).Draw(t, "zone")
		hour, minute := rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute")
		c := parseCron(t, fmt.Sprintf("%d %d * * *", minute, hour), name)
		year := rapid.IntRange(2005, 2045).Draw(t, "year")
		day := time.Date(year, 1, 1, 12, 0, 0, 0, time.UTC)
		at := c.Next(time.Date(year, 1, 1, hour, minute, 0, 0, c.Zone()).Add(-time.Nanosecond))
		for range 2 * 365 {
			// What the clocks show then, and showed just before, encloses the time.
			wanted := time.Date(day.Year(), day.Month(), day.Day(), hour, minute, 0, 0, time.UTC)
			if clock(c, at).Before(wanted) || !clock(c, at.Add(-time.Nanosecond)).Before(wanted) {
				t.Fatalf("%s: the slot for %s is %s", name, wanted.Format(time.DateTime), at.In(c.Zone()))
			}
			if left := clock(c, at).Sub(wanted); left > 3*time.Hour {
				t.Fatalf("%s: the slot for %s is %s late", name, wanted.Format(time.DateTime), left)
			}
			at, day = c.Next(at), day.AddDate(0, 0, 1)
		}
	})
}

// clock is what the zone's clocks show, as if it were UTC.
func clock(c Cron, t time.Time) time.Time {
	t = t.In(c.Zone())
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

func FuzzParseCron(f *testing.F) {
	f.Add("0 9 * * 1-5", "Europe/Madrid")
	f.Add("TZ=0", "")
	f.Add("@daily", "UTC")
	f.Fuzz(func(t *testing.T, expr, zone string) {
		c, err := ParseCron(expr, zone)
		if err != nil {
			return
		}
		now := time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC)
		if next := c.Next(now); !next.IsZero() && !next.After(now) {
			t.Errorf("%q in %q: after %s comes %s", expr, zone, now, next)
		}
	})
}
