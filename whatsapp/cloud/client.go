// Package cloud speaks to Meta's WhatsApp Cloud API, and to any service that
// offers the same API at another address.
//
// A Send is one POST, made once: no redirect is followed, and no connection
// trouble makes it a second one after the first may have been read. Every
// failure tells whether the message surely was not taken or perhaps was. A
// webhook is believed only when it is signed, and then read leniently: what
// is missing or unknown is passed over.
//
// It does not wait, retry, count or keep a rate; that is the caller's part.
package cloud

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"carillon/whatsapp"
	"carillon/whatsapp/call"
	"carillon/whatsapp/codes"
)

// DefaultTimeout is how long a request may take in all when the options do
// not say.
const DefaultTimeout = 30 * time.Second

// Options says where the API is and how to prove who is calling.
type Options struct {
	// BaseURL is the address without version and number, such as
	// https://graph.facebook.com.
	BaseURL string
	// APIVersion is the version in the path, such as v23.0. Empty leaves it
	// out, as services that relay the API do.
	APIVersion string
	// PhoneNumberID is the sending number in the path: Meta's identifier of
	// it, or the number itself where a relaying service wants that.
	PhoneNumberID string
	// AccessToken is the bearer token of the requests.
	AccessToken string
	// AppSecrets are the keys that webhooks may be signed with, one per
	// subscribed app. Empty ones are ignored; with none left every webhook is
	// refused.
	AppSecrets []string
	// VerifyToken is the word that the webhook's verification has to bring.
	// If empty, every verification is refused.
	VerifyToken string
	// Timeout is for the whole request with its answer. If zero, it is
	// DefaultTimeout. Connecting takes at most 5 s of it.
	Timeout time.Duration
	// Transport makes the requests. If nil, the client has one of its own.
	Transport http.RoundTripper
}

// Client is one sending number at the Cloud API. Its methods may be called
// concurrently.
type Client struct {
	prototype   *http.Request // what all requests share; it is only read
	call        *call.Client
	book        *codes.Book
	appSecrets  [][]byte
	app         string
	verifyToken string
	now         func() time.Time
}

var _ whatsapp.Provider = (*Client)(nil)

// New makes a client. The error names every option that is missing or cannot
// be used.
func New(o Options) (*Client, error) {
	endpoint, err := o.endpoint()
	if err = errors.Join(err, o.checkToken()); err != nil {
		return nil, err
	}
	prototype, err := http.NewRequest(http.MethodPost, endpoint, nil)
	if err != nil {
		return nil, fmt.Errorf("base_url %q: %w", o.BaseURL, err)
	}
	prototype.Header.Set("Authorization", "Bearer "+o.AccessToken)
	prototype.Header.Set("Content-Type", "application/json")
	client := &Client{
		prototype:   prototype,
		call:        call.New(cmp.Or(max(o.Timeout, 0), DefaultTimeout), o.Transport),
		book:        Book(),
		verifyToken: o.VerifyToken,
		now:         time.Now,
	}
	for _, secret := range o.AppSecrets {
		if secret != "" {
			client.appSecrets = append(client.appSecrets, []byte(secret))
		}
	}
	client.app = appOf(client.appSecrets)
	return client, nil
}

// Traits of the Cloud API: biz_opaque_callback_data comes back in receipts (Meta,
// status webhook reference).
func (c *Client) Traits() whatsapp.Traits { return whatsapp.Traits{Echoes: true} }

// App is the same for clients with the same AppSecrets.
func (c *Client) App() string { return c.app }

var versionForm = regexp.MustCompile(`^v\d+\.\d+$`)

// endpoint is the address of the messages: base, version if any, number.
func (o Options) endpoint() (string, error) {
	var errs []error
	base, err := url.Parse(o.BaseURL)
	switch {
	case o.BaseURL == "":
		errs = append(errs, errors.New("base_url is missing: it is https://graph.facebook.com unless another service relays the API"))
	case err != nil:
		errs = append(errs, fmt.Errorf("base_url: %w", err))
	case base.Scheme != "https" && base.Scheme != "http", base.Host == "", base.RawQuery != "", base.Fragment != "":
		errs = append(errs, fmt.Errorf("base_url %q is not an address: write it like https://graph.facebook.com", o.BaseURL))
	}
	if o.PhoneNumberID == "" {
		errs = append(errs, errors.New("phone_number_id is missing: it stands in the app's dashboard under WhatsApp, API setup"))
	}
	if o.APIVersion != "" && !versionForm.MatchString(o.APIVersion) {
		errs = append(errs, fmt.Errorf("api_version %q is not a version: write it like v23.0", o.APIVersion))
	}
	if len(errs) > 0 {
		return "", errors.Join(errs...)
	}
	return base.JoinPath(o.APIVersion, url.PathEscape(o.PhoneNumberID), "messages").String(), nil
}

// checkToken refuses what would not pass as a header, above all the line break
// at the end of a file.
func (o Options) checkToken() error {
	switch {
	case o.AccessToken == "":
		return errors.New("access_token is missing: make one for a system user that may send messages")
	case strings.ContainsFunc(o.AccessToken, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("access_token has a space, a line break or another character that no token has: copy it again")
	}
	return nil
}

// Send makes one request of m. The error is always a *whatsapp.Error.
func (c *Client) Send(ctx context.Context, m whatsapp.Message) (whatsapp.Accepted, error) {
	answer, refusal := c.call.Do(ctx, c.prototype, requestBody(m))
	if refusal != nil {
		return whatsapp.Accepted{}, refusal
	}
	accepted, refusal := c.read(answer)
	if refusal != nil {
		return whatsapp.Accepted{}, refusal
	}
	return accepted, nil
}

// Close closes the connections that wait for the next request.
func (c *Client) Close() { c.call.Close() }
