package dialog360

import (
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
		Wire:  whatsapptest.Wire360{MediaWire: whatsapptest.CloudWire{Number: "106540352242922", Display: "447700900777"}},
	}.Run(t)
}
