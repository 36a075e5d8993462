package whatsapptest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"carillon/whatsapp"
)

// ExaminedWire is the wire of a provider that can be asked whether a channel would
// send.
type ExaminedWire interface {
	Wire
	// Examined answers a request of an examination as where all is well; ok is false
	// for a request that is none. webhooks is the address below which the channel's
	// webhook is registered.
	Examined(r *http.Request, body []byte, webhooks string) (a Answer, ok bool)
	// Stranger is the answer to whoever has the wrong token.
	Stranger() Answer
}

// outside is where webhooks can be reached.
const outside = "https://carillon.example/webhooks/"

// examinations have a channel looked at.
func (s Suite) examinations(t *testing.T) {
	wire, ok := s.Wire.(ExaminedWire)
	if !ok {
		t.Fatal("the channel can be examined, and the wire cannot answer: make it an ExaminedWire")
	}
	well := func(w http.ResponseWriter, r *http.Request, body []byte) {
		if a, ok := wire.Examined(r, body, outside); ok {
			a.write(w)
			return
		}
		t.Errorf("%s %s %s is no request of an examination", r.Method, r.URL.Path, body)
		w.WriteHeader(http.StatusTeapot)
	}
	t.Run("well", func(t *testing.T) { s.examinedWell(t, wire, well) })
	t.Run("elsewhere", func(t *testing.T) {
		e, _ := s.examine(t, well, "https://other.example/webhooks/")
		if slices.ContainsFunc(e.Findings, func(f whatsapp.Finding) bool { return f.State == whatsapp.Ill }) {
			t.Errorf("that webhooks go elsewhere is no fault of the channel: %+v", e.Findings)
		}
	})
	t.Run("wrong token", func(t *testing.T) {
		e, requests := s.examine(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) { wire.Stranger().write(w) }, outside)
		if about := ill(e); !slices.Equal(about, []string{"token"}) || requests > s.Spec.Traits.Requests {
			t.Errorf("%d requests, and in trouble is %v, want the token alone: %+v", requests, about, e.Findings)
		}
	})
	t.Run("strange answers", func(t *testing.T) { s.examinedStrangely(t) })
	t.Run("nobody there", s.examinedInVain)
}

// examine has a right channel look at an API.
func (s Suite) examine(t *testing.T, handler func(http.ResponseWriter, *http.Request, []byte), webhooks string) (e whatsapp.Examination, requests int) {
	t.Helper()
	var made atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		made.Add(1)
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client has hung up
		}
		if sends, err := s.Wire.Read(r, body); err == nil && sends.To != "" {
			t.Errorf("an examination sends a message: %s", body)
		}
		handler(w, r, body)
	}))
	defer server.Close()
	settings := s.Settings(server.URL)
	e = s.open(t, settings, whatsapp.Opening{}).(whatsapp.Examiner).Examine(t.Context(), webhooks)
	soundFindings(t, e)
	return e, int(made.Load())
}

// soundFindings wants each finding to say what was found, and what to do just where
// there is something to do.
func soundFindings(t *testing.T, e whatsapp.Examination) {
	t.Helper()
	if len(e.Findings) == 0 {
		t.Error("nothing was looked at")
	}
	for _, f := range e.Findings {
		if f.About == "" || f.Found == "" || (f.Todo == "") != (f.State == whatsapp.Well) || strings.ContainsAny(f.Found+f.Todo, "\n\r") {
			t.Errorf("finding %+v", f)
		}
	}
}

// ill are the things that are in trouble.
func ill(e whatsapp.Examination) (about []string) {
	for _, f := range e.Findings {
		if f.State == whatsapp.Ill {
			about = append(about, f.About)
		}
	}
	return about
}

func (s Suite) examinedWell(t *testing.T, wire ExaminedWire, well func(http.ResponseWriter, *http.Request, []byte)) {
	e, _ := s.examine(t, well, outside)
	for _, f := range e.Findings {
		if f.State != whatsapp.Well {
			t.Errorf("all is well, and %+v", f)
		}
		tellsNone(t, s.Settings(nowhere), f.Found+f.Todo)
	}
	if !e.Clock.Known || e.Clock.Ahead.Abs() > time.Minute {
		t.Errorf("the clock is %+v", e.Clock)
	}
	ahead, _ := s.examine(t, func(w http.ResponseWriter, r *http.Request, body []byte) {
		w.Header().Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
		a, _ := wire.Examined(r, body, outside)
		a.write(w)
	}, outside)
	if !ahead.Clock.Known || ahead.Clock.Ahead < 50*time.Minute {
		t.Errorf("the clock is an hour ahead, and told as %+v", ahead.Clock)
	}
}

// examinedStrangely has something else answer, which must not pass for a provider
// that is well.
func (s Suite) examinedStrangely(t *testing.T) {
	for name, answer := range map[string]Answer{
		"a page": {Status: 200, Body: page}, "nothing": {Status: 200}, "a fault": {Status: 500}, "a bad gateway": {Status: 502, Body: page},
		"an empty object": {Status: 200, Body: "{}"}, "a list": {Status: 200, Body: "[]"}, "null": {Status: 200, Body: "null"},
		"too much": {Status: 429}, "a redirect": {Status: 307, Header: http.Header{"Location": {"/elsewhere"}}},
	} {
		t.Run(name, func(t *testing.T) {
			e, _ := s.examine(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) { answer.write(w) }, outside)
			if !slices.ContainsFunc(e.Findings, func(f whatsapp.Finding) bool { return f.State != whatsapp.Well }) {
				t.Errorf("all is said to be well: %+v", e.Findings)
			}
		})
	}
}

// examinedInVain has nobody answer, or the caller give up.
func (s Suite) examinedInVain(t *testing.T) {
	c := s.open(t, s.Settings("http://127.0.0.1:1"), whatsapp.Opening{}).(whatsapp.Examiner)
	e := c.Examine(t.Context(), outside)
	soundFindings(t, e)
	if about := ill(e); !slices.Equal(about, []string{"token"}) || !strings.Contains(e.Findings[0].Found, "does not answer") || e.Clock.Known {
		t.Errorf("nobody listens: %+v", e)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	soundFindings(t, c.Examine(ctx, outside))
}

// probes has a channel take the webhooks that it makes itself.
func (s Suite) probes(t *testing.T) {
	settings := s.Settings(nowhere)
	open := func(settings whatsapp.Settings) whatsapp.Hook {
		return s.open(t, settings, whatsapp.Opening{}).(whatsapp.Hook)
	}
	made := map[whatsapp.ProbeKind]int{}
	for _, probe := range open(settings).(whatsapp.Prober).Probes() {
		made[probe.Kind]++
		told, reply, err := open(settings).Receive(probe.Request)
		if diff := gocmp.Diff(whatsapp.Events{}, told); diff != "" {
			t.Errorf("%s tells something: %s", probe.Kind, diff)
		}
		switch probe.Kind {
		case whatsapp.Challenge:
			if err != nil || reply == nil || reply.Text != probe.Reply || probe.Reply == "" {
				t.Errorf("the challenge is replied %+v, %v", reply, err)
			}
		case whatsapp.Proven:
			if err != nil || reply != nil {
				t.Errorf("a proven webhook is replied %+v, %v", reply, err)
			}
		case whatsapp.Unproven:
			if !errors.Is(err, whatsapp.ErrRefused) {
				t.Errorf("an unproven webhook is answered %v", err)
			}
		default:
			t.Errorf("no kind of probe: %q", probe.Kind)
		}
		if _, _, err := open(s.with(probe.Key, "another-secret")).Receive(probe.Request); !errors.Is(err, whatsapp.ErrRefused) {
			t.Errorf("%s is believed with another %s: %v", probe.Kind, probe.Key, err)
		}
	}
	if made[whatsapp.Proven] != 1 || made[whatsapp.Unproven] != 1 {
		t.Errorf("the probes are %v", made)
	}
	for _, probe := range open(s.with(s.Proof.Key, "")).(whatsapp.Prober).Probes() {
		told, _, err := open(settings).Receive(probe.Request)
		if diff := gocmp.Diff(whatsapp.Events{}, told); diff != "" || probe.Kind == whatsapp.Proven && err == nil {
			t.Errorf("a probe without a secret is believed: %v, %s", err, diff)
		}
	}
}
