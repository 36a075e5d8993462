package app

import (
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"carillon/campaign"
	"carillon/configs"
	"carillon/ledger"
	"carillon/seal"
)

func TestSamplesAreTheOwnersAlone(t *testing.T) {
	mask := syscall.Umask(0)
	defer syscall.Umask(mask)
	definition, contacts, err := writeSample(t.TempDir(), sampleCampaign, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{definition, contacts} {
		if about, err := os.Stat(path); err != nil || about.Mode() != 0o600 {
			t.Errorf("%s has the mode %s, %v", path, about.Mode(), err)
		}
	}
}

const plainConfig = `
ledger: sqlite:%s
channels:
  main: {phone_number_id: "1", access_token: a-token, app_secret: secret}
`

// The command that is told closes what is open, whatever the folder is called.
func TestOpenFilesAreToldWithTheCommand(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "it's here; $HOME")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	database, config := filepath.Join(folder, "carillon.db"), filepath.Join(folder, "carillon.yaml")
	if err := os.WriteFile(config, fmt.Appendf(nil, plainConfig, database), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := migrateQuietly(t, config); err != "" {
		t.Errorf("with modes as they should be: %s", err)
	}
	for _, path := range []string{database, config} {
		if err := os.Chmod(path, 0o644); err != nil { //nolint:gosec // as older versions made it
			t.Fatal(err)
		}
	}
	log := migrateQuietly(t, config)
	lines := strings.Split(strings.TrimSpace(log), "\n")
	if len(lines) != 2 || !strings.Contains(log, "channels.main.access_token") || strings.Contains(log, "a-token") {
		t.Fatalf("the log says\n%s", log)
	}
	for _, line := range lines {
		_, quoted, _ := strings.Cut(line, "close_it_with=")
		var command string
		if _, err := fmt.Sscanf(quoted, "%q", &command); err != nil || !strings.HasPrefix(command, "chmod 600 ") {
			t.Fatalf("%s: %v", line, err)
		}
		_ = exec.CommandContext(t.Context(), "sh", "-c", command).Run() // -wal and -shm have gone since
	}
	if log := migrateQuietly(t, config); log != "" {
		t.Errorf("after the commands: %s", log)
	}
}

// migrateQuietly brings a ledger up to date, and returns what was logged.
func migrateQuietly(t *testing.T, config string) string {
	t.Helper()
	var log, out strings.Builder
	if err := Migrate(t.Context(), config, false, &out, slog.New(slog.NewTextHandler(&log, nil))); err != nil || out.String() != "the ledger is up to date\n" {
		t.Fatalf("%v, %s", err, out.String())
	}
	return log.String()
}

// What a start says of secrets in the ledger.
func TestSecretsAreToldAtTheStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "carillon.db")
	l, err := ledger.Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	start := func(keys ...string) string {
		t.Helper()
		var log strings.Builder
		if err := keepSecrets(t.Context(), l, &configs.Config{SealKeys: keys}, false, slog.New(slog.NewTextHandler(&log, nil))); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(log.String(), "hidden") {
			t.Errorf("a secret is logged: %s", log.String())
		}
		return log.String()
	}
	first, second := strings.Repeat("0a", seal.KeyBytes), strings.Repeat("0b", seal.KeyBytes)
	if log := start(first); log != "" {
		t.Errorf("with nothing to say: %s", log)
	}
	s := campaign.Schedule{Name: "daily", Contacts: campaign.Source{URL: "https://host/", Headers: map[string]string{"X-Key": "hidden"}}, Cron: "@daily"}
	if _, _, err := l.AddSchedule(t.Context(), ledger.NewSchedule{Schedule: s}, time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		keys  []string
		level string
		says  string
	}{
		{nil, "ERROR", "cannot be opened"},
		{[]string{second}, "ERROR", "cannot be opened"},
		{[]string{second, first}, "WARN", "older copies of the ledger"},
		{[]string{second}, "", ""},
	} {
		log := start(test.keys...)
		if !strings.Contains(log, test.says) || !strings.Contains(log, test.level) || (log == "") != (test.says == "") || log != "" && !strings.Contains(log, "daily") {
			t.Errorf("with %d keys: %s", len(test.keys), log)
		}
	}
}
