package campaign

import (
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// RecipientZone stands in Hours.Zone, in the column it names, and in Row.Zone
// for the zone of the recipient's number.
const RecipientZone = "recipient"

// Hours are the times of day, on days of the week, at which a campaign's
// messages go out. They must not be changed, but by Observe, once Next or
// Within has been called; both may be called by any number of goroutines at a
// time.
type Hours struct {
	// From and To are times of day such as 09:00 and 20:00; To is the first
	// moment at which nothing goes out any more, 24:00 the end of the day.
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

	compiled atomic.Pointer[timetable]
}

// ReasonHours is what a message waits for outside the hours.
const ReasonHours = "it is outside the campaign's hours for the recipient"

// Next returns the first moment, from t on, at which a message may go out to a
// recipient: t itself within hours. zones is Row.Zone; it does not matter where
// the hours have a zone of their own. ok is false where there is no such moment
// within 366 days, and where the hours or the zones cannot be read, so that a
// mistake sends nothing.
func (h *Hours) Next(zones string, t time.Time) (at time.Time, ok bool) {
	table, places := h.read(zones)
	if table == nil {
		return time.Time{}, false
	}
	return table.next(places, t)
}

// Within reports whether a message may go out to a recipient at t.
func (h *Hours) Within(zones string, t time.Time) bool {
	table, places := h.read(zones)
	return table != nil && table.within(places, t)
}

// read is the timetable and the places where it has to hold; nil for hours or
// zones that make no sense.
func (h *Hours) read(zones string) (*timetable, []*time.Location) {
	table, err := h.table()
	if err != nil {
		return nil, nil
	}
	places, err := table.places(zones)
	if err != nil {
		return nil, nil
	}
	return table, places
}

// table is the compiled form. Two goroutines that come first at once make it
// twice, which does no harm.
func (h *Hours) table() (*timetable, error) {
	if table := h.compiled.Load(); table != nil {
		return table, nil
	}
	table, mistakes := h.compile()
	if len(mistakes) > 0 {
		return nil, joinMistakes(mistakes)
	}
	h.compiled.Store(table)
	return table, nil
}

// Observe adds the dates of the calendar that the hours name, so that they stay
// with the campaign whatever becomes of the calendar. Nil hours, and those that
// name none, observe nothing. The error is a *Mistake where there is no such
// calendar. It is not safe beside other uses of the hours.
func (h *Hours) Observe(calendars map[string][]string) error {
	if h == nil || h.Holidays == "" {
		return nil
	}
	dates, known := calendars[h.Holidays]
	if !known {
		return mistakeAt("hours.holidays", "there is no calendar named %q; %s", excerpt(h.Holidays), namesOf(calendars))
	}
	for _, date := range dates {
		if !slices.Contains(h.Dates, date) {
			h.Dates = append(h.Dates, date)
		}
	}
	h.compiled.Store(nil)
	return nil
}

func namesOf(calendars map[string][]string) string {
	if len(calendars) == 0 {
		return "the server's configuration has no holidays"
	}
	var names []string
	for name := range calendars {
		names = append(names, name)
	}
	slices.Sort(names)
	return "the configuration has " + strings.Join(names, ", ")
}

// ByRecipient reports whether each recipient has a clock of their own.
func (h *Hours) ByRecipient() bool {
	return h.Zone == "" || h.Zone == RecipientZone || strings.Contains(h.Zone, "{{")
}
