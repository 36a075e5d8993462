// Package service4u speaks to Service4U's WhatsApp API: the Cloud API's bodies at
// an address with the business's own number in its path.
//
// Its receipts do not echo our reference, and some of its webhooks come without
// the Cloud API's envelope.
package service4u

import (
	"fmt"
	"net/url"
	"slices"

	"carillon/whatsapp"
	"carillon/whatsapp/cloud"
	"carillon/whatsapp/codes"
	"carillon/whatsapp/wire"
)

// Name is what a channel's key provider says.
const Name = "service4u"

// Spec is Service4U as a kind of provider. A number's rate is that of the Cloud
// API behind it.
func Spec() whatsapp.Spec {
	book := Book()
	return whatsapp.Spec{
		Name: Name, Title: "Service4U WhatsApp API",
		Traits: whatsapp.Traits{Requests: 1},
		Rate:   cloud.DefaultRate, NumberKey: "sender",
		Settings: func() whatsapp.Settings { return &Settings{} },
		Supports: cloud.Supports, Reasons: book.Reasons(), Hint: book.Hint,
		Unlisted: "Service4U's API has no list of templates",
	}
}

// Book is what refusals mean: what they mean at the Cloud API, and one code more
// (Service4U, feature not supported).
func Book() *codes.Book {
	book := cloud.Book()
	book.Codes = slices.Concat(codes.Table{
		codes.One(1026).Means(codes.Drop(whatsapp.NoSuppression, "receiver_incapable",
			"The person's WhatsApp cannot show this message: contact them in another way, or use a simpler template.")),
	}, book.Codes)
	return book
}

// Settings say where the API is and how to prove who is calling.
type Settings struct {
	// BaseURL is the API's address without the number.
	BaseURL string `yaml:"base_url"`
	// Sender is the business's number with its country code, digits; no two channels
	// share one.
	Sender string `yaml:"sender"`
	// AccessToken proves to the provider who is sending.
	AccessToken whatsapp.Secret `yaml:"access_token"`
	// AppSecret is the key that the provider signs its webhooks with.
	AppSecret whatsapp.Secret `yaml:"app_secret"`
	// VerifyToken is the word that the provider repeats when the webhook is set up.
	// If empty, that request is refused.
	VerifyToken whatsapp.Secret `yaml:"verify_token"`
}

var _ whatsapp.Settings = (*Settings)(nil)

// Check reports every value that cannot work.
func (s *Settings) Check(r *whatsapp.Report) {
	r.Address("base_url", s.BaseURL, "https://whatsapp.example.com")
	r.Need(s.Sender != "", "sender", "is missing; write the business's number with its country code, only digits")
	r.Digits("sender", s.Sender, "the business's number with its country code, without plus sign and spaces")
	r.Token("access_token", s.AccessToken, "it comes with the account")
	r.Key("app_secret", s.AppSecret, "it stands in the app's dashboard under App settings, Basic")
	cloud.CheckVerifyToken(r, s.VerifyToken)
}

// Identity is that of the channel: webhooks tell the number as people see it.
func (s *Settings) Identity() whatsapp.Identity {
	return whatsapp.Identity{Number: s.Sender, App: cloud.AppOf(Name, s.AppSecret)}
}

// Open makes the channel.
func (s *Settings) Open(o whatsapp.Opening) (whatsapp.Provider, error) {
	address, err := url.JoinPath(s.BaseURL, s.Sender, "messages")
	if err != nil {
		return nil, fmt.Errorf("base_url: %w", err)
	}
	reader := cloud.NewReader(Book())
	reader.Flat = true
	reader.Number = func(_, shown wire.Text) string { return shown.ShownDigits() }
	sender, err := cloud.NewSender(address, cloud.Bearer(s.AccessToken), reader, o)
	if err != nil {
		return nil, err
	}
	signing := cloud.Signing{Secret: s.AppSecret, VerifyToken: s.VerifyToken}
	return cloud.NewClient(s.Identity(), sender, cloud.Hook{Signing: signing, Read: reader.Events}, examiner{sender}), nil
}
