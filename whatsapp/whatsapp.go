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
	"net/http"
	"net/url"

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
