package campaign

import (
	"fmt"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // for machines that have no zones of their own
)

// horizon is how far ahead hours are looked for: each date of a year comes.
const horizon = 366 * 24 * time.Hour

// timetable is the compiled form of Hours. It never changes, but for the zones
// that it remembers.
type timetable struct {
	from, to time.Duration // since midnight by the wall clock
	days     [7]bool       // by time.Weekday
	off      map[date]bool
	// zone is the text that says whose clock counts; fixed is set, and it is
	// not, where that is the same for all.
	zone  placeholder
	fixed []*time.Location

	mu sync.RWMutex
	// known are the places of lists of zones; lists that make no sense are not
	// kept.
	known map[string][]*time.Location
}

// date is a day of the calendar; year 0 stands for every year.
type date struct {
	year  int
	month time.Month
	day   int
}

// places are the locations of a row's zones.
func (t *timetable) places(zones string) ([]*time.Location, error) {
	if t.fixed != nil {
		return t.fixed, nil
	}
	t.mu.RLock()
	places, known := t.known[zones]
	t.mu.RUnlock()
	if known {
		return places, nil
	}
	for name := range strings.SplitSeq(zones, ",") {
		place, err := loadZone(name)
		if err != nil {
			return nil, err
		}
		places = append(places, place)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.known[zones] = places
	return places, nil
}

// loadZone finds a zone by its IANA name. It reads a file.
func loadZone(name string) (*time.Location, error) {
	place, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" { // to the last two it gives a meaning
		return nil, fmt.Errorf("%q is not a time zone", excerpt(name))
	}
	return place, nil
}

// next goes from one moment at which a place begins to allow it to the next,
// until all places do.
func (t *timetable) next(places []*time.Location, from time.Time) (time.Time, bool) {
	for at, end := from, from.Add(horizon); !at.After(end); {
		later := at
		for _, place := range places {
			if begins := t.begins(place, at); begins.After(later) {
				later = begins
			}
		}
		if later.Equal(at) {
			return at, true
		}
		at = later
	}
	return time.Time{}, false
}

func (t *timetable) within(places []*time.Location, at time.Time) bool {
	for _, place := range places {
		if !t.open(at.In(place)) {
			return false
		}
	}
	return true
}

// open reports whether the wall clock shows a time within hours.
func (t *timetable) open(local time.Time) bool {
	clock := sinceMidnight(local)
	return clock >= t.from && clock < t.to && t.allows(local)
}

// allows reports whether anything goes out on the day.
func (t *timetable) allows(local time.Time) bool {
	year, month, day := local.Date()
	return t.days[local.Weekday()] && !t.off[date{year, month, day}] && !t.off[date{0, month, day}]
}

// begins is at itself if a place is within hours, else a later moment before
// which it is not. Clocks are set at the bounds of zones and nowhere else, so
// up to the next one wall time and true time pass alike: that covers hours and
// days that a place leaves out or has twice.
func (t *timetable) begins(place *time.Location, at time.Time) time.Time {
	local := at.In(place)
	if t.open(local) {
		return at
	}
	clock := sinceMidnight(local)
	ahead := 24*time.Hour - clock
	if clock < t.from && t.allows(local) {
		ahead = t.from - clock
	}
	begins := at.Add(ahead)
	if _, change := local.ZoneBounds(); !change.IsZero() && change.Before(begins) {
		return change.In(at.Location())
	}
	return begins
}

// sinceMidnight is what the wall clock shows.
func sinceMidnight(local time.Time) time.Duration {
	hour, minute, second := local.Clock()
	return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute +
		time.Duration(second)*time.Second + time.Duration(local.Nanosecond())
}
