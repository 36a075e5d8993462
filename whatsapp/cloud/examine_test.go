package cloud

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"testing"
	"time"

	"carillon/whatsapp"
	"carillon/whatsapp/whatsapptest"
)

// examined is what comes of an examination where one request, by the end of its path,
// is answered otherwise.
func examined(t *testing.T, about, body string, change func(*Settings)) whatsapp.Examination {
	t.Helper()
	wire := whatsapptest.CloudWire{Number: numberOne, Display: "447700900777"}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text := body
		if about == "" || path.Base(r.URL.Path) != about {
			a, _ := wire.Examined(r, nil, "https://carillon.example/webhooks/")
			text = a.Body
		}
		if strings.HasPrefix(text, `{"error"`) {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = io.WriteString(w, text)
	}))
	defer server.Close()
	s := settings(server.URL)
	if change != nil {
		change(s)
	}
	opened, err := s.Open(whatsapp.Opening{Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	return opened.(whatsapp.Examiner).Examine(t.Context(), "https://carillon.example/webhooks/")
}

func TestExaminations(t *testing.T) {
	t.Parallel()
	token := func(data string) string {
		return `{"data":{"app_id":"` + whatsapptest.CloudApp + `","is_valid":true,"scopes":["whatsapp_business_messaging","whatsapp_business_management"]` + data + `}}`
	}
	ends := func(in time.Duration) string {
		return token(fmt.Sprintf(`,"expires_at":%d`, time.Now().Add(in).Unix()))
	}
	hook := func(fields string) string {
		return `{"data":[{"object":"whatsapp_business_account","callback_url":"https://carillon.example/webhooks/main","active":true,"fields":[` + fields + `]}]}`
	}
	for name, test := range map[string]struct {
		about, body string
		finding     string
		state       whatsapp.Health
		found       string
	}{
		"not valid":           {"debug_token", `{"data":{"is_valid":false,"error":{"code":190,"message":"Session has expired"}}}`, "token", whatsapp.Ill, "is not valid: Session has expired"},
		"expired by code":     {"debug_token", `{"error":{"code":190,"message":"Session has expired"}}`, "token", whatsapp.Ill, "refused: Session has expired"},
		"not told":            {"debug_token", `{"error":{"code":100,"message":"No such path"}}`, "token", whatsapp.Doubtful, "nothing is told of it: No such path"},
		"ends soon":           {"debug_token", ends(6 * 24 * time.Hour), "token", whatsapp.Doubtful, "is valid, and expires on "},
		"ends later":          {"debug_token", ends(60 * 24 * time.Hour), "token", whatsapp.Well, "is valid until "},
		"may not send":        {"debug_token", `{"data":{"app_id":"1","is_valid":true,"scopes":["whatsapp_business_management"]}}`, "permissions", whatsapp.Ill, "lacks whatsapp_business_messaging"},
		"may not manage":      {"debug_token", `{"data":{"app_id":"1","is_valid":true,"scopes":["whatsapp_business_messaging"]}}`, "permissions", whatsapp.Doubtful, "lacks whatsapp_business_management"},
		"no such number":      {numberOne, `{"error":{"code":100,"error_subcode":33,"message":"Unsupported get request"}}`, "number", whatsapp.Ill, "refused: Unsupported get request"},
		"blocked":             {numberOne, `{"health_status":{"can_send_message":"BLOCKED","entities":[{"entity_type":"WABA","can_send_message":"BLOCKED","errors":[{"error_code":141010,"error_description":"No payment method","possible_solution":"Add one"}]}]}}`, "number", whatsapp.Ill, "may not send: waba blocked: No payment method (141010)"},
		"limited":             {numberOne, `{"status":"CONNECTED","health_status":{"can_send_message":"LIMITED","entities":[{"entity_type":"BUSINESS","can_send_message":"LIMITED","additional_info":["Not verified"]}]}}`, "number", whatsapp.Doubtful, "may send with limits: business limited: Not verified"},
		"banned":              {numberOne, `{"status":"BANNED","health_status":{"can_send_message":"AVAILABLE"}}`, "number", whatsapp.Ill, "is banned"},
		"flagged":             {numberOne, `{"status":"FLAGGED","health_status":{"can_send_message":"AVAILABLE"}}`, "number", whatsapp.Doubtful, "is flagged"},
		"nobody subscribed":   {"subscribed_apps", `{"data":[]}`, "subscription", whatsapp.Ill, "no webhook of the account goes to this app"},
		"another app":         {"subscribed_apps", `{"data":[{"whatsapp_business_api_data":{"id":"1","name":"Other"}}]}`, "subscription", whatsapp.Ill, "no webhook of the account goes to this app"},
		"the wrong secret":    {"subscriptions", `{"error":{"code":101,"message":"Error validating client secret"}}`, "app_secret", whatsapp.Ill, "is refused for the app"},
		"no webhook":          {"subscriptions", `{"data":[{"object":"page"}]}`, "webhook fields", whatsapp.Ill, "no webhook for WhatsApp"},
		"not active":          {"subscriptions", strings.Replace(hook(""), "true", "false", 1), "webhook fields", whatsapp.Ill, "is not active"},
		"no messages":         {"subscriptions", hook(`{"name":"account_update"}`), "webhook fields", whatsapp.Ill, "without messages no receipts come"},
		"messages alone":      {"subscriptions", hook(`{"name":"messages"}`), "webhook fields", whatsapp.Doubtful, "not subscribed to user_preferences, "},
		"webhooks go to here": {"", "", "webhook address", whatsapp.Well, "webhooks go to https://carillon.example/webhooks/main"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			finds(t, examined(t, test.about, test.body, nil), test.finding, test.state, test.found)
		})
	}
	t.Run("no account", func(t *testing.T) {
		finds(t, examined(t, "", "", func(s *Settings) { s.WABAID = "" }), "account", whatsapp.Doubtful, "waba_id is not set")
	})
	t.Run("no word", func(t *testing.T) {
		finds(t, examined(t, "", "", func(s *Settings) { s.VerifyToken = "" }), "verify_token", whatsapp.Doubtful, "is not set")
	})
}

// finds wants a finding of something to say this.
func finds(t *testing.T, e whatsapp.Examination, about string, state whatsapp.Health, found string) {
	t.Helper()
	for _, f := range e.Findings {
		if f.About == about && f.State == state && strings.Contains(f.Found, found) {
			return
		}
	}
	t.Errorf("no %s of %s says %q: %+v", state, about, found, e.Findings)
}
