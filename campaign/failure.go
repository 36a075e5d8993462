package campaign

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

const (
	// MaxFailures is how many attempts of one message may be refused before it is
	// failed for good, throttled ones not counted.
	MaxFailures = 5
	// PassingFor is how long a message is tried at least that met nothing but
	// passing trouble, from its first refusal on. (Ours: most disturbances of a
	// provider are over within a quarter of an hour.)
	PassingFor = 15 * time.Minute
)

// Failure is why an attempt did not succeed, in the words of the domain.
type Failure struct {
	// Code is the provider's number, 0 where there is none.
	Code int
	// Reason is a short label, Detail a sentence for a person: what to do.
	Reason, Detail string
	// Said is the provider's own text, empty where it said nothing.
	Said string
	// Retry says that another attempt may succeed.
	Retry bool
	// Throttled says that a limit was hit: the attempt does not count.
	Throttled bool
	// Wait is the least time until another attempt; 0 for Backoff.
	Wait time.Duration
	// Escalates says that each further throttling asks for a longer wait.
	Escalates bool
	// Passing says that the refusal is about the moment and not about the message:
	// the provider was busy, or away. See PassingFor.
	Passing bool `json:",omitempty"`
	// Tries is how many attempts may be refused with this code and reason; 0 for
	// MaxFailures, which bounds all refusals together.
	Tries int
	// Suppress is the scope in which the person is to be left alone from now
	// on; empty for none.
	Suppress SuppressionScope
	// Pause says which campaigns must stop until a person has acted; empty for
	// none. Receipts that the ledger keeps as JSON may be of a version where Pause
	// was a yes or no, so it has another name there.
	Pause PauseScope `json:"pause_scope,omitempty"`
	// Account names the channels of the account that the attempt was made from,
	// for Pause. Empty: that channel is the whole account.
	Account []string `json:",omitempty"`
	// Invalid says that the request was refused for what it holds, so that
	// others like it would be as well.
	Invalid bool `json:",omitempty"`
	// Unreachable says that nobody seems to be there to get the message.
	Unreachable bool `json:",omitempty"`
	// Elsewhere says that the fault is the channel's and not the person's: another
	// channel may send the message.
	Elsewhere bool `json:",omitempty"`
	// Media says that the provider may not know the message's file (any more):
	// uploading it again may help.
	Media bool `json:",omitempty"`
	// Slows says that the limit is the template's: all its messages from the
	// account have to wait as long as this one.
	Slows bool `json:",omitempty"`
	// WindowShut says that what was sent needs the person's window, which is shut;
	// see OfFreeForm. It means nothing where a template was sent.
	WindowShut bool `json:",omitempty"`
}

// String tells a person what happened, in the provider's words where it has
// any, and what to do: reason (code), "its words": detail.
func (f Failure) String() string {
	text := f.Reason
	if f.Code != 0 {
		text += fmt.Sprintf(" (%d)", f.Code)
	}
	if f.Said != "" {
		text += fmt.Sprintf(", %q", f.Said)
	}
	if f.Detail != "" {
		text += ": " + f.Detail
	}
	return text
}

// WithoutWords is the failure without what the provider said, which may quote a
// person's values; for logs.
func (f Failure) WithoutWords() Failure {
	f.Said = ""
	return f
}

// Words is what the provider said, and then what to do, in one line of at most
// 1,000 characters; empty where there is neither.
func (f Failure) Words() string {
	said, hint := OneLine(f.Said, longestWords), OneLine(f.Detail, longestWords)
	switch {
	case said == "" || hint == "":
		return said + hint
	case !strings.ContainsAny(said[len(said)-1:], ".!?"):
		said += "."
	}
	return OneLine(said+" "+hint, longestWords)
}

// longestWords bounds Words (ours: an excerpt of a provider's text has 300
// characters, the longest hint about 200).
const longestWords = 1000

// OneLine is a text on one line, without control characters, without signs that
// turn the direction of what follows, and of at most so many characters.
func OneLine(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, text)
	line := []rune(strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " "))
	if len(line) > most {
		line = append(line[:most-1], '…')
	}
	return string(line)
}

// SuppressionScope says which messages a suppression forbids: all of them,
// those of marketing, or those of one campaign (the campaign's id).
type SuppressionScope string

const (
	// ScopeAll forbids every message.
	ScopeAll SuppressionScope = "all"
	// ScopeMarketing forbids messages that are not of category utility or
	// authentication.
	ScopeMarketing SuppressionScope = "marketing"
)

// again reports whether a message is attempted again after so many refusals like
// this one, and how long to wait first. s counts this refusal already.
func (f Failure) again(s Standing, alike int, now time.Time) (wait time.Duration, again bool) {
	switch {
	case !f.Retry:
		return 0, false
	case f.Throttled && f.Escalates:
		return max(f.Wait, Backoff(s.Attempt-s.Failures)), true
	case f.Throttled:
		return f.Rest(), true
	case s.tired(f, alike) && !s.passing(now):
		return 0, false
	}
	return max(f.Wait, Backoff(s.Failures)), true
}

// Rest is how long what a limit holds up waits where nothing escalates.
func (f Failure) Rest() time.Duration { return max(f.Wait, Backoff(1)) }

// Backoff is the wait before the attempt that follows n refusals: 1, 4, 16 and
// 64 seconds, then five minutes each. (4^n is what Meta asks of a repeated
// message to one recipient; see "pair rate limits" in its platform overview.)
func Backoff(n int) time.Duration {
	const most = 5 * time.Minute
	wait := time.Second
	for range n - 1 {
		if wait *= 4; wait >= most {
			return most
		}
	}
	return wait
}
