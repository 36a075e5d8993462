package cloud

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/codes"
	"carillon/whatsapp/wire"
)

// notification is a webhook's body (Meta, webhooks reference, messages). Every
// list may hold several.
type notification struct {
	Entry []struct {
		ID      wire.Text `json:"id"`   // of the account
		Time    wire.Text `json:"time"` // of the changes, where they are no messages
		Changes []change  `json:"changes"`
	} `json:"entry"`
	value // of a flat body
}

type change struct {
	Field wire.Text `json:"field"`
	Value value     `json:"value"`
}

// value is what a change tells, whatever its field is.
type value struct {
	// Field is where a sample of Meta's has what belongs beside the value.
	Field    wire.Text `json:"field"`
	Metadata struct {
		PhoneNumberID wire.Text `json:"phone_number_id"`
		Shown         wire.Text `json:"display_phone_number"`
	} `json:"metadata"`
	Contacts    []contact      `json:"contacts"`
	Statuses    []status       `json:"statuses"`
	Messages    []message      `json:"messages"`
	Errors      graphErrors    `json:"errors"`
	Preferences []preference   `json:"user_preferences"`
	UserIDs     []userIDUpdate `json:"user_id_update"`
	aboutTemplate
	aboutNumber
	aboutAccount
}

type status struct {
	ID        wire.Text   `json:"id"`
	Status    wire.Text   `json:"status"`
	Timestamp wire.Text   `json:"timestamp"`
	Reference wire.Text   `json:"biz_opaque_callback_data"`
	Errors    graphErrors `json:"errors"`

	Recipient       wire.Text `json:"recipient_id"`
	RecipientUserID wire.Text `json:"recipient_user_id"`
	RecipientParent wire.Text `json:"recipient_parent_user_id"`
	RecipientType   wire.Text `json:"recipient_type"`
	// Message has the recipient in receipts of older kinds.
	Message struct {
		Recipient wire.Text `json:"recipient_id"`
	} `json:"message"`
}

func (s *status) toGroup() bool { return s.RecipientType.Is("group") }

// who is whom the message was for; nobody where it went to a group.
func (s *status) who() whatsapp.Who {
	if s.toGroup() {
		return whatsapp.Who{}
	}
	return named(cmp.Or(s.Recipient, s.Message.Recipient), s.RecipientUserID, s.RecipientParent)
}

// Events reads what is told in a webhook's body: receipts, messages and opt-outs of
// people, and news of templates, numbers and the account. Statuses it does not
// know, "played" among them, messages to groups and fields about other things are
// passed over. A time that is missing or cannot be read is zero. The error is
// whatsapp.ErrMalformed.
func (r *Reader) Events(body []byte) (whatsapp.Events, error) {
	var told notification
	if err := wire.Decode(body, &told); err != nil {
		return whatsapp.Events{}, fmt.Errorf("%w: %w", whatsapp.ErrMalformed, err)
	}
	var events whatsapp.Events
	for _, entry := range told.Entry {
		for i := range entry.Changes {
			change := &entry.Changes[i]
			r.appendChange(&events, &change.Value, cmp.Or(change.Field, change.Value.Field), string(entry.ID), entry.Time.Time())
		}
	}
	if r.Flat && len(told.Entry) == 0 {
		r.appendMessages(&events, &told.value, "", time.Time{})
	}
	return events, nil
}

// appendChange adds what a change of the field tells, and when. One without a field
// is about messages.
func (r *Reader) appendChange(events *whatsapp.Events, v *value, field wire.Text, account string, at time.Time) {
	switch {
	case field == "" || field.Is("messages") || slices.ContainsFunc(r.Messages, field.Is):
		r.appendMessages(events, v, account, at)
	case field.Is("user_preferences"):
		v.appendPreferences(events, r.number(v))
	case field.Is("user_id_update"):
		v.appendUserIDs(events, r.number(v))
	default:
		if notice, ok := v.notice(field); ok {
			notice.Account, notice.At = cmp.Or(notice.Account, account), at
			if notice.Topic == whatsapp.NumbersNews && r.Number != nil {
				notice.Number = r.Number("", v.Display)
			}
			events.Notices = append(events.Notices, notice)
		}
	}
}

// appendMessages adds what is told about messages, ours and those of people.
func (r *Reader) appendMessages(events *whatsapp.Events, v *value, account string, at time.Time) {
	number := r.number(v)
	people, things := newDirectory(v.Contacts), len(v.Statuses)+len(v.Messages)
	for i := range v.Statuses {
		s := &v.Statuses[i]
		if receipt, ok := s.receipt(r.book); ok {
			receipt.Number = number
			if !s.toGroup() {
				receipt.Recipient = people.person(receipt.Recipient, things)
			}
			events.Receipts = append(events.Receipts, receipt)
		}
	}
	for i := range v.Messages {
		m := &v.Messages[i]
		if move, ok := m.move(); ok {
			move.Number = number
			events.Moves = append(events.Moves, move)
		}
		if inbound, ok := m.inbound(); ok {
			inbound.Number, inbound.From = number, people.person(inbound.From, things)
			events.Inbound = append(events.Inbound, inbound)
		}
	}
	events.Contacts = append(events.Contacts, people.left(number)...)
	for i := range v.Errors {
		refusal := v.Errors[i].refusal(r.book)
		events.Notices = append(events.Notices, whatsapp.Notice{
			Topic: whatsapp.NumberError, Number: number, Account: account, At: at, Reason: refusal.Reason, Detail: refusal.Hint, Err: refusal,
		})
	}
}

// receipt is the status in our words. ok is false for one that names no
// message or tells nothing about its way.
func (s *status) receipt(book *codes.Book) (receipt whatsapp.Receipt, ok bool) {
	receipt = whatsapp.Receipt{
		ID:        string(s.ID),
		Reference: string(s.Reference),
		At:        s.Timestamp.Time(),
		Recipient: s.who(),
	}
	switch {
	case s.Status.Is("sent"):
		receipt.Status = campaign.Sent
	case s.Status.Is("delivered"):
		receipt.Status = campaign.Delivered
	case s.Status.Is("read"):
		receipt.Status = campaign.Read
	case s.Status.Is("failed"):
		receipt.Status = campaign.Failed
		receipt.Err = s.failure(book)
	default:
		return whatsapp.Receipt{}, false
	}
	return receipt, receipt.ID != "" || receipt.Reference != ""
}

// failure is the first of the errors, which is the only one that comes (Meta,
// status webhook reference).
func (s *status) failure(book *codes.Book) *whatsapp.Error {
	if len(s.Errors) == 0 {
		return book.Others.Unexplained.Of(codes.Fault{Mode: codes.InReceipt})
	}
	return s.Errors[0].refusal(book)
}

// refusal judges an error that came by webhook. One whose code cannot be read is as
// one whose code is unknown.
func (g *graphError) refusal(book *codes.Book) *whatsapp.Error {
	f := g.fault(codes.InReceipt)
	if g.Code != "" && !g.own() {
		return book.Others.UnknownCode.Of(f)
	}
	return book.Judge(f)
}
