package simulator

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testNumber = "106540352242922"

// template is the body of a message.
func template(to, name, reference string) string {
	return fmt.Sprintf(`{"messaging_product":"whatsapp","recipient_type":"individual","to":%q,"type":"template",`+
		`"biz_opaque_callback_data":%q,"template":{"name":%q,"language":{"code":"en_US"},`+
		`"components":[{"type":"body","parameters":[{"type":"text","text":"Café / 42"}]}]}}`, to, reference, name)
}

// call makes a request of the handler itself.
func call(s http.Handler, method, path, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	return w
}

func send(s *Simulator, to, name, reference string) *httptest.ResponseRecorder {
	if h, ok := s.options.Transport.(*hook); ok {
		h.note(to, name, reference)
	}
	return post(s, template(to, name, reference))
}

// phone makes up the n-th recipient.
func phone(n int) string { return fmt.Sprintf("+4477009%05d", n) }

// hook is a receiver of webhooks, as a transport and as a handler.
type hook struct {
	t       *testing.T
	dialect Dialect
	secret  string
	// provider is whose webhooks they are, nil where nobody asks for them by
	// reference.
	provider *Simulator
	// status answers the n-th POST (0 is the first); nil answers 200.
	status func(n int) int

	mu     sync.Mutex
	sent   []sent
	bodies []string // of every POST
	told   []told   // of those answered with 200
	heard  []heard  // likewise
	sizes  []int    // statuses in each of those
}

func (h *hook) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result(), nil
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		h.t.Error(err)
	}
	checkSender(h.t, h.dialect, h.secret, r.Header, body)
	h.mu.Lock()
	defer h.mu.Unlock()
	n := len(h.bodies)
	h.bodies = append(h.bodies, string(body))
	if h.status != nil && h.status(n) != http.StatusOK {
		w.WriteHeader(h.status(n))
		return
	}
	receipts, words := parse(h.t, body)
	h.told, h.heard = append(h.told, receipts...), append(h.heard, words...)
	h.sizes = append(h.sizes, len(receipts))
}

// note keeps the reference of a message: not every provider takes one.
func (h *hook) note(to, name, reference string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if phone, ok := international(to); ok {
		h.sent = append(h.sent, sent{phone, name, reference, h.provider.Counts().Accepted})
	}
}

// sent is a message that was asked for when so many had been accepted.
type sent struct {
	to, template, reference string
	before                  int
}

// statuses of one message in the order in which they were taken.
func (h *hook) statuses(reference string) []string { return h.stories()[reference] }

// stories are the statuses of all messages by their reference, which not every
// provider echoes.
func (h *hook) stories() map[string][]string {
	references, messages := map[string]string{}, h.provider.Truth().Messages
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, m := range messages {
		references[m.ID] = m.Reference
	}
	for _, sent := range h.sent { // a later one with the same key is about later messages
		for _, m := range messages[sent.before:] {
			if m.Reference == "" && m.To == sent.to && m.Template == sent.template {
				references[m.ID] = sent.reference
			}
		}
	}
	all := map[string][]string{}
	for _, r := range h.told {
		all[references[r.ID]] = append(all[references[r.ID]], r.Status)
	}
	return all
}

// taken is how many statuses each POST had.
func (h *hook) taken() []int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.sizes)
}

// simulate runs body in a bubble of its own time, with a hook for webhooks: in
// the dialect of the options, or in each if they have none.
func simulate(t *testing.T, o Options, body func(*Simulator, *hook)) {
	t.Helper()
	dialects := shared()
	if o.Dialect != nil {
		dialects = []Dialect{o.Dialect}
	}
	for _, d := range dialects {
		o.Dialect = d
		t.Run(d.Name(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := &hook{t: t, dialect: d, secret: "s3cret"}
				o.AppSecret, o.Webhook, o.AlsoPosts, o.Transport = h.secret, "http://hook.test/", true, h
				s := New(o)
				defer s.Close()
				h.provider = s
				body(s, h)
				s.Close() // nothing is told from now on
				h.checkTold(d, s.Truth())
			})
		})
	}
}

// drain waits for the receipts; time in the bubble costs nothing.
func drain(t *testing.T, s *Simulator) {
	t.Helper()
	if err := s.Drain(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestAccepts(t *testing.T) {
	t.Parallel()
	simulate(t, Options{}, func(s *Simulator, h *hook) {
		if isVonage(s.options.Dialect) {
			acceptsAsVonage(t, s, h)
			return
		}
		w := send(s, "+44 7700-900123", "hello", "7.1")
		if id := ownAnswer(t, w.Body.Bytes()); id != "" {
			w.Body = bytes.NewBuffer(acceptCloud(request{to: "+44 7700-900123", phone: "+447700900123"}, id, decision{}).body)
		}
		var got struct {
			Contacts []struct{ Input, WaID string } `json:"contacts"`
			Messages []struct {
				ID     string `json:"id"`
				Status string `json:"message_status"`
			} `json:"messages"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%d %s: %v", w.Code, w.Body, err)
		}
		input, status, reference := "+44 7700-900123", "accepted", "7.1"
		if s.options.Dialect.Name() == "360dialog" {
			input, status, reference = "447700900123", "", ""
		}
		if got.Contacts[0].Input != input || !strings.Contains(w.Body.String(), `"wa_id":"447700900123"`) {
			t.Errorf("contacts in %s", w.Body)
		}
		if !strings.HasPrefix(got.Messages[0].ID, "wamid.") || got.Messages[0].Status != status {
			t.Errorf("messages in %s", w.Body)
		}
		drain(t, s)
		if want := []string{"sent", "delivered"}; !slices.Equal(h.statuses("7.1"), want) {
			t.Errorf("receipts %v, want %v", h.statuses("7.1"), want)
		}
		m := s.Truth().Messages[0]
		if m.ID != got.Messages[0].ID || m.To != "+447700900123" || m.Template != "hello" || m.Language != "en_US" ||
			m.Reference != reference || m.Number != origin(s.options) || !strings.Contains(string(m.Components), "Café / 42") {
			t.Errorf("truth is %+v", m)
		}
	})
}

func TestLatency(t *testing.T) {
	t.Parallel()
	simulate(t, Options{Latency: 100 * time.Millisecond}, func(s *Simulator, _ *hook) {
		begun := time.Now()
		send(s, phone(1), "hello", "")
		if took := time.Since(begun); took != 100*time.Millisecond {
			t.Errorf("the answer took %s", took)
		}
	})
}

func TestIdentifiersDiffer(t *testing.T) {
	t.Parallel()
	b := newBook(cloudFailure)
	seen := map[string]bool{}
	for place := range 10_000 {
		seen[b.id(place)] = true
	}
	if len(seen) != 10_000 {
		t.Errorf("%d identifiers for 10000 messages", len(seen))
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	refused := func(t *testing.T, rate, sent float64, check func(n int)) {
		simulate(t, Options{Rate: rate}, func(s *Simulator, _ *hook) {
			for i := range int(10 * sent) {
				send(s, phone(i), "hello", "")
				time.Sleep(time.Duration(float64(time.Second) / sent))
			}
			refused := s.Counts().Refused
			check(refused[codeIn(s.options.Dialect, 130429)] + refused[1000] + refused[133000])
		})
	}
	refused(t, 80, 80, func(n int) {
		if n != 0 {
			t.Errorf("%d refused at the rate itself", n)
		}
	})
	// of 1,000 in ten seconds 80 × 1.02 × 10 may pass, and the burst of four
	refused(t, 80, 100, func(n int) {
		if n < 175 || n > 185 {
			t.Errorf("%d refused of 1000 at 100 a second", n)
		}
	})
}

func TestCloseTwiceAndDrainAfter(t *testing.T) {
	t.Parallel()
	simulate(t, Options{Receipts: ReceiptOptions{Delay: time.Hour}}, func(s *Simulator, _ *hook) {
		send(s, phone(1), "hello", "")
		s.Close()
		s.Close()
		if err := s.Drain(context.Background()); err == nil {
			t.Error("drained although receipts were left")
		}
		if w := send(s, phone(2), "hello", ""); w.Code != http.StatusOK {
			t.Errorf("status %d after Close", w.Code)
		}
	})
}

func TestNoWebhookDropsReceipts(t *testing.T) {
	t.Parallel()
	simulate(t, Options{}, func(s *Simulator, h *hook) {
		s.SetWebhook("")
		send(s, phone(1), "hello", "1.1")
		drain(t, s)
		s.SetWebhook("http://hook.test/")
		send(s, phone(2), "hello", "2.1")
		drain(t, s)
		if len(h.statuses("1.1")) != 0 || len(h.statuses("2.1")) != 2 {
			t.Errorf("receipts %v", h.told)
		}
	})
}

func TestControl(t *testing.T) {
	t.Parallel()
	simulate(t, Options{}, func(s *Simulator, _ *hook) {
		nowhere := s.options.Dialect.refuse(refusal{reason: noSuchPath}).status
		for _, c := range []struct {
			method, path, body string
			status             int
		}{
			{"GET", "/healthz", "", 200},
			{"POST", "/faults", `{"invalid":1,"hang_for":"3s"}`, 204},
			{"POST", "/faults", `{"invalid":2}`, 400},
			{"POST", "/faults", `{"invlid":1}`, 400},
			{"POST", "/events", `{"kind":"inbound","from":"+447700900123","text":"hi","number":"1"}`, 200},
			{"POST", "/events", `{"kind":"inbound","from":"+447700900123","text":"hi"}`, 400},
			{"POST", "/events", `{"kind":"inbound","form":"+447700900123"}`, 400},
			{"POST", "/events", `{`, 400},
			{"GET", "/v23.0/" + testNumber + "/messages", "", nowhere},
			{"GET", "/nowhere", "", nowhere},
		} {
			if w := call(s, c.method, c.path, c.body); w.Code != c.status {
				t.Errorf("%s %s %s: %d, want %d: %s", c.method, c.path, c.body, w.Code, c.status, w.Body)
			}
		}
		if w := send(s, phone(1), "hello", ""); w.Code != 400 && w.Code != 422 {
			t.Errorf("the faults were not set: %d", w.Code)
		}
		var counts Counts
		if err := json.Unmarshal(call(s, "GET", "/counts", "").Body.Bytes(), &counts); err != nil {
			t.Fatal(err)
		}
		if counts.Requests != 1 || counts.Accepted != 0 || counts.Refused[100]+counts.Refused[131009]+counts.Refused[1013]+counts.Refused[1430]+counts.Refused[1170]+counts.Refused[132000] != 1 {
			t.Errorf("counts %+v", counts)
		}
	})
}
