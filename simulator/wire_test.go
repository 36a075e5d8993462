package simulator

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write anew what goes over the wire")

// TestWire holds every byte that goes over the wire, in both directions of the
// provider's, to a file: what is answered to good and bad requests, what each
// kind of recipient makes the webhooks tell, and every event.
func TestWire(t *testing.T) {
	t.Parallel()
	for _, d := range Dialects() {
		t.Run(d.Name(), func(t *testing.T) { wire(t, d) })
	}
}

func wire(t *testing.T, d Dialect) {
	path := filepath.Join("testdata", "wire", d.Name()+".txt")
	got := record(t, d)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (write it anew with -update if this is meant): %s", path, diff)
	}
}

// record plays all that can happen in a bubble, where clocks always show the
// same, with identifiers that are always the same.
func record(t *testing.T, d Dialect) []byte {
	r := &recorder{}
	synctest.Test(t, func(t *testing.T) {
		r.simulator = New(Options{
			Dialect: d, Webhook: "http://hook.test/", AlsoPosts: true, AppSecret: "s3cret", AccessToken: "right", PhoneNumberID: testNumber, Transport: r,
			Suffixes: true, Seed: 7, Latency: 10 * time.Millisecond,
			Faults:   Faults{HangFor: time.Minute, SlowTemplate: "slow", SlowFor: 90 * time.Second},
			Receipts: ReceiptOptions{Delay: time.Second, Read: 0.5, Early: 0.2, Senders: 1, Batch: 3},
		})
		defer r.simulator.Close()
		r.simulator.book.nonce = 1
		r.requests(t)
		r.people(t)
		r.questions()
		r.together(t)
		r.events(t)
		r.control()
	})
	return r.out.Bytes()
}

// recorder writes down what goes over the wire.
type recorder struct {
	simulator *Simulator

	mu  sync.Mutex
	out bytes.Buffer
}

func (r *recorder) note(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(&r.out, format, args...)
}

// RoundTrip takes a webhook.
func (r *recorder) RoundTrip(q *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return nil, err
	}
	r.note("webhook %s\n", q.Method)
	for _, name := range []string{"Content-Type", "User-Agent", "X-Hub-Signature-256", "X-Webhook-Secret"} {
		if v := q.Header.Get(name); v != "" {
			r.note("  %s: %s\n", name, v)
		}
	}
	r.note("  %s\n", body)
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: q}, nil
}

// call makes one request and writes down its answer.
func (r *recorder) call(name, method, path, token, body string) {
	if path != "/events" {
		body = spoken(r.simulator.options, body)
	}
	q := httptest.NewRequest(method, path, strings.NewReader(body))
	switch {
	case token == "":
	case strings.HasPrefix(r.simulator.options.Dialect.Name(), "360dialog"):
		q.Header.Set("D360-API-KEY", token)
	case isVonage(r.simulator.options.Dialect) && token == "right":
		_, q.Header = entrance(r.simulator.options)
	default:
		q.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	r.note("%s: %s %s\n", name, method, path)
	if !answers(r.simulator, w, q) {
		r.note("  the connection is closed\n")
		return
	}
	r.note("  %d %s", w.Code, w.Header().Get("Content-Type"))
	if again := w.Header().Get("Retry-After"); again != "" {
		r.note(", again after %s", again)
	}
	r.note("\n  %s\n", strings.TrimSuffix(w.Body.String(), "\n"))
}

// answers reports whether an answer comes: the handler may close the connection.
func answers(h http.Handler, w http.ResponseWriter, q *http.Request) (answered bool) {
	defer func() {
		if thrown := recover(); thrown != nil {
			if err, ok := thrown.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
				panic(thrown)
			}
		}
	}()
	h.ServeHTTP(w, q)
	return true
}

func (r *recorder) send(name, body string) {
	path, _ := entrance(r.simulator.options)
	r.call(name, http.MethodPost, path, "right", body)
}

// requests are good and bad ones.
func (r *recorder) requests(t *testing.T) {
	good := template(phone(1), "hello", "7.1")
	r.send("good", good)
	drain(t, r.simulator)
	r.call("without a version", http.MethodPost, "/"+testNumber+"/messages", "right", template(phone(2), "hello", "8 / é"))
	drain(t, r.simulator)
	path, _ := entrance(r.simulator.options)
	r.call("wrong token", http.MethodPost, path, "wrong", good)
	r.call("no token", http.MethodPost, path, "", good)
	r.call("another number", http.MethodPost, "/v23.0/999/messages", "right", good)
	r.call("no number", http.MethodPost, "/messages", "right", good)
	if r.simulator.options.Dialect.Name() == "360dialog" {
		r.dialog360V1()
	}
	drain(t, r.simulator)
	r.call("no such path", http.MethodPost, "/v23.0/"+testNumber+"/calls", "right", good)
	r.call("no such method", http.MethodGet, path, "right", "")
	r.send("no JSON", "{")
	r.send("no recipient", strings.Replace(good, `"to":"`+phone(1)+`",`, "", 1))
	r.send("no plus", strings.Replace(good, `"+44`, `"44`, 1))
	r.send("another kind", strings.Replace(good, `"type":"template"`, `"type":"fax"`, 1))
	r.send("no name", strings.Replace(good, `"name":"hello"`, `"name":""`, 1))
	r.send("an empty text", strings.Replace(good, "Café / 42", "", 1))
	r.send("a newline", strings.Replace(good, "Café / 42", `Café\n42`, 1))
	r.send("a slow template", template(phone(1), "slow", ""))
	for _, f := range []Faults{{Invalid: 1}, {Throttle: 1}, {Timeout408: 1}, {Unavailable: 1}, {BadGateway: 1}} {
		r.simulator.SetFaults(f)
		for n := range 4 {
			r.send("with faults", template(phone(10+n), "hello", ""))
		}
		drain(t, r.simulator)
	}
	r.simulator.SetFaults(Faults{HangFor: time.Minute})
}

// dialog360V1 are the requests that are for no message.
func (r *recorder) dialog360V1() {
	const check = `{"blocking":"wait","contacts":["+447700900001"],"force_check":false}`
	r.call("a check", http.MethodPost, "/v1/contacts", "right", check)
	r.call("a check of another's", http.MethodPost, "/v1/contacts", "wrong", check)
	r.call("a check of no number", http.MethodPost, "/v1/contacts", "right", strings.Replace(check, "+44", "", 1))
	r.call("a check that does not wait", http.MethodPost, "/v1/contacts", "right", strings.Replace(check, "wait", "no_wait", 1))
	r.call("read", http.MethodPut, "/v1/messages/gBEG", "right", `{"status":"read"}`)
	r.call("not read", http.MethodPut, "/v1/messages/gBEG", "right", `{"status":"seen"}`)
	r.simulator.SetFaults(Faults{Invalid: 1})
	r.call("a check of nobody's", http.MethodPost, "/v1/contacts", "right", strings.Replace(check, "00001\"", "00001\",\"+447700900005\",\"+447700900006\",\"+447700900007\"", 1))
	r.simulator.SetFaults(Faults{HangFor: time.Minute, SlowTemplate: "slow", SlowFor: 90 * time.Second})
}

// people are recipients of every kind, each alone.
func (r *recorder) people(t *testing.T) {
	for _, suffix := range Suffixes() {
		for _, reference := range []string{"1.1", ""} {
			body := strings.TrimSuffix(template("+55119876"+suffix.Digits, "hello", reference), "]}}") +
				`,{"type":"button","sub_type":"quick_reply","index":"0","parameters":[{"type":"payload","payload":"yes / 42"}]}]}}`
			r.send(suffix.Digits, body)
			drain(t, r.simulator)
		}
	}
	r.simulator.SetFaults(Faults{HiddenNumber: 1, TwinWaID: 1, Undeliverable: 0.5, Reply: 1})
	for n := range 4 {
		r.send("hidden twin", template(fmt.Sprintf("+551198765%04d", n), "hello", ""))
		drain(t, r.simulator)
	}
	r.simulator.SetFaults(Faults{})
}

// questions ask what became of messages.
func (r *recorder) questions() {
	if !isAsked(r.simulator.options.Dialect) {
		return
	}
	for _, m := range r.simulator.Truth().Messages {
		r.call("asked", http.MethodGet, "/message-status?message_id="+url.QueryEscape(m.ID), "right", "")
	}
	r.call("asked for nothing", http.MethodGet, "/message-status", "right", "")
	r.call("asked for another", http.MethodGet, "/message-status?message_id=wamid.x", "right", "")
	r.call("asked by a stranger", http.MethodGet, "/message-status?message_id=wamid.x", "wrong", "")
}

// together has receipts and words of several share a POST.
func (r *recorder) together(t *testing.T) {
	r.simulator.SetFaults(Faults{Stop: 0.5, Undeliverable: 0.3})
	for n := range 7 {
		r.send("together", template(phone(100+n), "hello", fmt.Sprint(n)))
	}
	drain(t, r.simulator)
	r.simulator.SetFaults(Faults{})
}

// events are all kinds of them.
func (r *recorder) events(t *testing.T) {
	for _, body := range []string{
		`{"kind":"inbound","from":"+447700900123","text":"STOP"}`,
		`{"kind":"inbound","from":"+447700900123","text":"¿Qué? / 👋","reply_to":"w1","number":"7","account":"33"}`,
		`{"kind":"inbound","from":"+447700900123","text":"Yes","payload":"yes","reply_to":"w1"}`,
		`{"kind":"preference","from":"+447700900123","value":"stop","hidden":true}`,
		`{"kind":"preference","from":"+447700900123","value":"resume"}`,
		`{"kind":"number_change","from":"+447700900123","to":"+44 7700 900124"}`,
		`{"kind":"template_status","template":"order_update","language":"en_US","event":"PAUSED","title":"FIRST_PAUSE"}`,
		`{"kind":"template_status","template":"order_update","language":"en_US","event":"REJECTED","reason":"A / B"}`,
		`{"kind":"account_update","event":"ACCOUNT_RESTRICTION","restriction":"RESTRICTED_BIZ_INITIATED_MESSAGING","account":"33"}`,
		`{"kind":"account_update","event":"DISABLED_UPDATE","ban":"DISABLE"}`,
		`{"kind":"errors","code":130429}`,
		`{"kind":"errors"}`,
		`{"kind":"weather"}`,
	} {
		r.call("event "+body, http.MethodPost, "/events", "", body)
		drain(t, r.simulator)
	}
}

// control is what the simulator says of itself.
func (r *recorder) control() {
	r.call("counts", http.MethodGet, "/counts", "", "")
	r.call("truth", http.MethodGet, "/truth", "", "")
}
