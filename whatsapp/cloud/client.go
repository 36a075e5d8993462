// Package cloud speaks to Meta's WhatsApp Cloud API. It is also what providers
// that relay the same API are made of: Sender, Reader and Hook.
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
	"context"
	"fmt"
	"net/http"
	"time"

	"carillon/whatsapp"
	"carillon/whatsapp/call"
	"carillon/whatsapp/codes"
	"carillon/whatsapp/wire"
)

// Client is one sending number at the Cloud API, or at a service that relays it.
// Its methods may be called concurrently.
type Client struct {
	*Sender
	ProbedHook
	whatsapp.Examiner
	identity whatsapp.Identity
}

// ProbedHook takes webhooks and can make them.
type ProbedHook interface {
	whatsapp.Hook
	whatsapp.Prober
}

// NewClient makes a client of what it sends by, what takes its webhooks and what
// looks at it.
func NewClient(identity whatsapp.Identity, sender *Sender, hook ProbedHook, examiner whatsapp.Examiner) *Client {
	return &Client{Sender: sender, ProbedHook: hook, Examiner: examiner, identity: identity}
}

var (
	_ whatsapp.Provider = (*Client)(nil)
	_ whatsapp.Hook     = (*Client)(nil)
	_ whatsapp.Marker   = (*Client)(nil)
	_ whatsapp.Prober   = (*Client)(nil)
	_ whatsapp.Examiner = (*Client)(nil)
)

// Identity says how webhooks name the number.
func (c *Client) Identity() whatsapp.Identity { return c.identity }

// Sender posts messages in the Cloud API's body, to one address or one for each
// endpoint.
type Sender struct {
	messages  endpoint
	marketing *endpoint // nil where there is none
	userIDs   bool      // messages may go to user IDs
	call      *call.Client
	now       func() time.Time
}

// endpoint is an address that takes messages.
type endpoint struct {
	prototype *http.Request // what all requests share; it is only read
	reader    *Reader
}

// NewSender makes a sender to an address; the header says who is calling.
func NewSender(address string, header http.Header, reader *Reader, o whatsapp.Opening) (*Sender, error) {
	prototype, err := http.NewRequest(http.MethodPost, address, nil)
	if err != nil {
		return nil, fmt.Errorf("base_url: %w", err)
	}
	prototype.Header = header.Clone()
	prototype.Header.Set("Content-Type", "application/json")
	return &Sender{messages: endpoint{prototype, reader}, call: call.New(o.Timeout, o.Transport), now: time.Now}, nil
}

// TakeUserIDs has messages go to user IDs as well as to numbers.
func (s *Sender) TakeUserIDs() { s.userIDs = true }

// sendMarketing adds the endpoint for marketing messages, which stands beside that
// for all messages and is read by a reader of its own.
func (s *Sender) sendMarketing(reader *Reader) {
	prototype := s.messages.prototype.Clone(context.Background())
	prototype.URL = prototype.URL.JoinPath("../marketing_messages")
	s.marketing = &endpoint{prototype, reader}
}

// endpointOf is where a message goes, or what is wrong with it.
func (s *Sender) endpointOf(m *whatsapp.Message) (to endpoint, wrong string) {
	switch {
	case m.Wrong() != "":
		return endpoint{}, m.Wrong()
	case m.Template.MarketingMessages == nil:
		return s.messages, ""
	case s.marketing == nil:
		return endpoint{}, "there is no endpoint for marketing messages"
	}
	return *s.marketing, ""
}

// Send makes one request of m. The error is always a *whatsapp.Error.
func (s *Sender) Send(ctx context.Context, m whatsapp.Message) (whatsapp.Accepted, error) {
	to, wrong := s.endpointOf(&m)
	if wrong != "" {
		return whatsapp.Accepted{}, codes.NoSuchContent().Of(codes.Fault{Message: wrong})
	}
	if m.UserID != "" && !s.userIDs {
		return whatsapp.Accepted{}, codes.NumbersOnly().Of(codes.Fault{})
	}
	answer, refusal := s.call.Do(ctx, to.prototype, requestBody(m))
	if refusal != nil {
		return whatsapp.Accepted{}, refusal
	}
	accepted, refusal := to.reader.Answer(answer, s.now())
	if refusal != nil {
		return whatsapp.Accepted{}, refusal
	}
	return accepted, nil
}

// MarkRead makes one request (Meta, mark messages as read).
func (s *Sender) MarkRead(ctx context.Context, id string) error {
	body := wire.AppendString([]byte(`{"messaging_product":"whatsapp","status":"read","message_id":`), id)
	answer, refusal := s.call.Do(ctx, s.messages.prototype, append(body, '}'))
	if refusal != nil {
		return refusal
	}
	if answer.OK() {
		return nil
	}
	_, refusal = s.messages.reader.Answer(answer, s.now())
	return refusal
}

// Close closes the connections that wait for the next request.
func (s *Sender) Close() { s.call.Close() }
