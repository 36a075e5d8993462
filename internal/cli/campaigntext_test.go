package cli

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/api"
	"carillon/client"
)

const pausedCampaign = `{
	"id": "3k7z2aq", "name": "order-update", "channel": "main", "state": "paused", "reason": "paused by ops",
	"counts": {"delivered": 5, "pending": 3, "waiting": 8, "rejected": 2},
	"verdicts": {"ok": 7, "not_mobile": 1, "invalid": 2},
	"steps": [
		{"step": 1, "template": "order_update", "counts": {"delivered": 5, "pending": 3}},
		{"step": 2, "template": "order_feedback", "counts": {"waiting": 8}}
	],
	"rate": 0, "rate_limit": 20, "total": 16, "open": 11,
	"created_at": "2026-03-01T09:00:00.5Z", "start_at": null, "started_at": "2026-03-01T09:00:01Z",
	"finished_at": null, "expires_at": "2026-03-04T09:00:01Z"}`

func read(t *testing.T, text string) client.Campaign {
	t.Helper()
	var c client.Campaign
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// campaignOf is a campaign as a client has it.
func campaignOf(c api.Campaign) client.Campaign {
	return client.Campaign{Created: api.Created{Campaign: c}}
}

func TestCampaignText(t *testing.T) {
	t.Parallel()
	const want = `3k7z2aq  order-update
state     paused
reason    paused by ops
channel   main
progress  sent 5/16  delivered 5  failed 0
own cap   20/s
list      7 ok, 1 not_mobile, 2 invalid
created   2026-03-01T09:00:00Z
started   2026-03-01T09:00:01Z
expires   2026-03-04T09:00:01Z

STEP  TEMPLATE        WAITING  PENDING  DELIVERED  REJECTED
1     order_update    0        3        5          0
2     order_feedback  8        0        0          0
all                   8        3        5          2
`
	var out strings.Builder
	if err := WriteCampaign(&out, read(t, pausedCampaign).Campaign); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

// TestCampaignTextOfAQueue: numbers whose queues fail alike share a line.
func TestCampaignTextOfAQueue(t *testing.T) {
	t.Parallel()
	c := read(t, pausedCampaign)
	c.Channels = []string{"main", "north", "south"}
	c.QueueTrouble = map[string]string{"south": "Redis is full", "main": "Redis is full", "north": "Redis does not answer"}
	var out strings.Builder
	if err := WriteCampaign(&out, c.Campaign); err != nil {
		t.Fatal(err)
	}
	const want = `
queue     accepts no tasks for north: Redis does not answer; sending resumes by itself once that is fixed
queue     accepts no tasks for main, south: Redis is full; sending resumes by itself once that is fixed
`
	if !strings.Contains(out.String(), want) {
		t.Errorf("got\n%s", &out)
	}
}

func TestACampaignForNobody(t *testing.T) {
	t.Parallel()
	if err := Nobody(read(t, pausedCampaign).Campaign); err != nil {
		t.Error(err)
	}
	exits(t, Nobody(read(t, `{"id":"3k7z2aq","counts":{"rejected":3},"verdicts":{"invalid":2,"not_mobile":1}}`).Campaign), 2,
		"none of the 3 rows of the list can be sent to (1 not_mobile, 2 invalid), so campaign 3k7z2aq sends nothing; `carillon check` says why")
	exits(t, Nobody(read(t, `{"id":"3k7z2aq","counts":{},"verdicts":{}}`).Campaign), 2, "the list has no rows, so campaign 3k7z2aq sends nothing")
}

func TestCampaignTextNamesItsNumbers(t *testing.T) {
	t.Parallel()
	const text = `{"id":"3k7z2aq","name":"n","channel":"main","channels":["main","second"],"state":"running","stopped":{"second":"account_locked (131031)"}}`
	var out strings.Builder
	if err := WriteCampaign(&out, read(t, text).Campaign); err != nil {
		t.Fatal(err)
	}
	if want := "\nchannels  main, second\nstopped   second: account_locked (131031)\n"; !strings.Contains(out.String(), want) {
		t.Errorf("%q is missing in\n%s", want, out.String())
	}
}

func TestCampaignTextSaysWhyMessagesFailed(t *testing.T) {
	t.Parallel()
	const text = `{"id":"3k7z2aq","name":"n","channel":"main","state":"running","counts":{"failed":5,"pending":2},
		"steps":[{"step":1,"template":"offer","counts":{"failed":5,"pending":2}}],
		"failures":[
			{"reason":"parameter_count","code":132000,"count":3,"said":"(#132000) Number of buttons (0) does not match","hint":"Compare them."},
			{"reason":"dropped by ops","code":0,"count":2,"said":"","hint":""}],
		"slowed":[{"channel":"main","template":"offer","language":"en","until":"2026-03-01T10:00:00Z","reason":"flow_throttled","code":132069}]}`
	const want = `3k7z2aq  n
state     running
channel   main
slowed    offer (en) on main until 2026-03-01T10:00:00Z: flow_throttled (132069); then one message is tried, and more follow as they are accepted
progress  sent 5/7  delivered 0  failed 5

STEP  TEMPLATE  PENDING  FAILED
1     offer     2        5
all             2        5

FAILED  CODE    REASON           SAID                                            HINT
3       132000  parameter_count  (#132000) Number of buttons (0) does not match  Compare them.
2       -       dropped by ops   -                                               -
`
	var out strings.Builder
	if err := WriteCampaign(&out, read(t, text).Campaign); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestCampaignTextSaysHowToDecide(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"id":"3k7z2aq","state":"running","counts":{"unknown":2,"sent":1}}`: "\n2 messages are unknown; decide with carillon resolve 3k7z2aq --resend or --drop\n",
		`{"id":"3k7z2aq","state":"finished","counts":{"unknown":1}}`:         "\n1 message is unknown; decide with carillon resolve 3k7z2aq --resend or --drop\n",
		`{"id":"3k7z2aq","state":"cancelled","counts":{"unknown":2}}`:        "\n2 messages are unknown; decide with carillon resolve 3k7z2aq --drop\n",
		`{"id":"3k7z2aq","state":"finished","counts":{"sent":3}}`:            "",
	} {
		var out strings.Builder
		if err := WriteCampaign(&out, read(t, text).Campaign); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(out.String(), want) || want == "" && strings.Contains(out.String(), "unknown") {
			t.Errorf("got %q, want %q at its end", out.String(), want)
		}
	}
}

func TestCampaignsTable(t *testing.T) {
	t.Parallel()
	want := strings.Join([]string{
		"ID       NAME          STATE      SENT  DELIVERED  FAILED  RATE  STARTED                  REASON",
		"3k7z2aq  order-update  paused     5/16  5          0       -     2026-03-01T09:00:01Z     paused by ops",
		"0000001  two           running    0/0   0          0       12/s  -                        the queue accepts no tasks: Redis is full; sending resumes by itself once that is fixed",
		"0000002  three         scheduled  0/0   0          0       -     at 2030-03-01T09:00:00Z  ",
		"",
	}, "\n")
	at := time.Date(2030, 3, 1, 10, 0, 0, 0, time.FixedZone("CET", 3600))
	var out strings.Builder
	if err := WriteCampaigns(&out, []client.Campaign{
		read(t, pausedCampaign), campaignOf(api.Campaign{ID: "0000001", Name: "two", State: "running", Rate: 12, QueueTrouble: map[string]string{"main": "Redis is full"}}),
		campaignOf(api.Campaign{ID: "0000002", Name: "three", State: "scheduled", StartAt: &at}),
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	out.Reset()
	if err := WriteCampaigns(&out, nil); err != nil || !strings.Contains(out.String(), "`carillon launch` makes one") {
		t.Errorf("got %q, %v", out.String(), err)
	}
}

func TestLaunchedText(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	WriteLaunched(&out, read(t, pausedCampaign))
	WriteLaunched(&out, read(t, `{"name":"later","state":"scheduled","start_at":"2030-01-01T08:00:00Z","verdicts":{"ok":3},"steps":[{}]}`))
	want := "campaign \"order-update\" is paused: messages go to 8 of 10 rows, steps: 2 (7 ok, 1 not_mobile, 2 invalid; `carillon check` says why)\n" +
		"campaign \"later\" is scheduled for 2030-01-01T08:00:00Z: messages go to 3 of 3 rows, steps: 1\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestHoursInALine(t *testing.T) {
	t.Parallel()
	opens := time.Date(2026, 5, 4, 7, 0, 0, 0, time.UTC)
	for want, hours := range map[string]api.Hours{
		"09:00 to 20:00, by the recipients' clocks":                                             {From: "09:00", To: "20:00", Zone: "recipient"},
		"09:00 to 20:00 on mon-sat, Europe/Madrid; nothing goes out until 2026-05-04T07:00:00Z": {From: "09:00", To: "20:00", Days: "mon-sat", Zone: "Europe/Madrid", OpensAt: &opens},
	} {
		if got := hoursText(hours); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestDailyTextNamesTheDayOfTheLast(t *testing.T) {
	t.Parallel()
	day := "2026-12-03"
	got := dailyText(api.Daily{Limit: 1000, Used: 400, Later: 1400, LastOn: &day})
	const want = "400 of 1000 recipients within 24 hours; 1400 of this campaign have to wait and are sent by themselves, over about 2 days, the last on about Thursday, 3 December 2026"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
