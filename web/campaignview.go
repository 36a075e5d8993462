package web

import (
	"cmp"
	"maps"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// campaignView is a campaign as the API gives it. Times are RFC 3339 in UTC,
// null for "not yet" and "never".
type campaignView struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Channel is the first of Channels.
	Channel  string         `json:"channel"`
	Channels []string       `json:"channels"`
	State    campaign.State `json:"state"`
	Reason   string         `json:"reason"`
	// Stopped says of numbers that do not send for it, why.
	Stopped map[string]string `json:"stopped,omitempty"`
	// QueueTrouble says of numbers whose queues take nothing at the moment, why.
	QueueTrouble map[string]string `json:"queue_trouble,omitempty"`
	// Unechoed says of numbers whose receipts do not name our messages what becomes
	// of unknown ones; missing where there are none.
	Unechoed map[string]unechoedView    `json:"unechoed,omitempty"`
	Counts   campaign.Counts            `json:"counts"`
	Verdicts map[campaign.Verdict]int64 `json:"verdicts"`
	Steps    []stepView                 `json:"steps"`
	// RateLimit is the campaign's own cap, Rate what it does: both in messages
	// a second.
	RateLimit float64 `json:"rate_limit"`
	Rate      float64 `json:"rate"`
	// Total is the number of messages, Open how many of them can still cause a
	// request to the provider.
	Total int64 `json:"total"`
	Open  int64 `json:"open"`
	// Daily is the limit of recipients that the campaign is under; a list of
	// campaigns does not show it.
	Daily *dailyView `json:"daily,omitempty"`
	// Failures counts the failed messages by reason, Slowed are the templates that
	// the provider has slowed down; a list of campaigns does not show them.
	Failures []failureView `json:"failures,omitzero"`
	Slowed   []slowedView  `json:"slowed,omitzero"`
	// Hours are the times of day at which it sends, null for always.
	Hours *hoursView `json:"hours"`

	CreatedAt  *time.Time `json:"created_at"`
	StartAt    *time.Time `json:"start_at"`
	StartedAt  *time.Time `json:"started_at"`
	FinishedAt *time.Time `json:"finished_at"`
	ExpiresAt  *time.Time `json:"expires_at"`
}

// unechoedView is what on_unknown decides without looking at other receipts.
type unechoedView struct {
	// After is how long a message is unknown before it is decided.
	After campaign.Duration `json:"after"`
	// Then is resend or hold.
	Then string `json:"then"`
}

// unechoed are the numbers of a campaign with unknown messages whose receipts do
// not name them.
func (s *Server) unechoed(c ledger.Campaign) map[string]unechoedView {
	if c.Counts[campaign.Unknown] == 0 {
		return nil
	}
	var found map[string]unechoedView
	for _, name := range c.Definition.Numbers() {
		channel, known := s.channels[name]
		if !known || channel.Echoes {
			continue
		}
		if found == nil {
			found = map[string]unechoedView{}
		}
		then := "hold"
		if channel.Resend {
			then = "resend"
		}
		found[name] = unechoedView{campaign.Duration(channel.UnknownAfter), then}
	}
	return found
}

// dailyView is how far the limit of a portfolio is used up.
type dailyView struct {
	Limit int `json:"limit"`
	// Used is how many persons were written to in the last 24 hours.
	Used int `json:"used"`
	// Later is how many of the campaign's recipients have to wait for room.
	Later int64 `json:"later"`
	// FreesAt is when there will be room for one more, null where there is.
	FreesAt *time.Time `json:"frees_at"`
}

// hoursView is when a campaign sends.
type hoursView struct {
	From string `json:"from"`
	To   string `json:"to"`
	Days string `json:"days"`
	// Zone is whose clock counts: a zone, recipient, or a text with a column.
	Zone string `json:"zone"`
	// OpensAt is when the hours begin, where the clock is the same for all and
	// shows another time; null otherwise, and once the campaign has ended.
	OpensAt *time.Time `json:"opens_at"`
}

func (s *Server) hours(c ledger.Campaign) *hoursView {
	h := c.Definition.Hours
	if h == nil {
		return nil
	}
	v := &hoursView{From: h.From, To: h.To, Days: h.Days, Zone: cmp.Or(h.Zone, campaign.RecipientZone)}
	if now := s.now(); !c.State.Ended() && !h.ByRecipient() {
		if opens, ok := h.Next("", now); ok && opens.After(now) {
			v.OpensAt = moment(opens)
		}
	}
	return v
}

type stepView struct {
	Step     int             `json:"step"`
	Template string          `json:"template"`
	Counts   campaign.Counts `json:"counts"`
}

func (s *Server) view(c ledger.Campaign) campaignView {
	v := campaignView{
		ID:       c.ID.String(),
		Name:     c.Name,
		Channel:  c.Definition.Numbers()[0],
		Channels: c.Definition.Numbers(),
		State:    c.State,
		Reason:   c.Reason,

		QueueTrouble: s.queueTrouble(c),

		Counts:    c.Counts,
		Verdicts:  map[campaign.Verdict]int64{},
		RateLimit: c.Definition.Rate,
		Rate:      s.meters.rate(c.ID),
		Total:     c.Counts.Total() - c.Counts[campaign.Rejected],
		Open:      c.Open,
		Hours:     s.hours(c),
		Unechoed:  s.unechoed(c),

		CreatedAt:  moment(c.Created),
		StartAt:    moment(c.StartAt),
		StartedAt:  moment(c.Started),
		FinishedAt: moment(c.Finished),
		ExpiresAt:  moment(c.Expires),
	}
	maps.Copy(v.Verdicts, c.Verdicts)
	for position, stop := range c.Stopped {
		if v.Stopped == nil {
			v.Stopped = map[string]string{}
		}
		v.Stopped[v.Channels[position]] = stop.Reason
	}
	for i, step := range c.Definition.Steps {
		counts := campaign.Counts{}
		if i < len(c.Steps) {
			counts = c.Steps[i]
		}
		v.Steps = append(v.Steps, stepView{Step: i + 1, Template: step.Template, Counts: counts})
	}
	return v
}

// moment is a time in JSON.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
