package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
)

// oneLimit is that of a portfolio which has all numbers; 0 for none.
func oneLimit(daily int) []dailyShare {
	if daily == 0 {
		return nil
	}
	return []dailyShare{{daily, 1}}
}

func TestEstimate(t *testing.T) {
	t.Parallel()
	tuesday := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	wait := campaign.Duration(10 * time.Minute)
	for _, test := range []struct {
		name       string
		def        campaign.Definition
		recipients int64
		rate       float64
		daily      int
		want       Estimate
	}{
		{"one step", campaign.Definition{Steps: make([]campaign.Step, 1)}, 1000, 80, 0,
			Estimate{1000, 80, 12.5, 0, "", nil, "1000 messages at 80/s: about 13s"}},
		{"own cap", campaign.Definition{Steps: make([]campaign.Step, 1), Rate: 0.5}, 1000, 80, 0,
			Estimate{1000, 0.5, 2000, 0, "", nil, "1000 messages at 0.5/s: about 33m20s"}},
		{"cap above the number's", campaign.Definition{Steps: make([]campaign.Step, 1), Rate: 100}, 80, 80, 0,
			Estimate{80, 80, 1, 0, "", nil, "80 messages at 80/s: about 1s"}},
		{"cap without another limit", campaign.Definition{Steps: make([]campaign.Step, 1), Rate: 10}, 10, 0, 0,
			Estimate{10, 10, 1, 0, "", nil, "10 messages at 10/s: about 1s"}},
		{"no limit", campaign.Definition{Steps: make([]campaign.Step, 1)}, 10, 0, 0,
			Estimate{10, 0, 0, 0, "", nil, "10 messages without a limit: as fast as the provider answers"}},
		{"two steps", campaign.Definition{Steps: []campaign.Step{{}, {Wait: wait}}}, 10, 80, 0,
			Estimate{20, 80, 0.3, 0, "", nil, "20 messages at 80/s: about a second, and the time until each step's gate opens with waits of 10m0s"}},
		{"branches", campaign.Definition{Steps: []campaign.Step{{}, {When: &campaign.When{}}, {When: &campaign.When{Any: true}}, {}}}, 10, 80, 0,
			Estimate{30, 80, 0.4, 0, "", nil, "30 messages at 80/s: about a second, and the time until each step's gate opens"}},
		{"expires", campaign.Definition{Steps: make([]campaign.Step, 1), Expires: campaign.Duration(time.Minute)}, 8000, 80, 0,
			Estimate{8000, 80, 100, 0, "", nil, "8000 messages at 80/s: about 1m40s; the campaign expires after 1m0s, before all is sent"}},
		{"more than a day's recipients", campaign.Definition{Steps: make([]campaign.Step, 1)}, 2001, 80, 1000,
			Estimate{2001, 80, 25, 3, "2026-12-03", nil, "2001 messages at 80/s: about 25s; 2,001 people at 1,000 a day: the last message goes out on Thursday, 3 December, if no other campaign uses the limit"}},
		{"two steps for more than a day's recipients", campaign.Definition{Steps: make([]campaign.Step, 2)}, 35_000, 80, 1000,
			Estimate{70_000, 80, 875, 35, "2027-01-04", nil, "70000 messages at 80/s: about 14m35s, and the time until each step's gate opens; 35,000 people at 1,000 a day: the last person gets the first message on Monday, 4 January 2027, if no other campaign uses the limit"}},
		{"for longer than anybody can tell", campaign.Definition{Steps: make([]campaign.Step, 1)}, 4000, 0, 1,
			Estimate{4000, 0, 0, 4000, "", nil, "4000 messages without a limit: as fast as the provider answers; 4,000 people at 1 a day: the last message does not go out within ten years"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, estimate(&test.def, map[string]int64{"": test.recipients}, pace{test.rate, oneLimit(test.daily)}, tuesday)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEstimateWithinHours(t *testing.T) {
	t.Parallel()
	friday := func(clock string) time.Time {
		at, err := time.Parse(time.DateTime, "2026-11-20 "+clock)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	office := campaign.Hours{From: "09:00", To: "17:00", Days: "mon-fri"}
	madrid := campaign.Hours{From: "09:00", To: "17:00", Days: "mon-fri", Zone: "Europe/Madrid"}
	const hour = 3600 // messages at one a second
	for _, test := range []struct {
		name    string
		hours   *campaign.Hours
		zones   map[string]int64
		pace    pace
		expires time.Duration
		now     time.Time
		want    string // at the end of the text
		last    string
	}{
		{"within one day", &madrid, map[string]int64{"": 2 * hour}, pace{rate: 1}, 0, friday("09:00:00"),
			"; started now, the last goes out at about Fri 20 Nov 12:00 CET", "2026-11-20T11:00:00Z"},
		{"over a weekend", &madrid, map[string]int64{"": 2 * hour}, pace{rate: 1}, 0, friday("15:00:00"),
			"; started now, the last goes out at about Mon 23 Nov 10:00 CET", "2026-11-23T09:00:00Z"},
		{"not yet", &madrid, map[string]int64{"": hour / 2}, pace{rate: 1}, 0, friday("20:00:00"),
			"; started now, the first goes out at Mon 23 Nov 09:00 CET and the last at about Mon 23 Nov 09:30 CET", "2026-11-23T08:30:00Z"},
		{"without a limit", &madrid, map[string]int64{"": hour}, pace{}, 0, friday("20:00:00"),
			"; started now, the first goes out at Mon 23 Nov 09:00 CET and the last at about Mon 23 Nov 09:00 CET", "2026-11-23T08:00:00Z"},
		{"two zones in turn", &office, map[string]int64{"Europe/Berlin": hour, "America/New_York": hour}, pace{rate: 1}, 0, friday("08:00:00"),
			"; started now, the last goes out at about Fri 20 Nov 15:00 UTC", "2026-11-20T15:00:00Z"},
		{"expires before", &madrid, map[string]int64{"": 2 * hour}, pace{rate: 1}, 24 * time.Hour, friday("15:00:00"),
			"; the campaign expires after 24h0m0s, before all is sent", "2026-11-23T09:00:00Z"},
		{"more than a year", &madrid, map[string]int64{"": 10_000 * hour}, pace{rate: 1}, 0, friday("15:00:00"), "about 10000h0m0s", ""},
		{"more than a day's people", &madrid, map[string]int64{"": hour}, pace{rate: 1, limits: oneLimit(2000)}, 0, friday("15:00:00"),
			"; 3,600 people at 2,000 a day: the last message goes out on about Monday, 23 November, if no other campaign uses the limit", ""},
		{"two portfolios, one of which has little", &madrid, map[string]int64{"": 2000}, pace{rate: 1, limits: []dailyShare{{250, 0.5}, {10_000, 0.5}}}, 0, friday("15:00:00"),
			"; 2,000 people at 10,250 a day: the last message goes out on about Wednesday, 25 November, if no other campaign uses the limit", ""},
		{"holidays of each zone", &office, map[string]int64{"Asia/Tokyo": 10, "America/New_York": 10}, pace{limits: oneLimit(10)}, 0, friday("15:00:00"),
			"; 20 people at 10 a day: the last message goes out on about Tuesday, 24 November, if no other campaign uses the limit", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			def := &campaign.Definition{Steps: make([]campaign.Step, 1), Hours: test.hours, Expires: campaign.Duration(test.expires)}
			got := estimate(def, test.zones, test.pace, test.now)
			if !strings.HasSuffix(got.Text, test.want) {
				t.Errorf("%s\nshould end with %s", got.Text, test.want)
			}
			last := ""
			if got.LastAt != nil {
				last = got.LastAt.UTC().Format(time.RFC3339)
			}
			if last != test.last {
				t.Errorf("the last at %s, want %s", last, test.last)
			}
		})
	}
}
