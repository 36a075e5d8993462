package service4u

import (
	"net/http"
	"testing"

	"carillon/whatsapp"
	"carillon/whatsapp/codes"
	"carillon/whatsapp/whatsapptest"
)

// TestSuite runs over webhooks with Meta's envelope and over those without.
func TestSuite(t *testing.T) {
	for name, flat := range map[string]bool{"envelope": false, "flat": true} {
		t.Run(name, func(t *testing.T) { suite(flat).Run(t) })
	}
}

func suite(flat bool) whatsapptest.Suite {
	return whatsapptest.Suite{
		Spec: Spec(), Book: Book(),
		Settings: func(base string) whatsapp.Settings {
			return &Settings{BaseURL: base, Sender: "16315550123", AccessToken: "token-1", AppSecret: secret, VerifyToken: "verify-1"}
		},
		Wrong: map[string][]string{
			"base_url":     {""},
			"sender":       {"", "+16315550123", "1 631", "mine"},
			"access_token": {"", "token-1\n", "to ken"},
			"app_secret":   {"", secret + "\n"},
			"verify_token": {"  "},
		},
		Proof: whatsapptest.Signature("app_secret"),
		Wire:  relayWire{whatsapptest.CloudWire{Number: "106540352242922", Display: "16315550123", Flat: flat}},
	}
}

// relayWire is the Cloud API behind a number: nothing but messages is documented.
type relayWire struct{ whatsapptest.CloudWire }

// Examined refuses an empty message for what it lacks.
func (w relayWire) Examined(r *http.Request, body []byte, _ string) (whatsapptest.Answer, bool) {
	if r.Method != http.MethodPost || r.URL.Path != "/16315550123/messages" || string(body) != "{}" {
		return whatsapptest.Answer{}, false
	}
	return w.Refuse(codes.Fault{Code: 100, Message: "The parameter messaging_product is required."}), true
}
