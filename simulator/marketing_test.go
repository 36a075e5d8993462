package simulator

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"carillon/internal/programtest"
)

// TestMarketingEndpoint posts to the endpoint for marketing messages: the message
// is as true as any other, and its receipts say what it is charged as.
func TestMarketingEndpoint(t *testing.T) {
	hook := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var body json.RawMessage
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		select {
		case hook <- string(body):
		default:
		}
	}))
	defer server.Close()
	s := New(Options{Webhook: server.URL})
	defer s.Close()
	for policy, want := range map[string]int{"STRICT": http.StatusOK, "SOMETIMES": http.StatusBadRequest} {
		body := `{"messaging_product":"whatsapp","to":"+447700900123","type":"template","product_policy":"` + policy +
			`","message_activity_sharing":true,"template":{"name":"spring_offer","language":{"code":"en"}}}`
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/v23.0/106540352242922/marketing_messages", strings.NewReader(body)))
		if w.Code != want {
			t.Errorf("policy %s is answered %d, %s; want %d", policy, w.Code, w.Body, want)
		}
	}
	if truth := s.Truth().Messages; len(truth) != 1 || !truth[0].Marketing || truth[0].To != "+447700900123" {
		t.Errorf("accepted: %+v", truth)
	}
	select {
	case body := <-hook:
		if !strings.Contains(body, `"category":"marketing_lite"`) {
			t.Errorf("the receipt has another category: %s", body)
		}
	case <-time.After(programtest.Patience):
		t.Error("no receipt came")
	}
}
