package whatsapp

import (
	"cmp"
	"context"
	"net/http"
	"time"
)

// Examiner is a provider that can be asked whether its channel would send. It asks
// by requests that change nothing and that send nothing.
type Examiner interface {
	// Examine looks at what the provider tells of the channel: the token first, then
	// the rest as far as the token goes. webhooks is the address below which the
	// channels' webhooks can be reached from outside, such as
	// https://example.com/webhooks/; empty where it is not known.
	Examine(ctx context.Context, webhooks string) Examination
}

// Examination is what came of looking at a channel.
type Examination struct {
	// Findings say of each thing that was looked at how it is.
	Findings []Finding
	// Clock is the provider's clock beside ours.
	Clock Clock
}

// Finding says how one thing is.
type Finding struct {
	// About is what was looked at, in a few words: token, number, account, …
	About string
	State Health
	// Found is how it is, Todo what to do; there is nothing to do where all is well.
	Found, Todo string
}

// Health is how something is.
type Health string

const (
	// Well: nothing is to be done.
	Well Health = "ok"
	// Doubtful: campaigns go on, but somebody should look.
	Doubtful Health = "warning"
	// Ill: it would stop a campaign, or its receipts.
	Ill Health = "trouble"
)

// Add puts something on record that is well.
func (e *Examination) Add(about, found string) {
	e.Findings = append(e.Findings, Finding{About: about, State: Well, Found: found})
}

// Doubt puts something on record that somebody should look at.
func (e *Examination) Doubt(about, found, todo string) {
	e.Findings = append(e.Findings, Finding{About: about, State: Doubtful, Found: found, Todo: todo})
}

// Fault puts something on record that would stop a campaign.
func (e *Examination) Fault(about, found, todo string) {
	e.Findings = append(e.Findings, Finding{About: about, State: Ill, Found: found, Todo: todo})
}

// Refused puts on record that the provider refused to tell about something.
func (e *Examination) Refused(about string, refusal *Error) {
	found := cmp.Or(Excerpt(refusal.Message), refusal.Reason)
	switch {
	case refusal.HTTPStatus == 0 && refusal.Code == 0:
		found = "the provider does not answer: " + found
		if refusal.Cause != nil {
			found += ": " + Excerpt(refusal.Cause.Error())
		}
		e.Fault(about, found, "check base_url, the network and its proxy")
	case refusal.Class == RetrySlow:
		e.Doubt(about, "the provider refuses because of a limit: "+found, "try again later; sending waits by itself")
	case refusal.Class == RetrySoon || refusal.Class == Ambiguous:
		e.Fault(about, "the provider cannot answer: "+found, "try again in a few minutes; check base_url if it lasts")
	default:
		e.Fault(about, "refused: "+found, refusal.Hint)
	}
}

// Clock is a provider's clock beside ours, which the Date of an answer tells to the
// second.
type Clock struct {
	// Ahead is how far the provider's clock is ahead of ours, to the second.
	Ahead time.Duration
	// Known is false where no answer told a time.
	Known bool
}

// Read takes the time of an answer to a request that was made at began and answered
// at ended. The first answer counts.
func (c *Clock) Read(header http.Header, began, ended time.Time) {
	told, err := http.ParseTime(header.Get("Date"))
	if err != nil || c.Known {
		return
	}
	c.Known = true
	// The answer was written between the two, and Date leaves out the fraction.
	switch {
	case told.Add(time.Second).Before(began):
		c.Ahead = told.Add(time.Second).Sub(began)
	case told.After(ended):
		c.Ahead = told.Sub(ended)
	}
	c.Ahead = c.Ahead.Truncate(time.Second)
}

// Prober is a Hook that can make webhooks as its provider does, which tell nothing,
// to see whether they arrive.
type Prober interface {
	// Probes are the requests that show whether the webhook is set up rightly.
	Probes() []Probe
}

// Probe is a webhook to make.
type Probe struct {
	Request Request
	// Kind says what the request is.
	Kind ProbeKind
	// Reply is what a challenge has to be answered.
	Reply string
	// Key is the key of the settings that holds its secret.
	Key string
}

// ProbeKind is what a probe is.
type ProbeKind string

const (
	// Challenge is the request by which a provider verifies an address.
	Challenge ProbeKind = "challenge"
	// Proven proves that it comes from the provider, and has to be taken.
	Proven ProbeKind = "proven"
	// Unproven does not, and has to be refused.
	Unproven ProbeKind = "unproven"
)
