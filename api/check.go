package api

import (
	"encoding/json"
	"time"

	"carillon/campaign"
)

// Checked is what a campaign would do with a list.
type Checked struct {
	// Counts says how many rows got which verdict.
	Counts map[campaign.Verdict]int64 `json:"counts"`
	// Rows are those that are not ok, in the order of the list. The server tells the
	// first; RowsLeftOut is how many it does not.
	Rows        []CheckedRow `json:"rows"`
	RowsLeftOut int64        `json:"rows_left_out,omitempty"`
	// Warnings are about rows that are ok all the same, in the order of the list, as
	// far as Rows are.
	Warnings        []CheckWarning `json:"warnings"`
	WarningsLeftOut int64          `json:"warnings_left_out,omitempty"`
	// Preview holds the messages of the first recipients, and of the rows that were
	// asked for.
	Preview []Preview `json:"preview"`
	// Longest holds the messages of the recipient whose values are the longest; nil
	// where nobody is sent to.
	Longest  *Preview `json:"longest,omitempty"`
	Estimate Estimate `json:"estimate"`
	// Channels are those that cannot know all; missing where nothing is known of them.
	Channels []CheckChannel `json:"channels,omitempty"`
	// Notes say what is not known of the templates; missing where nobody was asked, and
	// where all is.
	Notes []string `json:"notes,omitempty"`
	// Layout is how the list was read.
	Layout campaign.Layout `json:"layout"`
	// Columns are all columns of the list, with samples.
	Columns []campaign.TakenColumn `json:"columns,omitempty"`
	// Hours says when messages go out; empty where they go out at any time.
	Hours string `json:"hours,omitempty"`
	// Recipients is how many rows are sent to.
	Recipients int64 `json:"recipients"`
	// Partial says that the list goes on behind the rows that were looked at.
	Partial bool `json:"partial,omitempty"`
	// Barred is how many messages are left out because their recipient may not
	// get them, BarredBy the same by the reason.
	Barred   int64            `json:"barred,omitempty"`
	BarredBy map[string]int64 `json:"barred_by,omitempty"`
}

// CheckedRow is a row that is not ok.
type CheckedRow struct {
	// Row counts from 1, the first row below the header; empty ones do not count.
	Row     int              `json:"row"`
	Verdict campaign.Verdict `json:"verdict"`
	// E164 is the number or the user ID. It is empty where messages can go to
	// neither.
	E164   string `json:"e164"`
	Detail string `json:"detail"`
}

// CheckWarning is about a row that is sent to, but may not be what was meant.
type CheckWarning struct {
	Row    int    `json:"row"`
	E164   string `json:"e164"`
	Detail string `json:"detail"`
}

// Preview is what one recipient would get.
type Preview struct {
	Row      int              `json:"row"`
	To       string           `json:"to"`
	Messages []PreviewMessage `json:"messages"`
	// Values are the cells of the columns that the campaign names.
	Values map[string]string `json:"values,omitempty"`
}

// PreviewMessage is one rendered message.
type PreviewMessage struct {
	// Step counts from 1.
	Step int `json:"step"`
	// Kind and Content are what goes out inside the person's window where the step has
	// more than a template; the template is then what goes out otherwise, if there is one.
	Kind       campaign.Kind   `json:"kind,omitempty"`
	Content    json.RawMessage `json:"content,omitempty"`
	Template   string          `json:"template"`
	Language   string          `json:"language"`
	Components json.RawMessage `json:"components,omitempty"`
	// Text is what the recipient reads, where the template's own text is known.
	Text string `json:"text,omitempty"`
	// MarketingMessages says how it goes by the endpoint for those; nil where it
	// does not.
	MarketingMessages *campaign.MarketingMessages `json:"marketing_messages,omitempty"`
}

// Estimate says how long the sending takes.
type Estimate struct {
	Messages int64 `json:"messages"`
	// Rate is in messages a second; 0 means that there is no limit.
	Rate float64 `json:"rate"`
	// Seconds is the time at that rate, without waits between steps; 0 where
	// there is no limit.
	Seconds float64 `json:"seconds"`
	// Days is how many days the portfolio's limit of recipients makes of it, without
	// those on which the campaign's hours never come; 0 without a limit.
	Days int64 `json:"days,omitempty"`
	// LastOn is about the day on which the last recipient gets the first message, such
	// as 2026-12-03, if the campaign was started now and no other one uses the limit;
	// empty where Days is 0, and for more than ten years.
	LastOn string `json:"last_on,omitempty"`
	// LastAt is when the last message would go out if the campaign was started now,
	// without waits between steps; nil where it has no hours, or Days says more.
	LastAt *time.Time `json:"last_at,omitempty"`
	// Text says it in words.
	Text string `json:"text"`
}

// CheckChannel says what a channel of the campaign cannot know.
type CheckChannel struct {
	Channel string `json:"channel"`
	Detail  string `json:"detail"`
}
