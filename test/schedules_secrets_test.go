package test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"carillon/configs"
	"carillon/internal/app"
	"carillon/internal/cli"
	"carillon/internal/programtest"
	"carillon/seal"
	"carillon/simulator"
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

// The key of a schedule's secrets is exchanged as the docs say, and what goes
// wrong on the way is told by name, without a secret.
func TestTheKeyIsExchanged(t *testing.T) {
	program := programtest.Program(t)
	server := serveLists(t)
	folder := t.TempDir()
	definition := filepath.Join(folder, "one.yaml")
	if err := os.WriteFile(definition, []byte(oneStep), 0o600); err != nil {
		t.Fatal(err)
	}
	_, provider := startProvider(t, simulator.Options{})
	c := config(t, setup{redis: "embedded", rate: 100}, provider)
	c.Ledger, c.Dir = "sqlite:"+filepath.Join(folder, "carillon.db"), folder
	first, second := strings.Repeat("1f", seal.KeyBytes), strings.Repeat("2e", seal.KeyBytes)
	newest := "" // campaign of the schedule
	for n, stage := range []struct {
		keys []string
		runs bool
		says string // in the log
	}{
		{[]string{first}, true, ""},
		{[]string{second}, false, "cannot be opened"},
		{[]string{""}, false, "cannot be opened"},
		{[]string{first, second}, true, ""},
		{[]string{second, first}, true, "or under an older key"},
		{[]string{second}, true, ""},
		{[]string{first}, false, "cannot be opened"},
	} {
		c.SealKeys = stage.keys
		log := during(t, c, func(h *house) {
			if n == 0 {
				h.addTheirs(t, definition, server)
			}
			if _, err := h.client.RunSchedule(t.Context(), "theirs"); stage.runs {
				programtest.Eventually(t, programtest.Patience, "another second has come", func() bool {
					before := newest
					newest = h.fired(t, "theirs")
					if newest == before {
						_, err = h.client.RunSchedule(t.Context(), "theirs")
					}
					return newest != before || err != nil
				})
				if got := server.sent("/theirs.csv"); err != nil || got != "hidden-0 key=hidden-1" {
					t.Errorf("stage %d: the list is asked for with %q, %v", n, got, err)
				}
			} else if err == nil || !strings.Contains(err.Error(), "theirs") || !strings.Contains(err.Error(), "seal_keys") {
				t.Errorf("stage %d: it is run, %v", n, err)
			}
			h.showsNoSecret(t, program, first, second)
		})
		if stage.says == "" && strings.Contains(log, "secrets of schedules") || !strings.Contains(log, stage.says) ||
			stage.says != "" && !strings.Contains(log, "schedules=[theirs]") {
			t.Errorf("stage %d: the log says\n%s", n, log)
		}
		for _, secret := range []string{"hidden", first, second} {
			if strings.Contains(log, secret) {
				t.Errorf("stage %d: a secret is logged:\n%s", n, log)
			}
		}
	}
}

// addTheirs adds a schedule with secrets by the API.
func (h *house) addTheirs(t *testing.T, definition string, server *lists) {
	t.Helper()
	_, err := cli.AddSchedule(t.Context(), h.client, cli.ScheduleRequest{
		Name: "theirs", Campaign: definition, Cron: "0 9 1 1 *", Overlap: "parallel",
		Contacts: server.URL + "/theirs.csv?key=hidden-1", Headers: map[string]string{"X-Key": "hidden-0"}, AllowPrivate: true,
	})
	if err != nil {
		t.Fatal(err)
	}
}

// showsNoSecret looks at everything that a server shows: to the program's
// commands, by HTTP, and in the monitor of the queue.
func (h *house) showsNoSecret(t *testing.T, program string, keys ...string) {
	t.Helper()
	shown := map[string][]byte{}
	for _, line := range []string{"schedule list", "schedule list --json", "schedule show theirs", "schedule show theirs --json", "schedule history theirs --json", "list --json", "suppress list"} {
		command := exec.Command(program, append(strings.Fields(line), "--server", h.URL())...)
		command.Env = append(os.Environ(), "CARILLON_TOKEN="+token)
		answer, err := command.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v:\n%s", line, err, answer)
		}
		shown[line] = answer
	}
	campaigns, err := h.client.Campaigns(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	paths := []string{"/api/schedules", "/api/schedules/theirs", "/metrics", "/readyz", "/healthz", "/asynqmon/", "/asynqmon/api/queues", "/asynqmon/api/redis_info", "/asynqmon/api/servers"}
	for _, c := range campaigns {
		paths = append(paths, "/api/campaigns/"+c.ID, "/api/campaigns/"+c.ID+"/report.csv", "/api/campaigns/"+c.ID+"/recipients")
	}
	for _, path := range paths {
		shown[path] = h.read(t, path)
	}
	for place, text := range shown {
		for _, secret := range append(keys, "hidden", token, appSecret) {
			if bytes.Contains(text, []byte(secret)) {
				t.Errorf("a secret is shown by %s:\n%s", place, text)
			}
		}
	}
}

// read is the answer at a path.
func (h *house) read(t *testing.T, path string) []byte {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.URL()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("%s is answered %s, %v:\n%s", path, response.Status, err, text)
	}
	return text
}
