package campaign

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// day is what most campaigns have.
func day() *Hours { return &Hours{From: "09:00", To: "20:00"} }

func TestNext(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		hours *Hours
		zones string
		at    string
		want  string // empty: none
	}{
		{"within", day(), "Europe/Madrid", "2026-03-02T12:00:00+01:00", "2026-03-02T12:00:00+01:00"},
		{"its first moment", day(), "Europe/Madrid", "2026-03-02T09:00:00+01:00", "2026-03-02T09:00:00+01:00"},
		{"a moment before", day(), "Europe/Madrid", "2026-03-02T08:59:59.999999999+01:00", "2026-03-02T09:00:00+01:00"},
		{"its last moment", day(), "Europe/Madrid", "2026-03-02T19:59:59.999999999+01:00", "2026-03-02T19:59:59.999999999+01:00"},
		{"its end", day(), "Europe/Madrid", "2026-03-02T20:00:00+01:00", "2026-03-03T09:00:00+01:00"},
		{"another's clock", day(), "America/New_York", "2026-03-02T12:00:00+01:00", "2026-03-02T15:00:00+01:00"},
		{"a zone for all", &Hours{From: "09:00", To: "20:00", Zone: "Asia/Tokyo"}, "America/New_York", "2026-03-02T12:00:00Z", "2026-03-03T00:00:00Z"},
		{"the whole day", &Hours{From: "0:00", To: "24:00", Days: "mon"}, "UTC", "2026-03-02T23:59:59Z", "2026-03-02T23:59:59Z"},
		{"a day of the week", &Hours{From: "09:00", To: "20:00", Days: "mon-sat"}, "Europe/Madrid", "2026-03-07T21:00:00+01:00", "2026-03-09T09:00:00+01:00"},
		{"single days", &Hours{From: "09:00", To: "20:00", Days: "Mon, wednesday ,FRI"}, "UTC", "2026-03-03T10:00:00Z", "2026-03-04T09:00:00Z"},
		{"over the weekend", &Hours{From: "09:00", To: "20:00", Days: "sat-mon"}, "UTC", "2026-03-03T10:00:00Z", "2026-03-07T09:00:00Z"},
		{"the same day to itself", &Hours{From: "09:00", To: "20:00", Days: "tue-tue"}, "UTC", "2026-03-04T10:00:00Z", "2026-03-10T09:00:00Z"},
		{"a date", &Hours{From: "09:00", To: "20:00", Dates: []string{"2026-12-25"}}, "UTC", "2026-12-25T10:00:00Z", "2026-12-26T09:00:00Z"},
		{"a date of another year", &Hours{From: "09:00", To: "20:00", Dates: []string{"2025-12-25"}}, "UTC", "2026-12-25T10:00:00Z", "2026-12-25T10:00:00Z"},
		{"a date of every year", &Hours{From: "09:00", To: "20:00", Dates: []string{"12-25", "12-26"}}, "UTC", "2026-12-25T10:00:00Z", "2026-12-27T09:00:00Z"},
		{"a date is the recipient's", &Hours{From: "09:00", To: "20:00", Dates: []string{"01-01"}}, "Pacific/Auckland", "2026-12-31T21:00:00Z", "2027-01-01T20:00:00Z"},
		{"a leap day", &Hours{From: "09:00", To: "20:00", Dates: []string{"02-29"}}, "UTC", "2028-02-29T10:00:00Z", "2028-03-01T09:00:00Z"},
		{"two zones", day(), "Atlantic/Canary,Europe/Madrid", "2026-03-02T08:00:00Z", "2026-03-02T09:00:00Z"},
		{"two zones, the end", day(), "Atlantic/Canary,Europe/Madrid", "2026-03-02T19:00:00Z", "2026-03-03T09:00:00Z"},
		{"the one hour of both ends of Russia", day(), "Asia/Kamchatka,Europe/Kaliningrad", "2026-03-02T12:00:00Z", "2026-03-03T07:00:00Z"},
		{"no hour suits both", day(), "Europe/Madrid,Pacific/Honolulu", "2026-03-02T12:00:00Z", ""},
		{"on one day a year", &Hours{From: "09:00", To: "20:00", Days: "thu", Dates: thursdaysBut("2026-12-31")}, "UTC", "2026-03-02T12:00:00Z", "2026-12-31T09:00:00Z"},

		// Madrid, 2026-03-29: 02:00 becomes 03:00. 2026-10-25: 03:00 becomes 02:00.
		{"the night is shorter", day(), "Europe/Madrid", "2026-03-28T20:00:00+01:00", "2026-03-29T09:00:00+02:00"},
		{"the night is longer", day(), "Europe/Madrid", "2026-10-24T20:00:00+02:00", "2026-10-25T09:00:00+01:00"},
		{"begins in an hour that is left out", &Hours{From: "02:30", To: "20:00"}, "Europe/Madrid", "2026-03-29T00:00:00+01:00", "2026-03-29T03:00:00+02:00"},
		{"all of it is left out", &Hours{From: "02:15", To: "02:45"}, "Europe/Madrid", "2026-03-29T00:00:00+01:00", "2026-03-30T02:15:00+02:00"},
		{"begins in an hour that is had twice", &Hours{From: "02:30", To: "20:00"}, "Europe/Madrid", "2026-10-25T00:00:00+02:00", "2026-10-25T02:30:00+02:00"},
		{"begins again when the clock is put back", &Hours{From: "02:30", To: "20:00"}, "Europe/Madrid", "2026-10-25T02:00:00+01:00", "2026-10-25T02:30:00+01:00"},
		{"ends in an hour that is had twice", &Hours{From: "01:00", To: "02:30"}, "Europe/Madrid", "2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+01:00"},
		// New York, 2026-03-08 and 2026-11-01.
		{"New York in spring", day(), "America/New_York", "2026-03-08T04:00:00Z", "2026-03-08T13:00:00Z"},
		{"New York in autumn", day(), "America/New_York", "2026-11-01T04:00:00Z", "2026-11-01T14:00:00Z"},
		{"weeks when only one has changed", day(), "America/New_York,Europe/Madrid", "2026-03-16T00:00:00Z", "2026-03-16T13:00:00Z"},
		{"and when both have", day(), "America/New_York,Europe/Madrid", "2026-04-06T00:00:00Z", "2026-04-06T13:00:00Z"},
		// Lord Howe Island moves by half an hour: 2026-04-05 back, 2026-10-04 ahead.
		{"Lord Howe in autumn", day(), "Australia/Lord_Howe", "2026-04-05T00:00:00+11:00", "2026-04-05T09:00:00+10:30"},
		{"Lord Howe in spring", &Hours{From: "02:10", To: "20:00"}, "Australia/Lord_Howe", "2026-10-04T00:00:00+10:30", "2026-10-04T02:30:00+11:00"},
		// In Cairo midnight is left out: 2026-04-24.
		{"no midnight", &Hours{From: "00:00", To: "20:00"}, "Africa/Cairo", "2026-04-23T22:30:00+02:00", "2026-04-24T01:00:00+03:00"},
		// Samoa had no 2011-12-30.
		{"a day that was left out", &Hours{From: "09:00", To: "20:00", Days: "fri"}, "Pacific/Apia", "2011-12-29T12:00:00-10:00", "2012-01-06T09:00:00+14:00"},
		{"the day behind it", day(), "Pacific/Apia", "2011-12-29T20:00:00-10:00", "2011-12-31T09:00:00+14:00"},

		// What cannot be read sends nothing.
		{"no zone told", day(), "", "2026-03-02T12:00:00Z", ""},
		{"not yet resolved", day(), RecipientZone, "2026-03-02T12:00:00Z", ""},
		{"no such zone", day(), "Europe/Madrid,Europe/Nowhere", "2026-03-02T12:00:00Z", ""},
		{"the machine's own zone", day(), "Local", "2026-03-02T12:00:00Z", ""},
		{"hours that make no sense", &Hours{From: "nine", To: "20:00"}, "UTC", "2026-03-02T12:00:00Z", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			at := instant(t, test.at)
			got, ok := test.hours.Next(test.zones, at)
			if ok != (test.want != "") {
				t.Fatalf("got %v, %t", got, ok)
			}
			if within := test.hours.Within(test.zones, at); within != (ok && got.Equal(at)) {
				t.Errorf("within is %t", within)
			}
			if ok && !got.Equal(instant(t, test.want)) {
				t.Errorf("got %s, want %s", got.Format(time.RFC3339Nano), test.want)
			}
		})
	}
}

// thursdaysBut are the dates of all the Thursdays of 2026 and 2027 but one.
func thursdaysBut(spared string) []string {
	var dates []string
	for at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2028; at = at.AddDate(0, 0, 7) {
		if text := at.Format(time.DateOnly); text != spared {
			dates = append(dates, text)
		}
	}
	return dates
}

// drawHours makes hours, zones and a moment that a property has to hold for.
func drawHours(t *rapid.T) (*Hours, string, time.Time) {
	from := rapid.IntRange(0, 24*60-1).Draw(t, "from")
	to := rapid.IntRange(from+1, 24*60).Draw(t, "to")
	clock := func(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }
	days := rapid.SampledFrom([]string{"", "mon-sat", "mon,wed,fri", "sat-mon", "sun"}).Draw(t, "days")
	dates := rapid.SampledFrom([][]string{nil, {"2026-03-29", "10-25", "01-01"}}).Draw(t, "dates")
	zones := rapid.SampledFrom([]string{
		"Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu", "Africa/Casablanca",
		"Africa/Cairo", "Atlantic/Canary,Europe/Madrid", "America/Los_Angeles,America/New_York", "Australia/Perth,Australia/Sydney",
	}).Draw(t, "zones")
	year := rapid.SampledFrom([]int{2011, 2026, 2027}).Draw(t, "year")
	since := time.Duration(rapid.Int64Range(0, int64(horizon)).Draw(t, "since"))
	return &Hours{From: clock(from), To: clock(to), Days: days, Dates: dates}, zones, time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Add(since)
}

// open is what hours mean, said in another way.
func open(t *rapid.T, h *Hours, zones string, at time.Time) bool {
	for name := range strings.SplitSeq(zones, ",") {
		place, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		local := at.In(place)
		clock := local.Format("15:04")
		allowed := map[string]string{
			"": "SunMonTueWedThuFriSat", "mon-sat": "MonTueWedThuFriSat", "mon,wed,fri": "MonWedFri", "sat-mon": "SatSunMon", "sun": "Sun",
		}[h.Days]
		dates := strings.Join(h.Dates, " ") + " "
		if clock < h.From || clock >= h.To || !strings.Contains(allowed, local.Format("Mon")) ||
			strings.Contains(dates, local.Format("2006-01-02 ")) || strings.Contains(" "+dates, local.Format(" 01-02 ")) {
			return false
		}
	}
	return true
}

// TestNextIsTheFirst: it is within hours and nothing before it is.
func TestNextIsTheFirst(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h, zones, at := drawHours(t)
		got, ok := h.Next(zones, at)
		end := got
		if !ok {
			end = at.Add(horizon)
		} else {
			if got.Before(at) || !open(t, h, zones, got) || !h.Within(zones, got) {
				t.Fatalf("%s is not within", got)
			}
			if again, ok := h.Next(zones, got); !ok || !again.Equal(got) {
				t.Fatalf("from %s on it is %s", got, again)
			}
		}
		const samples = 500
		step := max(end.Sub(at)/samples, time.Minute)
		for between := at; between.Before(end); between = between.Add(step) {
			if open(t, h, zones, between) || h.Within(zones, between) {
				t.Fatalf("%s comes before %s and is within", between, got)
			}
		}
	})
}

func TestNextKeepsOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h, zones, at := drawHours(t)
		later := at.Add(time.Duration(rapid.Int64Range(0, int64(10*24*time.Hour)).Draw(t, "later")))
		first, ok := h.Next(zones, at)
		second, alsoOK := h.Next(zones, later)
		if ok && alsoOK && second.Before(first) {
			t.Fatalf("%s leads to %s, %s to %s", at, first, later, second)
		}
		if within := open(t, h, zones, at); within != h.Within(zones, at) {
			t.Fatalf("within is %t", !within)
		}
	})
}

// TestNextBesideItself is for the race detector: a definition is shared.
func TestNextBesideItself(t *testing.T) {
	t.Parallel()
	h, at := day(), instant(t, "2026-03-02T03:00:00Z")
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			zones := []string{"Europe/Madrid", "Europe/Lisbon,Europe/Madrid"}[i%2]
			if next, ok := h.Next(zones, at); !ok || next.Before(at) {
				t.Errorf("%s: %s, %t", zones, next, ok)
			}
		})
	}
	group.Wait()
}

func TestObserve(t *testing.T) {
	t.Parallel()
	calendars := map[string][]string{"es": {"2026-12-25", "01-06"}, "de": {"10-03"}}
	h := &Hours{From: "09:00", To: "20:00", Holidays: "es", Dates: []string{"01-06", "08-15"}}
	christmas := instant(t, "2026-12-25T12:00:00Z")
	if !h.Within("UTC", christmas) {
		t.Fatal("the calendar is not the campaign's yet")
	}
	for range 2 { // once more changes nothing
		if err := h.Observe(calendars); err != nil {
			t.Fatal(err)
		}
		want := &Hours{From: "09:00", To: "20:00", Holidays: "es", Dates: []string{"01-06", "08-15", "2026-12-25"}}
		if diff := cmp.Diff(want, h, cmpopts.IgnoreUnexported(Hours{})); diff != "" {
			t.Error(diff)
		}
	}
	if h.Within("UTC", christmas) {
		t.Error("the dates came in and do not count")
	}
	if err := (*Hours)(nil).Observe(nil); err != nil {
		t.Error(err)
	}
	if err := day().Observe(nil); err != nil {
		t.Error(err)
	}
	for _, test := range []struct {
		calendars map[string][]string
		want      string
	}{
		{calendars, `hours.holidays: there is no calendar named "fr"; the configuration has de, es`},
		{nil, `hours.holidays: there is no calendar named "fr"; the server's configuration has no holidays`},
	} {
		err := (&Hours{Holidays: "fr"}).Observe(test.calendars)
		if _, ok := errors.AsType[*Mistake](err); !ok || err.Error() != test.want {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
}

func TestHoursAreStored(t *testing.T) {
	t.Parallel()
	d, err := Parse([]byte("name: n\nchannel: c\nsteps: [{template: t, language: en}]\n" +
		"hours: {from: 09:00, to: 20:00, days: mon-sat, zone: \"{{Zone|recipient}}\", holidays: es, dates: [2026-12-25, 01-06]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := &Hours{
		From: "09:00", To: "20:00", Days: "mon-sat", Zone: "{{Zone|recipient}}", Holidays: "es", Dates: []string{"2026-12-25", "01-06"},
	}
	for _, got := range []*Definition{d, throughJSON(t, d)} {
		if diff := cmp.Diff(want, got.Hours, cmpopts.IgnoreUnexported(Hours{})); diff != "" {
			t.Error(diff)
		}
	}
}

func TestJudgeFindsTheZone(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, zone, cell string
		want, detail     string
	}{
		{"the number's, unsaid", "", "Asia/Tokyo", "recipient", ""},
		{"the number's", "Recipient", "Asia/Tokyo", "recipient", ""},
		{"one for all", "Europe/Madrid", "Asia/Tokyo", "", ""},
		{"the row's", "{{ zone }}", " Asia/Tokyo ", "Asia/Tokyo", ""},
		{"the row's says the number's", "{{Zone}}", "RECIPIENT", "recipient", ""},
		{"the row's is empty", "{{Zone}}", "", "", `hours.zone, column "Zone": is empty; write {{Zone|something}} to send something instead`},
		{"stands in: the number's", "{{Zone|recipient}}", "", "recipient", ""},
		{"stands in: a zone", "{{Zone|Europe/Madrid}}", "", "Europe/Madrid", ""},
		{"not needed", "{{Zone|Europe/Madrid}}", "Asia/Tokyo", "Asia/Tokyo", ""},
		{"part of a name", "Europe/{{Zone}}", "Madrid", "Europe/Madrid", ""},
		{
			"no zone", "{{Zone}}", "Madrid", "",
			`hours.zone, column "Zone": "Madrid" is not a time zone; write recipient, or an IANA name such as Europe/Madrid`,
		},
		{
			"too many", "{{Zone}}", "Europe/Madrid,Asia/Tokyo", "",
			`hours.zone, column "Zone": names several time zones; write recipient, or an IANA name such as Europe/Madrid`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := parseStep(t, "body: []")
			d.Hours = &Hours{From: "09:00", To: "20:00", Zone: test.zone}
			r := compile(t, d, []string{"Phone", "Zone"})
			want := Row{Number: 1, Verdict: OK, Zone: test.want, Values: []string{"+34600000001", test.cell}}
			if test.detail != "" {
				want.Verdict, want.Detail = BadValue, test.detail
			}
			got := r.Judge(Row{Number: 1, Verdict: OK, Values: want.Values})
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if out := r.Judge(Row{Verdict: Invalid, Values: want.Values}); out.Zone != "" || out.Verdict != Invalid {
				t.Errorf("a row that takes no part: %+v", out)
			}
		})
	}
}

func TestCompileWantsTheZonesColumn(t *testing.T) {
	t.Parallel()
	d := parseStep(t, "body: []")
	d.Hours = &Hours{From: "09:00", To: "20:00", Zone: "{{Zone}}"}
	const want = `hours.zone: the list has no column "Zone"; it has Phone`
	if _, err := d.Compile([]string{"Phone"}); err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	// One definition serves several lists.
	for i, columns := range [][]string{{"Phone", "Zone"}, {"Zone", "Phone"}} {
		r := compile(t, d, columns)
		values := make([]string, 2)
		values[1-i] = "Asia/Tokyo"
		if got := r.Judge(Row{Verdict: OK, Values: values}); got.Zone != "Asia/Tokyo" {
			t.Errorf("%v: got %+v", columns, got)
		}
		if diff := cmp.Diff([]int{1 - i}, r.Columns()); diff != "" {
			t.Error(diff)
		}
	}
}

// BenchmarkNext is what the feed asks for each message.
func BenchmarkNext(b *testing.B) {
	h, at := day(), time.Date(2026, 3, 2, 3, 0, 0, 0, time.UTC)
	for b.Loop() {
		if _, ok := h.Next("Atlantic/Canary,Europe/Madrid", at); !ok {
			b.Fatal("none")
		}
	}
}
