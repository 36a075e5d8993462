package configs

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/whatsapp/providers"
)

func TestSchedulesAreRead(t *testing.T) {
	t.Parallel()
	config, err := load(t, minimal+`
schedules:
  - {name: short, campaign: a.yaml, contacts: "lists/%Y.csv", cron: "@daily"}
  - {name: by-url, campaign: /etc/b.yaml, contacts: "https://host/?key=${WHATSAPP_TOKEN}", cron: "0 9 * * *", zone: Asia/Tokyo, overlap: queue, catch_up: none}
  - name: long
    campaign: c.yaml
    contacts: {url: "https://host/", headers: {X-Key: "${WHATSAPP_TOKEN}"}, allow_private: true}
    cron: "@hourly"
    overlap: parallel
    catch_up: all
  - {name: query, campaign: d.yaml, contacts: {dsn: "sqlite:shop.db", query: SELECT phone FROM people}, cron: "@weekly"}
`)
	if err != nil {
		t.Fatal(err)
	}
	want := []campaign.Schedule{
		{Name: "short", CampaignFile: "a.yaml", Contacts: campaign.Source{File: "lists/%Y.csv"}, Cron: "@daily",
			Zone: "UTC", Overlap: campaign.OverlapSkip, CatchUp: campaign.CatchUpLast},
		{Name: "by-url", CampaignFile: "/etc/b.yaml", Contacts: campaign.Source{URL: "https://host/?key=access-secret"}, Cron: "0 9 * * *",
			Zone: "Asia/Tokyo", Overlap: campaign.OverlapQueue, CatchUp: campaign.CatchUpNone},
		{Name: "long", CampaignFile: "c.yaml",
			Contacts: campaign.Source{URL: "https://host/", Headers: map[string]string{"X-Key": "access-secret"}, AllowPrivate: true},
			Cron:     "@hourly", Zone: "UTC", Overlap: campaign.OverlapParallel, CatchUp: campaign.CatchUpAll},
		{Name: "query", CampaignFile: "d.yaml", Contacts: campaign.Source{DSN: "sqlite:shop.db", Query: "SELECT phone FROM people"}, Cron: "@weekly",
			Zone: "UTC", Overlap: campaign.OverlapSkip, CatchUp: campaign.CatchUpLast},
	}
	got := []campaign.Schedule{}
	for _, s := range config.Schedules {
		got = append(got, s.Definition())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestNoSchedulesAreNoMistake(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"schedules:", "schedules: []"} {
		if config, err := load(t, minimal+text+"\n"); err != nil || len(config.Schedules) > 0 {
			t.Errorf("%s: %v, %v", text, config, err)
		}
	}
}

// Paths count from the file, wherever the program was started.
func TestDirIsTheFilesFolder(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "carillon.yaml"), []byte(minimal), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(folder)
	for _, path := range []string{"carillon.yaml", "./carillon.yaml", filepath.Join(folder, "carillon.yaml")} {
		config, err := Load(path, environment, providers.All())
		if err != nil || config.Dir != folder {
			t.Errorf("%s: %v, %v", path, config, err)
		}
	}
}
