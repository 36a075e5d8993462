package simulator

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/cloud"
)

// events is what the program's own reader of webhooks makes of all POSTs.
func (h *hook) events() (all whatsapp.Events) {
	reader := cloud.Hook{Signing: cloud.Signing{Secret: whatsapp.Secret(h.secret)}, Read: cloud.NewReader(cloud.Book()).Events}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, body := range h.bodies {
		signed := http.Header{"X-Hub-Signature-256": {Sign(h.secret, []byte(body))}}
		e, _, err := reader.Receive(whatsapp.Request{Method: http.MethodPost, Header: signed, Body: []byte(body)})
		if err != nil {
			h.t.Errorf("webhook %s: %v", body, err)
		}
		all.Receipts = append(all.Receipts, e.Receipts...)
		all.Inbound = append(all.Inbound, e.Inbound...)
		all.Preferences = append(all.Preferences, e.Preferences...)
		all.Notices = append(all.Notices, e.Notices...)
		all.Moves = append(all.Moves, e.Moves...)
	}
	return all
}

// sendButton sends a template with a quick-reply button.
func sendButton(s *Simulator, to, name, reference string) *httptest.ResponseRecorder {
	const button = `,{"type":"button","sub_type":"quick_reply","index":"0","parameters":[{"type":"payload","payload":"yes / 42"}]}]}}`
	body := strings.TrimSuffix(template(to, name, reference), "]}}") + button
	if h, ok := s.options.Transport.(*hook); ok {
		h.note(to, name, reference)
	}
	return post(s, body)
}

// TestPeople holds what each row of the table says to what is told and kept of
// it. Receipts take two seconds to delivered and three to read.
func TestPeople(t *testing.T) {
	t.Parallel()
	const quoted = "its message"
	for digits, c := range map[string]struct {
		inbound     []whatsapp.Inbound
		preferences []whatsapp.Preference
		twinned     bool // the wa_id that is told
		kinds       []Kind
	}{
		"99901": {},
		"99902": {},
		"99912": {},
		"99913": {inbound: []whatsapp.Inbound{{From: whatsapp.Who{Phone: "plain"}, Type: "text", Text: "Sí, gracias 👍", ReplyTo: quoted}}, kinds: []Kind{Answer}},
		"99914": {inbound: []whatsapp.Inbound{{From: whatsapp.Who{Phone: "plain"}, Type: "button", Text: "yes / 42", Payload: "yes / 42", ReplyTo: quoted}}, kinds: []Kind{Press}},
		"99915": {inbound: []whatsapp.Inbound{{From: whatsapp.Who{Phone: "plain"}, Type: "text", Text: "STOP"}}, kinds: []Kind{Stop}},
		"99916": {inbound: []whatsapp.Inbound{{From: whatsapp.Who{Phone: "twin"}, Type: "text", Text: "STOP"}}, kinds: []Kind{Stop}},
		"99917": {preferences: []whatsapp.Preference{{From: whatsapp.Who{Phone: "plain"}, Stop: true}}, kinds: []Kind{StopMarketing}},
		"99918": {inbound: []whatsapp.Inbound{{From: whatsapp.Who{Phone: "plain"}, Type: "text", Text: "STOP"}, {From: whatsapp.Who{Phone: "plain"}, Type: "text", Text: "START"}}, kinds: []Kind{Stop, Start}},
		"99920": {inbound: []whatsapp.Inbound{{Type: "text", Text: "STOP"}}, kinds: []Kind{Stop}},
		"99919": {inbound: []whatsapp.Inbound{{From: whatsapp.Who{Phone: "twin"}, Type: "text", Text: "Sí, gracias 👍", ReplyTo: quoted}}, twinned: true, kinds: []Kind{Answer}},
	} {
		t.Run(digits, func(t *testing.T) {
			o := Options{Dialect: cloudDialect{}, Suffixes: true, Receipts: ReceiptOptions{Delay: time.Second, Read: 1}}
			simulate(t, o, func(s *Simulator, h *hook) {
				const number = "+55119876"
				plain := number[1:] + digits
				digitsOf := map[string]string{"plain": plain, "twin": twin(plain)}
				begun := time.Now()
				w := sendButton(s, number+digits, "hello", "1.1")
				if strings.Contains(w.Body.String(), `"wa_id":"`+twin(plain)+`"`) != c.twinned {
					t.Errorf("answer %s", w.Body)
				}
				drain(t, s)
				for i := range c.inbound {
					m := &c.inbound[i]
					m.Number, m.From = testNumber, whatsapp.Who{Phone: digitsOf[m.From.Phone], UserID: userID("+" + plain)}
					if m.ReplyTo == quoted {
						m.ReplyTo = s.Truth().Messages[0].ID
					}
				}
				for i := range c.preferences {
					c.preferences[i].Number, c.preferences[i].From = testNumber, whatsapp.Who{Phone: digitsOf[c.preferences[i].From.Phone], UserID: userID("+" + plain)}
				}
				told := h.events()
				if diff := cmp.Diff(c.inbound, told.Inbound, cmpopts.IgnoreFields(whatsapp.Inbound{}, "ID", "At")); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff(c.preferences, told.Preferences, cmpopts.IgnoreFields(whatsapp.Preference{}, "At")); diff != "" {
					t.Error(diff)
				}
				checkSaid(t, s.Truth(), told, c.kinds, begun)
			})
		})
	}
}

// checkSaid holds the truth of what was said to what was told.
func checkSaid(t *testing.T, truth Truth, told whatsapp.Events, kinds []Kind, begun time.Time) {
	t.Helper()
	var got []Kind
	for n, i := range truth.Inbound {
		got = append(got, i.Kind)
		if i.Person != truth.Messages[0].To || i.Message != truth.Messages[0].ID || i.Posted < i.At || i.Answered < i.Posted || i.Answered == 0 {
			t.Errorf("truth %+v", i)
		}
		if n < len(told.Inbound) {
			said := told.Inbound[n]
			if said.ID != i.ID || said.At.Sub(begun).Truncate(time.Second) != i.At.Truncate(time.Second) || i.At < 4*time.Second {
				t.Errorf("truth %+v, told %+v", i, said)
			}
		}
	}
	if !slices.Equal(got, kinds) {
		t.Errorf("kinds %v, want %v", got, kinds)
	}
	if n := len(got); n == 2 && truth.Inbound[1].At-truth.Inbound[0].At < changeOfMind {
		t.Errorf("a change of mind after %s", truth.Inbound[1].At-truth.Inbound[0].At)
	}
}

func TestPressNeedsAPayload(t *testing.T) {
	t.Parallel()
	for components, want := range map[string]string{
		``: "", `null`: "", `[]`: "", `{}`: "",
		`[{"type":"button","sub_type":"url","parameters":[{"type":"text","text":"a"}]}]`: "",
		`[{"type":"button","sub_type":"quick_reply"}]`:                                   "",
		`[{"type":"body"},{"type":"BUTTON","sub_type":"Quick_Reply","index":"0","parameters":[{"payload":"a"}]},` +
			`{"type":"button","sub_type":"quick_reply","index":"1","parameters":[{"payload":"b"}]}]`: "a",
	} {
		if got, found := quickReply([]byte(components)); got != want || found != (want != "") {
			t.Errorf("%s: %q, %t", components, got, found)
		}
	}
}

func TestSayingsComeTwiceAndAreOne(t *testing.T) {
	t.Parallel()
	o := Options{Faults: Faults{Stop: 1}, Receipts: ReceiptOptions{Delay: time.Second, Duplicate: 1}}
	simulate(t, o, func(s *Simulator, h *hook) {
		send(s, phone(1), "hello", "1.1")
		drain(t, s)
		told := h.heard
		if len(told) != 2 || !cmp.Equal(told[0], told[1]) {
			t.Errorf("told %+v", told)
		}
		if said := s.Truth().Inbound; len(said) != 1 {
			t.Errorf("said %+v", said)
		}
	})
}

// TestSayingsArePostedUntil200: the answer counts from when it came.
func TestSayingsArePostedUntil200(t *testing.T) {
	t.Parallel()
	o := Options{Faults: Faults{Stop: 1}, Receipts: ReceiptOptions{Delay: time.Second}}
	simulate(t, o, func(s *Simulator, h *hook) {
		h.status = func(n int) int { return []int{200, 200, 503, 500, 200}[min(n, 4)] }
		send(s, phone(1), "hello", "1.1")
		drain(t, s)
		said := s.Truth().Inbound[0]
		if took := said.Answered - said.Posted; len(h.bodies) != 5 || took != 3*firstRetry {
			t.Errorf("%d POSTs, answered %s after the first", len(h.bodies), took)
		}
	})
}

// TestAnswersMix has many people say many things, in POSTs that mix them with
// receipts.
func TestAnswersMix(t *testing.T) {
	t.Parallel()
	const people = 400
	o := Options{
		Seed:     11,
		Faults:   Faults{Reply: 0.5, Stop: 0.3, PreferenceStop: 0.3},
		Receipts: ReceiptOptions{Delay: time.Second, Jitter: time.Second, Batch: 7},
	}
	simulate(t, o, func(s *Simulator, h *hook) {
		for i := range people {
			send(s, phone(i), "hello", phone(i))
		}
		drain(t, s)
		told, truth := h.heard, s.Truth()
		quoting := 0
		for _, i := range told {
			if i.Context.ID != "" {
				quoting++
			}
		}
		answers := 0
		for _, i := range truth.Inbound {
			if i.Kind == Answer {
				answers++
			}
		}
		if quoting < answers/3 || quoting > answers*2/3 {
			t.Errorf("%d of %d answers quote the message, want about one half", quoting, answers)
		}
		if len(h.told) != 2*people || len(told) != len(truth.Inbound) || answers < people/5 {
			t.Errorf("%d receipts and %d words told, %d things said, %d of them answers", len(h.told), len(told), len(truth.Inbound), answers)
		}
		if s.options.Dialect.alone() {
			return
		}
		for _, words := range []string{`"messages":[`, `"user_preferences"`} {
			mixed := slices.ContainsFunc(h.bodies, func(b string) bool { return strings.Contains(b, `"statuses"`) && strings.Contains(b, words) })
			if never := words != `"messages":[` && s.options.untold(StopMarketing); mixed == never {
				t.Errorf("a POST mixes receipts and %s: %t", words, mixed)
			}
		}
	})
}

// TestAuditOfASenderWhoDoesNotListen sends once more to everybody.
func TestAuditOfASenderWhoDoesNotListen(t *testing.T) {
	t.Parallel()
	simulate(t, Options{Faults: Faults{StopTwin: 0.5}, Seed: 2}, func(s *Simulator, h *hook) {
		const people = 40
		var records []Record
		for step, template := range []string{first, second} {
			for i := range people {
				send(s, phone(i), template, phone(i))
				records = append(records, Record{
					To: phone(i), Template: template, Step: step, Status: campaign.Delivered, Admitted: true,
				})
			}
			drain(t, s)
			time.Sleep(2 * stopGrace)
		}
		a := s.Truth().Audit(slices.Values(records), []string{first, second}, 0)
		if a.AfterStop < people/4 || 2*a.AfterStop != a.Stopped || a.OK() {
			t.Errorf("found:\n%s", a)
		}
		a.AfterStop = 0
		if !a.OK() {
			t.Errorf("found something else:\n%s", a)
		}
	})
}
