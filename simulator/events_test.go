package simulator

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"carillon/whatsapp"
)

func TestEvents(t *testing.T) {
	t.Parallel()
	const account = "102000000000001"
	ana := whatsapp.Who{Phone: "447700900123", UserID: userID("+447700900123")}
	inbound := func(i whatsapp.Inbound) whatsapp.Events {
		i.Number, i.From = testNumber, ana
		return whatsapp.Events{Inbound: []whatsapp.Inbound{i}}
	}
	notice := func(n whatsapp.Notice) whatsapp.Events { return whatsapp.Events{Notices: []whatsapp.Notice{n}} }
	for body, want := range map[string]whatsapp.Events{
		`{"kind":"inbound","from":"+447700900123","text":"STOP"}`:                      inbound(whatsapp.Inbound{Type: "text", Text: "STOP"}),
		`{"kind":"inbound","from":"+447700900123","text":"¿Qué? / 👋","reply_to":"w1"}`: inbound(whatsapp.Inbound{Type: "text", Text: "¿Qué? / 👋", ReplyTo: "w1"}),
		`{"kind":"inbound","from":"+447700900123","text":"Yes","payload":"yes","reply_to":"w1"}`: inbound(
			whatsapp.Inbound{Type: "button", Text: "Yes", Payload: "yes", ReplyTo: "w1"}),
		`{"kind":"preference","from":"+447700900123","value":"stop","hidden":true}`: {
			Preferences: []whatsapp.Preference{{Number: testNumber, From: whatsapp.Who{UserID: ana.UserID}, Stop: true}}},
		`{"kind":"preference","from":"+447700900123","value":"stop"}`: {
			Preferences: []whatsapp.Preference{{Number: testNumber, From: ana, Stop: true}}},
		`{"kind":"preference","from":"+447700900123","value":"resume","number":"7"}`: {
			Preferences: []whatsapp.Preference{{Number: "7", From: ana}}},
		`{"kind":"number_change","from":"+447700900123","to":"+44 7700 900124"}`: {
			Moves: []whatsapp.Move{{Number: testNumber, From: ana, To: whatsapp.Who{Phone: "447700900124", UserID: userID("+447700900124")}}}},
		`{"kind":"template_status","template":"order_update","language":"en_US","event":"PAUSED","title":"FIRST_PAUSE"}`: notice(
			whatsapp.Notice{Scope: whatsapp.TemplateScope, Account: account, Template: "order_update", Language: "en_US", Reason: "template_paused"}),
		`{"kind":"template_status","template":"order_update","language":"en_US","event":"APPROVED"}`: notice(
			whatsapp.Notice{Account: account, Template: "order_update", Language: "en_US", Reason: "template_usable"}),
		`{"kind":"account_update","event":"ACCOUNT_RESTRICTION","restriction":"RESTRICTED_BIZ_INITIATED_MESSAGING","account":"33"}`: notice(
			whatsapp.Notice{Scope: whatsapp.AccountScope, Account: "33", Reason: "account_restricted"}),
		`{"kind":"account_update","event":"DISABLED_UPDATE","ban":"REINSTATE"}`: notice(
			whatsapp.Notice{Account: account, Reason: "account_reinstated"}),
		`{"kind":"template_quality","template":"order_update","language":"en_US","before":"GREEN","quality":"RED"}`: notice(
			whatsapp.Notice{Account: account, Template: "order_update", Language: "en_US", Reason: "template_quality"}),
		`{"kind":"template_category","template":"order_update","language":"en_US","before":"UTILITY","category":"MARKETING"}`: notice(
			whatsapp.Notice{Scope: whatsapp.TemplateScope, Account: account, Template: "order_update", Language: "en_US", Reason: "template_category", Category: "marketing"}),
		`{"kind":"number_update","event":"THROUGHPUT_UPGRADE","tier":"TIER_UNLIMITED"}`: notice(
			whatsapp.Notice{Account: account, Reason: "number_throughput", Told: whatsapp.NumberState{Throughput: "high", Rate: 1000, Tier: "tier_unlimited", DailyRecipients: whatsapp.NoLimit}}),
		`{"kind":"limit_update","tier":"TIER_2K"}`: notice(
			whatsapp.Notice{Account: account, Reason: "account_limit", Told: whatsapp.NumberState{Tier: "tier_2k", DailyRecipients: 2000}}),
		`{"kind":"errors","code":130429}`: notice(
			whatsapp.Notice{Number: testNumber, Account: account, Reason: "number_rate_limit"}),
	} {
		t.Run(body, func(t *testing.T) {
			simulate(t, Options{Dialect: cloudDialect{}, PhoneNumberID: testNumber}, func(s *Simulator, h *hook) {
				w := call(s, http.MethodPost, "/events", body)
				if w.Code != http.StatusOK {
					t.Fatalf("%d %s", w.Code, w.Body)
				}
				got := h.events() // it was posted by the time of the answer
				if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(whatsapp.Inbound{}, "ID", "At"),
					cmpopts.IgnoreFields(whatsapp.Preference{}, "At"), cmpopts.IgnoreFields(whatsapp.Notice{}, "Topic", "At", "Detail", "Err")); diff != "" {
					t.Error(diff)
				}
				drain(t, s)
				checkEventTruth(t, s.Truth(), w.Body.Bytes(), got)
			})
		})
	}
}

// checkEventTruth: what a person said is in the truth under the identifier that
// was answered; what the platform said is not.
func checkEventTruth(t *testing.T, truth Truth, answer []byte, told whatsapp.Events) {
	t.Helper()
	var a struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		t.Fatal(err)
	}
	if said := len(told.Notices) == 0; said != (len(truth.Inbound) == 1) {
		t.Errorf("truth %+v", truth.Inbound)
	}
	for _, i := range truth.Inbound {
		if i.ID != a.ID || i.Answered == 0 || i.Person != "+447700900123" {
			t.Errorf("truth %+v, answered %q", i, a.ID)
		}
	}
	for _, i := range told.Inbound {
		if i.ID != a.ID || i.ID == "" || i.At.IsZero() {
			t.Errorf("told %+v, answered %q", i, a.ID)
		}
	}
}

func TestEventsThatCannotBeTold(t *testing.T) {
	t.Parallel()
	simulate(t, Options{}, func(s *Simulator, h *hook) {
		for _, e := range []Event{
			{},
			{Kind: "weather"},
			{Kind: "inbound", From: "+447700900123", Number: "1"},
			{Kind: "inbound", From: "447700900123", Text: "hi", Number: "1"},
			{Kind: "inbound", From: "+447700900123", Text: "hi"}, // to no number
			{Kind: "preference", From: "+447700900123", Value: "perhaps", Number: "1"},
			{Kind: "number_change", From: "+447700900123", Number: "1"},
			{Kind: "template_status", Event: "PAUSED"},
			{Kind: "account_update"},
			{Kind: "errors", Number: "1"},
			{Kind: "errors", Code: 131000}, // of no number
		} {
			if _, err := s.Tell(context.Background(), e); !errors.Is(err, ErrEvent) {
				t.Errorf("%+v: %v", e, err)
			}
		}
		if len(h.bodies) != 0 || len(s.Truth().Inbound) != 0 {
			t.Errorf("told %q", h.bodies)
		}
		// Once a message was sent its number is the one that is meant.
		send(s, phone(1), "hello", "1.1")
		if id, err := s.Tell(context.Background(), Event{Kind: "inbound", From: "+447700900123", Text: "hi"}); err != nil || id == "" {
			t.Errorf("id %q: %v", id, err)
		}
		s.SetWebhook("")
		if _, err := s.Tell(context.Background(), Event{Kind: "errors", Code: 131000}); !errors.Is(err, ErrNoWebhook) {
			t.Errorf("without a webhook: %v", err)
		}
		if w := call(s, http.MethodPost, "/events", `{"kind":"errors","code":1}`); w.Code != http.StatusConflict {
			t.Errorf("without a webhook: %d", w.Code)
		}
	})
}

func TestEventsAfterCloseAndWithoutAnswer(t *testing.T) {
	t.Parallel()
	simulate(t, Options{PhoneNumberID: testNumber}, func(s *Simulator, h *hook) {
		h.status = func(n int) int { return []int{503, 503, 200}[min(n, 2)] }
		stop := Event{Kind: "inbound", From: "+447700900123", Text: "Stop"}
		if _, err := s.Tell(context.Background(), stop); err != nil {
			t.Fatal(err)
		}
		if said := s.Truth().Inbound[0]; said.Kind != Stop || said.Posted == 0 || said.Answered != 0 {
			t.Errorf("after the first POST: %+v", said)
		}
		drain(t, s)
		if said := s.Truth().Inbound[0]; said.Answered-said.Posted != 3*firstRetry {
			t.Errorf("after all: %+v", said)
		}
		gone, cancel := context.WithTimeout(context.Background(), time.Second)
		cancel()
		if _, err := s.Tell(gone, stop); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("by one who is gone: %v", err)
		}
		s.Close()
		if _, err := s.Tell(context.Background(), stop); !errors.Is(err, ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}
