package dialog360

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"carillon/whatsapp"
	"carillon/whatsapp/call"
	"carillon/whatsapp/cloud"
	"carillon/whatsapp/wire"
)

// V1Name is what a channel's key provider says for the v1 API.
const V1Name = "360dialog"

const (
	// DefaultV1BaseURL is the address of the v1 API.
	DefaultV1BaseURL = "https://waba.360dialog.io/v1"
	// DefaultV1Rate is what the contacts check takes, in requests a second
	// (360dialog, capacity page: 50 for messages, 20 for all else).
	DefaultV1Rate = 20
)

// V1Spec is 360dialog's v1 API as a kind of provider. Nothing that is sent along
// with a message comes back in its receipts.
func V1Spec() whatsapp.Spec {
	book := V1Book()
	unchecked := unchecked()
	return whatsapp.Spec{
		Name: V1Name, Title: "360dialog, v1 API",
		Traits: whatsapp.Traits{Media: true, Requests: 2},
		Rate:   DefaultV1Rate, NumberKey: "api_key",
		Settings: func() whatsapp.Settings {
			return &V1Settings{BaseURL: DefaultV1BaseURL, ContactsCheck: true, WebhookHeader: DefaultWebhookHeader}
		},
		Supports: v1Supports,
		Reasons:  slices.Sorted(slices.Values(append(book.Reasons(), unchecked.Reason))),
		Hint: func(reason string, code int) string {
			if reason == unchecked.Reason {
				return unchecked.Hint
			}
			return book.Hint(reason, code)
		},
	}
}

// V1Settings say where the v1 API is and how to prove who is calling.
type V1Settings struct {
	// BaseURL is the API's address. One without a path is that of a server whose API
	// is below /v1, where the on-premises client has it.
	BaseURL string `yaml:"base_url"`
	// APIKey proves who is sending, and stands for the number; no two channels share
	// one.
	APIKey whatsapp.Secret `yaml:"api_key"`
	// Namespace is that of the account's templates.
	Namespace string `yaml:"namespace"`
	// ContactsCheck asks for each recipient's wa_id before the message. Without it
	// messages go to the digits of the number.
	ContactsCheck bool `yaml:"contacts_check"`
	// WebhookHeader is the header that proves a webhook, and WebhookSecret its value.
	WebhookHeader string          `yaml:"webhook_header"`
	WebhookSecret whatsapp.Secret `yaml:"webhook_secret"`
}

var _ whatsapp.Settings = (*V1Settings)(nil)

// namespaceForm is a namespace as WhatsApp Manager shows it.
var namespaceForm = regexp.MustCompile(`^[0-9A-Za-z_-]+$`)

// Check reports every value that cannot work.
func (s *V1Settings) Check(r *whatsapp.Report) {
	r.Address("base_url", s.BaseURL, DefaultV1BaseURL)
	r.Token("api_key", s.APIKey, "create one for the number in the 360dialog hub")
	r.Need(namespaceForm.MatchString(s.Namespace), "namespace",
		"is missing or has other characters than letters, digits, _ and -; the 360dialog hub shows it with the templates")
	r.Header("webhook_header", s.WebhookHeader, DefaultWebhookHeader)
	r.Key("webhook_secret", s.WebhookSecret, askWebhookSecret)
}

// Identity is that of the channel: webhooks do not tell the number.
func (s *V1Settings) Identity() whatsapp.Identity {
	return whatsapp.Identity{App: cloud.AppOf(V1Name, s.WebhookSecret)}
}

// Open makes the channel.
func (s *V1Settings) Open(o whatsapp.Opening) (whatsapp.Provider, error) {
	reader := cloud.NewReader(V1Book())
	reader.Relay, reader.Flat, reader.Listed = relayed, true, true
	reader.Number = func(_, _ wire.Text) string { return "" }
	c := &v1Client{
		identity: s.Identity(), namespace: s.Namespace, now: time.Now,
		reader: reader, call: call.New(o.Timeout, o.Transport),
		hook: hook{s.WebhookHeader, s.WebhookSecret, reader.Events},
	}
	address, err := url.JoinPath(s.BaseURL, listPath)
	if err != nil {
		return nil, fmt.Errorf("base_url: %w", err)
	}
	if c.Library, err = cloud.NewLibrary(address, s.header(), pages{}, reader, o); err != nil {
		return nil, err
	}
	if c.messages, err = s.post("messages"); err != nil {
		return nil, err
	}
	if c.media, err = s.post("media"); err != nil {
		return nil, err
	}
	if s.ContactsCheck {
		c.contacts, err = s.post("contacts")
	}
	return c, err
}

// post is what all requests to a path share.
func (s *V1Settings) post(path string) (*http.Request, error) {
	base, err := url.Parse(s.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("base_url: %w", err)
	}
	if strings.Trim(base.Path, "/") == "" {
		base = base.JoinPath("v1")
	}
	prototype, err := http.NewRequest(http.MethodPost, base.JoinPath(path).String(), nil)
	if err != nil {
		return nil, fmt.Errorf("base_url: %w", err)
	}
	prototype.Header = s.header()
	return prototype, nil
}

func (s *V1Settings) header() http.Header {
	header := http.Header{"Content-Type": {"application/json"}}
	header.Set(keyHeader, string(s.APIKey))
	return header
}
