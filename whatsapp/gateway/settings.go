// Package gateway speaks to a gateway with the "WhatsApp Business API v2":
// templates in nearly the Cloud API's body, texts and files in bodies of its own.
//
// It is asked what became of a message, and takes webhooks where a secret proves
// them. No receipt carries our reference: what was sent without an answer stays
// unknown. Its error codes are its own; some are Meta's numbers with other
// meanings.
package gateway

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"carillon/whatsapp"
	"carillon/whatsapp/call"
	"carillon/whatsapp/cloud"
	"carillon/whatsapp/wire"
)

// Name is what a channel's key provider says.
const Name = "gateway"

// The defaults of the settings.
const (
	DefaultBaseURL = "https://api.whatsapp.com/v2"
	// DefaultRate is in messages a second (v2, API limits).
	DefaultRate = 50
)

// Spec is the gateway as a kind of provider.
func Spec() whatsapp.Spec {
	book := Book()
	return whatsapp.Spec{
		Name: Name, Title: "WhatsApp Business API v2",
		Traits: whatsapp.Traits{Polled: true, Requests: 1},
		Rate:   DefaultRate, NumberKey: "access_token",
		Settings: func() whatsapp.Settings { return &Settings{BaseURL: DefaultBaseURL} },
		Supports: supports, Reasons: book.Reasons(), Hint: book.Hint,
		Unlisted: "the gateway's API has no list of templates",
	}
}

// Settings say where the API is and how to prove who is calling.
type Settings struct {
	// BaseURL is the API's address, with its version.
	BaseURL string `yaml:"base_url"`
	// AccessToken proves who is sending, and stands for the number; no two channels
	// share one.
	AccessToken whatsapp.Secret `yaml:"access_token"`
	// PhoneNumberID is the number's identifier in webhooks, digits. It is needed where
	// one webhook tells of several numbers; if empty, a webhook is about the channel
	// whose address it calls.
	PhoneNumberID string `yaml:"phone_number_id"`
	// WABAID is the WhatsApp Business account the number belongs to, digits; empty if
	// it is not told.
	WABAID string `yaml:"waba_id"`
	// AppSecret is the key that webhooks are signed with. If empty, all are refused, and
	// asking alone tells what became of messages.
	AppSecret whatsapp.Secret `yaml:"app_secret"`
	// VerifyToken is the word that the provider repeats when the webhook is set up. If
	// empty, that request is refused.
	VerifyToken whatsapp.Secret `yaml:"verify_token"`
}

var _ whatsapp.Settings = (*Settings)(nil)

// Check reports every value that cannot work.
func (s *Settings) Check(r *whatsapp.Report) {
	r.Address("base_url", s.BaseURL, DefaultBaseURL)
	r.Token("access_token", s.AccessToken, "create one in the provider's developer panel")
	r.Digits("phone_number_id", s.PhoneNumberID, "the number's identifier in webhooks, not the number itself")
	r.Digits("waba_id", s.WABAID, "the identifier of the WhatsApp Business account")
	r.Need(strings.TrimSpace(string(s.AppSecret)) == string(s.AppSecret), "app_secret",
		"begins or ends with a space or a line break; copy it again, or leave it out to take no webhooks")
	cloud.CheckVerifyToken(r, s.VerifyToken)
}

// Identity is that of the channel. Its app is told by the secret.
func (s *Settings) Identity() whatsapp.Identity {
	return whatsapp.Identity{Number: s.PhoneNumberID, Account: s.WABAID, App: cloud.AppOf(Name, s.AppSecret)}
}

// Open makes the channel.
func (s *Settings) Open(o whatsapp.Opening) (whatsapp.Provider, error) {
	base, err := url.Parse(strings.TrimRight(s.BaseURL, "/") + "/")
	if err != nil {
		return nil, fmt.Errorf("base_url: %w", err)
	}
	book := Book()
	reader := cloud.NewReader(book)
	reader.Flat, reader.Messages = true, []string{"message", "message_status"}
	if s.PhoneNumberID == "" {
		reader.Number = func(_, _ wire.Text) string { return "" }
	}
	return &Client{
		identity: s.Identity(), base: base, header: cloud.Bearer(s.AccessToken),
		call: call.New(o.Timeout, o.Transport), book: book, now: time.Now,
		hook: hook{cloud.Signing{Secret: s.AppSecret, VerifyToken: s.VerifyToken}, reader, book},
	}, nil
}
