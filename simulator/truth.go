package simulator

import (
	"encoding/json"
	"time"

	"carillon/campaign"
)

// Counts says how many requests there were and what became of them.
type Counts struct {
	// Requests were made for messages, refused ones included.
	Requests int `json:"requests"`
	// Polls asked what became of a message.
	Polls int `json:"polls,omitempty"`
	// Reads marked a person's message as read.
	Reads int `json:"reads,omitempty"`
	// Uploads is how many files were stored, Uploading how many are on their way.
	Uploads   int `json:"uploads,omitempty"`
	Uploading int `json:"uploading,omitempty"`
	// Accepted is how many messages were taken, with or without an answer.
	Accepted int `json:"accepted"`
	// Refused is how many were not, by the error's code; those without one
	// stand under their HTTP status (408, 502).
	Refused map[int]int `json:"refused"`
}

// Truth is what the simulator really did. In JSON its durations are
// nanoseconds.
type Truth struct {
	// Started is what all times count from.
	Started time.Time `json:"started"`
	Counts  Counts    `json:"counts"`
	// Arrivals is when each request came, sorted, refused ones and those that asked
	// included.
	Arrivals []time.Duration `json:"arrivals"`
	// Uploads are the files that were stored.
	Uploads []Upload `json:"uploads,omitempty"`
	// Inbound is what people said, in the order in which it was planned.
	Inbound []Inbound `json:"inbound,omitempty"`
	// Messages are the accepted ones in the order of acceptance.
	Messages []Message `json:"messages"`
}

// Message is one accepted message.
type Message struct {
	// ID is the identifier given to it.
	ID string `json:"id"`
	// Number is the sending number's id.
	Number string `json:"number"`
	// To is the recipient in E.164, or the user ID that was written to.
	To string `json:"to"`
	// Template is its name. A message that is none has its kind there, in parentheses.
	Template  string `json:"template"`
	Language  string `json:"language"`
	Reference string `json:"reference,omitempty"`
	// Marketing says that it came by the endpoint for marketing messages.
	Marketing bool `json:"marketing,omitempty"`
	// Components are the template's parameters, or the content of what is none, byte
	// for byte.
	Components json.RawMessage `json:"components,omitempty"`
	// At is when its request came.
	At time.Duration `json:"at"`
	// Fault names what was made to go wrong, empty for nothing.
	Fault string `json:"fault,omitempty"`
	// Receipts are those it was to get, in the order sent, delivered, read,
	// failed.
	Receipts []Receipt `json:"receipts,omitempty"`
}

// Receipt is one receipt of a message, its duplicates included.
type Receipt struct {
	Status campaign.Status `json:"status"`
	// Code explains a failed one.
	Code int `json:"code,omitempty"`
	// Lost ones were never to be posted.
	Lost bool `json:"lost,omitempty"`
	// Posted is when its first POST began, Answered when the first one began
	// that was answered with 200; 0 for not yet. Told to who asked, both are when the
	// question came, unless it was posted before.
	Posted   time.Duration `json:"posted,omitempty"`
	Answered time.Duration `json:"answered,omitempty"`
}

// Inbound is one thing that a person said or did, its duplicates included.
type Inbound struct {
	// ID is the identifier given to it, empty for a preference.
	ID   string `json:"id,omitempty"`
	Kind Kind   `json:"kind"`
	// Person is the number that was written to, in E.164, or the user ID, From the
	// digits that the webhook tells: those of its twin perhaps.
	Person string `json:"person"`
	From   string `json:"from"`
	// Hidden: the webhook tells the user ID in place of the digits.
	Hidden bool `json:"hidden,omitempty"`
	// Number is the id of the number that it is told to.
	Number string `json:"number"`
	// Message is the id of the message that it follows, empty for none.
	Message string `json:"message,omitempty"`
	// At is when it was said.
	At time.Duration `json:"at"`
	// Posted is when its first POST began, Answered when the first answer of 200
	// had come; 0 for not yet.
	Posted   time.Duration `json:"posted,omitempty"`
	Answered time.Duration `json:"answered,omitempty"`
}

// Truth tells everything. With a million messages it takes some 600 MB; GET
// /truth takes none.
func (s *Simulator) Truth() Truth {
	t, messages := s.book.snapshot()
	t.Uploads = s.shelf.all()
	s.shelf.count(&t.Counts)
	t.Messages = make([]Message, 0, t.Counts.Accepted)
	for m := range messages {
		t.Messages = append(t.Messages, m)
	}
	return t
}

// Counts tells how many there were so far.
func (s *Simulator) Counts() Counts {
	s.book.mu.Lock()
	defer s.book.mu.Unlock()
	c := s.book.counts()
	s.shelf.count(&c)
	return c
}
