package cloud

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"carillon/whatsapp"
	"carillon/whatsapp/call"
	"carillon/whatsapp/wire"
)

// Question is a request beside those for messages, at the same service.
type Question struct {
	// Method is GET where it is empty.
	Method string
	// Path is relative to the address for messages, such as "../media".
	Path  string
	Query url.Values
	// Header replaces that of the sender, where it is not nil.
	Header http.Header
	Body   []byte
}

// Ask makes the request once and reads a yes into the variable that into points to.
// Of an answer that is not read, because it is no JSON, nothing is told. The clock
// takes the time of the answer.
func (s *Sender) Ask(ctx context.Context, q Question, into any, clock *whatsapp.Clock) *whatsapp.Error {
	r := s.messages.prototype.Clone(ctx)
	r.Method = http.MethodGet
	if q.Method != "" {
		r.Method = q.Method
	}
	r.URL = r.URL.JoinPath(q.Path)
	r.URL.RawQuery = q.Query.Encode()
	if q.Header != nil {
		r.Header = q.Header
	}
	began := time.Now()
	answer, refusal := s.call.Do(ctx, r, q.Body)
	if refusal != nil {
		return refusal
	}
	clock.Read(answer.Header, began, time.Now())
	if !answer.OK() {
		_, refusal = s.messages.reader.Answer(answer, s.now())
		return refusal
	}
	return unread(answer, into)
}

// unread is the refusal of a yes that says nothing.
func unread(answer *call.Answer, into any) *whatsapp.Error {
	err := answer.Broken
	if err == nil {
		err = wire.Decode(answer.Body, into)
	}
	if err == nil {
		return nil
	}
	return &whatsapp.Error{
		Class: whatsapp.Ambiguous, Reason: "not_the_api", HTTPStatus: answer.Status, Message: "the answer is none of the API: " + answer.Words(),
		Hint: "check base_url: something else answers there", Cause: err,
	}
}

// AskEmpty asks by a message that says nothing and is for nobody whether the token
// is taken: it is refused for what it lacks, and cannot be sent.
func (s *Sender) AskEmpty(ctx context.Context, e *whatsapp.Examination) {
	refusal := s.Ask(ctx, Question{Method: http.MethodPost, Path: ".", Body: []byte("{}")}, new(struct{}), &e.Clock)
	EmptyRefused(e, refusal)
}

// EmptyRefused puts on record what the refusal of an empty message tells of the
// token; nil where there was none.
func EmptyRefused(e *whatsapp.Examination, refusal *whatsapp.Error) {
	switch {
	case refusal == nil:
		e.Doubt("token", "the provider took an empty message, so nothing can be said of the token", "check base_url: something else may answer there")
	case refusal.Class == whatsapp.BadRequest || refusal.Class == whatsapp.Drop || refusal.Scope == whatsapp.TemplateScope:
		e.Add("token", "is accepted: an empty message was refused only for what it lacks")
	default:
		e.Refused("token", refusal)
	}
}
