package simulator

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"pgregory.net/rapid"

	"carillon/campaign"
)

// isAsked reports whether a dialect is asked what became of messages.
func isAsked(d Dialect) bool { _, is := d.(asked); return is }

// cloudCodeOf is the code with which the Cloud API refuses what the gateway refuses
// in this answer; ok is false where it is no refusal of the gateway's.
func cloudCodeOf(t *testing.T, body []byte) (code int, ok bool) {
	t.Helper()
	var v v2Answer
	if err := json.Unmarshal(body, &v); err != nil || v.Status != "error" {
		return 0, false
	}
	code, known := map[string]int{
		"Invalid or expired access token": 190, "Not found": 100, "Invalid request": 100, "Unsupported message type": 131051,
		"A parameter is missing": 131008, "A parameter has characters that are not allowed": 132018,
		"Incorrect phone number format": 131009, "Rate limit exceeded": 130429, "Service unavailable": 131016,
		"Too many messages of this template": 132069,
	}[v.Message]
	if !known || v.Code == 0 {
		t.Errorf("refused with %s", body)
	}
	return code, true
}

// ownAnswer is the message that the gateway has taken in an answer of its own, empty
// where the answer is another one.
func ownAnswer(t *testing.T, body []byte) (id string) {
	t.Helper()
	var v v2Answer
	if err := json.Unmarshal(body, &v); err != nil || v.Status != "success" {
		return ""
	}
	if v.ID == "" || v.Recipient != "+447700900123" {
		t.Errorf("taken with %s", body)
	}
	return v.ID
}

// ask asks what became of a message.
func ask(s *Simulator, id string) (int, v2Answer) {
	_, header := entrance(s.options)
	r := httptest.NewRequest(http.MethodGet, "/message-status?message_id="+url.QueryEscape(id), nil)
	r.Header = header
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	var v v2Answer
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		return w.Code, v2Answer{}
	}
	return w.Code, v
}

// TestAsking asks in the course of a message's life. Nothing is posted unless that
// is wanted.
func TestAsking(t *testing.T) {
	for _, posts := range []bool{false, true} {
		o := Options{Dialect: gatewayDialect{}, AccessToken: "right", Receipts: ReceiptOptions{Delay: 10 * time.Second, Read: 1}}
		simulate(t, o, func(s *Simulator, h *hook) {
			s.outbox.options.AlsoPosts = posts
			send(s, "+5511987654321", "hello", "1.1")
			id := s.Truth().Messages[0].ID
			for _, want := range []string{"accepted", "sent", "delivered", "read", "read"} {
				status, got := ask(s, id)
				if status != http.StatusOK || got.Status != want || got.ID != id || got.Recipient != "+5511987654321" || got.Error != nil {
					t.Errorf("got %d %+v, want %s", status, got, want)
				}
				time.Sleep(10 * time.Second)
			}
			drain(t, s)
			if told := len(h.told) > 0; told != posts {
				t.Errorf("posted %v", h.told)
			}
			if c := s.Counts(); c.Polls != 5 || c.Requests != 1 || len(s.Truth().Arrivals) != 6 {
				t.Errorf("counts %+v", c)
			}
		})
	}
}

// TestAskingIsTold: a status that was told to who asked counts in the audit like
// one that was posted, from the question on.
func TestAskingIsTold(t *testing.T) {
	o := Options{Dialect: gatewayDialect{}, Suffixes: true, Receipts: ReceiptOptions{Delay: 10 * time.Second}}
	simulate(t, o, func(s *Simulator, _ *hook) {
		s.outbox.options.AlsoPosts = false
		send(s, "+447700999902", "hello", "1.1")
		failed := s.Truth().Messages[0]
		time.Sleep(time.Minute)
		if got := s.Truth().Messages[0].Receipts[0]; got.Posted != 0 || got.Answered != 0 {
			t.Errorf("told without a question: %+v", got)
		}
		records := []Record{{To: failed.To, Template: "hello", Status: campaign.Accepted, MessageID: failed.ID, Admitted: true}}
		audit := func() Audit {
			return s.Truth().Audit(func(yield func(Record) bool) { _ = yield(records[0]) }, []string{"hello"}, 0)
		}
		if a := audit(); !a.OK() {
			t.Errorf("before a question: %s", a)
		}
		asked := s.book.now()
		if _, got := ask(s, failed.ID); got.Status != "failed" || got.Error == nil || got.Error.Code != 132000 || got.Error.Message == "" {
			t.Errorf("got %+v", got)
		}
		if got := s.Truth().Messages[0].Receipts[0]; got.Posted < asked || got.Answered < asked {
			t.Errorf("after the question: %+v", got)
		}
		if a := audit(); a.Lost != 1 {
			t.Errorf("a failure that had no effect is not found: %s", a)
		}
		records[0].Status = campaign.Failed
		if a := audit(); !a.OK() {
			t.Errorf("after the question: %s", a)
		}
	})
}

// TestAskingIsRefused: for a wrong token, beyond the rate, without an identifier and
// with one that is of no message.
func TestAskingIsRefused(t *testing.T) {
	simulate(t, Options{Dialect: gatewayDialect{}, AccessToken: "right", Rate: 1}, func(s *Simulator, _ *hook) {
		if w := call(s, http.MethodGet, "/v2/message-status?message_id=x", ""); w.Code != http.StatusUnauthorized {
			t.Errorf("without a token: %d %s", w.Code, w.Body)
		}
		time.Sleep(time.Minute)
		for id, want := range map[string]int{"": http.StatusBadRequest, "wamid.x": http.StatusNotFound, "x": http.StatusNotFound, s.book.id(0): http.StatusNotFound} {
			time.Sleep(time.Minute)
			if status, got := ask(s, id); status != want || got.Status != "error" {
				t.Errorf("%q: %d %+v", id, status, got)
			}
		}
		var refused int
		for range 5 {
			if status, got := ask(s, "x"); status == http.StatusTooManyRequests && got.Code == 133000 {
				refused++
			}
		}
		if refused == 0 {
			t.Error("questions do not count for the rate")
		}
	})
}

// TestPlaceOf: each identifier leads back to its message.
func TestPlaceOf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Uint64().Draw(t, "x")
		if unmix(mix(x)) != x {
			t.Fatalf("%d", x)
		}
	})
	b := newBook(cloudFailure)
	for range 100 {
		place, id := b.accept(request{phone: "+1"}, decision{}, 0, nil)
		if got, ok := b.placeOf(id); !ok || got != place {
			t.Errorf("%s is at %d (%v), want %d", id, got, ok, place)
		}
	}
	if _, ok := b.placeOf(b.id(100)); ok {
		t.Error("a message is found that is not there")
	}
}
