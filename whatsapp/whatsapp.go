// Package whatsapp says what a provider of the WhatsApp Business platform must
// do for Carillon, and in which words its refusals are told. One folder per
// provider implements it.
//
// A provider turns a message into one HTTP request, and the answer into either
// an Accepted or an *Error whose Class tells what may be done next. It never
// repeats a request: whoever calls Send decides that, knowing the class.
package whatsapp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"carillon/campaign"
)

// Message is one attempt of one template message.
type Message struct {
	// To is the recipient in E.164, with the plus sign.
	To string
	// Reference comes back in the receipts where the provider echoes one.
	Reference string
	// Template is the rendered template.
	Template campaign.Template
}

// Accepted is the provider's word that it took a message.
type Accepted struct {
	// ID is the provider's identifier of the message, never empty.
	ID string
	// Recipient is whom the provider takes the message to be for, where that is
	// told. Its number may be written in another way than the one sent to.
	Recipient Who
	// Held reports that the provider paces the message and will send it later.
	Held bool
}

// Sender sends messages. The error is an *Error whenever the failure is about
// the request; Send returns no other.
type Sender interface {
	Send(ctx context.Context, m Message) (Accepted, error)
}

// Receiver understands the provider's webhook.
type Receiver interface {
	// Challenge answers the provider's verification request. It returns the
	// text to answer with, or ErrRefused.
	Challenge(query url.Values) (string, error)
	// Receive verifies the signature over the raw body and parses it. It
	// returns ErrRefused where the signature is missing or wrong, and
	// ErrMalformed where a signed body is not what the provider documents.
	Receive(header http.Header, body []byte) (Events, error)
}

// Traits are what a program has to know of a provider before it sends.
type Traits struct {
	// Echoes says that receipts carry the reference of their message. Only then does
	// a receipt of another message show that one of this would have been known.
	Echoes bool
}

// Provider is one sending number, in both directions.
type Provider interface {
	Sender
	Receiver
	Traits() Traits
	// App names whoever signs the webhooks. A webhook may speak for the numbers of
	// its own app alone. The text is the same for all numbers of an app, says
	// nothing of its secret, and is not kept anywhere.
	App() string
}

// ErrRefused: the caller of a webhook did not prove that it is the provider.
var ErrRefused = errors.New("webhook refused")

// ErrMalformed: a webhook's body is signed and still makes no sense.
var ErrMalformed = errors.New("webhook body malformed")

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

// Preference is a person's wish about marketing messages, told in the app's own
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
	// Scope is what it is about; NoScope for news that stop nothing.
	Scope Scope
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
	// Err is an error that concerns the number and no message; nil for none.
	Err *Error
}

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

// Class says what may be done after a refusal.
type Class int8

const (
	// RetrySoon: surely not accepted, and passing: seconds.
	RetrySoon Class = iota + 1
	// RetrySlow: throttled; Budget says whose limit it is. Only the person's
	// (UserBudget) uses up an attempt.
	RetrySlow
	// Pause: account, number, template or token trouble; a person must act.
	Pause
	// Drop: permanent for this recipient.
	Drop
	// BadRequest: this request will never be accepted as it is.
	BadRequest
	// Ambiguous: it may have been accepted.
	Ambiguous
)

func (c Class) String() string {
	switch c {
	case RetrySoon:
		return "retry_soon"
	case RetrySlow:
		return "retry_slow"
	case Pause:
		return "pause"
	case Drop:
		return "drop"
	case BadRequest:
		return "bad_request"
	case Ambiguous:
		return "ambiguous"
	}
	return fmt.Sprintf("class %d", int8(c))
}

// Budget names the limit a throttling answer speaks of.
type Budget string

const (
	// NoBudget: the answer is not about a limit.
	NoBudget Budget = ""
	// NumberBudget: messages a second of the sending number.
	NumberBudget Budget = "number"
	// PairBudget: messages from one number to one recipient.
	PairBudget Budget = "pair"
	// UserBudget: marketing messages one person gets from anybody.
	UserBudget Budget = "user"
	// AccountBudget: requests of the WhatsApp Business account.
	AccountBudget Budget = "account"
	// AppBudget: requests of the app.
	AppBudget Budget = "app"
	// TemplateBudget: a template or its flow.
	TemplateBudget Budget = "template"
)

// Scope names what a Pause stops.
type Scope string

const (
	// NoScope: nothing is to be paused.
	NoScope Scope = ""
	// TemplateScope: the template is unusable.
	TemplateScope Scope = "template"
	// NumberScope: the sending number is unusable.
	NumberScope Scope = "number"
	// AccountScope: the account, its billing, app or token is unusable.
	AccountScope Scope = "account"
)

// Suppression says whether a refusal is a reason not to write to the person
// again.
type Suppression string

const (
	// NoSuppression: the refusal says nothing about later campaigns.
	NoSuppression Suppression = ""
	// SuppressAll: never write to this person again.
	SuppressAll Suppression = "all"
	// SuppressMarketing: the person stopped marketing messages.
	SuppressMarketing Suppression = "marketing"
	// SuppressSoft: it looks as if nobody is there; believe it when it repeats.
	SuppressSoft Suppression = "soft"
)

// Error is a refusal, or a request of which nobody knows what became.
type Error struct {
	// Class says what may be done next.
	Class Class
	// Reason is a label out of a closed set per provider, fit for a metric.
	Reason string
	// Code is the provider's number, 0 where there is none.
	Code int
	// HTTPStatus is the answer's status, 0 where there was no answer or where
	// the error came by webhook.
	HTTPStatus int
	// Message is the provider's own text.
	Message string
	// Hint tells an operator what to do.
	Hint string
	// Budget is the limit hit, for RetrySlow.
	Budget Budget
	// Scope is what to pause, for Pause.
	Scope Scope
	// Suppress says whether to leave the person alone from now on.
	Suppress Suppression
	// Wait is how long to wait at least before the next attempt; 0 leaves it
	// to the caller's own schedule.
	Wait time.Duration
	// Asked reports that Wait is what the provider itself asked for.
	Asked bool
	// Retries is how many repeats are worth making, 0 for the caller's own
	// limit. It counts for RetrySoon.
	Retries int
	// Unwritten reports that no byte of the request reached the provider, so
	// that repeating it at once is safe.
	Unwritten bool
	// Cause is the underlying error, if any.
	Cause error
}

func (e *Error) Error() string {
	text := e.Reason
	if e.Code != 0 {
		text += fmt.Sprintf(" (%d)", e.Code)
	}
	if e.Message != "" {
		text += ": " + e.Message
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

func (e *Error) Unwrap() error { return e.Cause }
