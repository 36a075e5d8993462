package whatsapp

import (
	"fmt"
	"net/http"
	"time"

	"carillon/campaign"
)

// Spec is a kind of provider, before any channel of it is open. It is read,
// never written.
type Spec struct {
	// Name is what a channel's key provider says.
	Name string
	// Title is the name for people.
	Title string
	// Traits are what the program has to know before it sends.
	Traits Traits
	// Rate is what a number may send when the channel does not say, in messages a
	// second.
	Rate float64
	// NumberKey is the key of the settings that stands for the sending number. No two
	// channels may have the same value there.
	NumberKey string
	// Settings makes the settings of a channel with their defaults.
	Settings func() Settings
	// Supports says why a step's content cannot be sent this way, its template or what
	// it sends without one; nil where it can. Refuses asks it.
	Supports func(step *campaign.Step) error
	// Unlisted says why a channel that is no Library does not tell its templates.
	Unlisted string
	// Reasons are all that a refusal's Reason can be, sorted: a closed set, fit for
	// the labels of a metric.
	Reasons []string
	// Hint tells what to do about a refusal whose reason and code (0 for none) are
	// on record; it is empty where nothing is known.
	Hint func(reason string, code int) string
}

// Traits are what a program has to know of a provider before it sends.
type Traits struct {
	// Echoes says that receipts carry the reference of their message. Only then does
	// a receipt of another message show that one of this would have been known.
	Echoes bool
	// Polled says that the provider tells what became of a message only when it is
	// asked.
	Polled bool
	// MarketingMessages says that there is an endpoint for marketing messages besides.
	MarketingMessages bool
	// UserIDs says that messages can be sent to user IDs as well as to numbers.
	UserIDs bool
	// Media says that the provider keeps files: its open channels are a Media.
	Media bool
	// Requests is how many requests one Send makes at most.
	Requests int
}

// Refuses says why a step cannot be sent this way; nil where it can. Of a free-form
// step that is its content as well as what goes out otherwise.
func (s Spec) Refuses(step *campaign.Step) error {
	if step.MarketingMessages != nil && !s.Traits.MarketingMessages {
		return fmt.Errorf("%s has no endpoint for marketing messages; remove marketing_messages, or choose a channel of another provider", s.Title)
	}
	if uses := step.FileUses(); len(uses) > 0 && !s.Traits.Media {
		return fmt.Errorf("%s: %s keeps no files for messages; write link: with a public address in place of the file", uses[0].Path, s.Title)
	}
	if err := s.Supports(step); err != nil || step.OtherwiseTemplate == nil {
		return err
	}
	if err := s.Refuses(step.OtherwiseTemplate); err != nil {
		return fmt.Errorf("otherwise_template: %w", err)
	}
	return nil
}

// RefusesUserIDs says why nothing can be sent to user IDs this way; nil where it can.
func (s Spec) RefusesUserIDs() error {
	if s.Traits.UserIDs {
		return nil
	}
	return fmt.Errorf("%s takes phone numbers alone; write the person's number, or choose a channel of another provider", s.Title)
}

// Settings are the keys that a kind of provider has of its own in a channel of
// the configuration: a pointer to a struct whose fields carry yaml tags. Secrets
// are of type Secret.
type Settings interface {
	// Check reports every value that cannot work, without the network.
	Check(r *Report)
	// Identity is that of the channel they describe.
	Identity() Identity
	// Open makes the channel of settings that have passed Check. It makes no
	// request.
	Open(o Opening) (Provider, error)
}

// Opening is what all providers are opened with.
type Opening struct {
	// Timeout is for one request with its answer. It is more than 0.
	Timeout time.Duration
	// Transport makes the requests; nil for one of the provider's own.
	Transport http.RoundTripper
}
