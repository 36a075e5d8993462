package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"

	"carillon/admission"
	"carillon/api"
	"carillon/campaign"
	"carillon/contacts"
	"carillon/ledger"
)

// The kinds of problems, by short names.
const (
	badRequest      = api.BadRequest
	unauthorized    = api.Unauthorized
	forbidden       = api.Forbidden
	tooManyTries    = api.TooManyTries
	notFound        = api.NotFound
	wrongMethodKind = api.MethodNotAllowed
	wrongState      = api.WrongState
	stillImporting  = api.StillImporting
	tooLarge        = api.TooLarge
	tooSlow         = api.TooSlow
	wrongType       = api.WrongType
	badCampaign     = api.BadCampaign
	badContacts     = api.BadContacts
	badSuppression  = api.BadSuppression
	badSchedule     = api.BadSchedule
	nameTaken       = api.NameTaken
	keyReused       = api.KeyReused
	internal        = api.Internal
	unavailable     = api.Unavailable
)

// about is the status and the title of a kind.
func about(k api.Kind) (status int, title string) {
	switch k {
	case badRequest:
		return http.StatusBadRequest, "The request cannot be understood"
	case unauthorized:
		return http.StatusUnauthorized, "Not logged in"
	case forbidden:
		return http.StatusForbidden, "Not allowed"
	case tooManyTries:
		return http.StatusTooManyRequests, "Too many wrong tokens"
	case notFound:
		return http.StatusNotFound, "Not found"
	case wrongMethodKind:
		return http.StatusMethodNotAllowed, "Wrong method"
	case wrongState:
		return http.StatusConflict, "Not possible in this state"
	case stillImporting:
		return http.StatusConflict, "The first request is still running"
	case tooLarge:
		return http.StatusRequestEntityTooLarge, "Too large"
	case tooSlow:
		return http.StatusRequestTimeout, "Too slow"
	case wrongType:
		return http.StatusUnsupportedMediaType, "Wrong type of content"
	case badCampaign:
		return http.StatusUnprocessableEntity, "The campaign has mistakes"
	case badContacts:
		return http.StatusUnprocessableEntity, "The contact list cannot be used"
	case badSuppression:
		return http.StatusUnprocessableEntity, "The opt-out cannot be used"
	case badSchedule:
		return http.StatusUnprocessableEntity, "The schedule cannot be used"
	case nameTaken:
		return http.StatusConflict, "The name is taken"
	case keyReused:
		return http.StatusUnprocessableEntity, "The idempotency key was used for another request"
	case unavailable:
		return http.StatusServiceUnavailable, "Not available at the moment"
	}
	return http.StatusInternalServerError, "Internal error"
}

// problem is a problem document with what the caller does not see. The command
// line shows detail and hint as they are, so a hint that may come up there speaks
// of no method and no path.
type problem struct {
	api.Problem

	// retryAfter is the header of that name, in seconds; 0: none.
	retryAfter int

	cause error // for the log
	said  bool  // the log has it already
}

var _ error = (*problem)(nil)

func (p *problem) Error() string { return p.Detail }

func (p *problem) Unwrap() error { return p.cause }

// refuse makes a problem. The hint comes before the detail, whose arguments
// follow it.
func refuse(k api.Kind, hint, detail string, args ...any) *problem {
	status, title := about(k)
	return &problem{Problem: api.Problem{
		Type: k.Type(), Title: title, Status: status, Detail: fmt.Sprintf(detail, args...), Hint: hint,
	}}
}

// because notes the cause for the log; a caller does not see it.
func (p *problem) because(err error) *problem {
	p.cause = err
	return p
}

// problemOf is the one place that says which answer an error becomes.
func problemOf(err error) *problem {
	var ready *problem
	var size *http.MaxBytesError
	var list *contacts.Error
	var exists *ledger.ExistsError
	var mistake *campaign.Mistake
	var channel *admission.UnknownChannelError
	var file *fs.PathError
	switch {
	case errors.As(err, &ready):
		return ready
	case errors.As(err, &size):
		return refuse(tooLarge, "send less at once", "the request has more than %d bytes", size.Limit)
	case errors.Is(err, campaign.ErrBadID), errors.Is(err, ledger.ErrNotFound):
		return refuse(notFound, "look for it in the list of campaigns", "%v", err)
	case errors.Is(err, ledger.ErrState):
		return refuse(wrongState, "read the campaign: it shows its state and the reason", "%v", err)
	case errors.As(err, &exists):
		return keyProblem(exists)
	case errors.As(err, &list):
		return listProblem(list)
	case errors.As(err, &mistake):
		return mistakeProblem(err)
	case errors.As(err, &channel):
		p := refuse(badCampaign, channel.Hint(), "%s", channel.Detail())
		p.Errors = []api.Fault{{Path: channel.Path, Detail: fmt.Sprintf("channel %q does not exist; %s", channel.Channel, channel.Hint())}}
		return p
	case errors.Is(err, context.Canceled):
		return refuse(unavailable, "send the request again", "the request was given up").because(err)
	case errors.As(err, &file):
		return refuse(internal, "check the server's log and its disk", "a file of the server could not be read or written").because(err)
	}
	return refuse(unavailable, "try again; if it lasts, check the server's log",
		"the ledger cannot be read or written").because(err)
}

func keyProblem(e *ledger.ExistsError) *problem {
	if !e.Same {
		return refuse(keyReused, "use a new Idempotency-Key for a new campaign", "%v, from other files", e)
	}
	return refuse(stillImporting, "repeat the request in a few seconds; the key keeps it from running twice",
		"%v, and its list is not imported yet", e)
}

func listProblem(e *contacts.Error) *problem {
	detail := e.Problem
	if e.Column != "" {
		detail = fmt.Sprintf("column %q: %s", e.Column, detail)
	}
	if e.Line > 0 {
		detail = fmt.Sprintf("line %d: %s", e.Line, detail)
	}
	hint := e.Hint
	if hint == "" {
		hint = "correct the list and upload it again; `carillon check` reads it without a server"
	}
	p := refuse(badContacts, hint, "%s", detail)
	p.Line = e.Line
	return p.because(e.Err)
}

func mistakeProblem(err error) *problem {
	const hint = "correct the campaign's file and upload it again; `carillon check` reads it without a server"
	all := mistakes(err)
	texts := make([]string, len(all))
	for i, m := range all {
		texts[i] = m.Error()
	}
	p := refuse(badCampaign, hint, "%s", strings.Join(texts, "\n"))
	p.Line = all[0].Line
	for _, m := range all {
		p.Errors = append(p.Errors, api.Fault{Line: m.Line, Path: m.Path, Detail: m.Message})
	}
	return p
}

// mistakes takes joined mistakes apart.
func mistakes(err error) []*campaign.Mistake {
	switch e := err.(type) { //nolint:errorlint // the tree is walked node by node
	case *campaign.Mistake:
		return []*campaign.Mistake{e}
	case interface{ Unwrap() []error }:
		var all []*campaign.Mistake
		for _, inner := range e.Unwrap() {
			all = append(all, mistakes(inner)...)
		}
		return all
	case interface{ Unwrap() error }:
		return mistakes(e.Unwrap())
	}
	return nil
}

// write answers with the problem.
func (p *problem) write(w http.ResponseWriter) {
	body, err := json.Marshal(p.Problem)
	if err != nil {
		panic(err) // texts and numbers always marshal
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n')) // a caller who has gone need not be told
}
