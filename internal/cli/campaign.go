package cli

import (
	"encoding/json"
	"fmt"
	"time"

	"carillon/campaign"
)

// Campaign is a campaign as the HTTP API gives it.
type Campaign struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Channel string `json:"channel"`
	// Channels are the numbers that it is sent from; Channel is the first.
	Channels []string `json:"channels"`
	// Stopped says of numbers that do not send for it, why.
	Stopped map[string]string `json:"stopped,omitempty"`
	// Unechoed says what becomes of unknown messages of numbers whose receipts do not
	// name ours.
	Unechoed map[string]Unechoed `json:"unechoed,omitempty"`
	// QueueTrouble says of numbers whose queues take nothing at the moment, why.
	QueueTrouble map[string]string `json:"queue_trouble,omitempty"`
	State        string            `json:"state"`
	// Reason says who or what brought it into its state.
	Reason string `json:"reason"`
	// Counts are by status over all steps, Verdicts by verdict of the list.
	Counts   map[string]int64 `json:"counts"`
	Verdicts map[string]int64 `json:"verdicts"`
	Steps    []Step           `json:"steps"`
	// Rate is what is sent now, RateLimit the campaign's own cap, both in
	// messages a second; 0 is unknown, or none.
	Rate      float64 `json:"rate"`
	RateLimit float64 `json:"rate_limit"`
	// Daily is the limit of recipients that it is under; nil without one, and in
	// lists.
	Daily *Daily `json:"daily"`
	// Failures counts the failed messages by reason, Slowed are the templates that
	// the provider has slowed down; neither stands in lists.
	Failures []Failures `json:"failures"`
	Slowed   []Slowed   `json:"slowed"`
	// Hours are the times of day at which it sends; nil for always.
	Hours *Hours `json:"hours"`
	// The moments are nil where they have not come, or never will.
	CreatedAt  *time.Time `json:"created_at"`
	StartAt    *time.Time `json:"start_at"`
	StartedAt  *time.Time `json:"started_at"`
	FinishedAt *time.Time `json:"finished_at"`
	ExpiresAt  *time.Time `json:"expires_at"`

	// Layout is how the list was read; nil but for a campaign that was just
	// launched.
	Layout *campaign.Layout `json:"layout"`

	// Raw is what the server wrote.
	Raw json.RawMessage `json:"-"`
}

// Daily is how far a portfolio's limit of recipients is used up.
type Daily struct {
	Limit int `json:"limit"`
	// Used is how many persons were written to in the last 24 hours, Later how
	// many of the campaign have to wait.
	Used  int   `json:"used"`
	Later int64 `json:"later"`
	// FreesAt is when there is room for one more; nil where there is.
	FreesAt *time.Time `json:"frees_at"`
}

// String says it in a line.
func (d Daily) String() string {
	text := fmt.Sprintf("%d of %d recipients within 24 hours", d.Used, d.Limit)
	if d.Later > 0 {
		text += fmt.Sprintf("; %d of this campaign have to wait and go on by themselves, over about %s",
			d.Later, quantity((d.Later-1)/int64(d.Limit)+1, "day"))
	}
	if d.FreesAt != nil {
		text += ", from " + moment(d.FreesAt)
	}
	return text
}

// Failures says how many messages failed for one reason.
type Failures struct {
	Reason string `json:"reason"`
	// Code is the provider's, 0 for none.
	Code  int   `json:"code"`
	Count int64 `json:"count"`
	// Said is what the provider said of the first, Hint what to do.
	Said string `json:"said"`
	Hint string `json:"hint"`
}

// Slowed is a template that the provider has slowed down on one number.
type Slowed struct {
	Channel  string `json:"channel"`
	Template string `json:"template"`
	Language string `json:"language"`
	// Until is when one message tries again.
	Until  time.Time `json:"until"`
	Reason string    `json:"reason"`
	Code   int       `json:"code"`
}

// String says it in a line.
func (s Slowed) String() string {
	text := fmt.Sprintf("%s (%s) on %s until %s: %s", s.Template, s.Language, s.Channel, moment(&s.Until), s.Reason)
	if s.Code != 0 {
		text += fmt.Sprintf(" (%d)", s.Code)
	}
	return text + "; then one message tries, and more follow as they are taken"
}

// Hours is when a campaign sends.
type Hours struct {
	From string `json:"from"`
	To   string `json:"to"`
	Days string `json:"days"`
	Zone string `json:"zone"`
	// OpensAt is when the hours begin; nil within them, and where each recipient
	// has a clock of their own.
	OpensAt *time.Time `json:"opens_at"`
}

// String says it in a line.
func (h Hours) String() string {
	text := fmt.Sprintf("%s to %s", h.From, h.To)
	if h.Days != "" {
		text += " on " + h.Days
	}
	if h.Zone == campaign.RecipientZone {
		text += ", by the recipients' clocks"
	} else {
		text += ", " + h.Zone
	}
	if h.OpensAt != nil {
		text += "; nothing goes out until " + moment(h.OpensAt)
	}
	return text
}

// Unechoed is what becomes of unknown messages of a number whose receipts do not
// name our messages.
type Unechoed struct {
	After string `json:"after"`
	// Then is resend or hold.
	Then string `json:"then"`
}

// String says it in a line.
func (u Unechoed) String() string {
	const why = "its receipts do not name our messages, so on_unknown decides alone: "
	if u.Then == "resend" {
		return why + "unknown messages are sent again after " + u.After + ", and may arrive twice"
	}
	return why + "unknown messages are left for you to decide"
}

// Step is one message of a campaign's series.
type Step struct {
	Step     int              `json:"step"`
	Template string           `json:"template"`
	Counts   map[string]int64 `json:"counts"`
}

var (
	_ json.Unmarshaler = (*Campaign)(nil)
	_ json.Marshaler   = Campaign{}
)

// UnmarshalJSON reads a campaign and keeps the text.
func (c *Campaign) UnmarshalJSON(text []byte) error {
	type plain Campaign
	if err := json.Unmarshal(text, (*plain)(c)); err != nil {
		return err
	}
	c.Raw = append(json.RawMessage(nil), text...)
	return nil
}

// MarshalJSON writes what the server wrote, with keys that this program may
// not know.
func (c Campaign) MarshalJSON() ([]byte, error) { return c.Raw, nil }

// WithLaunch is the campaign with what the launch alone was told: how the list was
// read.
func (c Campaign) WithLaunch(launched Campaign) Campaign {
	var now map[string]json.RawMessage
	layout, err := json.Marshal(launched.Layout)
	if launched.Layout == nil || err != nil || json.Unmarshal(c.Raw, &now) != nil {
		return c
	}
	now["layout"] = layout
	if raw, err := json.Marshal(now); err == nil {
		c.Layout, c.Raw = launched.Layout, raw
	}
	return c
}

// Snapshot is how far the campaign has come.
func (c Campaign) Snapshot() Snapshot {
	sum := func(statuses ...string) (n int64) {
		for _, s := range statuses {
			n += c.Counts[s]
		}
		return n
	}
	arrived := sum("delivered", "read")
	lost := sum("failed", "undelivered")
	s := Snapshot{
		Sent:      sum("accepted", "held", "sent") + arrived + lost,
		Delivered: arrived,
		Failed:    lost,
		Rate:      c.Rate,
	}
	s.Total = s.Sent + sum("waiting", "pending", "posting", "unknown")
	return s
}
