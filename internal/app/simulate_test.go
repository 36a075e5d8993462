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
	for provider, path := range map[string]string{
		"": "/v23.0/1/messages", "cloud": "/v23.0/1/messages", "service4u": "/15550001234/messages", "360dialog-cloud": "/messages", "gateway": "/v2/messages",
	} {
		const body = `{"messaging_product":"whatsapp","to":"+4915123018622","type":"template","template":{"name":"hello","language":{"code":"en"}}}`
		t.Run(provider, func(t *testing.T) { simulateServes(t, provider, path, body) })
	}
	t.Run("360dialog", func(t *testing.T) {
		simulateServes(t, "360dialog", "/v1/messages", `{"to":"4915123018622","type":"template",
			"template":{"namespace":"any","language":{"policy":"deterministic","code":"en"},"name":"hello"}}`)
	})
	t.Run("vonage", func(t *testing.T) {
		simulateServes(t, "vonage", "/v1/messages", `{"message_type":"template","channel":"whatsapp","from":"15550001234","to":"4915123018622",
			"whatsapp":{"policy":"deterministic","locale":"en"},"template":{"name":"hello"}}`)
	})
	t.Run("vonage-beta", func(t *testing.T) {
		simulateServes(t, "vonage-beta", "/beta/messages", `{"from":{"type":"whatsapp","number":"15550001234"},"to":{"type":"whatsapp","number":"4915123018622"},
			"message":{"whatsapp":{"locale":"en"},"content":{"type":"template","template":{"name":"a:hello"}}}}`)
	})
}

func simulateServes(t *testing.T, provider, path, body string) {
	ctx, stop := context.WithCancel(t.Context())
	said, out := io.Pipe()
	ended := make(chan error)
	go func() {
		ended <- Simulate(ctx, SimulateOptions{Provider: provider, Listen: "127.0.0.1:0", Out: out, Log: slog.New(slog.DiscardHandler)})
		out.Close()
	}()
	lines := bufio.NewReader(said)
	first, err := lines.ReadString('\n')
	if err != nil {
		t.Fatalf("it says %q, %v: %v", first, err, <-ended)
	}
	address := regexp.MustCompile(`http://\S+`).FindString(first)
	greeting := make(chan string, 1)
	go func() {
		rest, _ := io.ReadAll(lines) // the pipe ends when it is closed
		greeting <- string(rest)
	}()
	answer, err := http.Post(address+path, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode/100 != 2 || !strings.Contains(string(text), "wamid.") {
		t.Errorf("%s: %s, %v", answer.Status, text, err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	named := provider != "" && provider != "cloud"
	if got := <-greeting; strings.Contains(got, "    provider: "+provider+"\n    base_url: "+address) != named {
		t.Errorf("it says %s", got)
	}
}

func TestSimulateRefusesFaultsItDoesNotKnow(t *testing.T) {
	err := Simulate(t.Context(), SimulateOptions{Faults: "boredom=1", Out: io.Discard})
	if cli.ExitCode(err) != 2 || !strings.Contains(err.Error(), "--faults: ") {
		t.Errorf("%d: %v", cli.ExitCode(err), err)
	}
	err = Simulate(t.Context(), SimulateOptions{Provider: "service4u", Faults: "preference_stop=0.1", Out: io.Discard})
	if cli.ExitCode(err) != 2 || !strings.Contains(err.Error(), "--faults: fault preference_stop: service4u never reports ") {
		t.Errorf("%d: %v", cli.ExitCode(err), err)
	}
}

// TestSimulateHelp has the help list all there is, and tells each event that it
// shows.
func TestSimulateHelp(t *testing.T) {
	help := SimulateHelp()
	for _, dialect := range simulator.Dialects() {
		if !strings.Contains(help, "  "+dialect.Name()+" ") || !strings.Contains(help, dialect.About()) {
			t.Errorf("the provider %s is not in the help", dialect.Name())
		}
	}
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
