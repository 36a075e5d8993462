package api

import "time"

// Suppression is an opt-out on record.
type Suppression struct {
	// Phone is in E.164, or a user ID.
	Phone string `json:"phone"`
	// Scope is all, marketing, or a campaign's id.
	Scope  string    `json:"scope"`
	Reason string    `json:"reason"`
	Since  time.Time `json:"since"`
	// Source is whose word it is: operator, person, provider, or silence.
	Source string `json:"source"`
}

// NewSuppression is an opt-out as it comes in. An empty scope means all.
type NewSuppression struct {
	Phone  string `json:"phone"`
	Scope  string `json:"scope"`
	Reason string `json:"reason"`
}

// Suppress asks for opt-outs: all of them, or none.
type Suppress struct {
	Items []NewSuppression `json:"items"`
}

// Suppressed says what became of a request to suppress.
type Suppressed struct {
	// Suppressed counts the numbers that are opted out now, those that were
	// before included.
	Suppressed int `json:"suppressed"`
	// Rejected counts the rows without a number; Problems are the first.
	Rejected int          `json:"rejected"`
	Problems []RowProblem `json:"problems"`
}

// Forget asks to erase a person.
type Forget struct {
	Phone string `json:"phone"`
}

// Forgotten says what was erased.
type Forgotten struct {
	// Rows is how many rows of lists held the person, Skipped how many messages
	// to them will not be sent.
	Rows    int `json:"rows"`
	Skipped int `json:"skipped"`
}
