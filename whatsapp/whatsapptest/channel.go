package whatsapptest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"carillon/campaign"
	"carillon/whatsapp"
)

const (
	// nowhere is the address of an API that is not called.
	nowhere = "http://api.example.com"
	timeout = 30 * time.Second
	// page is what something on the way answers.
	page = "<html><title>Not the API</title></html>"

	phone     = "447700900123"
	reference = "4503599627370512.1"
	userID    = "GB.13491208655302741918"
)

// letter is a message as any provider can send it.
func letter() whatsapp.Message {
	return whatsapp.Message{To: "+" + phone, Reference: reference, Template: campaign.Template{
		Name: "spring_offer", Language: "en_GB",
		Components: json.RawMessage(`[{"type":"body","parameters":[{"type":"text","text":"Ana"}]}]`),
	}}
}

// open makes a channel that is closed with the test.
func (s Suite) open(t *testing.T, settings whatsapp.Settings, o whatsapp.Opening) whatsapp.Provider {
	t.Helper()
	o.Timeout = timeout
	opened, err := settings.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(opened.Close)
	return opened
}

// channel is a channel to an API that counts its requests, and those of them that
// are for messages.
type channel struct {
	whatsapp.Provider
	requests, messages *atomic.Int32
}

// serve opens a channel to an API whose handler takes messages.
func (s Suite) serve(t *testing.T, handler http.HandlerFunc) channel {
	t.Helper()
	return s.servePrepared(t, s.prepared, handler)
}

// preparation answers what goes before a message; ok is false for a message.
type preparation func(r *http.Request, body []byte) (a Answer, ok bool)

// prepared is the Wire's own preparation.
func (s Suite) prepared(r *http.Request, body []byte) (a Answer, ok bool) {
	if wire, prepares := s.Wire.(Preparer); prepares {
		return wire.Prepared(r, body)
	}
	return Answer{}, false
}

func (s Suite) servePrepared(t *testing.T, prepared preparation, handler http.HandlerFunc) channel {
	t.Helper()
	requests, messages := new(atomic.Int32), new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client has hung up
		}
		if answer, ok := prepared(r, body); ok {
			answer.write(w)
			return
		}
		messages.Add(1)
		r.Body = io.NopCloser(bytes.NewReader(body))
		handler(w, r)
	}))
	t.Cleanup(server.Close)
	return channel{s.open(t, s.Settings(server.URL), whatsapp.Opening{}), requests, messages}
}

// answering opens a channel to an API that gives one answer to everything.
func (s Suite) answering(t *testing.T, a Answer) channel {
	t.Helper()
	return s.serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		a.write(w)
	})
}

// refused sends a message that has to fail with a *whatsapp.Error, after as many
// requests as one send may make.
func (s Suite) refused(t *testing.T, c channel) *whatsapp.Error {
	t.Helper()
	before := c.requests.Load()
	_, err := c.Send(t.Context(), letter())
	if n := int(c.requests.Load() - before); n < 1 || n > s.Spec.Traits.Requests {
		t.Errorf("one send made %d requests, and %d are the most", n, s.Spec.Traits.Requests)
	}
	return refusal(t, err)
}

// refusal is the *whatsapp.Error that err has to be.
func refusal(t *testing.T, err error) *whatsapp.Error {
	t.Helper()
	var refused *whatsapp.Error
	if !errors.As(err, &refused) {
		t.Fatalf("got error %v, want a *whatsapp.Error", err)
	}
	if refused.Hint == "" {
		t.Errorf("%s has no hint", refused.Reason)
	}
	return refused
}

// sameRefusal wants one refusal to say what another says.
func sameRefusal(t *testing.T, what string, got, want *whatsapp.Error) {
	t.Helper()
	if got, want := Summary(got), Summary(want); got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
	if got.Code != want.Code || got.HTTPStatus != want.HTTPStatus || got.Hint != want.Hint {
		t.Errorf("%s: got code %d, HTTP %d, hint %q; want code %d, HTTP %d, hint %q", what,
			got.Code, got.HTTPStatus, got.Hint, want.Code, want.HTTPStatus, want.Hint)
	}
	if !strings.Contains(got.Message, want.Message) {
		t.Errorf("%s: the message %q lacks the provider's words %q", what, got.Message, want.Message)
	}
}
