package campaign

import (
	"strings"
	"time"
)

// Hours are the times of day, on days of the week, at which a campaign's
// messages go out.
type Hours struct {
	// From and To are times of day such as 09:00 and 20:00; To is the first
	// moment at which nothing goes out any more.
	From string `yaml:"from" json:"from"`
	To   string `yaml:"to" json:"to"`
	// Days are days of the week, such as mon-sat or mon,wed,fri; empty means all.
	Days string `yaml:"days" json:"days,omitempty"`
	// Zone is whose clock counts: an IANA name such as Europe/Madrid, "recipient"
	// for that of the recipient's number, or a text with columns of the list that
	// says either. Empty means recipient.
	Zone string `yaml:"zone" json:"zone,omitempty"`
	// Holidays names a calendar of the configuration.
	Holidays string `yaml:"holidays" json:"holidays,omitempty"`
	// Dates are days on which nothing goes out: 2026-12-25, or 12-25 for every
	// year. Those of Holidays are added when the campaign comes in.
	Dates []string `yaml:"dates" json:"dates,omitempty"`
}

// ReasonHours is what a message waits for outside the hours.
const ReasonHours = "it is outside the campaign's hours for the recipient"

// Next returns the first moment, from t on, at which a message may go out to a
// recipient: t itself within hours. zones is Row.Zone. ok is false where there
// is none within a year.
func (h *Hours) Next(zones string, t time.Time) (at time.Time, ok bool) {
	return t, true
}

// ByRecipient reports whether each recipient has a clock of their own.
func (h *Hours) ByRecipient() bool {
	return h.Zone == "" || h.Zone == ZoneOfRecipient || strings.Contains(h.Zone, "{{")
}

// ZoneOfRecipient stands for the zone of the recipient's number.
const ZoneOfRecipient = "recipient"
