package test

import (
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"carillon/campaign"
	"carillon/configs"
	"carillon/internal/programtest"
	"carillon/simulator"
)

// configurationOf is what `carillon migrate` has to know of a ledger.
const configurationOf = `
channels:
  main: {phone_number_id: "106540352242922", access_token: "a-word-of-ours", app_secret: "a-word-of-ours"}
ledger: sqlite:`

// TestARestoredBackupSendsNothingByItself makes a backup while a campaign is sending,
// lets it send on, and loses the ledger. What docs/operations.md says about restoring
// is then done: nothing is sent that the backup does not know of, until somebody says so.
func TestARestoredBackupSendsNothingByItself(t *testing.T) {
	program := programtest.Program(t)
	provider, url := startProvider(t, simulator.Options{})
	file := filepath.Join(t.TempDir(), "carillon.db")
	s := setup{redis: configuredEmbedded, ledger: "sqlite:" + file, rate: 200}
	c := config(t, s, url)
	c.Dir = t.TempDir()
	c.Schedules = []configs.Schedule{{
		Name: "daily", Campaign: write(t, "c.yaml", oneStep), Cron: "0 9 1 1 *", Zone: "UTC", Contacts: configs.Contacts{File: "none.csv"},
	}}
	first := startApp(t, c, s, provider)
	const all = 2000
	id := first.launch(t, write(t, "campaign.yaml", oneStep), people(t, all)).ID
	accepted := func() int { return provider.Counts().Accepted }
	programtest.Eventually(t, programtest.Patience, "the campaign sends", func() bool { return accepted() > 100 })
	backup := filepath.Join(t.TempDir(), "backup.db")
	backUp(t, file, backup)
	known := accepted()
	programtest.Eventually(t, programtest.Patience, "it sends on", func() bool { return accepted() > known+200 })
	first.shut()
	sent := accepted()
	if sent == all {
		t.Fatal("the campaign has ended before it was lost")
	}

	restoreFile(t, file, backup)
	answer, err := exec.CommandContext(t.Context(), program, "migrate", "--pause-all", "-c", write(t, "carillon.yaml", configurationOf+file)).CombinedOutput()
	if err != nil || !strings.Contains(string(answer), "paused: 1 campaigns, 1 schedules; skipped: 0 slots") {
		t.Fatalf("%v:\n%s", err, answer)
	}
	second := startApp(t, c, s, provider)
	found := second.state(t, id)
	if found.State != "paused" || !strings.Contains(found.Reason, "carillon migrate --pause-all") || found.Counts[campaign.Pending] <= int64(all-sent) {
		t.Fatalf("it is %s (%s) with %v, and %d were sent", found.State, found.Reason, found.Counts, sent)
	}
	schedules, err := second.client.Schedules(t.Context())
	if err != nil || len(schedules) != 1 || !schedules[0].Paused {
		t.Errorf("the schedules are %+v, %v", schedules, err)
	}
	// Another campaign shows that all is at work.
	other := second.launch(t, write(t, "other.yaml", strings.Replace(oneStep, "hello", "other", 1)), people(t, 50))
	second.finish(t, other.ID)
	if got := accepted(); got != sent+50 {
		t.Errorf("%d messages were accepted since, want the 50 of another campaign", got-sent)
	}
	if _, err := second.client.Act(t.Context(), id, "cancel"); err != nil {
		t.Fatal(err)
	}
	programtest.Eventually(t, programtest.Patience, "what was unsent is skipped", func() bool { return second.state(t, id).Counts[campaign.Pending] == 0 })
	if got := accepted(); got != sent+50 {
		t.Errorf("%d messages were accepted more", got-sent-50)
	}
}

// backUp copies a SQLite file that a program has open.
func backUp(t *testing.T, from, to string) {
	t.Helper()
	db, err := sql.Open("sqlite", from+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), `VACUUM INTO '`+to+`'`); err != nil {
		t.Fatal(err)
	}
}

// restoreFile puts a backup in the place of a SQLite file.
func restoreFile(t *testing.T, file, backup string) {
	t.Helper()
	for _, path := range []string{file + "-wal", file + "-shm"} {
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	if err := os.Rename(backup, file); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
}
