package gateway

import (
	"cmp"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/call"
	"carillon/whatsapp/codes"
	"carillon/whatsapp/wire"
)

// answerBody is what may stand in an answer: the API's own words or the Cloud
// API's (v2, success response, error response, message-status). The answer to a
// template is not shown.
type answerBody struct {
	// Status is success or error; where a message was asked for, what became of it.
	Status    wire.Text `json:"status"`
	MessageID wire.Text `json:"message_id"`
	Timestamp wire.Text `json:"timestamp"`
	Recipient wire.Text `json:"recipient"`
	// An error in the form that is shown.
	Code    wire.Text `json:"code"`
	Message wire.Text `json:"message"`
	Details wire.Text `json:"details"`
	// Error and Errors are one in other forms: why a message failed is not shown.
	Error  trouble `json:"error"`
	Errors trouble `json:"errors"`

	Messages []struct {
		ID     wire.Text `json:"id"`
		Status wire.Text `json:"message_status"`
	} `json:"messages"`
	Contacts []struct {
		WaID wire.Text `json:"wa_id"`
	} `json:"contacts"`
}

// trouble is an error: a text, a number, an object, or a list of which the first
// counts.
type trouble struct {
	Code    wire.Text `json:"code"`
	Message wire.Text `json:"message"`
	Title   wire.Text `json:"title"`
	Details wire.Text `json:"details"`
	Data    struct {
		Details wire.Text `json:"details"`
	} `json:"error_data"`
}

// UnmarshalJSON passes over what it cannot read.
func (t *trouble) UnmarshalJSON(b []byte) error {
	switch b[0] {
	case '{':
		type bare trouble
		return wire.Decode(b, (*bare)(t))
	case '[':
		var list []trouble
		err := wire.Decode(b, &list)
		if len(list) > 0 {
			*t = list[0]
		}
		return err
	case '"':
		return t.Message.UnmarshalJSON(b)
	}
	return t.Code.UnmarshalJSON(b)
}

// read reads an answer. broken is why it cannot be read, if so.
func read(answer *call.Answer) (told *answerBody, broken error) {
	told, broken = new(answerBody), answer.Broken
	if errors.Is(broken, call.ErrTooLong) {
		return told, broken
	}
	if err := wire.Decode(answer.Body, told); err != nil && broken == nil {
		broken = err
	}
	return told, broken
}

// id is the identifier of the message that the answer names.
func (a *answerBody) id() string {
	if len(a.Messages) > 0 && a.MessageID == "" {
		return string(a.Messages[0].ID)
	}
	return string(a.MessageID)
}

// accepted is the provider's word that it took the message.
func (a *answerBody) accepted() whatsapp.Accepted {
	accepted := whatsapp.Accepted{ID: a.id(), Recipient: whatsapp.Who{Phone: a.Recipient.Digits()}}
	if len(a.Contacts) > 0 && accepted.Recipient.Phone == "" {
		accepted.Recipient.Phone = a.Contacts[0].WaID.Digits()
	}
	accepted.Held = len(a.Messages) > 0 && a.Messages[0].Status.Is("held_for_quality_assessment")
	return accepted
}

// refuses reports whether the answer is an error of the API's own: it says so, or
// has a code where the Cloud API has one.
func (a *answerBody) refuses() bool {
	if a.Status.Is("error") {
		return true
	}
	_, own := number(a.Error.Code)
	return own && a.Status == ""
}

// unknownID reports whether the error is that there is no such message.
func (a *answerBody) unknownID(status int) bool {
	code, ok := number(a.code())
	return code == http.StatusNotFound || !ok && status == http.StatusNotFound
}

func (a *answerBody) code() wire.Text { return cmp.Or(a.Error.Code, a.Errors.Code, a.Code) }

// fault is the error as the tables know it.
func (a *answerBody) fault(mode codes.Mode) codes.Fault {
	code, ok := number(a.code())
	parts := []wire.Text{
		a.Error.Message, a.Error.Title, a.Error.Details, a.Error.Data.Details,
		a.Errors.Message, a.Errors.Title, a.Errors.Details, a.Errors.Data.Details, a.Message, a.Details,
	}
	if !ok {
		parts = append([]wire.Text{a.code()}, parts...)
	}
	var words []string
	for _, part := range parts {
		if text := whatsapp.Excerpt(string(part)); text != "" && !strings.Contains(strings.Join(words, ": "), text) {
			words = append(words, text)
		}
	}
	return codes.Fault{Mode: mode, Code: code, Message: whatsapp.Excerpt(strings.Join(words, ": "))}
}

// number is a code that is one.
func number(code wire.Text) (int, bool) {
	n, err := strconv.ParseInt(strings.TrimSpace(string(code)), 10, 32)
	if err != nil {
		return 0, false
	}
	return int(n), true
}

// receipt is what became of a message. ok is false where nothing is told yet, or
// in a word that is unknown.
func (a *answerBody) receipt(book *codes.Book) (receipt whatsapp.Receipt, ok bool) {
	receipt = whatsapp.Receipt{ID: string(a.MessageID), At: a.Timestamp.Time(), Recipient: whatsapp.Who{Phone: a.Recipient.Digits()}}
	for word, status := range map[string]campaign.Status{
		"sent": campaign.Sent, "delivered": campaign.Delivered, "read": campaign.Read, "failed": campaign.Failed,
	} {
		if a.Status.Is(word) {
			receipt.Status = status
		}
	}
	switch receipt.Status {
	case 0:
		return whatsapp.Receipt{}, false
	case campaign.Failed:
		receipt.Err = a.failure(book)
	}
	return receipt, true
}

// failure is why a message failed.
func (a *answerBody) failure(book *codes.Book) *whatsapp.Error {
	f := a.fault(codes.InReceipt)
	switch _, ok := number(a.code()); {
	case ok:
		return book.Judge(f)
	case a.code() != "":
		return book.Others.UnknownCode.Of(f)
	}
	return book.Others.Unexplained.Of(f)
}
