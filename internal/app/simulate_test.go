package app

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"
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
	exits(t, err, 2, "--faults: ")
}
