package dialog360

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"carillon/whatsapp"
	"carillon/whatsapp/whatsapptest"
)

// settings are those of a number at base.
func settings(base string) *Settings {
	return &Settings{BaseURL: base, APIKey: "key", WebhookHeader: "X-Webhook-Secret", WebhookSecret: "word"}
}

func open(t *testing.T, s *Settings) whatsapp.Provider {
	t.Helper()
	channel, err := s.Open(whatsapp.Opening{Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(channel.Close)
	return channel
}

// answered is how a Send ends that is answered so.
func answered(t *testing.T, status int, body string) *whatsapp.Error {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/messages" || r.Header.Get("D360-API-KEY") != "key" || r.Header.Get("Authorization") != "" {
			t.Errorf("asked %s with %v", r.URL.Path, r.Header)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	defer server.Close()
	_, err := open(t, settings(server.URL)).Send(t.Context(), whatsapp.Message{To: "+447700900123"})
	var refusal *whatsapp.Error
	if !errors.As(err, &refusal) {
		t.Fatalf("got %v", err)
	}
	return refusal
}

func TestRefusalsOf360dialogItself(t *testing.T) {
	for name, test := range map[string]struct {
		status     int
		body, want string
	}{
		"disabled":                 {400, `{"meta":{"success":false,"http_code":400,"developer_message":"Your account has been disabled."}}`, "pause account_disabled scope=account"},
		"unpaid":                   {400, `{"meta":{"httpCode":400,"developerMessage":"Blocked for Lack of Payment"}}`, "pause payment_problem scope=account"},
		"limit":                    {400, `{"meta":{"developer_message":"You have exceeded the limit of 1 request every 25 seconds"}}`, "retry_slow relay_rate_limit budget=number wait=25s asked"},
		"limit, not how long":      {400, `{"meta":{"developer_message":"You have exceeded the limit of 1 request every * seconds"}}`, "retry_slow relay_rate_limit budget=number wait=10s"},
		"wrong key":                {401, `{"meta":{"http_code":404,"developer_message":"Invalid api key"}}`, "pause api_key_rejected scope=account"},
		"blocked path":             {403, `{"meta":{"developer_message":"Path blocked"}}`, "pause path_blocked scope=number"},
		"throttled":                {429, `{"meta":{"developer_message":"Too many requests"}}`, "retry_slow rate_limited budget=number wait=1s"},
		"restart":                  {500, `{"meta":{"developer_message":"Server Error"}}`, "retry_soon relay_restarting wait=30s"},
		"no answer from WhatsApp":  {502, `{"meta":{"developer_message":"WhatsApp API is not available"}}`, "retry_soon service_unavailable wait=5s"},
		"unknown":                  {400, `{"meta":{"developer_message":"Something new"}}`, "bad_request refused_by_proxy"},
		"500 without words":        {500, ``, "ambiguous server_error"},
		"502 of a proxy":           {502, `<html>Bad Gateway</html>`, "ambiguous server_error"},
		"Meta's own":               {400, `{"error":{"code":131026}}`, "drop undeliverable suppress=soft"},
		"Meta's own goes before":   {400, `{"error":{"code":131026},"meta":{"developer_message":"has been disabled"}}`, "drop undeliverable suppress=soft"},
		"a yes that names nothing": {200, `{"meta":{"developer_message":"has been disabled"}}`, "ambiguous no_message_id"},
	} {
		t.Run(name, func(t *testing.T) {
			refusal := answered(t, test.status, test.body)
			if got := whatsapptest.Summary(refusal); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if refusal.HTTPStatus != test.status {
				t.Errorf("HTTP %d", refusal.HTTPStatus)
			}
		})
	}
	if got := answered(t, 401, `{"meta":{"developer_message":"Invalid api key"}}`).Message; got != "Invalid api key" {
		t.Errorf("the words are %q", got)
	}
}

const receipt = `{"entry":[{"id":"7","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"55"},"statuses":[{"id":"wamid.1","status":"sent"}]}}]}]}`

func TestAHeaderProvesAWebhook(t *testing.T) {
	for name, test := range map[string]struct {
		method, header, value string
		change                func(*Settings)
		ok                    bool
	}{
		"right":           {http.MethodPost, "X-Webhook-Secret", "word", nil, true},
		"another header":  {http.MethodPost, "X-Mine", "word", func(s *Settings) { s.WebhookHeader = "x-mine" }, true},
		"wrong word":      {http.MethodPost, "X-Webhook-Secret", "ward", nil, false},
		"longer word":     {http.MethodPost, "X-Webhook-Secret", "word2", nil, false},
		"no word":         {http.MethodPost, "X-Other", "word", nil, false},
		"no secret":       {http.MethodPost, "X-Webhook-Secret", "", func(s *Settings) { s.WebhookSecret = "" }, false},
		"not a POST":      {http.MethodGet, "X-Webhook-Secret", "word", nil, false},
		"Meta's own sign": {http.MethodPost, "X-Hub-Signature-256", "sha256=00", nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := settings("https://waba.example.com")
			if test.change != nil {
				test.change(s)
			}
			header := http.Header{}
			header.Set(test.header, test.value)
			events, reply, err := open(t, s).(whatsapp.Hook).Receive(whatsapp.Request{Method: test.method, Header: header, Body: []byte(receipt)})
			if test.ok && (err != nil || len(events.Receipts) != 1) || !test.ok && !errors.Is(err, whatsapp.ErrRefused) || reply != nil {
				t.Errorf("got %+v, %v, %v", events, reply, err)
			}
		})
	}
}

// A webhook is about the channel whose address it calls, unless the number's
// identifier is configured.
func TestWhichNumberAWebhookIsAbout(t *testing.T) {
	for id, want := range map[string]string{"": "", "55": "55", "56": "55"} {
		s := settings("https://waba.example.com")
		s.PhoneNumberID = id
		header := http.Header{"X-Webhook-Secret": {"word"}}
		events, _, err := open(t, s).(whatsapp.Hook).Receive(whatsapp.Request{Method: http.MethodPost, Header: header, Body: []byte(receipt)})
		if err != nil || len(events.Receipts) != 1 || events.Receipts[0].Number != want {
			t.Errorf("%q: got %+v, %v", id, events.Receipts, err)
		}
	}
}
