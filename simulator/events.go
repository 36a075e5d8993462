package simulator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Event is something to tell by webhook at once, for tests and rehearsals. It
// is posted to the simulator as JSON:
//
//	curl -d '{"kind":"template_status","template":"order_update","language":"en_US","event":"PAUSED"}' http://127.0.0.1:8090/events
//	curl -d '{"kind":"account_update","event":"ACCOUNT_RESTRICTION","restriction":"RESTRICTED_BIZ_INITIATED_MESSAGING"}' …
//	curl -d '{"kind":"account_update","event":"DISABLED_UPDATE","ban":"DISABLE"}' …
//	curl -d '{"kind":"inbound","from":"+447700900123","text":"STOP"}' …
//	curl -d '{"kind":"inbound","from":"+447700900123","payload":"yes","text":"Yes","reply_to":"wamid.…"}' …
//	curl -d '{"kind":"preference","from":"+447700900123","value":"stop"}' …
//	curl -d '{"kind":"number_change","from":"+447700900123","to":"+447700900124"}' …
//	curl -d '{"kind":"template_quality","template":"order_update","language":"en_US","before":"GREEN","quality":"RED"}' …
//	curl -d '{"kind":"template_category","template":"order_update","language":"en_US","before":"UTILITY","category":"MARKETING"}' …
//	curl -d '{"kind":"number_update","event":"THROUGHPUT_UPGRADE","tier":"TIER_UNLIMITED"}' …
//	curl -d '{"kind":"limit_update","tier":"TIER_10K"}' …
//	curl -d '{"kind":"errors","code":130429}' …
type Event struct {
	// Kind is template_status, template_quality, template_category, account_update,
	// number_update, limit_update, inbound, preference, number_change or errors. Each uses the fields that its example has. Not every
	// Dialect has them all.
	Kind string `json:"kind"`
	// Number is the id of the number that is told. If empty, it is
	// Options.PhoneNumberID, or the number that sent the last message.
	Number string `json:"number"`
	// Account is the account's id. If empty, it is Options.WABAID.
	Account string `json:"account"`

	// Template and Language name a template; Event is Meta's word for what
	// happens to it or to the account, Title and Reason what is said besides
	// (Meta, webhooks reference, message_template_status_update).
	Template string `json:"template"`
	Language string `json:"language"`
	Event    string `json:"event"`
	Title    string `json:"title"`
	Reason   string `json:"reason"`
	// Restriction is the kind of an ACCOUNT_RESTRICTION, Ban the state of a
	// DISABLED_UPDATE (Meta, webhooks reference, account_update).
	Restriction string `json:"restriction"`
	Ban         string `json:"ban"`

	// Before is what a quality or category was, Quality and Category what it is now,
	// Tier the limit.
	Before   string `json:"before"`
	Quality  string `json:"quality"`
	Category string `json:"category"`
	Tier     string `json:"tier"`
	// At is when news of the platform are from, in seconds since 1970. 0 is now,
	// less than 0 tells none.
	At int64 `json:"at"`

	// From is the person, To a new number, both in E.164.
	From string `json:"from"`
	To   string `json:"to"`
	// Hidden has the webhook tell the user ID in place of the number.
	Hidden bool `json:"hidden"`
	// Text is what the person writes; with a Payload it is the button pressed.
	Text    string `json:"text"`
	Payload string `json:"payload"`
	// ReplyTo is the id of the message that is answered.
	ReplyTo string `json:"reply_to"`
	// Value is stop or resume.
	Value string `json:"value"`

	// Code is that of an error that concerns the number and no message.
	Code int `json:"code"`
}

// The kinds of events: people are the authors of the first three, the platform of
// the others.
const (
	inbound        = "inbound"
	preference     = "preference"
	numberChange   = "number_change"
	templateStatus = "template_status"
	accountUpdate  = "account_update"
	numberErrors   = "errors"

	templateQuality  = "template_quality"
	templateCategory = "template_category"
	numberUpdate     = "number_update"
	limitUpdate      = "limit_update"
)

// noNews says of a dialect that it lacks platformNews.
const noNews = "template_status, template_quality, template_category, account_update, number_update or limit_update"

// platformNews are the kinds that tell of templates, numbers and accounts.
var platformNews = []string{templateStatus, templateQuality, templateCategory, accountUpdate, numberUpdate, limitUpdate}

// ErrNoWebhook is returned where there is nobody to tell.
var ErrNoWebhook = errors.New("no webhook is set; set one with --webhook first")

// ErrEvent is returned for an event that says too little or what cannot be.
var ErrEvent = errors.New("the event cannot be sent")

// Tell posts an event and returns once it was posted for the first time,
// whatever the answer; it is posted again until it is answered with 200. id is
// the identifier of a person's message, empty for what has none. The error is
// ErrEvent, ErrNoWebhook, ErrClosed or that of ctx.
func (s *Simulator) Tell(ctx context.Context, e Event) (id string, err error) {
	if s.outbox.webhook() == "" {
		return "", ErrNoWebhook
	}
	say, err := s.saying(e)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrEvent, err)
	}
	if e.Kind == templateStatus {
		s.setStatus(e)
	}
	done := make(chan struct{})
	if !s.outbox.add(item{due: say.At, happens: say.At, said: say, posted: done}) {
		return "", ErrClosed
	}
	select {
	case <-done:
		return say.ID, nil
	case <-s.closing.Done():
		return "", ErrClosed
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// saying is the event as the outbox takes it, booked if a person says it.
func (s *Simulator) saying(e Event) (*saying, error) {
	if slices.Contains(s.options.Dialect.lacks(), e.Kind) {
		return nil, fmt.Errorf("%s never reports an event of kind %s", s.options.Dialect.Name(), e.Kind)
	}
	switch e.Kind {
	case templateStatus, templateQuality, templateCategory, accountUpdate, numberUpdate, limitUpdate, numberErrors:
		return s.notice(e)
	}
	kind, err := e.kind()
	if err != nil {
		return nil, err
	}
	say := &saying{text: e.Text, payload: e.Payload, quotes: true, account: e.Account, Inbound: Inbound{
		Kind: kind, Message: e.ReplyTo, At: s.book.now(), Hidden: e.Hidden,
	}}
	var ok bool
	if say.Person, ok = international(e.From); !ok {
		return nil, fmt.Errorf("from must be a number in E.164, not %q", e.From)
	}
	say.From = waID(say.Person, s.options.Twins)
	if kind == ChangeNumber {
		to, ok := international(e.To)
		if !ok {
			return nil, fmt.Errorf("to must be a number in E.164, not %q", e.To)
		}
		say.to = waID(to, s.options.Twins)
	}
	if say.Number, err = s.toldTo(e); err != nil {
		return nil, err
	}
	return s.book.say(say), nil
}

// kind is what a person says by the event.
func (e Event) kind() (Kind, error) {
	switch e.Kind {
	case numberChange:
		return ChangeNumber, nil
	case preference:
		switch e.Value {
		case "stop":
			return StopMarketing, nil
		case "resume":
			return WantMarketing, nil
		}
		return "", fmt.Errorf("value must be stop or resume, not %q", e.Value)
	case inbound:
		switch {
		case e.Payload != "":
			return Press, nil
		case strings.EqualFold(e.Text, "STOP"):
			return Stop, nil
		case strings.EqualFold(e.Text, "START"):
			return Start, nil
		case e.Text != "":
			return Answer, nil
		}
		return "", errors.New("text or payload is required")
	}
	return "", fmt.Errorf("unknown kind %q; the kinds are template_status, template_quality, template_category, account_update, number_update, limit_update, inbound, preference, number_change and errors", e.Kind)
}

// toldTo is the number that the event is told to.
func (s *Simulator) toldTo(e Event) (string, error) {
	switch {
	case e.Number != "":
		return e.Number, nil
	case s.options.PhoneNumberID != "":
		return s.options.PhoneNumberID, nil
	}
	if last := s.book.lastNumber(); last != "" {
		return last, nil
	}
	return "", errors.New("number is required until the first message was sent")
}

// notice is a saying of the platform itself, which is in no book.
func (s *Simulator) notice(e Event) (*saying, error) {
	switch {
	case e.Kind == templateStatus && (e.Template == "" || e.Event == ""):
		return nil, errors.New("template and event are required")
	case (e.Kind == templateQuality && e.Quality == "" || e.Kind == templateCategory && e.Category == ""):
		return nil, errors.New("quality or category is required")
	case (e.Kind == templateQuality || e.Kind == templateCategory) && e.Template == "":
		return nil, errors.New("template is required")
	case e.Kind == limitUpdate && e.Tier == "":
		return nil, errors.New("tier is required")
	case (e.Kind == accountUpdate || e.Kind == numberUpdate) && e.Event == "":
		return nil, errors.New("event is required")
	case e.Kind == numberErrors && e.Code <= 0:
		return nil, errors.New("code is required")
	}
	say := &saying{account: e.Account, notice: &e, Inbound: Inbound{At: s.book.now()}}
	if e.Kind == numberErrors {
		number, err := s.toldTo(e)
		if err != nil {
			return nil, err
		}
		say.Number = number
	}
	return say, nil
}

// serveEvents tells an event that was posted. It answers with the identifier
// that was given to it.
func (s *Simulator) serveEvents(w http.ResponseWriter, r *http.Request) {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxControl))
	decoder.DisallowUnknownFields()
	var e Event
	if err := decoder.Decode(&e); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	id, err := s.Tell(r.Context(), e)
	switch {
	case errors.Is(err, ErrEvent):
		http.Error(w, err.Error(), http.StatusBadRequest)
	case errors.Is(err, ErrNoWebhook):
		http.Error(w, err.Error(), http.StatusConflict)
	case err != nil:
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	default:
		w.Header().Set("Content-Type", "application/json")
		s.report(json.NewEncoder(w).Encode(map[string]string{"id": id}))
	}
}
