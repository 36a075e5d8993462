package contacts

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nyaruka/phonenumbers"

	"carillon/campaign"
)

func TestZones(t *testing.T) {
	tests := []struct{ what, e164, want string }{
		{"New York", "+12125550123", "America/New_York"},
		{"Los Angeles", "+13105550123", "America/Los_Angeles"},
		{"Honolulu", "+18085550123", "Pacific/Honolulu"},
		{"Saskatchewan, without summer time", "+13065550123", "America/Regina"},
		{"the Dakotas' two", "+17015550123", "America/Denver,America/North_Dakota/Center"},
		{"Jamaica", "+18765550123", "America/Jamaica"},
		{"Moscow", "+74951234567", "Europe/Moscow"},
		{"Kaliningrad", "+74012345678", "Europe/Kaliningrad"},
		{"Saratov", "+78452345678", "Europe/Saratov"},
		{"Vladivostok", "+74232345678", "Asia/Vladivostok"},
		{"Kazakhstan", "+77012345678", "Asia/Almaty"},
		{
			"a Russian mobile", "+79161234567",
			"Asia/Irkutsk,Asia/Kamchatka,Asia/Krasnoyarsk,Asia/Magadan,Asia/Omsk,Asia/Vladivostok,Asia/Yakutsk,Asia/Yekaterinburg," +
				"Europe/Kaliningrad,Europe/Moscow,Europe/Samara",
		},
		{"Sydney", "+61298765432", "Australia/Sydney"},
		{"Brisbane, or close to it", "+61732345678", "Australia/Brisbane,Australia/Sydney"},
		{
			"an Australian mobile", "+61412345678",
			"Australia/Adelaide,Australia/Brisbane,Australia/Darwin,Australia/Eucla,Australia/Lord_Howe,Australia/Perth,Australia/Sydney",
		},
		{"São Paulo", "+5511961234567", "America/Sao_Paulo"},
		{"Manaus", "+5592961234567", "America/Manaus"},
		{"Tijuana", "+526641234567", "America/Tijuana"},
		{"Tenerife", "+34922123456", "Atlantic/Canary"},
		{"Barcelona", "+34931234567", "Europe/Madrid"},
		{"a Spanish mobile", "+34612345678", "Atlantic/Canary,Europe/Madrid"},
		{"a Portuguese mobile", "+351912345678", "Atlantic/Azores,Europe/Lisbon"},
		{"a British mobile", "+447911123456", "Europe/London"},
		{"a German mobile", "+4915112345678", "Europe/Berlin"},
		{"Rome and the Vatican", "+393123456789", "Europe/Rome"},
		{"Algeria, without summer time", "+213551234567", "Africa/Algiers"},
		{"Morocco", "+212650123456", "Africa/Casablanca"},
		{"Nicaragua", "+50581234567", "America/Managua"},
		{"India", "+918123456789", "Asia/Calcutta"},
		{"a satellite", "+870773111632", ""},
		{"freephone of no country", "+80012345678", ""},
		{"no number", "", ""},
		{"no number at all", "phone", ""},
	}
	for _, test := range tests {
		t.Run(test.what, func(t *testing.T) {
			if got := strings.Join(Zones(test.e164), ","); got != test.want {
				t.Errorf("%s: got %q, want %q", test.e164, got, test.want)
			}
		})
	}
}

// TestZonesOfEveryCountry: each is known, there are few, and all can be loaded.
func TestZonesOfEveryCountry(t *testing.T) {
	const most = 16 // of numbers that belong to all of North America
	for _, region := range slices.Sorted(maps.Keys(phonenumbers.GetSupportedRegions())) {
		for kind := phonenumbers.FIXED_LINE; kind <= phonenumbers.VOICEMAIL; kind++ {
			example := phonenumbers.GetExampleNumberForType(region, kind)
			if example == nil {
				continue
			}
			e164 := phonenumbers.Format(example, phonenumbers.E164)
			zones := Zones(e164)
			if len(zones) == 0 || len(zones) > most || !slices.IsSorted(zones) {
				t.Errorf("%s %s: %d zones: %v", region, e164, len(zones), zones)
			}
			for _, zone := range zones {
				if _, err := time.LoadLocation(zone); err != nil {
					t.Errorf("%s: %v", region, err)
				}
			}
		}
	}
}

func TestLocate(t *testing.T) {
	now := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	day := &campaign.Hours{From: "09:00", To: "20:00"}
	short := &campaign.Hours{From: "10:00", To: "19:00"}
	const way = "; give the list a column with zones such as Europe/Madrid, and name it in hours.zone"
	tests := []struct {
		name   string
		hours  *campaign.Hours
		phone  string
		zone   string
		want   string
		detail string
	}{
		{"no hours", nil, "+34931234567", "", "", ""},
		{"a zone for all", day, "+34931234567", "", "", ""},
		{"the number's", day, "+34931234567", "recipient", "Europe/Madrid", ""},
		{"the row's", day, "+34931234567", "Asia/Tokyo", "Asia/Tokyo", ""},
		{"several", day, "+34612345678", "recipient", "Atlantic/Canary,Europe/Madrid", ""},
		{"eleven, with an hour for all", day, "+79161234567", "recipient", strings.Join(Zones("+79161234567"), ","), ""},
		{
			"none for all", short, "+79161234567", "recipient", "",
			"hours: the number may be in any of " + strings.Join(Zones("+79161234567"), ", ") + ", and no hour of the day suits all of them" + way,
		},
		{"unknown", day, "+870773111632", "recipient", "", "hours: the number does not reveal its time zone" + way},
		{"unknown, but told", day, "+870773111632", "Asia/Tokyo", "Asia/Tokyo", ""},
		{
			"never", &campaign.Hours{From: "09:00", To: "20:00", Days: "mon", Dates: mondays(now)}, "+34931234567", "recipient", "",
			"hours: they leave no time in Europe/Madrid within a year; change hours.days or hours.dates",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			locator := NewLocator(test.hours, now)
			row := campaign.Row{Number: 1, Phone: test.phone, Verdict: campaign.OK, Zone: test.zone}
			want := row
			want.Zone = test.want
			if test.detail != "" {
				want.Verdict, want.Detail = campaign.BadValue, test.detail
			}
			for range 2 { // what it remembers is what it found
				if diff := cmp.Diff(want, locator.Locate(row)); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func TestUserIDsHaveNoZone(t *testing.T) {
	locator := NewLocator(&campaign.Hours{From: "09:00", To: "20:00"}, time.Now())
	row := campaign.Row{Phone: "US.13491208655302741918", Person: "US.13491208655302741918", Verdict: campaign.OK, Zone: campaign.RecipientZone}
	got := locator.Locate(row)
	if want := "hours: a user ID does not reveal a time zone; give the list a column with zones"; got.Verdict != campaign.BadValue || !strings.HasPrefix(got.Detail, want) {
		t.Errorf("%s: %s", got.Verdict, got.Detail)
	}
	row.Zone = "Europe/Madrid"
	if diff := cmp.Diff(row, locator.Locate(row)); diff != "" {
		t.Error(diff)
	}
}

func TestLocateLeavesOthersAlone(t *testing.T) {
	row := campaign.Row{Phone: "12", Verdict: campaign.Invalid, Detail: "too short"}
	if diff := cmp.Diff(row, NewLocator(&campaign.Hours{From: "09:00", To: "20:00"}, time.Now()).Locate(row)); diff != "" {
		t.Error(diff)
	}
}

// mondays are those of two years.
func mondays(from time.Time) []string {
	var dates []string
	for day := from; len(dates) < 2*53; day = day.AddDate(0, 0, 7) {
		dates = append(dates, day.Format(time.DateOnly))
	}
	return dates
}

func BenchmarkLocate(b *testing.B) {
	locator := NewLocator(&campaign.Hours{From: "09:00", To: "20:00"}, time.Now())
	for _, e164 := range []string{"+4915112345678", "+12125550123", "+351912345678", "+79161234567"} {
		b.Run(e164, func(b *testing.B) {
			for b.Loop() {
				locator.Locate(campaign.Row{Phone: e164, Verdict: campaign.OK, Zone: campaign.RecipientZone})
			}
		})
	}
}
