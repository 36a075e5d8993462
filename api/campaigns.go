// Package api holds the wire types of the HTTP API: what is asked, what is
// answered, and what is refused, once for who answers and for who asks. The
// server's openapi.yaml describes the calls that they belong to.
//
// Times are RFC 3339 in UTC, null for "not yet" and "never". Rates are in messages
// a second. It does nothing: a type here has no more than its JSON and its text.
package api

import (
	"time"

	"carillon/campaign"
)

// Campaign is a campaign as it stands.
type Campaign struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Channel is the first of Channels, the numbers that it is sent from.
	Channel  string   `json:"channel"`
	Channels []string `json:"channels"`
	// Fallback are the channels that take over what those have failed to send, in
	// order; missing where there are none.
	Fallback []string       `json:"fallback,omitempty"`
	State    campaign.State `json:"state"`
	// Reason says who or what brought it into its state.
	Reason string `json:"reason"`
	// Stopped says of numbers that do not send for it, why.
	Stopped map[string]string `json:"stopped,omitempty"`
	// QueueTrouble says of numbers whose queues take nothing at the moment, why.
	QueueTrouble map[string]string `json:"queue_trouble,omitempty"`
	// Unechoed says of numbers whose receipts do not name our messages what becomes
	// of unknown ones; missing where there are none.
	Unechoed map[string]Unechoed `json:"unechoed,omitempty"`
	// Counts are by status over all steps, Verdicts by verdict of the list.
	Counts   campaign.Counts            `json:"counts"`
	Verdicts map[campaign.Verdict]int64 `json:"verdicts"`
	Steps    []Step                     `json:"steps"`
	// RateLimit is the campaign's own cap, Rate what it does of late; 0 is none, or
	// not known.
	RateLimit float64 `json:"rate_limit"`
	Rate      float64 `json:"rate"`
	// Total is the number of messages, Open how many of them can still cause a
	// request to the provider.
	Total int64 `json:"total"`
	Open  int64 `json:"open"`
	// Daily is the limit of recipients that the campaign is under; a list of
	// campaigns does not show it.
	Daily *Daily `json:"daily,omitempty"`
	// Failures counts the failed messages by reason, Slowed are the templates that
	// the provider has slowed down; a list of campaigns does not show them.
	Failures []Failures `json:"failures,omitzero"`
	Slowed   []Slowed   `json:"slowed,omitzero"`
	// Notices are what providers have told of its templates, numbers and accounts
	// since it was made, the newest first; a list of campaigns does not show them.
	Notices []Notice `json:"notices,omitzero"`
	// Media are the first hundred files that came with the campaign; a list of
	// campaigns does not show them.
	Media []Media `json:"media,omitzero"`
	// Hours are the times of day at which it sends, null for always.
	Hours *Hours `json:"hours"`
	// Notes say what was not known of the templates when the campaign came in or was
	// started; only the answer to that has them.
	Notes []string `json:"notes,omitempty"`

	CreatedAt  *time.Time `json:"created_at"`
	StartAt    *time.Time `json:"start_at"`
	StartedAt  *time.Time `json:"started_at"`
	FinishedAt *time.Time `json:"finished_at"`
	ExpiresAt  *time.Time `json:"expires_at"`
}

// Media is a file of a campaign.
type Media struct {
	// Name is what the campaign or its list calls it.
	Name string `json:"name"`
	// Type is its MIME type and Size its bytes; empty and 0 once it was dropped.
	Type string `json:"type"`
	Size int64  `json:"size"`
	// Uploads are where it stands at the provider of each of the campaign's channels.
	Uploads []MediaUpload `json:"uploads"`
}

// MediaUpload is a file at the provider of a channel.
type MediaUpload struct {
	Channel string `json:"channel"`
	// Until is when the provider forgets it, null where it does not have it.
	Until *time.Time `json:"until"`
	// Uploading says that it is being uploaded at this moment.
	Uploading bool `json:"uploading"`
	// Tries failed since it was last uploaded; Trouble is why the last one did.
	Tries   int    `json:"tries"`
	Trouble string `json:"trouble"`
}

// Step is one message of a campaign's series.
type Step struct {
	// Step counts from 1.
	Step     int             `json:"step"`
	Template string          `json:"template"`
	Counts   campaign.Counts `json:"counts"`
	// Replied is how many people answered; nil where no later step waits for a reply,
	// for then replies are not kept, and in lists and events.
	Replied *int64 `json:"replied,omitempty"`
}

// Unechoed is what becomes of unknown messages of a number whose receipts do not
// name ours.
type Unechoed struct {
	// After is how long a message is unknown before it is decided.
	After campaign.Duration `json:"after"`
	// Then is resend or hold.
	Then string `json:"then"`
}

// Daily is how far the limit of a portfolio is used up.
type Daily struct {
	Limit int `json:"limit"`
	// Used is how many persons were written to in the last 24 hours.
	Used int `json:"used"`
	// Later is how many of the campaign's recipients have to wait for room.
	Later int64 `json:"later"`
	// FreesAt is when there will be room for one more, null where there is.
	FreesAt *time.Time `json:"frees_at"`
	// LastOn is about the day on which the last recipient gets the first message, such
	// as 2026-12-03, if the campaign goes on now and no other one uses the limit; null
	// where nobody has to wait, and where it would take more than ten years.
	LastOn *string `json:"last_on"`
}

// Hours is when a campaign sends.
type Hours struct {
	From string `json:"from"`
	To   string `json:"to"`
	Days string `json:"days"`
	// Zone is whose clock counts: a zone, recipient, or a text with a column.
	Zone string `json:"zone"`
	// OpensAt is when the hours begin, where the clock is the same for all and
	// shows another time; null otherwise, and once the campaign has ended.
	OpensAt *time.Time `json:"opens_at"`
}

// Failures says how many messages of a campaign failed for one reason.
type Failures struct {
	Reason string `json:"reason"`
	// Code is the provider's, 0 for none.
	Code  int   `json:"code"`
	Count int64 `json:"count"`
	// Said is what the provider said of the first that it refused so, Hint what to
	// do.
	Said string `json:"said"`
	Hint string `json:"hint"`
}

// Slowed is a template of a campaign that the provider has slowed down.
type Slowed struct {
	Channel  string `json:"channel"`
	Template string `json:"template"`
	Language string `json:"language"`
	// Until is when it is tried again, one message first.
	Until  time.Time `json:"until"`
	Reason string    `json:"reason"`
	Code   int       `json:"code"`
}

// Created is a campaign that has come in.
type Created struct {
	Campaign
	// Problems are the first rows that do not take part.
	Problems []RowProblem `json:"problems"`
	// Layout says how the list was read; a repeated request is not told again.
	Layout *campaign.Layout `json:"layout"`
}

// RowProblem is why a row of a list or a file could not be used.
type RowProblem struct {
	Row     int              `json:"row"`
	Verdict campaign.Verdict `json:"verdict"`
	Phone   string           `json:"phone"`
	Detail  string           `json:"detail"`
}

// Page is a part of a list. Next, where it is not null, is the cursor of the
// part that follows. A page of what was searched for may be short or empty, and
// have a Next all the same: it has read a part of the list.
type Page[T any] struct {
	Items []T     `json:"items"`
	Next  *string `json:"next"`
}
