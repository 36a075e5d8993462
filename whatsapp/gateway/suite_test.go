package gateway

import (
	"testing"

	"carillon/whatsapp"
	"carillon/whatsapp/whatsapptest"
)

const secret = "app-secret"

// TestSuite runs over both forms that an answer to a message may have, and over
// webhooks with the Cloud API's envelope and without.
func TestSuite(t *testing.T) {
	for name, cloud := range map[string]bool{"own answers": false, "the Cloud API's answers": true} {
		t.Run(name, func(t *testing.T) { suite(cloud).Run(t) })
	}
}

func suite(cloud bool) whatsapptest.Suite {
	return whatsapptest.Suite{
		Spec: Spec(), Book: Book(),
		Settings: func(base string) whatsapp.Settings {
			return &Settings{
				BaseURL: base, AccessToken: "token-1", PhoneNumberID: "106540352242922", WABAID: "102290129340398",
				AppSecret: secret, VerifyToken: "verify-1",
			}
		},
		Wrong: map[string][]string{
			"base_url":        nil,
			"access_token":    {"", "token-1\n", "to ken"},
			"phone_number_id": {"+16315550123", "mine"},
			"waba_id":         {"mine"},
			"app_secret":      {secret + "\n", " "},
			"verify_token":    {"  "},
		},
		Digits: true,
		Proof:  whatsapptest.Signature("app_secret"),
		Wire:   apiWire{CloudWire: whatsapptest.CloudWire{Number: "106540352242922", Display: "15550001234", Flat: cloud}, cloud: cloud},
	}
}
