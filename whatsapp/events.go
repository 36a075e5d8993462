package whatsapp

import (
	"time"

	"carillon/campaign"
)

// Events is what one webhook request told, in the order of the body.
type Events struct {
	Receipts    []Receipt
	Inbound     []Inbound
	Preferences []Preference
	Notices     []Notice
	Moves       []Move
	Contacts    []Contact
}

// Who names a person as a provider does. Any part may be empty: a provider may
// hide the number, and then names the person by an identifier of its own.
type Who struct {
	// Phone is the person's number as digits.
	Phone string
	// UserID is the provider's identifier of the person for this business, and
	// ParentID the one for all businesses that are linked with it (Meta,
	// business-scoped user IDs).
	UserID, ParentID string
}

// Keys are the keys of the person, that of the number first.
func (w Who) Keys() []string {
	var keys []string
	if w.Phone != "" {
		keys = append(keys, campaign.Person("+"+w.Phone))
	}
	for _, id := range []string{w.UserID, w.ParentID} {
		if id != "" {
			keys = append(keys, id)
		}
	}
	return keys
}

// Known reports whether the person is named at all.
func (w Who) Known() bool { return w != Who{} }

// Contact tells which names are one person's, where nothing else in the webhook
// tells it.
type Contact struct {
	// Number is the provider's identifier of the number that was told.
	Number string
	Who    Who
}

// Preference is a person's choice about marketing messages, told in the app's own
// menu.
type Preference struct {
	// Number is the provider's identifier of the number it was told to.
	Number string
	From   Who
	// Stop says whether marketing messages are unwanted from now on, or wanted
	// again.
	Stop bool
	// At is when, by the provider's clock.
	At time.Time
}

// Notice is a provider's word on a template, a number or an account.
type Notice struct {
	// Topic is what kind of thing is told.
	Topic Topic
	// Scope is what it makes unusable; NoScope for news that stop nothing.
	Scope Scope
	// At is when, by the provider's clock; zero where it is not told.
	At time.Time
	// Number is the provider's identifier of the number, Account that of the
	// account; either may be empty.
	Number, Account string
	// Template and Language name the template where it is about one. For
	// TemplateScope Template is never empty. Language is as templates are sent
	// (en_GB), and empty where it is not told.
	Template, Language string
	// Reason is a label out of a closed set per provider, Detail says what to do
	// and, in parentheses, what the provider says besides.
	Reason, Detail string
	// Category is the one that the template has from now on, where it is told that
	// this is another one. Steps that say so are not concerned.
	Category campaign.Category
	// Told is what it tells of how a number stands; of the number alone whose
	// identifier the notice has, but for the limit, which is the business's.
	Told NumberState
	// Err is an error that concerns the number and no message; nil for none.
	Err *Error
}

// Topic is what kind of thing a notice tells. What is told later of the same
// topic, about the same template, number or account, replaces what was told
// before.
type Topic string

// The topics. Those about the number that the notice names begin with number_.
const (
	TemplateStatus   Topic = "template_status"
	TemplateQuality  Topic = "template_quality"
	TemplateCategory Topic = "template_category"
	NumberStatus     Topic = "number_status"
	NumberError      Topic = "number_error"
	NumbersNews      Topic = "numbers"
	AccountLimit     Topic = "account_limit"
	AccountAccess    Topic = "account_access"
	AccountBan       Topic = "account_ban"
	AccountBounds    Topic = "account_restriction"
	AccountNews      Topic = "account"
	AccountAlert     Topic = "account_alert"
)

// Move tells that a person has changed their number, and with it the identifier
// that the provider has for them; or that identifier alone.
type Move struct {
	// Number is the provider's identifier of the number that was told.
	Number   string
	From, To Who
}

// Receipt tells what became of one attempt.
type Receipt struct {
	// Number is the provider's identifier of the sending number.
	Number string
	// ID is the provider's identifier of the message.
	ID string
	// Reference is what we sent along, empty where it was not echoed.
	Reference string
	// Recipient is whom the message was for, where that is told.
	Recipient Who
	// Status is campaign.Sent, Delivered, Read or Failed.
	Status campaign.Status
	// At is the time of the event by the provider's clock.
	At time.Time
	// Err explains a Failed status; nil otherwise.
	Err *Error
}

// Inbound is a message from a person.
type Inbound struct {
	// Number is the provider's identifier of the number that received it.
	Number string
	// ID is the provider's identifier of this message.
	ID   string
	From Who
	// At is when the person sent it, by the provider's clock.
	At time.Time
	// Type is the provider's word: text, button, interactive, image, … Edit and
	// Revoke are what rewrites an earlier message.
	Type string
	// Text is what the person wrote, if only below a picture, the title of the
	// button pressed, or the sign of a reaction.
	Text string
	// Payload is the button's payload, empty otherwise.
	Payload string
	// ReplyTo is the provider's identifier of our message that it answers or
	// reacts to, if any.
	ReplyTo string
	// Edits is the provider's identifier of the earlier message of the person
	// that says this from now on. It is empty for a new message, and for an Edit
	// of which the provider does not tell what it says.
	Edits string
}

// The types of messages that rewrite an earlier one.
const (
	// Edit: the earlier message says something else now.
	Edit = "edit"
	// Revoke: the person has deleted the earlier message.
	Revoke = "revoke"
)
