package app

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"carillon/internal/cli"
	"carillon/simulator"
)

func TestSimulateServesUntilItIsStopped(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	said, out := io.Pipe()
	ended := make(chan error)
	go func() {
		ended <- Simulate(ctx, SimulateOptions{Listen: "127.0.0.1:0", Out: out, Log: slog.New(slog.DiscardHandler)})
		out.Close()
	}()
	lines := bufio.NewScanner(said)
	if !lines.Scan() {
		t.Fatalf("it says nothing: %v", <-ended)
	}
	address := regexp.MustCompile(`http://\S+`).FindString(lines.Text())
	go func() { _, _ = io.Copy(io.Discard, said) }()
	const body = `{"messaging_product":"whatsapp","to":"+4915123018622","type":"template","template":{"name":"hello","language":{"code":"en"}}}`
	answer, err := http.Post(address+"/v23.0/1/messages", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK || !strings.Contains(string(text), "wamid.") {
		t.Errorf("%s: %s, %v", answer.Status, text, err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestSimulateRefusesFaultsItDoesNotKnow(t *testing.T) {
	err := Simulate(t.Context(), SimulateOptions{Faults: "boredom=1", Out: io.Discard})
	if cli.ExitCode(err) != 2 || !strings.Contains(err.Error(), "--faults: ") {
		t.Errorf("%d: %v", cli.ExitCode(err), err)
	}
}

// TestSimulateHelp has the help list all there is, and tells each event that it
// shows.
func TestSimulateHelp(t *testing.T) {
	help := SimulateHelp()
	for _, share := range simulator.Shares() {
		if !strings.Contains(help, "  "+share.Name+" ") || !strings.Contains(help, share.Does) {
			t.Errorf("the share %s is not in the help", share.Name)
		}
	}
	for _, suffix := range simulator.Suffixes() {
		if !strings.Contains(help, "  "+suffix.Digits+"  "+suffix.Does) {
			t.Errorf("the digits %s are not in the help", suffix.Digits)
		}
	}
	posts := make(chan struct{}, 100)
	webhook := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { posts <- struct{}{} }))
	defer webhook.Close()
	provider := simulator.New(simulator.Options{Webhook: webhook.URL, PhoneNumberID: "1"})
	defer provider.Close()
	shown := 0
	for line := range strings.Lines(help) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "{") {
			continue
		}
		shown++
		w := httptest.NewRecorder()
		provider.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/events", strings.NewReader(line)))
		if w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", line, w.Code, w.Body)
		}
	}
	if shown == 0 || len(posts) != shown {
		t.Errorf("%d events shown, %d told", shown, len(posts))
	}
}
