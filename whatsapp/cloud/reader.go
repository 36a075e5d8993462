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
	// Relay judges an answer that holds no error of the Cloud API's own, where a
	// service in between answers in words of its own; ok is false for what is not
	// its. If nil, HTTP's status decides.
	Relay func(answer *call.Answer) (refusal *whatsapp.Error, ok bool)
}

// NewReader makes a reader that judges refusals by the book.
func NewReader(book *codes.Book) *Reader { return &Reader{book: book} }

// answer tells what an answer means that came at now.
func (r *Reader) answer(answer *call.Answer, now time.Time) (whatsapp.Accepted, *whatsapp.Error) {
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
	refusal := r.refusal(told.Error, answer, broken)
	if refusal.Message == "" && !told.Error.own() {
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
	if r.Relay != nil && !answer.OK() && !told.own() {
		if refusal, ok := r.Relay(answer); ok {
			return refusal
		}
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
