// Package call makes the one HTTP request that sends a message, or asks for one.
// It makes it once: no redirect is followed, and no connection trouble makes it a
// second one after the first may have been read. Of every failure it knows whether
// the request surely was not written or perhaps was.
package call

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"carillon/whatsapp"
	"carillon/whatsapp/codes"
)

// MaxAnswer is the longest answer that is read, in bytes.
const MaxAnswer = 1 << 20

// ErrTooLong: the answer is longer than MaxAnswer.
var ErrTooLong = errors.New("the answer is longer than 1 MiB")

// Client makes requests to one host. Its methods may be called concurrently.
type Client struct {
	transport http.RoundTripper
	timeout   time.Duration
}

// New makes a client. The timeout is for a whole request with its answer, of
// which connecting takes at most 5 s; it has to be more than 0. Without a
// transport the client has one of its own.
func New(timeout time.Duration, transport http.RoundTripper) *Client {
	if transport == nil {
		transport = newTransport()
	}
	return &Client{transport: transport, timeout: timeout}
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	// Body is what came of the body; of one that is too long, the beginning.
	Body []byte
	// Broken is the error that ended the body too soon, if one did.
	Broken error
}

// OK reports whether the status says yes.
func (a *Answer) OK() bool { return a.Status >= 200 && a.Status <= 299 }

// Do makes one request with the body, nil for none. Everything else is taken from the
// prototype, which is only read. The refusal is that of a request without an
// answer: RetrySoon where nothing was written, Ambiguous otherwise.
func (c *Client) Do(ctx context.Context, prototype *http.Request, body []byte) (*Answer, *whatsapp.Error) {
	if err := ctx.Err(); err != nil {
		return nil, codes.Cancelled().Because(err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var progress progress
	return c.trip(request(progress.watch(ctx), prototype, &progress, body), &progress)
}

// slowest is how slowly a file may go out, in bytes a second (ours: half a megabit).
const slowest = 64 << 10

// Stream is Do with a body of so many bytes that is read once, as it is sent. The
// timeout is longer by what the body takes on a slow line.
func (c *Client) Stream(ctx context.Context, prototype *http.Request, body io.Reader, size int64) (*Answer, *whatsapp.Error) {
	if err := ctx.Err(); err != nil {
		return nil, codes.Cancelled().Because(err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout+time.Duration(size)*time.Second/slowest)
	defer cancel()
	var progress progress
	r := prototype.WithContext(progress.watch(ctx))
	r.ContentLength, r.Body = size, io.NopCloser(body)
	return c.trip(r, &progress)
}

// trip makes the request and reads the answer.
func (c *Client) trip(r *http.Request, progress *progress) (*Answer, *whatsapp.Error) {
	response, err := c.transport.RoundTrip(r)
	if err != nil {
		return nil, progress.explain(err)
	}
	defer func() { _ = response.Body.Close() }() // it was read to its end or its limit
	answer := &Answer{Status: response.StatusCode, Header: response.Header}
	answer.Body, answer.Broken = read(response.Body)
	return answer, nil
}

// request is the request with the body, if there is one. Only the transport's own second try, on
// another connection, asks for the body again; progress says whether it may have
// it.
func request(ctx context.Context, prototype *http.Request, progress *progress, body []byte) *http.Request {
	r := prototype.WithContext(ctx)
	if len(body) == 0 {
		return r
	}
	r.ContentLength = int64(len(body))
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.GetBody = func() (io.ReadCloser, error) {
		if progress.perhapsTaken() {
			return nil, errNoSecondTry
		}
		return io.NopCloser(bytes.NewReader(body)), nil
	}
	return r
}

// read reads a body to its end, so that the connection can be used again. Of one
// that is too long it gives the beginning, and ErrTooLong.
func read(r io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, MaxAnswer+1))
	if len(body) > MaxAnswer {
		return body[:MaxAnswer], ErrTooLong
	}
	return body, err
}

// Close closes the connections that wait for the next request.
func (c *Client) Close() {
	if t, ok := c.transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}
