package contacts

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"carillon/campaign"
)

// Zones returns the time zones that the owner of a number may be in, as IANA
// names in their order, one for all that keep the same time. There are several
// where the number does not tell: that of an Australian mobile may be any of
// Australia's. It returns none for numbers of no country, such as those of
// satellites.
//
// It takes the number's word: who has moved and kept it is elsewhere.
func Zones(e164 string) []string { return distinct(zonesByPrefix(e164)) }

// zonesByPrefix looks the number up in our table, then in the one of
// libphonenumber.
func zonesByPrefix(e164 string) []string {
	digits := strings.TrimPrefix(e164, "+")
	for n := min(len(digits), longestPrefix); n > 0; n-- {
		if zones, known := prefixZones(digits[:n]); known {
			return zones
		}
	}
	zones, err := phonenumbers.GetTimezonesForPrefix(digits)
	if err != nil || slices.Contains(zones, phonenumbers.UNKNOWN_TIMEZONE) {
		return nil
	}
	return zones
}

// distinct sorts zones and leaves out those that keep the same time as another.
// It is empty where one cannot be found, for then nothing is known for sure.
func distinct(zones []string) []string {
	if len(zones) < 2 {
		return zones
	}
	var kept []string
	seen := make(map[string]bool, len(zones))
	for _, name := range slices.Sorted(slices.Values(zones)) {
		place, err := time.LoadLocation(name)
		if err != nil {
			return nil
		}
		if kind := offsets(place); !seen[kind] {
			seen[kind] = true
			kept = append(kept, name)
		}
	}
	return kept
}

// offsets tells two zones apart that differ at any time in a span of years to
// come.
func offsets(place *time.Location) string {
	var all strings.Builder
	end := time.Date(2040, time.January, 1, 0, 0, 0, 0, time.UTC)
	for at := time.Date(2026, time.January, 1, 0, 0, 0, 0, place); at.Before(end); {
		_, offset := at.Zone()
		_, change := at.ZoneBounds()
		fmt.Fprintf(&all, "%d until %d ", offset, change.Unix())
		if change.IsZero() {
			break
		}
		at = change
	}
	return all.String()
}

// Locator finds out for the rows of one list whose clocks count. It is not safe
// for concurrent use.
type Locator struct {
	hours *campaign.Hours
	now   time.Time
	// names has the distinct zones of those that were looked up.
	names map[string]string
	// suits says whether there is a time within hours in all zones of a list.
	suits map[string]bool
}

// NewLocator makes a locator for a campaign with these hours, nil for none. now
// is the earliest at which anything is sent.
func NewLocator(hours *campaign.Hours, now time.Time) *Locator {
	return &Locator{hours: hours, now: now, names: map[string]string{}, suits: map[string]bool{}}
}

// Locate puts the zones of the row's number where the row says that they count.
// A row in whose zones the hours never come is marked as a bad value.
func (l *Locator) Locate(row campaign.Row) campaign.Row {
	if l.hours == nil || row.Zone == "" || !row.Admitted() {
		return row
	}
	const way = "; give the list a column with zones such as Europe/Madrid, and name it in hours.zone"
	byNumber := row.Zone == campaign.RecipientZone
	switch {
	case byNumber && !campaign.IsNumber(row.Phone):
		return unsuited(row, "a user ID does not reveal a time zone"+way)
	case byNumber:
		if row.Zone = l.zones(row.Phone); row.Zone == "" {
			return unsuited(row, "the number does not reveal its time zone"+way)
		}
	}
	switch {
	case l.suited(row.Zone):
		return row
	case byNumber && strings.Contains(row.Zone, ","):
		return unsuited(row, fmt.Sprintf("the number may be in any of %s, and no hour of the day suits all of them%s",
			strings.ReplaceAll(row.Zone, ",", ", "), way))
	}
	return unsuited(row, "they leave no time in "+row.Zone+" within a year; change hours.days or hours.dates")
}

func unsuited(row campaign.Row, detail string) campaign.Row {
	row.Verdict, row.Detail, row.Zone = campaign.BadValue, "hours: "+detail, ""
	return row
}

func (l *Locator) zones(e164 string) string {
	found := zonesByPrefix(e164)
	if len(found) == 1 {
		return found[0]
	}
	all := strings.Join(found, ",")
	names, known := l.names[all]
	if !known {
		names = strings.Join(distinct(found), ",")
		l.names[all] = names
	}
	return names
}

func (l *Locator) suited(zones string) bool {
	suits, known := l.suits[zones]
	if !known {
		_, suits = l.hours.Next(zones, l.now)
		l.suits[zones] = suits
	}
	return suits
}
