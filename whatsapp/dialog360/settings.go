// Package dialog360 speaks to 360dialog: to the Cloud API as 360dialog relays it,
// with an API key that stands for the number, and to its v1 API, which is that of
// WhatsApp's on-premises client (the files that begin with v1).
//
// 360dialog signs no webhooks. A header that it is told to send proves them. What
// it refuses itself comes in a form of its own.
package dialog360

import (
	"fmt"
	"net/http"
	"net/url"

	"carillon/whatsapp"
	"carillon/whatsapp/cloud"
	"carillon/whatsapp/wire"
)

// CloudName is what a channel's key provider says.
const CloudName = "360dialog-cloud"

// The defaults of the settings.
const (
	DefaultBaseURL = "https://waba-v2.360dialog.io"
	// DefaultWebhookHeader is a name of our own: 360dialog sends whichever headers
	// the webhook is registered with.
	DefaultWebhookHeader = "X-Webhook-Secret"

	// keyHeader proves who is calling.
	keyHeader        = "D360-API-KEY"
	askWebhookSecret = "make one with: openssl rand -hex 32, and register the webhook with it as a header"
)

// CloudSpec is 360dialog before the Cloud API as a kind of provider. Its receipts
// and rates are those of the Cloud API.
func CloudSpec() whatsapp.Spec {
	book := Book()
	return whatsapp.Spec{
		Name: CloudName, Title: "360dialog, Cloud API",
		Traits: whatsapp.Traits{Echoes: true, UserIDs: true, Media: true, Requests: 1},
		Rate:   cloud.DefaultRate, NumberKey: "api_key",
		Settings: func() whatsapp.Settings {
			return &Settings{BaseURL: DefaultBaseURL, WebhookHeader: DefaultWebhookHeader}
		},
		Supports: cloud.Supports, Reasons: book.Reasons(), Hint: book.Hint,
	}
}

// Settings say where the API is and how to prove who is calling.
type Settings struct {
	// BaseURL is the API's address.
	BaseURL string `yaml:"base_url"`
	// APIKey proves who is sending, and stands for the number; no two channels share
	// one.
	APIKey whatsapp.Secret `yaml:"api_key"`
	// PhoneNumberID is Meta's identifier of the number, digits. It is needed where one
	// webhook tells of several numbers; if empty, a webhook is about the channel whose
	// address it calls.
	PhoneNumberID string `yaml:"phone_number_id"`
	// WABAID is the WhatsApp Business account the number belongs to, digits; empty if
	// it is not told.
	WABAID string `yaml:"waba_id"`
	// WebhookHeader is the header that proves a webhook, and WebhookSecret its value.
	WebhookHeader string          `yaml:"webhook_header"`
	WebhookSecret whatsapp.Secret `yaml:"webhook_secret"`
}

var _ whatsapp.Settings = (*Settings)(nil)

// Check reports every value that cannot work.
func (s *Settings) Check(r *whatsapp.Report) {
	r.Address("base_url", s.BaseURL, DefaultBaseURL)
	r.Token("api_key", s.APIKey, "create one for the number in the 360dialog hub")
	r.Digits("phone_number_id", s.PhoneNumberID, "Meta's identifier of the number, not the number itself")
	r.Digits("waba_id", s.WABAID, "Meta's identifier of the WhatsApp Business account")
	r.Header("webhook_header", s.WebhookHeader, DefaultWebhookHeader)
	r.Key("webhook_secret", s.WebhookSecret, askWebhookSecret)
}

// Identity is that of the channel.
func (s *Settings) Identity() whatsapp.Identity {
	return whatsapp.Identity{Number: s.PhoneNumberID, Account: s.WABAID, App: cloud.AppOf(CloudName, s.WebhookSecret)}
}

// Open makes the channel.
func (s *Settings) Open(o whatsapp.Opening) (whatsapp.Provider, error) {
	address, err := url.JoinPath(s.BaseURL, "messages")
	if err != nil {
		return nil, fmt.Errorf("base_url: %w", err)
	}
	reader := cloud.NewReader(Book())
	reader.Relay = relayed
	if s.PhoneNumberID == "" {
		reader.Number = func(_, _ wire.Text) string { return "" }
	}
	header := http.Header{}
	header.Set(keyHeader, string(s.APIKey))
	sender, err := cloud.NewSender(address, header, reader, o)
	if err != nil {
		return nil, err
	}
	sender.TakeUserIDs()
	health, err := url.JoinPath(s.BaseURL, "health_status")
	if err != nil {
		return nil, fmt.Errorf("base_url: %w", err)
	}
	at, err := cloud.NewNumberAt(health, sender)
	if err != nil {
		return nil, fmt.Errorf("base_url: %w", err)
	}
	taker := hook{s.WebhookHeader, s.WebhookSecret, reader.Events}
	client := cloud.NewNumbered(cloud.NewClient(s.Identity(), sender, taker, examiner{taker, sender}).WithMedia(), at.Whole) // 360dialog, health status
	if address, err = url.JoinPath(s.BaseURL, "v1", listPath); err != nil {
		return nil, fmt.Errorf("base_url: %w", err)
	}
	return client.WithLibrary(address, header, pages{}, reader, o)
}
