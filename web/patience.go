package web

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

// How long bodies may take to come; ours. The http.Server around bounds the
// headers alone, for it cannot tell a long list from a caller who sends a byte
// now and then to hold a connection.
const (
	// bodyTime is for a whole body of a size that a line carries at once: a
	// webhook, a form, a JSON document.
	bodyTime = 30 * time.Second
	// pieceTime is for the next piece of a list.
	pieceTime = time.Minute
	// restTime is for what nobody wanted to read.
	restTime = 5 * time.Second
)

// timedBody is a request's body that has to come in time.
type timedBody struct {
	io.ReadCloser
	connection *http.ResponseController
	// piece is the time for each piece; 0: the deadline is that of the whole.
	piece time.Duration
	// rest is the time for what nobody wanted to read.
	rest  time.Duration
	ended bool
}

// timeBody bounds the time that the body of a request may take.
func (s *Server) timeBody(w http.ResponseWriter, r *http.Request) *timedBody {
	b := &timedBody{
		ReadCloser: r.Body, connection: http.NewResponseController(w), rest: s.restTime,
		ended: r.Body == nil || r.Body == http.NoBody,
	}
	if !b.ended {
		r.Body = b
		b.within(s.bodyTime)
	}
	return b
}

// byPieces gives each piece of a body its own time, for one that may be long.
func (s *Server) byPieces(r *http.Request) {
	if b, timed := r.Body.(*timedBody); timed {
		b.piece = s.pieceTime
	}
}

// within sets the time from now on; 0 takes it away. Not every connection has
// one: that of a test has not.
func (b *timedBody) within(d time.Duration) {
	var deadline time.Time
	if d > 0 {
		deadline = time.Now().Add(d)
	}
	_ = b.connection.SetReadDeadline(deadline)
}

// Read reads in time. What comes too late is a problem.
func (b *timedBody) Read(p []byte) (int, error) {
	if b.piece > 0 {
		b.within(b.piece)
	}
	n, err := b.ReadCloser.Read(p)
	switch {
	case errors.Is(err, io.EOF):
		b.done()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return n, refuse(tooSlow, "send it again, without pauses", "the request did not end in time").because(err)
	}
	return n, err
}

// done takes the deadline away: whoever has sent all may wait for the answer.
func (b *timedBody) done() {
	if !b.ended {
		b.ended = true
		b.within(0)
	}
}

// leave gives what nobody has read a short time to come.
func (b *timedBody) leave() {
	if !b.ended {
		b.within(b.rest)
	}
}
