package vonage

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"carillon/whatsapp"
	"carillon/whatsapp/call"
	"carillon/whatsapp/codes"
	"carillon/whatsapp/wire"
)

// problem is an error as the APIs tell it: a problem document (RFC 9457) in
// answers and in v1's receipts, a code and a reason in those of v0.1. Some come
// within another one.
type problem struct {
	Type    wire.Text `json:"type"`
	Title   wire.Text `json:"title"`
	Detail  wire.Text `json:"detail"`
	Code    wire.Text `json:"code"`
	Reason  wire.Text `json:"reason"`
	Invalid []struct {
		Name   wire.Text `json:"name"`
		Reason wire.Text `json:"reason"`
	} `json:"invalid_parameters"`
	Within *problem `json:"error"`
}

// UnmarshalJSON never fails. An error that is a text or a number has that as its
// title.
func (p *problem) UnmarshalJSON(b []byte) error {
	if b[0] != '{' {
		return p.Title.UnmarshalJSON(b)
	}
	type bare problem
	return wire.Decode(b, (*bare)(p))
}

// code is the error's number: v0.1 has it by itself, v1 at the end of the type and
// as the title.
func (p *problem) code() (int, bool) {
	if p == nil {
		return 0, false
	}
	_, fragment, _ := strings.Cut(string(p.Type), "#")
	for _, text := range []string{string(p.Code), fragment, string(p.Title)} {
		if code, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32); err == nil && code > 0 {
			return int(code), true
		}
	}
	return p.Within.code()
}

// words lists what the error says.
func (p *problem) words() (words []string) {
	if p == nil {
		return nil
	}
	parts := []wire.Text{p.Title, p.Reason, p.Detail}
	for _, invalid := range p.Invalid {
		parts = append(parts, invalid.Name+": "+invalid.Reason)
	}
	for _, part := range parts {
		_, err := strconv.Atoi(string(part))
		if text := whatsapp.Excerpt(string(part)); err != nil && text != "" && !slices.Contains(words, text) {
			words = append(words, text)
		}
	}
	return append(words, p.Within.words()...)
}

func (p *problem) fault(mode codes.Mode) codes.Fault {
	code, _ := p.code()
	return codes.Fault{Mode: mode, Code: code, Message: whatsapp.Excerpt(strings.Join(p.words(), ": "))}
}

// result tells what an answer means that came at now.
func result(answer *call.Answer, now time.Time) (whatsapp.Accepted, *whatsapp.Error) {
	var told struct {
		ID wire.Text `json:"message_uuid"`
	}
	var said problem
	broken := answer.Broken
	if !errors.Is(broken, call.ErrTooLong) {
		err := errors.Join(wire.Decode(answer.Body, &told), wire.Decode(answer.Body, &said))
		if err != nil && broken == nil {
			broken = err
		}
	}
	if answer.OK() && told.ID != "" {
		return whatsapp.Accepted{ID: string(told.ID)}, nil
	}
	f := said.fault(codes.InAnswer)
	f.Status = answer.Status
	var refusal *whatsapp.Error
	switch {
	case answer.OK():
		refusal = Book().Others.NoMessageID.Of(f)
		refusal.Cause = broken
	case answer.Status == http.StatusRequestTimeout || f.Code == 0:
		refusal = Book().JudgeStatus(f)
		refusal.Cause = broken
	default:
		refusal = Book().Judge(f)
	}
	if refusal.Message == "" && f.Code == 0 {
		refusal.Message = answer.Words()
	}
	answer.RaiseWait(refusal, now, 0)
	return whatsapp.Accepted{}, refusal
}
