package test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"carillon/campaign"
	"carillon/internal/app"
	"carillon/internal/postgrestest"
	"carillon/internal/programtest"
	"carillon/ledger"
	"carillon/simulator"
)

// slot is what the API says of a slot.
type slot struct {
	State    string  `json:"state"`
	Campaign *string `json:"campaign_id"`
	Detail   string  `json:"detail"`
}

// ask makes a call of the API that is to succeed, and reads its answer.
func (h *house) ask(t *testing.T, method, path string, body, answer any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, h.URL()+path, strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		t.Fatalf("%s %s: %s", method, path, response.Status)
	}
	if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
		t.Fatal(err)
	}
}

// fired waits until the newest slot of a schedule has its campaign.
func (h *house) fired(t *testing.T, name string) (id string) {
	t.Helper()
	programtest.Eventually(t, programtest.Patience, "the slot is fired", func() bool {
		var history struct {
			Items []slot `json:"items"`
		}
		h.ask(t, "GET", "/api/schedules/"+name+"/slots", nil, &history)
		if len(history.Items) == 0 {
			return false
		}
		newest := history.Items[0]
		if newest.State == "failed" || newest.State == "skipped" {
			t.Fatalf("the slot is %s: %s", newest.State, newest.Detail)
		}
		if newest.Campaign != nil {
			id = *newest.Campaign
		}
		return id != ""
	})
	return id
}

// inFolderWithList puts the test into a folder with a list of n people.
func inFolderWithList(t *testing.T, n int) {
	t.Helper()
	text, err := os.ReadFile(people(t, n))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := os.Mkdir("lists", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("lists/list.csv", text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A schedule sends its campaign each time it is run, to the list as it is then.
func TestAScheduleSendsItsCampaign(t *testing.T) {
	h := startHouse(t, setup{redis: startRedis(t), rate: 500})
	inFolderWithList(t, 50)
	wanted := map[string]any{
		"name": "daily", "campaign": oneStep, "contacts": map[string]any{"file": "lists/list.csv"}, "cron": "0 9 1 1 *", "zone": "Europe/Madrid",
	}
	var schedule struct {
		Next string `json:"next_at"`
	}
	h.ask(t, "POST", "/api/schedules", wanted, &schedule)
	if !strings.Contains(schedule.Next, "-01-01T08:00:00Z") {
		t.Errorf("the next slot is %s", schedule.Next)
	}
	var asked slot
	h.ask(t, "POST", "/api/schedules/daily/run", nil, &asked)
	first := h.fired(t, "daily")
	if c := h.finish(t, first); c.Counts[campaign.Delivered] != 50 || c.Reason != "" {
		t.Errorf("%v, %q", c.Counts, c.Reason)
	}
	h.audit(t, first)

	list := "Full Name,Phone\nEva,+4915123999999\n"
	if err := os.WriteFile("lists/list.csv", []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	second := first
	programtest.Eventually(t, programtest.Patience, "another second has come", func() bool {
		h.ask(t, "POST", "/api/schedules/daily/run", nil, &asked)
		second = h.fired(t, "daily")
		return second != first
	})
	if c := h.finish(t, second); c.Counts[campaign.Delivered] != 1 {
		t.Errorf("%v", c.Counts)
	}
}

// Two processes that share a ledger fire a slot once, whoever of them leads.
func TestTwoProcessesFireASlotOnce(t *testing.T) {
	const size = 40
	inFolderWithList(t, size)
	provider := simulator.New(simulator.Options{AppSecret: appSecret, PhoneNumberID: number})
	server := httptest.NewServer(provider)
	defer server.Close()
	defer provider.Close()
	c := config(t, setup{redis: startRedis(t), rate: 200}, server.URL)
	c.Ledger = postgrestest.Start(t).Database(t)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	var houses [2]*house
	for n := range houses {
		a, err := app.New(t.Context(), c, app.AllRoles(), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = a.Close() }()
		houses[n] = &house{App: a, provider: provider, rate: 200}
		go func() { ended <- a.Run(ctx) }()
	}
	defer func() {
		stop()
		for range houses {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	}()
	provider.SetWebhook(houses[0].URL() + "/webhooks/main")
	record := houses[0].Ledger()
	due := ledger.NewSchedule{Next: time.Now().Truncate(time.Second), Schedule: campaign.Schedule{
		Name: "daily", Campaign: oneStep, Contacts: campaign.Source{File: "lists/list.csv"}, Cron: "@yearly",
	}}
	if _, _, err := record.AddSchedule(t.Context(), due, ledger.Actor{Name: "tester"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	houses[1].fired(t, "daily")
	programtest.Eventually(t, programtest.Patience, "everybody has the message", func() bool { return provider.Counts().Accepted >= size })
	all, err := record.Campaigns(t.Context(), 0, 10)
	if err != nil || len(all) != 1 || all[0].Reason != "" && all[0].Reason != "started by the schedule daily" {
		t.Errorf("%d campaigns, %+v, %v", len(all), all, err)
	}
	slots, err := record.Slots(t.Context(), "daily", time.Time{}, 10)
	if err != nil || len(slots) != 1 || slots[0].Tries != 1 {
		t.Errorf("the slots are %+v, %v", slots, err)
	}
	if n := provider.Counts().Accepted; n != size {
		t.Errorf("%d messages for %d people", n, size)
	}
}
