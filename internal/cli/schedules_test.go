package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/api"
	"carillon/campaign"
)

func TestAddScheduleSendsTheCampaignsText(t *testing.T) {
	t.Parallel()
	var got campaign.Schedule
	c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		decoder := json.NewDecoder(r.Body)
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&got); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"name":"daily","next_at":"2026-03-03T08:00:00Z"}`)
	})
	added, err := AddSchedule(t.Context(), c, ScheduleRequest{
		Name: "daily", Campaign: file(t, "c.yaml", "name: x\n"), Contacts: "sqlite:shop.db", Query: "SELECT 1",
		Cron: "@daily", Zone: "Asia/Tokyo", Overlap: "queue", CatchUp: "none",
	})
	if err != nil || added.Name != "daily" || !added.NextAt.Equal(time.Date(2026, 3, 3, 8, 0, 0, 0, time.UTC)) {
		t.Errorf("got %+v, %v", added, err)
	}
	want := campaign.Schedule{
		Name: "daily", Campaign: "name: x\n", Contacts: campaign.Source{DSN: "sqlite:shop.db", Query: "SELECT 1"},
		Cron: "@daily", Zone: "Asia/Tokyo", Overlap: campaign.OverlapQueue, CatchUp: campaign.CatchUpNone,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	_, err = AddSchedule(t.Context(), c, ScheduleRequest{Campaign: t.TempDir()})
	exits(t, err, 2, "is a folder; name a file")
}

func TestEmptySchedulesSayWhatToDo(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := WriteSchedules(&out, nil); err != nil || !strings.Contains(out.String(), "carillon schedule add") {
		t.Errorf("got %q, %v", out.String(), err)
	}
	out.Reset()
	if err := WriteSlots(&out, nil); err != nil || out.String() != "it has not started a campaign yet\n" {
		t.Errorf("got %q, %v", out.String(), err)
	}
	out.Reset()
	if err := WriteSlots(&out, []api.Slot{{Detail: "line 1\nline 2"}}); err != nil || !strings.Contains(out.String(), "line 1; line 2\n") {
		t.Errorf("got %q, %v", out.String(), err)
	}
}

func TestScheduleShowsItsSource(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	s := api.Schedule{Name: "daily", Contacts: "postgres query", Database: "postgres://ann@host/shop", Query: "SELECT phone\nFROM people", AllowPrivate: true}
	if err := WriteSchedule(&out, s); err != nil {
		t.Fatal(err)
	}
	want := `contacts       postgres query
database       postgres://ann@host/shop
query          SELECT phone
               FROM people
allow private  yes
`
	if !strings.Contains(out.String(), want) {
		t.Errorf("got\n%s", out.String())
	}
}
