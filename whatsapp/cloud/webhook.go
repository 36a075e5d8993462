package cloud

import (
	"cmp"
	"fmt"
	"net/http"

	"carillon/campaign"
	"carillon/whatsapp"
)

// notification is a webhook's body (Meta, webhooks reference, messages). Every
// list may hold several.
type notification struct {
	Entry []struct {
		ID      text     `json:"id"` // of the account
		Changes []change `json:"changes"`
	} `json:"entry"`
}

type change struct {
	Field text  `json:"field"`
	Value value `json:"value"`
}

// value is what a change tells, whatever its field is.
type value struct {
	// Field is where a sample of Meta's has what belongs beside the value.
	Field    text `json:"field"`
	Metadata struct {
		PhoneNumberID text `json:"phone_number_id"`
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
	ID        text        `json:"id"`
	Status    text        `json:"status"`
	Timestamp text        `json:"timestamp"`
	Reference text        `json:"biz_opaque_callback_data"`
	Errors    graphErrors `json:"errors"`

	Recipient       text `json:"recipient_id"`
	RecipientUserID text `json:"recipient_user_id"`
	RecipientParent text `json:"recipient_parent_user_id"`
	RecipientType   text `json:"recipient_type"`
}

// who is whom the message was for; nobody where it went to a group.
func (s *status) who() whatsapp.Who {
	if s.RecipientType.is("group") {
		return whatsapp.Who{}
	}
	return named(s.Recipient, s.RecipientUserID, s.RecipientParent)
}

// Receive verifies that the body is signed with one of the AppSecrets and
// reads what is told in it: receipts, messages and wishes of people, and news
// of templates, numbers and the account. Without AppSecrets it refuses every
// body. Statuses it does not know, "played" among them, messages to groups and
// fields about other things are passed over. A time that is missing or cannot
// be read is zero.
func (c *Client) Receive(header http.Header, body []byte) (whatsapp.Events, error) {
	if err := c.verify(header, body); err != nil {
		return whatsapp.Events{}, err
	}
	return parse(body)
}

func parse(body []byte) (whatsapp.Events, error) {
	var told notification
	if err := decode(body, &told); err != nil {
		return whatsapp.Events{}, fmt.Errorf("%w: %w", whatsapp.ErrMalformed, err)
	}
	var events whatsapp.Events
	for _, entry := range told.Entry {
		for i := range entry.Changes {
			change := &entry.Changes[i]
			change.Value.appendTo(&events, cmp.Or(change.Field, change.Value.Field), string(entry.ID))
		}
	}
	return events, nil
}

// appendTo adds what a change of the field tells. One without a field is about
// messages.
func (v *value) appendTo(events *whatsapp.Events, field text, account string) {
	switch {
	case field == "" || field.is("messages"):
		v.appendMessages(events, account)
	case field.is("user_preferences"):
		v.appendPreferences(events)
	case field.is("user_id_update"):
		v.appendUserIDs(events)
	default:
		if notice, ok := v.notice(field); ok {
			notice.Account = cmp.Or(notice.Account, account)
			events.Notices = append(events.Notices, notice)
		}
	}
}

// appendMessages adds what is told about messages, ours and those of people.
func (v *value) appendMessages(events *whatsapp.Events, account string) {
	number := string(v.Metadata.PhoneNumberID)
	people := newDirectory(v.Contacts)
	for i := range v.Statuses {
		if receipt, ok := v.Statuses[i].receipt(); ok {
			receipt.Number, receipt.Recipient = number, people.complete(receipt.Recipient)
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
			inbound.Number, inbound.From = number, people.speaker(inbound.From, len(v.Messages))
			events.Inbound = append(events.Inbound, inbound)
		}
	}
	events.Contacts = append(events.Contacts, people.left(number)...)
	for i := range v.Errors {
		refusal := v.Errors[i].refusal()
		events.Notices = append(events.Notices, whatsapp.Notice{
			Number: number, Account: account, Reason: refusal.Reason, Detail: refusal.Hint, Err: refusal,
		})
	}
}

// receipt is the status in our words. ok is false for one that names no
// message or tells nothing about its way.
func (s *status) receipt() (receipt whatsapp.Receipt, ok bool) {
	receipt = whatsapp.Receipt{
		ID:        string(s.ID),
		Reference: string(s.Reference),
		At:        s.Timestamp.time(),
		Recipient: s.who(),
	}
	switch {
	case s.Status.is("sent"):
		receipt.Status = campaign.Sent
	case s.Status.is("delivered"):
		receipt.Status = campaign.Delivered
	case s.Status.is("read"):
		receipt.Status = campaign.Read
	case s.Status.is("failed"):
		receipt.Status = campaign.Failed
		receipt.Err = s.failure()
	default:
		return whatsapp.Receipt{}, false
	}
	return receipt, receipt.ID != "" || receipt.Reference != ""
}

// failure is the first of the errors, which is the only one that comes (Meta,
// status webhook reference).
func (s *status) failure() *whatsapp.Error {
	if len(s.Errors) == 0 {
		return unexplained.of(fault{})
	}
	return s.Errors[0].refusal()
}

// refusal judges an error that came by webhook. One whose code cannot be read is as
// one whose code is unknown.
func (g *graphError) refusal() *whatsapp.Error {
	f := g.fault()
	f.mode = inReceipt
	if g.Code != "" && !g.own() {
		return unknownCode.of(f)
	}
	return classify(f)
}
