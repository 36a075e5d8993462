package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"carillon/admission"
	"carillon/campaign"
	"carillon/internal/cli"
	"carillon/ledger"
	"carillon/scheduler"
)

const hello = "name: hello\nchannel: main\nsteps: [{template: hello, language: en}]\n"

// importing is a importer over a real ledger, in a folder of its own.
func importing(t *testing.T) *importer {
	t.Helper()
	dir := t.TempDir()
	record, err := ledger.Open(t.Context(), "sqlite:"+filepath.Join(dir, "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := record.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := os.Mkdir(filepath.Join(dir, listsFolder), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"hello.yaml": hello, "broken.yaml": "name: hello\nsteps: []\n", "list.csv": "Phone\n+4915112345601\n", "lists/list.csv": "Phone\n+4915112345601\n", "lists/letters.csv": "Name,City\nAda,London\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return &importer{ledger: record, door: admission.Door{Rates: map[string]float64{"main": 10}}, dir: dir, fetch: fetchList, now: time.Now}
}

func slotOf(name string) campaign.Slot {
	return campaign.Slot{Schedule: name, At: time.Date(2026, 5, 1, 22, 30, 0, 0, time.UTC), State: campaign.SlotRunning, Tries: 1}
}

func TestASlotsCampaignIsMadeOnce(t *testing.T) {
	l := importing(t)
	of := ledger.Schedule{Origin: ledger.FromConfig, Schedule: campaign.Schedule{
		Name: "daily", CampaignFile: "hello.yaml", Contacts: campaign.Source{File: "list.csv"}, Zone: "Europe/Madrid",
	}}
	var lists []*os.File
	l.fetch = func(ctx context.Context, src campaign.Source, at time.Time, dir string, confined bool) (*os.File, error) {
		if got := at.Format(time.DateTime); got != "2026-05-02 00:30:00" {
			t.Errorf("the list of %s is fetched, not that of the day in the schedule's zone", got)
		}
		file, err := fetchList(ctx, src, at, dir, confined)
		lists = append(lists, file)
		return file, err
	}
	first, err := l.Import(t.Context(), of, slotOf("daily"))
	if err != nil {
		t.Fatal(err)
	}
	made, err := l.ledger.(*ledger.Ledger).Campaign(t.Context(), first)
	if err != nil || made.State != campaign.Draft || made.Counts[campaign.Pending] != 1 {
		t.Errorf("%+v, %v", made, err)
	}
	// The list has changed since; the key decides.
	if err := os.WriteFile(filepath.Join(l.dir, "list.csv"), []byte("Phone\n+4915112345602\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := l.Import(t.Context(), of, slotOf("daily"))
	if err != nil || again != first {
		t.Errorf("campaign %s after %s, %v", again, first, err)
	}
	for i, list := range lists {
		if err := list.Close(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("list %d was still open, %v", i, err)
		}
	}
	if len(lists) != 2 {
		t.Errorf("%d lists were fetched, want 2", len(lists))
	}
	key := slotOf("importing").Key()
	def, err := campaign.Parse([]byte(hello))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.ledger.BeginIntake(t.Context(), ledger.NewCampaign{Definition: def, Key: key}, time.Now()); err != nil {
		t.Fatal(err)
	}
	var exists *ledger.ExistsError
	if _, err := l.Import(t.Context(), of, slotOf("importing")); !errors.As(err, &exists) || !exists.Importing {
		t.Errorf("while another imports it: %v", err)
	}
}

func TestWhatKeepsASlotFromItsCampaign(t *testing.T) {
	good := campaign.Schedule{Name: "s", Campaign: hello, Contacts: campaign.Source{File: "lists/list.csv"}}
	for name, test := range map[string]struct {
		change   func(*campaign.Schedule)
		hopeless bool
		says     string
	}{
		"no list yet":          {func(s *campaign.Schedule) { s.Contacts.File = "lists/tomorrow.csv" }, false, "tomorrow.csv"},
		"a list elsewhere":     {func(s *campaign.Schedule) { s.Contacts.File = "list.csv" }, true, "is not in the folder lists"},
		"a way out of there":   {func(s *campaign.Schedule) { s.Contacts.File = "lists/../list.csv" }, true, "list.csv"},
		"a database elsewhere": {func(s *campaign.Schedule) { s.Contacts = campaign.Source{DSN: "sqlite:test.db", Query: "SELECT 1"} }, true, "is not in the folder lists"},
		"no calendar": {func(s *campaign.Schedule) {
			s.Campaign = hello + `hours: {from: "09:00", to: "20:00", holidays: es}` + "\n"
		}, true, "calendar"},
		"no phone column":      {func(s *campaign.Schedule) { s.Contacts.File = "lists/letters.csv" }, true, "phone"},
		"no campaign's file":   {func(s *campaign.Schedule) { s.CampaignFile = "gone.yaml" }, false, "gone.yaml"},
		"a broken campaign":    {func(s *campaign.Schedule) { s.CampaignFile = "broken.yaml" }, true, "channel"},
		"an unknown channel":   {func(s *campaign.Schedule) { s.Campaign = strings.Replace(hello, "main", "third", 1) }, true, `"third"`},
		"a column that is not": {func(s *campaign.Schedule) { s.Campaign = strings.Replace(hello, "en}", `en, body: ["{{City}}"]}`, 1) }, true, "City"},
	} {
		t.Run(name, func(t *testing.T) {
			of := ledger.Schedule{Schedule: good, Origin: ledger.FromAPI}
			test.change(&of.Schedule)
			_, err := importing(t).Import(t.Context(), of, slotOf("s"))
			if err == nil || errors.Is(err, scheduler.ErrHopeless) != test.hopeless || !strings.Contains(err.Error(), test.says) {
				t.Errorf("hopeless %t: %v", errors.Is(err, scheduler.ErrHopeless), err)
			}
		})
	}
}

// Whatever keeps a schedule from being whole is for a person to mend: its slot
// fails at once and says what to do.
func TestASlotWithoutItsKeyFails(t *testing.T) {
	locked := ledger.Schedule{
		Schedule: campaign.Schedule{Name: "s", Campaign: hello, Contacts: campaign.Source{URL: "https://lists.example/"}},
		Origin:   ledger.FromAPI, Unusable: fmt.Errorf("%w; set the key again", ledger.ErrLocked),
	}
	l := importing(t)
	l.fetch = func(context.Context, campaign.Source, time.Time, string, bool) (*os.File, error) {
		t.Error("the list was fetched without its headers")
		return nil, errors.New("no list")
	}
	if _, err := l.Import(t.Context(), locked, slotOf("s")); !errors.Is(err, scheduler.ErrHopeless) || !strings.Contains(err.Error(), "set the key again") {
		t.Errorf("got %v", err)
	}
}

func TestSchedulesWithoutACampaignAreWarnedOf(t *testing.T) {
	var log strings.Builder
	var all []campaign.Schedule
	for _, file := range []string{"hello.yaml", "gone.yaml", "broken.yaml"} {
		all = append(all, campaign.Schedule{Name: "of-" + file, CampaignFile: file})
	}
	importing(t).warnOfCampaigns(all, slog.New(slog.NewTextHandler(&log, nil)))
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "schedule=of-gone.yaml") || !strings.Contains(lines[0], "gone.yaml: no such file") ||
		!strings.Contains(lines[1], "schedule=of-broken.yaml") {
		t.Errorf("the log says\n%s", log.String())
	}
}

func TestSchedulesOfTheConfiguration(t *testing.T) {
	record := importing(t).ledger.(*ledger.Ledger)
	now := time.Date(2026, 5, 1, 22, 30, 0, 0, time.UTC)
	good := campaign.Schedule{Name: "daily", CampaignFile: "hello.yaml", Contacts: campaign.Source{File: "list.csv"}, Cron: "0 9 * * *", Zone: "Europe/Madrid"}
	if err := syncSchedules(t.Context(), record, []campaign.Schedule{good}, now); err != nil {
		t.Fatal(err)
	}
	broken := campaign.Schedule{Name: "broken", Cron: "0 9 * *"}
	err := syncSchedules(t.Context(), record, []campaign.Schedule{broken}, now)
	if cli.ExitCode(err) != 2 || !strings.Contains(err.Error(), "schedules[0] (broken): cron") || !strings.Contains(err.Error(), "contacts: ") {
		t.Errorf("%d: %v", cli.ExitCode(err), err)
	}
	of, err := record.Schedule(t.Context(), "daily") // nothing was changed
	if want := time.Date(2026, 5, 2, 7, 0, 0, 0, time.UTC); err != nil || !of.NextAt.Equal(want) {
		t.Errorf("the next slot is %s, %v", of.NextAt, err)
	}
}

// TestOnlyTheConfigurationHasListsElsewhere: a schedule of the configuration that was
// paused may be resumed wherever its list is.
func TestOnlyTheConfigurationHasListsElsewhere(t *testing.T) {
	of := ledger.Schedule{Schedule: campaign.Schedule{Name: "s", Cron: "@daily", Zone: "UTC", Contacts: campaign.Source{File: "today.csv"}}}
	for origin, allowed := range map[ledger.Origin]bool{ledger.FromConfig: true, ledger.FromAPI: false} {
		of.Origin = origin
		if next, err := nextAllowed(of, time.Now()); (err == nil) != allowed || next.IsZero() == allowed {
			t.Errorf("%v: next at %s: %v", origin, next, err)
		}
	}
}
