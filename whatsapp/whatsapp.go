// Package whatsapp says what a provider of the WhatsApp Business platform must
// do for Carillon, and in which words its refusals are told. One folder per
// provider implements it.
//
// A provider turns a message into one HTTP request, and the answer into either
// an Accepted or an *Error whose Class tells what may be done next. It
// repeats a request only where a token was refused, and the message with it; all else
// is decided by whoever calls Send, knowing the class.
package whatsapp

import (
	"context"
	"errors"

	"carillon/campaign"
)

// Message is one attempt of one message. It has exactly one content: the template
// where Free is nil.
type Message struct {
	// To is the recipient's number in E.164, with the plus sign. UserID is their user
	// ID where there is no number. Exactly one is set.
	To, UserID string
	// Reference comes back in the receipts where the provider echoes one.
	Reference string
	// Template is the rendered template.
	Template campaign.Template
	// Free is a content that is no template, nil for none. People get those only for a
	// day after they wrote (Meta, customer service window).
	Free *campaign.FreeForm
}

// Wrong says why no provider can send the message, or returns an empty text.
func (m *Message) Wrong() string {
	switch {
	case m.Free == nil:
		return ""
	case m.Template.Name != "":
		return "a message has one content, and this has two"
	case len(m.Free.Content) == 0:
		return "a message has a content, and this has none"
	case m.Free.Kind == campaign.KindReaction && m.Free.Answers == "":
		return "a reaction is about a message of the person, and none is known"
	}
	return ""
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

// Provider is one open channel: a sending number at a provider. What more it can
// do is told by the interfaces that it has besides: Hook, Prober, Poller, Library, Marker,
// Media, Numbers, Examiner.
// Its methods may be called concurrently.
type Provider interface {
	Sender
	// Identity says how webhooks name the channel, and what it shares with others.
	Identity() Identity
	// Close closes the connections that wait for the next request.
	Close()
}

// Identity says how a provider names a channel, and what the channel shares with
// others of the same provider. Any part may be empty, and then is shared with
// nobody.
type Identity struct {
	// Number is the provider's identifier of the sending number, as webhooks tell
	// it. No two channels of a provider have the same. Without one its webhooks tell
	// none, and are about the channel whose address they call.
	Number string
	// Account is the provider's identifier of the account. Trouble of an account
	// stops all its channels.
	Account string
	// App names whoever makes the calls and signs the webhooks. Channels of one app
	// share limits of calls, and a webhook may speak for the channels of its own
	// app alone. The text says nothing of a secret and is kept nowhere.
	App string
}

// ErrRefused: the caller of a webhook did not prove that it is the provider.
var ErrRefused = errors.New("webhook refused")

// ErrMalformed: a webhook's body is signed and still makes no sense.
var ErrMalformed = errors.New("webhook body malformed")
