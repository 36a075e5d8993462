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
		Wire:  cloudWire{whatsapptest.CloudWire{Number: "106540352242922", Display: "447700900777"}},
	}.Run(t)
}

// cloudWire tells of a number's state whether it can send (360dialog, health
// status).
type cloudWire struct{ whatsapptest.CloudWire }

func (cloudWire) AsksState(r *http.Request) error {
	if r.Method != http.MethodGet || r.URL.Path != "/health_status" || r.Header.Get(keyHeader) == "" {
		return fmt.Errorf("%s %s asks for no health status, or does not say who asks", r.Method, r.URL)
	}
	return nil
}

func (cloudWire) TellState(s whatsapp.NumberState) (whatsapptest.Answer, whatsapp.NumberState) {
	body := whatsapptest.HealthStatus(s)
	body["id"] = "1"
	return whatsapptest.Answer{Status: http.StatusOK, Body: string(written(body))}, whatsapp.NumberState{Health: s.Health}
}
