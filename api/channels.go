package api

import "time"

// Channels is every sending number.
type Channels struct {
	Items []Channel `json:"items"`
}

// Channel is a sending number as it stands. Words of the provider's are in lower
// case, and empty where they were not told.
type Channel struct {
	Name     string `json:"name"`
	Provider string `json:"provider"`
	// Rate is what it may send now, RateConfigured what the configuration says; 0 is
	// no limit. RateAuto says that what the provider tells is taken over.
	Rate           float64 `json:"rate"`
	RateConfigured float64 `json:"rate_configured"`
	RateAuto       bool    `json:"rate_auto"`
	// Daily is how many people its portfolio may write to within 24 hours, null for
	// no limit; DailyAuto as RateAuto.
	Daily     *ChannelDaily `json:"daily"`
	DailyAuto bool          `json:"daily_auto"`
	// Quality, Tier, Throughput, Status and NameStatus are the provider's words.
	Quality    string `json:"quality"`
	Tier       string `json:"tier"`
	Throughput string `json:"throughput"`
	Status     string `json:"status"`
	NameStatus string `json:"name_status"`
	// Health is whether it can send: available, limited or blocked.
	Health string `json:"health"`
	// Account is the reason of the last notice about what the account may do.
	Account string `json:"account"`
	// ToldAt is when the provider last told any of it, AskedAt when it was last
	// asked, AskError why it did not answer then.
	ToldAt   *time.Time `json:"told_at"`
	AskedAt  *time.Time `json:"asked_at"`
	AskError string     `json:"ask_error"`
	// LastReceiptAt is the newest acceptance that a receipt has come for, to within
	// some seconds.
	LastReceiptAt *time.Time `json:"last_receipt_at"`
	// QueueTrouble says why its queue takes nothing at the moment.
	QueueTrouble string `json:"queue_trouble,omitempty"`
	// Notices are what the provider has told of it and its account, the newest
	// first; a list of channels does not show them.
	Notices []Notice `json:"notices,omitzero"`
}

// Trouble is what keeps a channel from sending, or from being known; empty where
// nothing does.
func (c Channel) Trouble() string {
	switch {
	case c.QueueTrouble != "":
		return "the queue accepts no tasks: " + c.QueueTrouble
	case c.AskError != "":
		return "the provider does not say how it stands: " + c.AskError
	}
	return c.Account
}

// ChannelDaily is how far the limit of a portfolio is used up.
type ChannelDaily struct {
	Limit int `json:"limit"`
	// Used is how many people were written to in the last 24 hours.
	Used int `json:"used"`
}

// Notice is what a provider told of a template, a number or the account.
type Notice struct {
	Channel string `json:"channel"`
	// Topic is what kind of thing it tells.
	Topic    string `json:"topic"`
	Template string `json:"template"`
	Language string `json:"language"`
	Reason   string `json:"reason"`
	// Detail says what to do and what the provider says.
	Detail string `json:"detail"`
	// At is when, by the provider's clock, null where it is not told.
	At        *time.Time `json:"at"`
	FirstTold time.Time  `json:"first_told_at"`
	LastTold  time.Time  `json:"last_told_at"`
	// Times is how often it was told.
	Times int `json:"times"`
	// Effect is what it did, empty for nothing.
	Effect string `json:"effect"`
}
