package api

import (
	"time"

	"carillon/campaign"
)

// Recipients is a part of a campaign's report.
type Recipients struct {
	Page[Recipient]
	// SearchedTo is the number of the row up to which the list has been read, LastRow
	// that of its last row; 0 for none.
	SearchedTo int `json:"searched_to"`
	LastRow    int `json:"last_row"`
}

// Recipient is one step for one recipient, or a row that does not take part, whose
// step is null.
type Recipient struct {
	Row   int    `json:"row"`
	Phone string `json:"phone"`
	Step  *int   `json:"step"`
	// Channel is the number that it goes out from.
	Channel string `json:"channel"`
	// Status is the name of a campaign.Status. A later version may have others.
	Status    string `json:"status"`
	Attempts  int    `json:"attempts"`
	MessageID string `json:"message_id"`
	// ErrorCode is the provider's, 0 for none.
	ErrorCode   int        `json:"error_code"`
	Reason      string     `json:"reason"`
	AcceptedAt  *time.Time `json:"accepted_at"`
	SentAt      *time.Time `json:"sent_at"`
	DeliveredAt *time.Time `json:"delivered_at"`
	ReadAt      *time.Time `json:"read_at"`
	FailedAt    *time.Time `json:"failed_at"`
	// Detail is what the provider said of it and what to do.
	Detail string `json:"detail"`
}

// Decision is what becomes of messages of unknown fate.
type Decision string

const (
	// Resend sends them again; whoever got one gets it twice.
	Resend Decision = "resend"
	// Drop gives them up.
	Drop Decision = "drop"
)

// Resolve asks for a decision about all unknown messages of a campaign.
type Resolve struct {
	Decision Decision `json:"decision"`
}

// Resolved says what became of a decision about unknown messages.
type Resolved struct {
	// Resolved counts the messages that it was about.
	Resolved int `json:"resolved"`
	// Campaign is the campaign after it.
	Campaign Campaign `json:"campaign"`
}

// Retry asks for another attempt of the messages that stand at one of the
// statuses: failed, expired.
type Retry struct {
	Statuses []campaign.Status `json:"statuses"`
}

// Retried says what became of a campaign's messages when it was retried.
type Retried struct {
	// Again counts the messages that are attempted again, Refused those that
	// the provider would refuse once more, OptedOut those whose person has
	// opted out.
	Again    int `json:"again"`
	Refused  int `json:"refused"`
	OptedOut int `json:"opted_out"`
	// LeftOut are the first of the Refused and OptedOut, in the order of the list.
	LeftOut []LeftOut `json:"left_out"`
	// Campaign is the campaign after it.
	Campaign Campaign `json:"campaign"`
}

// LeftOut is a message that is not attempted again.
type LeftOut struct {
	Row int `json:"row"`
	// Step counts from 1.
	Step  int    `json:"step"`
	Phone string `json:"phone"`
	// Status is the name of a campaign.Status.
	Status string `json:"status"`
	Why    string `json:"why"`
}
