package api

import (
	"time"

	"carillon/campaign"
)

// History is all that is on record of one row of a campaign's list.
type History struct {
	Row     int              `json:"row"`
	Phone   string           `json:"phone"`
	Verdict campaign.Verdict `json:"verdict"`
	// Messages has an item for each step; a row that does not take part has one
	// item, whose step is null.
	Messages []MessageHistory `json:"messages"`
	// Suppressions are why the person gets no messages, under any of their keys.
	Suppressions []Suppression `json:"suppressions"`
}

// MessageHistory is a message with what has become of it.
type MessageHistory struct {
	Recipient
	// Template is that of the step, empty where the step has none.
	Template string       `json:"template"`
	Tries    []Attempt    `json:"tries"`
	Replies  []HeardReply `json:"replies"`
}

// Attempt is one attempt of a message.
type Attempt struct {
	// Attempt counts from 1.
	Attempt int `json:"attempt"`
	// Channel is the number that it went out from.
	Channel string `json:"channel"`
	// ClaimedAt is when it began, SettledAt when its outcome was known.
	ClaimedAt time.Time  `json:"claimed_at"`
	SettledAt *time.Time `json:"settled_at"`
	// Outcome is accepted, held, refused, throttled, unknown, released, or failed
	// by a receipt; empty while it is in the air.
	Outcome string `json:"outcome"`
	// MessageID is the provider's.
	MessageID string `json:"message_id"`
	// ErrorCode is the provider's, 0 for none.
	ErrorCode int    `json:"error_code"`
	Reason    string `json:"reason"`
}

// HeardReply is what a person answered.
type HeardReply struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
	// Payload is that of the button, empty for none; Pressed says that it was one.
	Payload string `json:"payload"`
	Pressed bool   `json:"pressed"`
}
