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

// Library is a provider that tells which templates it has. A kind of provider some of
// whose channels have no library says in Spec.Unlisted why.
type Library interface {
	// Templates lists all templates of the account, approved or not, in as many
	// requests as that takes. The error is an *Error, and never Ambiguous.
	Templates(ctx context.Context) ([]campaign.Approved, error)
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
