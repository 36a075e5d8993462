package test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"carillon/configs"
	"carillon/internal/app"
	"carillon/internal/cli"
	"carillon/seal"
)

// lists is a server of lists that notes what it was sent.
type lists struct {
	*httptest.Server
	mu   sync.Mutex
	seen map[string]string // the header and the query, by path
}

func serveLists(t *testing.T) *lists {
	t.Helper()
	l := &lists{seen: map[string]string{}}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.seen[r.URL.Path] = r.Header.Get("X-Key") + " " + r.URL.RawQuery
		fmt.Fprint(w, "Full Name,Phone\nAna,+4915123000001\n")
	}))
	t.Cleanup(l.Close)
	return l
}

func (l *lists) sent(path string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seen[path]
}

// during runs the program with a configuration while f works with it, and
// returns what it has logged.
func during(t *testing.T, c *configs.Config, f func(*house)) string {
	t.Helper()
	var log bytes.Buffer
	a, err := app.New(t.Context(), c, app.AllRoles(), slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	client, err := cli.NewClient(a.URL(), token)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	f(&house{App: a, client: client})
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	return log.String()
}

// The secrets of a schedule reach the server of its list and stand in no file of
// the ledger, no answer and no log.
func TestSecretsOfSchedulesReachTheirServerAlone(t *testing.T) {
	server := serveLists(t)
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "one.yaml"), []byte(oneStep), 0o600); err != nil {
		t.Fatal(err)
	}
	c := config(t, setup{redis: "embedded", rate: 100}, "http://127.0.0.1:1")
	c.Ledger, c.Dir, c.SealKeys = "sqlite:"+filepath.Join(folder, "carillon.db"), folder, []string{strings.Repeat("0a", seal.KeyBytes)}
	c.Schedules = []configs.Schedule{{
		Name: "ours", Campaign: "one.yaml", Cron: "0 9 1 1 *", Zone: "UTC",
		Contacts: configs.Contacts{URL: server.URL + "/ours.csv?key=hidden-1", Headers: map[string]string{"X-Key": "hidden-2"}, AllowPrivate: true},
	}}
	log := during(t, c, func(h *house) {
		_, err := cli.AddSchedule(t.Context(), h.client, cli.ScheduleRequest{
			Name: "theirs", Campaign: filepath.Join(folder, "one.yaml"), Cron: "0 9 1 1 *",
			Contacts: server.URL + "/theirs.csv?key=hidden-3", Headers: map[string]string{"X-Key": "hidden-4"}, AllowPrivate: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		for name, secrets := range map[string]string{"ours": "configured", "theirs": "sealed"} {
			if s, err := h.client.Schedule(t.Context(), name); err != nil || s.Secrets != secrets || strings.Contains(fmt.Sprintf("%+v", s), "hidden") {
				t.Errorf("%+v, %v", s, err)
			}
			if _, err := h.client.RunSchedule(t.Context(), name); err != nil {
				t.Fatal(err)
			}
			h.fired(t, name)
		}
	})
	for path, want := range map[string]string{"/ours.csv": "hidden-2 key=hidden-1", "/theirs.csv": "hidden-4 key=hidden-3"} {
		if got := server.sent(path); got != want {
			t.Errorf("%s was asked for with %q, want %q", path, got, want)
		}
	}
	if strings.Contains(log, "hidden") {
		t.Errorf("a secret is logged:\n%s", log)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if text := readFile(t, filepath.Join(folder, entry.Name())); bytes.Contains(text, []byte("hidden")) {
			t.Errorf("a secret stands in %s", entry.Name())
		}
	}

	// Without the key the server starts, and says what to do.
	c.SealKeys = nil
	log = during(t, c, func(h *house) {
		s, err := h.client.Schedule(t.Context(), "theirs")
		if err != nil || !strings.Contains(s.Problem, "seal_keys") {
			t.Errorf("%+v, %v", s, err)
		}
		if _, err := h.client.RunSchedule(t.Context(), "theirs"); err == nil || !strings.Contains(err.Error(), "seal_keys") {
			t.Errorf("it was run: %v", err)
		}
	})
	if !strings.Contains(log, "level=ERROR") || !strings.Contains(log, "schedules=[theirs]") {
		t.Errorf("the log does not say it:\n%s", log)
	}
}
