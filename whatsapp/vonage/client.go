// Package vonage speaks to Vonage's Messages API: to v1, and to the beta before it,
// which fills nothing but the texts of a template's body, and sends texts, files and
// locations alone besides.
//
// A Send is one POST. Only where the answer is 401, which says that the message
// surely was not taken, a new token is made and the POST repeated once. A webhook
// is believed only when it is signed, and then read leniently, in the words of
// either API.
package vonage

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"carillon/whatsapp"
	"carillon/whatsapp/call"
	"carillon/whatsapp/codes"
)

// Client is one sending number at Vonage. Its methods may be called concurrently.
type Client struct {
	hook
	identity  whatsapp.Identity
	prototype *http.Request // what all requests share; it is only read
	call      *call.Client
	tokens    *tokens
	body      writer
	free      freeWriter
}

// writer writes a template. The refusal is of one that the API has no form for.
type writer func(m whatsapp.Message) ([]byte, *whatsapp.Error)

// freeWriter writes what is no template. The error says why the API has no form for
// it.
type freeWriter func(m whatsapp.Message) ([]byte, error)

var (
	_ whatsapp.Provider = (*Client)(nil)
	_ whatsapp.Hook     = (*Client)(nil)
	_ whatsapp.Prober   = (*Client)(nil)
	_ whatsapp.Examiner = (*Client)(nil)
)

// open makes the channel that posts to a path.
func (s *Settings) open(identity whatsapp.Identity, path string, body writer, free freeWriter, o whatsapp.Opening) (*Client, error) {
	address, err := url.JoinPath(s.BaseURL, path)
	if err != nil {
		return nil, fmt.Errorf("base_url: %w", err)
	}
	prototype, err := http.NewRequest(http.MethodPost, address, nil)
	if err != nil {
		return nil, fmt.Errorf("base_url: %w", err)
	}
	key, err := jwt.ParseRSAPrivateKeyFromPEM(s.pem())
	if err != nil {
		return nil, fmt.Errorf("private_key: %w", err)
	}
	prototype.Header = http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}}
	return &Client{
		hook: hook{secret: s.SignatureSecret, now: time.Now}, identity: identity, prototype: prototype,
		call: call.New(o.Timeout, o.Transport), tokens: newTokens(s.ApplicationID, key), body: body, free: free,
	}, nil
}

// Identity says how webhooks name the number.
func (c *Client) Identity() whatsapp.Identity { return c.identity }

// Close closes the connections that wait for the next request.
func (c *Client) Close() { c.call.Close() }

// Send makes one request of m, and another one where the first is answered with 401.
// The error is always a *whatsapp.Error.
func (c *Client) Send(ctx context.Context, m whatsapp.Message) (whatsapp.Accepted, error) {
	if m.UserID != "" {
		return whatsapp.Accepted{}, codes.NumbersOnly().Of(codes.Fault{})
	}
	body, refusal := c.written(m)
	if refusal != nil {
		return whatsapp.Accepted{}, refusal
	}
	answer, refusal := c.postTwice(ctx, body)
	if refusal != nil {
		return whatsapp.Accepted{}, refusal
	}
	accepted, refusal := result(answer, time.Now())
	if refusal != nil {
		return whatsapp.Accepted{}, refusal
	}
	return accepted, nil
}

// written is the request's body for m. The refusal is of one that has none.
func (c *Client) written(m whatsapp.Message) ([]byte, *whatsapp.Error) {
	wrong := m.Wrong()
	switch {
	case wrong != "":
	case m.Template.MarketingMessages != nil:
		wrong = "there is no endpoint for marketing messages"
	case m.Free == nil:
		return c.body(m)
	default:
		body, err := c.free(m)
		if err == nil {
			return body, nil
		}
		wrong = err.Error()
	}
	return nil, codes.NoSuchContent().Of(codes.Fault{Message: wrong})
}

// postTwice makes a request, and another one where the first is answered with 401.
func (c *Client) postTwice(ctx context.Context, body []byte) (*call.Answer, *whatsapp.Error) {
	token := c.tokens.current()
	answer, refusal := c.post(ctx, token, body)
	if refusal == nil && answer.Status == http.StatusUnauthorized {
		return c.post(ctx, c.tokens.after(token, answer.Header), body)
	}
	return answer, refusal
}

func (c *Client) post(ctx context.Context, token string, body []byte) (*call.Answer, *whatsapp.Error) {
	r := *c.prototype
	r.Header = c.prototype.Header.Clone()
	r.Header.Set("Authorization", "Bearer "+token)
	return c.call.Do(ctx, &r, body)
}
