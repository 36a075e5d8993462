package cloud

import (
	"testing"

	"carillon/whatsapp"
	"carillon/whatsapp/whatsapptest"
)

func TestSuite(t *testing.T) {
	whatsapptest.Suite{
		Spec: Spec(), Book: Book(),
		Settings: func(base string) whatsapp.Settings { return settings(base) },
		Wrong: map[string][]string{
			"base_url":        nil,
			"api_version":     {"23", "v23", "23.0", "v23.0/", "latest"},
			"phone_number_id": {"", "+447700900777", "1/2", "55 00"},
			"waba_id":         {"mine", "+33"},
			"access_token":    {"", "token-1\n", "to ken", "tokén"},
			"app_secret":      {"", "first-app-secret\n", " first-app-secret"},
			"verify_token":    {"  "},
		},
		Proof: whatsapptest.Signature("app_secret"),
		Wire:  whatsapptest.CloudWire{Number: numberOne, Display: "447700900777"},
	}.Run(t)
}
