package cloud

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"carillon/campaign"
	"carillon/whatsapp"
)

// Name is what a channel's key provider says for Meta's own API.
const Name = "cloud"

// The defaults of the settings.
const (
	DefaultBaseURL    = "https://graph.facebook.com"
	DefaultAPIVersion = "v23.0"
	// DefaultRate is what a number may send at first, in messages a second (Meta,
	// throughput page).
	DefaultRate = 80
)

// Spec is Meta's Cloud API as a kind of provider. biz_opaque_callback_data comes
// back in receipts (Meta, status webhook reference), and messages go to user IDs as
// well (Meta, business-scoped user IDs).
func Spec() whatsapp.Spec {
	book := Book()
	return whatsapp.Spec{
		Name: Name, Title: "WhatsApp Cloud API",
		Traits: whatsapp.Traits{Echoes: true, MarketingMessages: true, UserIDs: true, Media: true, Requests: 1},
		Rate:   DefaultRate, NumberKey: "phone_number_id",
		Settings: func() whatsapp.Settings {
			return &Settings{BaseURL: DefaultBaseURL, APIVersion: DefaultAPIVersion}
		},
		Supports: Supports, Reasons: book.Reasons(), Hint: book.Hint,
		Unlisted: "its waba_id is not set, and the provider lists templates by that",
	}
}

// Supports refuses nothing: all steps are written in this API's own words.
func Supports(*campaign.Step) error { return nil }

// Settings say where the API is and how to prove who is calling.
type Settings struct {
	// BaseURL is the API's address without version and number.
	BaseURL string `yaml:"base_url"`
	// APIVersion is the version in the path, such as v23.0; empty leaves it
	// out, as services that relay the API want.
	APIVersion string `yaml:"api_version"`
	// PhoneNumberID is Meta's identifier of the number, digits; no two
	// channels share one.
	PhoneNumberID string `yaml:"phone_number_id"`
	// WABAID is the WhatsApp Business account the number belongs to, digits;
	// empty if it is not told. Without it the templates are not listed.
	WABAID string `yaml:"waba_id"`
	// AccessToken proves to the provider who is sending.
	AccessToken whatsapp.Secret `yaml:"access_token"`
	// AppSecret is the key that the provider signs its webhooks with.
	AppSecret whatsapp.Secret `yaml:"app_secret"`
	// VerifyToken is the word that the provider repeats when the webhook is
	// set up. If empty, that request is refused.
	VerifyToken whatsapp.Secret `yaml:"verify_token"`
}

var _ whatsapp.Settings = (*Settings)(nil)

// versionForm is a version of the Graph API.
var versionForm = regexp.MustCompile(`^v\d+\.\d+$`)

// Check reports every value that cannot work.
func (s *Settings) Check(r *whatsapp.Report) {
	r.Address("base_url", s.BaseURL, DefaultBaseURL)
	r.Need(s.APIVersion == "" || versionForm.MatchString(s.APIVersion), "api_version",
		"is not a version; write it like %s, or \"\" if the address has none", DefaultAPIVersion)
	r.Need(s.PhoneNumberID != "", "phone_number_id", "is missing; you find it in the app's dashboard under WhatsApp, API setup")
	r.Digits("phone_number_id", s.PhoneNumberID, "Meta's identifier of the number, not the number itself")
	r.Digits("waba_id", s.WABAID, "Meta's identifier of the WhatsApp Business account")
	r.Token("access_token", s.AccessToken, "create one for a system user that may send messages")
	r.Key("app_secret", s.AppSecret, "you find it in the app's dashboard under App settings, Basic")
	CheckVerifyToken(r, s.VerifyToken)
}

// CheckVerifyToken wants a word, or nothing, in verify_token.
func CheckVerifyToken(r *whatsapp.Report, word whatsapp.Secret) {
	r.Need(word == "" || strings.TrimSpace(string(word)) != "", "verify_token", "is blank; write a word of your own")
}

// Identity is that of the channel. Its app is told by its secret.
func (s *Settings) Identity() whatsapp.Identity {
	return whatsapp.Identity{Number: s.PhoneNumberID, Account: s.WABAID, App: AppOf(Name, s.AppSecret)}
}

// AppOf names an app of a provider by its secret without telling it: by its
// hash. Without a secret the app has no name.
func AppOf(provider string, secret whatsapp.Secret) string {
	if secret == "" {
		return ""
	}
	hash := sha256.Sum256([]byte(secret))
	return provider + " " + hex.EncodeToString(hash[:])
}

// Open makes the channel.
func (s *Settings) Open(o whatsapp.Opening) (whatsapp.Provider, error) {
	address, err := url.JoinPath(s.BaseURL, s.APIVersion, s.PhoneNumberID, "messages")
	if err != nil {
		return nil, fmt.Errorf("base_url: %w", err)
	}
	reader := NewReader(Book())
	sender, err := NewSender(address, Bearer(s.AccessToken), reader, o)
	if err != nil {
		return nil, err
	}
	sender.TakeUserIDs()
	sender.sendMarketing(NewReader(marketingBook()))
	signing := Signing{Secret: s.AppSecret, VerifyToken: s.VerifyToken}
	number, err := url.JoinPath(s.BaseURL, s.APIVersion, s.PhoneNumberID)
	if err != nil {
		return nil, fmt.Errorf("base_url: %w", err)
	}
	at, err := NewNumberAt(number, sender)
	if err != nil {
		return nil, fmt.Errorf("base_url: %w", err)
	}
	client := NewNumbered(NewClient(s.Identity(), sender, Hook{Signing: signing, Read: reader.Events}, examiner{s, sender}).WithMedia(), at.Fields)
	if s.WABAID == "" {
		return client, nil
	}
	address, err = url.JoinPath(s.BaseURL, s.APIVersion, s.WABAID, "message_templates")
	if err != nil {
		return nil, fmt.Errorf("base_url: %w", err)
	}
	return client.WithLibrary(address, Bearer(s.AccessToken), GraphPages{}, reader, o)
}

// Bearer is the header of an access token.
func Bearer(token whatsapp.Secret) http.Header {
	return http.Header{"Authorization": {"Bearer " + string(token)}}
}
