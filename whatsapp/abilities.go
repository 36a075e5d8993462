package whatsapp

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"time"

	"carillon/campaign"
)

// Hook is a provider that tells what happens by webhook.
type Hook interface {
	// Receive verifies a request and reads it. It answers the events that were
	// told, or a reply of its own, such as the answer to a challenge; then there
	// are no events. The error is ErrRefused where the caller does not prove to be
	// the provider, and ErrMalformed where a proven body makes no sense.
	Receive(r Request) (Events, *Reply, error)
}

// Request is a webhook's request as it came.
type Request struct {
	Method string
	Query  url.Values
	Header http.Header
	// Body is what was signed, byte for byte.
	Body []byte
}

// Reply is what a webhook is answered with status 200, as plain text.
type Reply struct{ Text string }

// Poller is a provider that has to be asked what became of a message.
type Poller interface {
	// Poll makes one request for the message that the provider calls id. ok is
	// false where it tells nothing yet. The error is an *Error.
	Poll(ctx context.Context, id string) (receipt Receipt, ok bool, err error)
}

// Library is a provider that tells which templates it has approved.
type Library interface {
	// Templates lists the account's templates. The error is an *Error.
	Templates(ctx context.Context) ([]Approved, error)
}

// Approved is a template as the provider knows it.
type Approved struct {
	// Name and Language are as templates are sent.
	Name, Language string
	// Category and Status are the provider's words in lower case, such as utility
	// and approved.
	Category, Status string
	// Components is the template's text in the provider's JSON.
	Components []byte
}

// Marker is a provider that can be told that a person's message was read here.
type Marker interface {
	// MarkRead has the person see that the message of this identifier, which is
	// theirs, was read. The error is an *Error.
	MarkRead(ctx context.Context, id string) error
}

// Media is a provider that keeps files for the messages of a number.
type Media interface {
	// Upload stores a file by one request, and returns the provider's identifier and
	// when it ends; the zero time for never. The error is an *Error. Whatever it is,
	// uploading again does no harm.
	Upload(ctx context.Context, u Upload) (id string, until time.Time, err error)
}

// Upload is a file to store.
type Upload struct {
	// Name is for people.
	Name string
	// Type is its MIME type, such as image/png.
	Type string
	// Size is in bytes. Content has exactly so many, and is read once.
	Size    int64
	Content io.Reader
}

// Numbers is a provider that tells how a number stands.
type Numbers interface {
	// State asks how the channel's own number stands. The error is an *Error.
	State(ctx context.Context) (NumberState, error)
}

// NumberState is how a number stands.
type NumberState = campaign.NumberState

// NoLimit is the DailyRecipients of who may write to anybody.
const NoLimit = campaign.NoLimit
