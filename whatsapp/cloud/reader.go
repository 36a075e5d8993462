package cloud

import (
	"errors"
	"net/http"
	"time"

	"carillon/whatsapp"
	"carillon/whatsapp/call"
	"carillon/whatsapp/codes"
	"carillon/whatsapp/wire"
)

// Reader reads answers and webhooks in the Cloud API's words.
type Reader struct {
	book *codes.Book
	// Relay reads the error of a service in between, which has a form of its own; ok
	// is false for what is none. If nil, there is no such service.
	Relay func(answer *call.Answer) (told Relayed, ok bool)
	// Number is how the program knows the number of a webhook that tells it by
	// Meta's identifier and as people see it. If nil, by the identifier.
	Number func(id, shown wire.Text) string
	// Flat says that a webhook may also come without the envelope: with messages and
	// statuses at its top. It then is about the number whose address it called.
	Flat bool
	// Listed says that an answer may also have its error in a list, as those of the
	// on-premises API have. Of several the first counts.
	Listed bool
	// Messages are further fields of changes that are about messages.
	Messages []string
}

// Relayed is the error of a service in between.
type Relayed struct {
	// Message is its text.
	Message string
	// Wait is how long it asks to wait; 0 where it does not say.
	Wait time.Duration
}

// NewReader makes a reader that judges refusals by the book.
func NewReader(book *codes.Book) *Reader { return &Reader{book: book} }

// Answer tells what an answer means that came at now.
func (r *Reader) Answer(answer *call.Answer, now time.Time) (whatsapp.Accepted, *whatsapp.Error) {
	var told answerBody
	broken := answer.Broken
	if !errors.Is(broken, call.ErrTooLong) {
		if err := wire.Decode(answer.Body, &told); err != nil && broken == nil {
			broken = err
		}
	}
	if told.names() && answer.OK() {
		return told.accepted(), nil
	}
	failure := told.Error
	if r.Listed && failure == nil && len(told.Errors) > 0 {
		failure = &told.Errors[0]
	}
	refusal := r.refusal(failure, answer, broken)
	if refusal.Message == "" && !failure.own() {
		refusal.Message = answer.Words()
	}
	var longer time.Duration
	if refusal.Budget == whatsapp.AppBudget || refusal.Budget == whatsapp.AccountBudget {
		longer = regainAccess(answer.Header.Get("X-Business-Use-Case-Usage"))
	}
	answer.RaiseWait(refusal, now, longer)
	return whatsapp.Accepted{}, refusal
}

// refusal is what an answer with this error means when it is not a yes.
func (r *Reader) refusal(told *graphError, answer *call.Answer, broken error) *whatsapp.Error {
	f := told.fault(codes.InAnswer)
	f.Status = answer.Status
	if refusal, ok := r.relayed(told, answer); ok {
		return refusal
	}
	var refusal *whatsapp.Error
	switch {
	case answer.OK():
		refusal = r.book.Others.NoMessageID.Of(f)
	case answer.Status == http.StatusRequestTimeout || !told.own():
		refusal = r.book.JudgeStatus(f)
	default:
		return r.book.Judge(f)
	}
	refusal.Cause = broken
	return refusal
}

// relayed is what the error of a service in between means. ok is false where there
// is none, or none that is known.
func (r *Reader) relayed(own *graphError, answer *call.Answer) (refusal *whatsapp.Error, ok bool) {
	if r.Relay == nil || answer.OK() || own.own() {
		return nil, false
	}
	told, ok := r.Relay(answer)
	if !ok {
		return nil, false
	}
	refusal, ok = r.book.JudgeRelayed(codes.Fault{Mode: codes.InAnswer, Status: answer.Status, Message: whatsapp.Excerpt(told.Message)})
	if ok && told.Wait > 0 {
		refusal.Wait, refusal.Asked = told.Wait, true
	}
	return refusal, ok
}

// number is the number that a change is about.
func (r *Reader) number(v *value) string {
	if r.Number == nil {
		return string(v.Metadata.PhoneNumberID)
	}
	return r.Number(v.Metadata.PhoneNumberID, v.Metadata.Shown)
}
