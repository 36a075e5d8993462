package api

import "strings"

// Kind is a kind of problem. The last part of a problem document's type is
// one.
type Kind string

// The kinds of problems there are. A later version may have others.
const (
	BadRequest       Kind = "bad-request"
	Unauthorized     Kind = "unauthorized"
	Forbidden        Kind = "forbidden"
	TooManyTries     Kind = "too-many-tries"
	NotFound         Kind = "not-found"
	MethodNotAllowed Kind = "method-not-allowed"
	WrongState       Kind = "wrong-state"
	StillImporting   Kind = "still-importing"
	TooLarge         Kind = "too-large"
	TooSlow          Kind = "too-slow"
	WrongType        Kind = "unsupported-media-type"
	BadCampaign      Kind = "bad-campaign"
	BadContacts      Kind = "bad-contacts"
	BadSuppression   Kind = "bad-suppression"
	BadSchedule      Kind = "bad-schedule"
	NameTaken        Kind = "name-taken"
	KeyReused        Kind = "idempotency-key-reused"
	Internal         Kind = "internal"
	Unavailable      Kind = "unavailable"
)

// problemType is what the type of a problem begins with.
const problemType = "urn:carillon:problem:"

// Type is the type of problems of the kind.
func (k Kind) Type() string { return problemType + string(k) }

// Problem is a problem document (RFC 9457): why something was refused. Beside the
// standard's members it has a hint on what to do, and where there is one the line
// of the file at fault.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	// Detail may have several lines, one for each mistake.
	Detail    string  `json:"detail"`
	Hint      string  `json:"hint"`
	Line      int     `json:"line,omitempty"`
	Errors    []Fault `json:"errors,omitempty"`
	RequestID string  `json:"request_id,omitempty"`
}

// Fault is one of several things wrong.
type Fault struct {
	Line   int    `json:"line,omitempty"`
	Path   string `json:"path,omitempty"`
	Detail string `json:"detail"`
}

var _ error = (*Problem)(nil)

// Error is the detail, or the title where there is none, with the hint.
func (p *Problem) Error() string {
	text := p.Detail
	if text == "" {
		text = p.Title
	}
	if p.Hint != "" {
		text += " (" + p.Hint + ")"
	}
	return text
}

// Kind is the problem's kind; empty where it is not one of ours, such as that of a
// proxy in between.
func (p *Problem) Kind() Kind {
	kind, ours := strings.CutPrefix(p.Type, problemType)
	if !ours {
		return ""
	}
	return Kind(kind)
}
