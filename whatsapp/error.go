package whatsapp

import (
	"fmt"
	"time"
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

// Classes are all there are.
func Classes() []Class { return []Class{RetrySoon, RetrySlow, Pause, Drop, BadRequest, Ambiguous} }

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
	// Elsewhere says of a Drop or a BadRequest that another channel may send the
	// message: what is wrong is this channel's and not the person's. A RetrySoon and a
	// Pause always are.
	Elsewhere bool
	// WindowShut says that what is no template cannot be sent because the person's
	// window is shut.
	WindowShut bool
	// Media says that the provider may not know the message's file (any more):
	// uploading it again may help.
	Media bool
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
