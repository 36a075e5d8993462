package gateway

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"carillon/whatsapp"
	"carillon/whatsapp/call"
	"carillon/whatsapp/codes"
)

// Client is one sending number. Its methods may be called concurrently.
type Client struct {
	hook
	identity whatsapp.Identity
	base     *url.URL
	header   http.Header // what all requests share; it is only read
	call     *call.Client
	book     *codes.Book
	now      func() time.Time
}

var (
	_ whatsapp.Provider = (*Client)(nil)
	_ whatsapp.Poller   = (*Client)(nil)
	_ whatsapp.Hook     = (*Client)(nil)
	_ whatsapp.Prober   = (*Client)(nil)
	_ whatsapp.Examiner = (*Client)(nil)
)

// Identity says how webhooks name the number.
func (c *Client) Identity() whatsapp.Identity { return c.identity }

// Close closes the connections that wait for the next request.
func (c *Client) Close() { c.call.Close() }

// request is a request to a path below the API's address, without a body.
func (c *Client) request(method, path string) *http.Request {
	return &http.Request{Method: method, URL: c.base.JoinPath(path), Header: c.header.Clone()}
}

// Send makes one request of m. The error is always a *whatsapp.Error.
func (c *Client) Send(ctx context.Context, m whatsapp.Message) (whatsapp.Accepted, error) {
	path, body, wrong := letter(m)
	if wrong != "" {
		return whatsapp.Accepted{}, codes.NoSuchContent().Of(codes.Fault{Message: wrong})
	}
	if m.UserID != "" {
		return whatsapp.Accepted{}, codes.NumbersOnly().Of(codes.Fault{})
	}
	r := c.request(http.MethodPost, path)
	r.Header.Set("Content-Type", "application/json")
	answer, refusal := c.call.Do(ctx, r, body)
	if refusal != nil {
		return whatsapp.Accepted{}, refusal
	}
	told, broken := read(answer)
	if told.id() != "" && !told.refuses() && answer.OK() {
		return told.accepted(), nil
	}
	return whatsapp.Accepted{}, c.refusal(told, answer, broken)
}

// Poll asks once what became of the message that the provider calls id. The error
// is a *whatsapp.Error, and never Ambiguous: asking again does no harm.
func (c *Client) Poll(ctx context.Context, id string) (whatsapp.Receipt, bool, error) {
	r := c.request(http.MethodGet, "message-status")
	r.URL.RawQuery = url.Values{"message_id": {id}}.Encode()
	answer, refusal := c.call.Do(ctx, r, nil)
	if refusal != nil {
		return whatsapp.Receipt{}, false, again(refusal)
	}
	told, broken := read(answer)
	switch {
	case told.refuses() && told.unknownID(answer.Status):
		return whatsapp.Receipt{}, false, nil
	case told.refuses() || told.Status == "" || !answer.OK():
		return whatsapp.Receipt{}, false, again(c.refusal(told, answer, broken))
	case told.MessageID != "" && string(told.MessageID) != id:
		return whatsapp.Receipt{}, false, nil // of another message
	}
	receipt, ok := told.receipt(c.book)
	receipt.ID = id
	return receipt, ok, nil
}

// again is the refusal of a request that may be repeated whatever became of it.
func again(refusal *whatsapp.Error) *whatsapp.Error {
	if refusal.Class == whatsapp.Ambiguous {
		refusal.Class = whatsapp.RetrySoon
		refusal.Hint = "The provider did not say what became of the message. It is asked again."
	}
	return refusal
}

// refusal is what an answer means that is not a yes.
func (c *Client) refusal(told *answerBody, answer *call.Answer, broken error) *whatsapp.Error {
	f := told.fault(codes.InAnswer)
	f.Status = answer.Status
	var refusal *whatsapp.Error
	switch {
	case told.refuses():
		refusal = c.book.Judge(f)
	case answer.OK():
		refusal = c.book.Others.NoMessageID.Of(f)
	case told.id() != "": // a yes and a no at once
		refusal = c.book.Others.NoVerdict.Of(f)
	default:
		refusal = c.book.JudgeStatus(f)
	}
	if refusal.Message == "" {
		refusal.Message = answer.Words()
	}
	refusal.Cause = broken
	answer.RaiseWait(refusal, c.now(), 0)
	return refusal
}
