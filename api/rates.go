package api

import "time"

// Rates are how many of a campaign's messages went out, over time.
type Rates struct {
	// Every is how long each point is, in seconds.
	Every int `json:"every"`
	// Limit is how many messages a second the campaign may send: its own cap, or
	// what its numbers do together; 0 for no limit.
	Limit float64 `json:"limit"`
	// Points are in the order of time; where nothing happened there is none.
	Points []RatePoint `json:"points"`
	// Marks are when it was started, paused, resumed, retried and cancelled.
	Marks []RateMark `json:"marks"`
}

// RatePoint is what happened from At on, for as long as a point is.
type RatePoint struct {
	At time.Time `json:"at"`
	// Accepted and Failed count messages, Throttled attempts.
	Accepted  int64 `json:"accepted"`
	Failed    int64 `json:"failed"`
	Throttled int64 `json:"throttled"`
}

// RateMark is something that was done to a campaign, as the audit log has it.
type RateMark struct {
	At     time.Time `json:"at"`
	Action string    `json:"action"`
	Who    string    `json:"who"`
}
