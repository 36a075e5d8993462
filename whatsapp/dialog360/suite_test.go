package dialog360

import (
	"fmt"
	"net/http"
	"testing"

	"carillon/whatsapp"
	"carillon/whatsapp/whatsapptest"
)

func TestSuite(t *testing.T) {
	whatsapptest.Suite{
		Spec: CloudSpec(), Book: Book(),
		Settings: func(base string) whatsapp.Settings {
			s := settings(base)
			s.PhoneNumberID, s.WABAID = "106540352242922", "102290129340398"
			return s
		},
		Wrong: map[string][]string{
			"base_url":        nil,
			"api_key":         {"", "key\n", "k ey"},
			"phone_number_id": {"+447700900777", "1/2"},
			"waba_id":         {"mine"},
			"webhook_header":  {"", "My Header", "X-Mine:"},
			"webhook_secret":  {"", "word\n"},
		},
		Proof: whatsapptest.SecretHeader("webhook_secret", DefaultWebhookHeader),
		Wire:  hubWire{whatsapptest.Wire360{MediaWire: whatsapptest.CloudWire{Number: "106540352242922", Display: "447700900777"}}},
	}.Run(t)
}

// hubWire is the Cloud API as 360dialog relays it.
type hubWire struct{ whatsapptest.Wire360 }

// Examined tells the webhook that is registered.
func (hubWire) Examined(r *http.Request, _ []byte, webhooks string) (whatsapptest.Answer, bool) {
	return webhookOf(r, "/v1/configs/webhook", webhooks)
}

// Stranger refuses in 360dialog's own form.
func (hubWire) Stranger() whatsapptest.Answer { return unknownKey() }

// AsksState wants a question for the health status (360dialog, health status).
func (hubWire) AsksState(r *http.Request) error {
	if r.Method != http.MethodGet || r.URL.Path != "/health_status" || r.Header.Get(keyHeader) == "" {
		return fmt.Errorf("%s %s asks for no health status, or does not say who asks", r.Method, r.URL)
	}
	return nil
}

// TellState tells whether the number can send.
func (hubWire) TellState(s whatsapp.NumberState) (whatsapptest.Answer, whatsapp.NumberState) {
	body := whatsapptest.HealthStatus(s)
	body["id"] = "1"
	return whatsapptest.Answer{Status: http.StatusOK, Body: string(written(body))}, whatsapp.NumberState{Health: s.Health}
}

func webhookOf(r *http.Request, path, webhooks string) (whatsapptest.Answer, bool) {
	if r.Method != http.MethodGet || r.URL.Path != path || r.Header.Get(keyHeader) != "key" {
		return whatsapptest.Answer{}, false
	}
	body := written(object{"url": webhooks + "partner", "headers": object{"x-webhook-secret": "word"}})
	return whatsapptest.Answer{Status: http.StatusOK, Body: string(body)}, true
}

func unknownKey() whatsapptest.Answer {
	return whatsapptest.Answer{Status: http.StatusUnauthorized, Body: `{"meta":{"success":false,"http_code":401,"developer_message":"Invalid api key"}}`}
}
