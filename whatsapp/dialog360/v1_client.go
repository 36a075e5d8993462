package dialog360

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"carillon/whatsapp"
	"carillon/whatsapp/call"
	"carillon/whatsapp/cloud"
	"carillon/whatsapp/codes"
	"carillon/whatsapp/wire"
)

// v1Client is one sending number at the v1 API. Its methods may be called
// concurrently.
type v1Client struct {
	hook
	*cloud.Library
	identity  whatsapp.Identity
	namespace string
	reader    *cloud.Reader
	call      *call.Client
	// messages, media and contacts are what all requests to these paths share; they
	// are only read. Without a contacts check contacts is nil.
	messages, media, contacts *http.Request
	now                       func() time.Time
}

var (
	_ whatsapp.Provider = (*v1Client)(nil)
	_ whatsapp.Hook     = (*v1Client)(nil)
	_ whatsapp.Marker   = (*v1Client)(nil)
	_ whatsapp.Library  = (*v1Client)(nil)
	_ whatsapp.Prober   = (*v1Client)(nil)
	_ whatsapp.Examiner = (*v1Client)(nil)
)

// Identity says how webhooks name the number.
func (c *v1Client) Identity() whatsapp.Identity { return c.identity }

// Close closes the connections that wait for the next request.
func (c *v1Client) Close() {
	c.call.Close()
	c.Library.Close()
}

// Send asks for the recipient's wa_id where that is wanted, and makes one request
// of m. The error is always a *whatsapp.Error.
func (c *v1Client) Send(ctx context.Context, m whatsapp.Message) (whatsapp.Accepted, error) {
	if wrong := v1Fault(&m); wrong != "" {
		return whatsapp.Accepted{}, codes.NoSuchContent().Of(codes.Fault{Message: wrong})
	}
	if m.UserID != "" {
		return whatsapp.Accepted{}, codes.NumbersOnly().Of(codes.Fault{})
	}
	var checked whatsapp.Who
	if c.contacts != nil {
		waID, refusal := c.check(ctx, m.To)
		if refusal != nil {
			return whatsapp.Accepted{}, refusal
		}
		checked.Phone = waID
	}
	to := checked.Phone
	if to == "" {
		to = strings.TrimPrefix(m.To, "+")
	}
	answer, refusal := c.call.Do(ctx, c.messages, v1Body(to, c.namespace, &m))
	if refusal != nil {
		return whatsapp.Accepted{}, refusal
	}
	accepted, refusal := c.reader.Answer(answer, c.now())
	if refusal != nil {
		return whatsapp.Accepted{}, refusal
	}
	if !accepted.Recipient.Known() {
		accepted.Recipient = checked
	}
	return accepted, nil
}

// checkedContact is what the contacts check tells of a number.
type checkedContact struct {
	Status wire.Text `json:"status"`
	WaID   wire.Text `json:"wa_id"`
}

// check asks for the wa_id of a number. It is empty where the service does not
// know this request, or tells no wa_id of a number that is valid. No message was
// sent, whatever the refusal says.
func (c *v1Client) check(ctx context.Context, number string) (waID string, refusal *whatsapp.Error) {
	body := wire.AppendString([]byte(`{"blocking":"wait","contacts":[`), number)
	answer, refusal := c.call.Do(ctx, c.contacts, append(body, `],"force_check":false}`...))
	if refusal != nil {
		return "", c.unsent(ctx, refusal)
	}
	contact, found := firstContact(answer)
	switch {
	case found && contact.Status.Is("invalid"):
		return "", noAccount.Of(codes.Fault{Code: notValid, Message: "the contacts check calls the number invalid"})
	case found && (contact.Status.Is("valid") || contact.Status == "" && contact.WaID != ""):
		return contact.WaID.Digits(), nil
	}
	_, refusal = c.reader.Answer(answer, c.now())
	switch {
	case refusal == nil: // it took a check for a message
		return "", unchecked().Of(codes.Fault{Message: answer.Words()})
	case refusal.Code == 0 && (answer.Status == http.StatusNotFound || answer.Status == http.StatusMethodNotAllowed):
		return "", nil
	}
	return "", c.unsent(ctx, refusal)
}

// firstContact reads the answer to a check of one number.
func firstContact(answer *call.Answer) (contact checkedContact, found bool) {
	var told struct {
		Contacts []checkedContact `json:"contacts"`
	}
	if !answer.OK() || answer.Broken != nil || wire.Decode(answer.Body, &told) != nil || len(told.Contacts) == 0 {
		return checkedContact{}, false
	}
	return told.Contacts[0], true
}

// unsent is what the refusal of a check means for the message, which surely was
// not sent.
func (c *v1Client) unsent(ctx context.Context, refusal *whatsapp.Error) *whatsapp.Error {
	switch {
	case refusal.Class != whatsapp.Ambiguous:
		return refusal
	case ctx.Err() != nil:
		return codes.Cancelled().Because(ctx.Err())
	}
	failed := unchecked().Of(codes.Fault{Code: refusal.Code, Status: refusal.HTTPStatus, Message: refusal.Message})
	failed.Cause = refusal.Cause
	return failed
}

// MarkRead makes one request (360dialog, mark messages as read).
func (c *v1Client) MarkRead(ctx context.Context, id string) error {
	address := c.messages.URL.String() + "/" + url.PathEscape(id)
	prototype, err := http.NewRequest(http.MethodPut, address, nil)
	if err != nil {
		return codes.Unreachable().Because(err)
	}
	prototype.Header = c.messages.Header
	answer, refusal := c.call.Do(ctx, prototype, []byte(`{"status":"read"}`))
	if refusal != nil {
		return refusal
	}
	if answer.OK() {
		return nil
	}
	_, refusal = c.reader.Answer(answer, c.now())
	return refusal
}
