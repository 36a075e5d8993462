package service4u

import (
	"testing"

	"carillon/whatsapp"
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
		Wire:  whatsapptest.CloudWire{Number: "106540352242922", Display: "16315550123", Flat: flat},
	}
}
