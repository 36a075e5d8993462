package vonage

import (
	"errors"
	"regexp"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"carillon/whatsapp"
	"carillon/whatsapp/cloud"
)

// What a channel's key provider says.
const (
	Name     = "vonage"
	BetaName = "vonage-beta"
)

// DefaultBaseURL is the address of both APIs without their paths.
const DefaultBaseURL = "https://api.nexmo.com"

// Spec is the Messages API v1 as a kind of provider. Vonage documents no rate of a
// WhatsApp number: it is that of the number at Meta.
func Spec() whatsapp.Spec {
	return whatsapp.Spec{
		Name: Name, Title: "Vonage Messages API",
		Traits: whatsapp.Traits{Echoes: true, Requests: 2},
		Rate:   cloud.DefaultRate, NumberKey: "sender",
		Settings: func() whatsapp.Settings { return &Settings{BaseURL: DefaultBaseURL} },
		Supports: cloud.Supports, Reasons: reasons(), Hint: hint,
		Unlisted: "Vonage's Messages API has no list of templates",
	}
}

// BetaSpec is the Messages API's beta as a kind of provider.
func BetaSpec() whatsapp.Spec {
	spec := Spec()
	spec.Name, spec.Title = BetaName, "Vonage Messages API, beta"
	spec.Settings = func() whatsapp.Settings { return &BetaSettings{BaseURL: DefaultBaseURL} }
	spec.Supports = supportsInBeta
	return spec
}

// Settings say where the API is and how to prove who is calling.
type Settings struct {
	// BaseURL is the API's address without the path.
	BaseURL string `yaml:"base_url"`
	// ApplicationID is the application that the number is linked to.
	ApplicationID string `yaml:"application_id"`
	// PrivateKey is the application's key, as PEM. In place of line breaks it may
	// have \n, for environments that hold no line breaks.
	PrivateKey whatsapp.Secret `yaml:"private_key"`
	// Sender is the business's number with its country code, digits; no two channels
	// share one.
	Sender string `yaml:"sender"`
	// Namespace goes before the names of templates, with a colon; if empty, nothing
	// does.
	Namespace string `yaml:"namespace"`
	// SignatureSecret is the account's key that webhooks are signed with.
	SignatureSecret whatsapp.Secret `yaml:"signature_secret"`
}

// BetaSettings are the same for the beta, which needs a namespace.
type BetaSettings Settings

var (
	_ whatsapp.Settings = (*Settings)(nil)
	_ whatsapp.Settings = (*BetaSettings)(nil)
)

var (
	applicationForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	namespaceForm   = regexp.MustCompile(`^\w+(:\w+)*$`)
)

// Check reports every value that cannot work.
func (s *Settings) Check(r *whatsapp.Report) {
	r.Address("base_url", s.BaseURL, DefaultBaseURL)
	r.Need(applicationForm.MatchString(s.ApplicationID), "application_id",
		"is not an application's id, 32 hexadecimal digits with hyphens; you find it in Vonage's dashboard under Applications")
	r.Need(s.keyProblem() == "", "private_key", "%s", s.keyProblem())
	r.Need(s.Sender != "", "sender", "is missing; write the business's number with its country code, only digits")
	r.Digits("sender", s.Sender, "the business's number with its country code, without plus sign and zeros in front")
	r.Need(!strings.HasPrefix(s.Sender, "0"), "sender", "begins with 0; write the country code first, without 00")
	r.Need(s.Namespace == "" || namespaceForm.MatchString(s.Namespace), "namespace",
		"is not a namespace, which has letters, digits, underscores and colons between them; your account manager tells it")
	r.Key("signature_secret", s.SignatureSecret, "it stands in Vonage's dashboard under API settings")
}

// Check reports every value that cannot work.
func (s *BetaSettings) Check(r *whatsapp.Report) {
	(*Settings)(s).Check(r)
	r.Need(s.Namespace != "", "namespace", "is missing; the beta names a template by its namespace and its name")
}

// pem is the key with line breaks.
func (s *Settings) pem() []byte { return []byte(strings.ReplaceAll(string(s.PrivateKey), `\n`, "\n")) }

// keyProblem says what is wrong with the key, without a word of it.
func (s *Settings) keyProblem() string {
	if s.PrivateKey == "" {
		return "is missing; it is the file private.key that Vonage's dashboard gives out with a new application"
	}
	key, err := jwt.ParseRSAPrivateKeyFromPEM(s.pem())
	if errors.Is(err, jwt.ErrKeyMustBePEMEncoded) {
		return "is no PEM; write the whole content of private.key, from -----BEGIN PRIVATE KEY----- to -----END PRIVATE KEY-----"
	}
	if err != nil {
		return "is not a private RSA key; write the content of private.key, not that of a public key or a certificate"
	}
	if key.N.BitLen() < 2048 {
		return "is an RSA key of less than 2048 bits; have the dashboard make another one"
	}
	return ""
}

// Identity is that of the channel. The application stands for the account: what
// is wrong with its key stops all its numbers.
func (s *Settings) Identity() whatsapp.Identity { return s.identity(Name) }

// Identity is that of the channel.
func (s *BetaSettings) Identity() whatsapp.Identity { return (*Settings)(s).identity(BetaName) }

func (s *Settings) identity(provider string) whatsapp.Identity {
	return whatsapp.Identity{Number: s.Sender, Account: s.ApplicationID, App: cloud.AppOf(provider, s.SignatureSecret)}
}

// Open makes the channel.
func (s *Settings) Open(o whatsapp.Opening) (whatsapp.Provider, error) {
	return s.open(s.Identity(), "v1/messages", s.body, s.free, o)
}

// Open makes the channel.
func (s *BetaSettings) Open(o whatsapp.Opening) (whatsapp.Provider, error) {
	return (*Settings)(s).open(s.Identity(), "beta/messages", (*Settings)(s).betaBody, (*Settings)(s).betaFree, o)
}
