package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/api"
	"carillon/campaign"
	"carillon/ledger"
)

// nextSlot knows one expression, which is every hour, and lists in files.
func nextSlot(of ledger.Schedule, after time.Time) (time.Time, error) {
	var wrong []error
	if of.Cron != "@hourly" {
		wrong = append(wrong, fmt.Errorf("cron %q is not @hourly", of.Cron))
	}
	if of.Contacts.File == "" && of.Contacts.URL == "" && of.Contacts.DSN == "" {
		wrong = append(wrong, errors.New("contacts: name a file"))
	}
	return after.Truncate(time.Hour).Add(time.Hour), errors.Join(wrong...)
}

// scheduleBody is a schedule as it is sent, with some of its keys changed.
func scheduleBody(change map[string]any) string {
	body := map[string]any{"name": "daily", "campaign": twoSteps, "contacts": map[string]any{"file": "list.csv"}, "cron": "@hourly"}
	for key, value := range change {
		body[key] = value
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // texts and maps always marshal
	}
	return string(text)
}

func (f *fixture) addSchedule(change map[string]any) reply {
	f.t.Helper()
	return f.do(call{
		method: "POST", path: "/api/schedules", token: adminToken,
		header: map[string]string{"Content-Type": "application/json"}, body: strings.NewReader(scheduleBody(change)),
	})
}

// atTen is a server at ten o'clock.
func atTen(t *testing.T) (*fixture, *clock) {
	t.Helper()
	now := clockAt(time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC))
	return start(t, func(o *Options) { o.Now = now.now }), now
}

func TestAddSchedule(t *testing.T) {
	t.Parallel()
	f, now := atTen(t)
	answer := f.addSchedule(nil)
	wantStatus(t, answer, http.StatusCreated)
	if at := answer.header.Get("Location"); at != "/api/schedules/daily" {
		t.Errorf("Location %s", at)
	}
	next := now.now().Add(time.Hour)
	want := api.Schedule{
		Name: "daily", Cron: "@hourly", Zone: "UTC", Overlap: campaign.OverlapSkip, CatchUp: campaign.CatchUpLast,
		Contacts: "list.csv", Campaign: "order-update", Origin: string(ledger.FromAPI), NextAt: &next,
	}
	if diff := cmp.Diff(want, decode[api.Schedule](t, answer)); diff != "" {
		t.Error(diff)
	}
	// The same again, with the defaults written out, some time later.
	now.pass(5 * time.Minute)
	answer = f.addSchedule(map[string]any{"zone": "UTC", "overlap": "skip", "catch_up": "last"})
	wantStatus(t, answer, http.StatusOK)
	if diff := cmp.Diff(want, decode[api.Schedule](t, answer)); diff != "" {
		t.Error(diff)
	}
	wantProblem(t, f.addSchedule(map[string]any{"overlap": "queue"}), nameTaken)
	list := decode[api.Page[api.Schedule]](t, f.get("/api/schedules"))
	if diff := cmp.Diff([]api.Schedule{want}, list.Items); diff != "" {
		t.Error(diff)
	}
}

func TestScheduleMistakesAreToldAtOnce(t *testing.T) {
	t.Parallel()
	f, _ := atTen(t)
	p := wantProblem(t, f.addSchedule(map[string]any{
		"name": "every day", "campaign": "name: x\nchannel: main\n", "contacts": map[string]any{}, "cron": "@sometimes",
		"overlap": "maybe", "catch_up": "some",
	}), badSchedule)
	var got []string
	for _, e := range p.Errors {
		got = append(got, strings.TrimPrefix(e.Path+": "+e.Detail, ": "))
	}
	text := strings.Join(got, "\n")
	for _, want := range []string{"name: must start with a letter", "campaign: line 1: steps:", "overlap: write", "catch_up: write", `cron "@sometimes"`, "contacts: name a file"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not told:\n%s", want, text)
		}
	}
	if p.Detail != text {
		t.Errorf("the detail is %q", p.Detail)
	}
	for name, change := range map[string]map[string]any{
		"third":        {"campaign": strings.Replace(twoSteps, "main", "third", 1)},
		"line 12":      {"campaign": twoSteps + "speed: 3\n"},
		"at most 64":   {"name": strings.Repeat("n", 65)},
		"more than 1 ": {"campaign": strings.Repeat("# long\n", maxDefinition/6)},
	} {
		if p := wantProblem(t, f.addSchedule(change), badSchedule); !strings.Contains(p.Detail, name) {
			t.Errorf("%q is not told: %s", name, p.Detail)
		}
	}
	wantProblem(t, f.addSchedule(map[string]any{"speed": 3}), badRequest)
	if list := decode[api.Page[api.Schedule]](t, f.get("/api/schedules")); len(list.Items) != 0 {
		t.Errorf("%+v is there", list.Items)
	}
}

func TestPauseAndResumeSchedule(t *testing.T) {
	t.Parallel()
	f, now := atTen(t)
	wantStatus(t, f.addSchedule(nil), http.StatusCreated)
	for range 2 {
		if v := decode[api.Schedule](t, f.post("/api/schedules/daily/pause")); !v.Paused || v.NextAt != nil {
			t.Errorf("%+v", v)
		}
	}
	now.pass(5*time.Hour + time.Minute)
	for range 2 {
		v := decode[api.Schedule](t, f.post("/api/schedules/daily/resume"))
		if want := time.Date(2026, 5, 1, 16, 0, 0, 0, time.UTC); v.Paused || v.NextAt == nil || !v.NextAt.Equal(want) {
			t.Errorf("%+v", v)
		}
	}
	wantStatus(t, f.do(call{method: "DELETE", path: "/api/schedules/daily"}), http.StatusNoContent)
	for _, c := range []call{
		{method: "GET", path: "/api/schedules/daily"}, {method: "DELETE", path: "/api/schedules/daily"},
		{method: "POST", path: "/api/schedules/daily/pause"}, {method: "POST", path: "/api/schedules/daily/resume"},
		{method: "POST", path: "/api/schedules/daily/run"}, {method: "GET", path: "/api/schedules/daily/slots"},
	} {
		wantProblem(t, f.do(c), notFound)
	}
}

// settle has a slot that is due become what it is to be.
func (f *fixture) settle(slot campaign.Slot) {
	f.t.Helper()
	if done, err := f.ledger.SettleSlot(f.t.Context(), slot, time.Time{}); err != nil || !done {
		f.t.Fatal(done, err)
	}
}

func TestRunScheduleNow(t *testing.T) {
	t.Parallel()
	f, now := atTen(t)
	wantStatus(t, f.addSchedule(nil), http.StatusCreated)
	wantStatus(t, f.addSchedule(map[string]any{"name": "queue", "overlap": "queue"}), http.StatusCreated)
	run := func(name string) reply { t.Helper(); return f.post("/api/schedules/" + name + "/run") }

	first := run("daily")
	wantStatus(t, first, http.StatusAccepted)
	slot := decode[api.Slot](t, first)
	if slot.State != campaign.SlotDue || slot.By != "anybody" || !slot.At.Equal(now.now()) || slot.CampaignID != nil {
		t.Errorf("%+v", slot)
	}
	if again := run("daily"); again.body != first.body || again.status != http.StatusAccepted {
		t.Errorf("within the same second: %s", again.body)
	}
	now.pass(time.Minute)
	if p := wantProblem(t, run("daily"), wrongState); !strings.Contains(p.Detail, "the slot 2026-05-01T10:00:00Z is about to be started") {
		t.Error(p.Detail)
	}
	id := decode[api.Created](t, f.do(uploadCall("/api/campaigns?start=true", ""))).ID
	made, err := campaign.ParseID(id)
	if err != nil {
		t.Fatal(err)
	}
	f.settle(campaign.Slot{Schedule: "daily", At: slot.At, State: campaign.SlotDone, Campaign: made, Detail: "made"})
	if p := wantProblem(t, run("daily"), wrongState); !strings.Contains(p.Detail, "campaign "+id+" of the slot 2026-05-01T10:00:00Z is running") {
		t.Error(p.Detail)
	}
	wantStatus(t, f.post("/api/campaigns/"+id+"/cancel"), http.StatusOK)
	wantStatus(t, run("daily"), http.StatusAccepted)
	for n, want := range []string{
		"it starts within a second",
		"it waits, because the slot 2026-05-01T10:01:00Z",
		"it waits behind 2 others, because the slot 2026-05-01T10:01:00Z",
	} {
		if slot := decode[api.Slot](t, run("queue")); !strings.Contains(slot.Detail, "asked for by anybody; "+want) {
			t.Errorf("slot %d: %s", n, slot.Detail)
		}
		now.pass(time.Minute)
	}

	v := decode[api.Schedule](t, f.get("/api/schedules/daily"))
	if v.Last == nil || v.Last.State != campaign.SlotDue {
		t.Errorf("the last slot is %+v", v.Last)
	}
	history := decode[api.Page[api.Slot]](t, f.get("/api/schedules/daily/slots"))
	if len(history.Items) != 2 || history.Items[1].CampaignID == nil || *history.Items[1].CampaignID != id || history.Next != nil {
		t.Errorf("%+v", history)
	}
}

func TestHistorySaysWhatASlotWaitsFor(t *testing.T) {
	t.Parallel()
	f, now := atTen(t)
	wantStatus(t, f.addSchedule(map[string]any{"overlap": "queue"}), http.StatusCreated)
	for range 2 {
		wantStatus(t, f.post("/api/schedules/daily/run"), http.StatusAccepted)
		now.pass(time.Minute)
	}
	id := decode[api.Created](t, f.do(uploadCall("/api/campaigns?start=true", ""))).ID
	made, err := campaign.ParseID(id)
	if err != nil {
		t.Fatal(err)
	}
	f.settle(campaign.Slot{Schedule: "daily", At: now.now().Add(-2 * time.Minute), State: campaign.SlotDone, Campaign: made, Detail: "made"})
	for _, step := range [][2]string{{"pause", "is paused; resume or cancel it"}, {"resume", "is running"}} {
		action, waits := step[0], step[1]
		wantStatus(t, f.post("/api/campaigns/"+id+"/"+action), http.StatusOK)
		want := "asked for by anybody; it waits, because campaign " + id + " of the slot 2026-05-01T10:00:00Z " + waits
		history := decode[api.Page[api.Slot]](t, f.get("/api/schedules/daily/slots")).Items
		if diff := cmp.Diff([]string{want, "made"}, []string{history[0].Detail, history[1].Detail}); diff != "" {
			t.Error(diff)
		}
		list := decode[api.Page[api.Schedule]](t, f.get("/api/schedules")).Items
		for _, v := range append(list, decode[api.Schedule](t, f.get("/api/schedules/daily"))) {
			if v.Last.Detail != want {
				t.Error(v.Last.Detail)
			}
		}
	}
	wantStatus(t, f.post("/api/campaigns/"+id+"/cancel"), http.StatusOK)
	if v := decode[api.Schedule](t, f.get("/api/schedules/daily")); v.Last.Detail != "asked for by anybody" {
		t.Error(v.Last.Detail)
	}
}

// Whoever runs a schedule whose slot waits for another try, for its list has come,
// means that one.
func TestRunNowTriesWhatWaits(t *testing.T) {
	t.Parallel()
	for _, overlap := range []campaign.Overlap{campaign.OverlapSkip, campaign.OverlapQueue, campaign.OverlapParallel} {
		t.Run(string(overlap), func(t *testing.T) {
			f, now := atTen(t)
			wantStatus(t, f.addSchedule(map[string]any{"overlap": overlap}), http.StatusCreated)
			run := func() api.Slot {
				t.Helper()
				answer := f.post("/api/schedules/daily/run")
				wantStatus(t, answer, http.StatusAccepted)
				return decode[api.Slot](t, answer)
			}
			slot := campaign.Slot{Schedule: "daily", At: run().At, State: campaign.SlotDue, Detail: "try 1 of 5: no list; tried again at 10:30"}
			now.pass(time.Minute)
			if done, err := f.ledger.SettleSlot(t.Context(), slot, now.now().Add(time.Hour)); err != nil || !done {
				t.Fatal(done, err)
			}
			first := run()
			if want := "anybody asked for another try at once; it starts within a second"; !first.At.Equal(slot.At) || first.Detail != want {
				t.Errorf("%+v", first)
			}
			if diff := cmp.Diff(first, run()); diff != "" {
				t.Errorf("within the same second: %s", diff)
			}
			if done, err := f.ledger.SettleSlot(t.Context(), slot, now.now().Add(time.Hour)); err != nil || !done {
				t.Fatal(done, err)
			}
			if again := run(); again.Detail != slot.Detail {
				t.Errorf("within the same second, when it has failed again: %+v", again)
			}
			history := decode[api.Page[api.Slot]](t, f.get("/api/schedules/daily/slots"))
			if len(history.Items) != 1 {
				t.Errorf("%+v", history)
			}
		})
	}
}

func TestHistoryIsPaged(t *testing.T) {
	t.Parallel()
	f, now := atTen(t)
	wantStatus(t, f.addSchedule(map[string]any{"overlap": "parallel"}), http.StatusCreated)
	for range 5 {
		wantStatus(t, f.post("/api/schedules/daily/run"), http.StatusAccepted)
		now.pass(time.Minute)
	}
	wantStatus(t, f.do(call{method: "DELETE", path: "/api/schedules/daily"}), http.StatusNoContent)
	var got []string
	for query := "limit=2"; ; {
		p := decode[api.Page[api.Slot]](t, f.get("/api/schedules/daily/slots?"+query))
		for _, slot := range p.Items {
			got = append(got, slot.At.Format("15:04"))
		}
		if p.Next == nil {
			break
		}
		query = "limit=2&cursor=" + *p.Next
	}
	if diff := cmp.Diff([]string{"10:04", "10:03", "10:02", "10:01", "10:00"}, got); diff != "" {
		t.Error(diff)
	}
	for _, query := range []string{"limit=0", "limit=101", "cursor=nonsense"} {
		wantProblem(t, f.get("/api/schedules/daily/slots?"+query), badRequest)
	}
}

func TestSchedulesOfTheConfigurationStay(t *testing.T) {
	t.Parallel()
	f, now := atTen(t)
	s := campaign.Schedule{Name: "fixed", CampaignFile: "campaigns/reminder.yaml", Contacts: campaign.Source{File: "list.csv"}, Cron: "@hourly"}
	if err := f.ledger.SyncSchedules(t.Context(), []ledger.NewSchedule{{Schedule: s, Next: now.now().Add(time.Hour)}}, now.now()); err != nil {
		t.Fatal(err)
	}
	if v := decode[api.Schedule](t, f.get("/api/schedules/fixed")); v.Origin != string(ledger.FromConfig) || v.Campaign != "reminder.yaml" {
		t.Errorf("%+v", v)
	}
	wantProblem(t, f.do(call{method: "DELETE", path: "/api/schedules/fixed"}), wrongState)
	wantStatus(t, f.post("/api/schedules/fixed/pause"), http.StatusOK)
	wantProblem(t, f.addSchedule(map[string]any{"name": "fixed"}), nameTaken)
}

func TestSchedulesTakeAnAdmin(t *testing.T) {
	t.Parallel()
	f := start(t, func(o *Options) { o.Tokens = threeTokens() })
	wantStatus(t, f.addSchedule(nil), http.StatusCreated)
	for _, c := range []call{
		{method: "POST", path: "/api/schedules"}, {method: "DELETE", path: "/api/schedules/daily"}, {method: "POST", path: "/api/schedules/daily/pause"},
		{method: "POST", path: "/api/schedules/daily/resume"}, {method: "POST", path: "/api/schedules/daily/run"},
	} {
		c.token = operatorToken
		wantProblem(t, f.do(c), forbidden)
	}
	for _, path := range []string{"/api/schedules", "/api/schedules/daily", "/api/schedules/daily/slots"} {
		wantStatus(t, f.do(call{method: "GET", path: path, token: viewerToken}), http.StatusOK)
	}
}

// visitSchedules brings about every answer about schedules.
func (f *fixture) visitSchedules() {
	do := func(method, path string) { f.do(call{method: method, path: path, token: adminToken}) }
	f.addSchedule(nil)
	f.addSchedule(nil)
	f.addSchedule(map[string]any{"overlap": "queue"})
	f.addSchedule(map[string]any{"name": "no name"})
	f.addSchedule(map[string]any{"campaign": strings.Repeat("# long\n", maxDefinition)})
	do("POST", "/api/schedules")
	do("GET", "/api/schedules")
	do("POST", "/api/schedules/daily/run")
	for _, name := range []string{"daily", "gone"} {
		for _, action := range []string{"pause", "resume", "run"} {
			do("POST", "/api/schedules/"+name+"/"+action)
		}
		do("GET", "/api/schedules/"+name)
		do("GET", "/api/schedules/"+name+"/slots?limit=1")
	}
	do("DELETE", "/api/schedules/daily")
	do("DELETE", "/api/schedules/daily")
	f.visitRun()
}

// visitRun brings about what depends on the time and on the configuration.
func (f *fixture) visitRun() {
	old := campaign.Schedule{Name: "old", Contacts: campaign.Source{File: "list.csv"}, Cron: "of an older version"}
	if err := f.ledger.SyncSchedules(f.t.Context(), []ledger.NewSchedule{{Schedule: old}}, time.Now()); err != nil {
		f.t.Fatal(err)
	}
	if _, err := f.ledger.RunNow(f.t.Context(), "old", ledger.Actor{Name: "ada"}, time.Now().Add(-time.Minute)); err != nil {
		f.t.Fatal(err)
	}
	for _, c := range []call{
		{method: "POST", path: "/api/schedules/old/run"}, {method: "POST", path: "/api/schedules/old/resume"}, {method: "DELETE", path: "/api/schedules/old"},
	} {
		c.token = adminToken
		f.do(c)
	}
}
