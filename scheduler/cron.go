package scheduler

import (
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Cron is when a schedule's slots come: a cron expression, read on the clocks
// of a zone.
//
// A slot is a moment, so what the clocks do at the change of the time of year
// has to be decided. Where the expression names hours ("30 2 * * *"), each time
// on the clock counts once: one that is left out comes at the first moment
// behind the gap, and of one that comes twice the first counts. Where it names
// no hours ("*/15 * * * *") the slots go on at their distance: those that are
// left out do not come, and those that come twice count twice. A whole day that
// a zone left out has no slots.
type Cron struct {
	spec *cron.SpecSchedule // its Location is UTC: it is asked about clocks, not moments
	zone *time.Location
	// steady: the expression names no hours.
	steady bool
}

// howToCron is what to write.
const howToCron = `write five fields, minute hour day month weekday, such as "0 9 * * 1-5" for 9:00 from Monday to Friday ` +
	`(Sunday is 0), or @hourly, @daily, @weekly, @monthly, @yearly`

// ParseCron reads a cron expression of five fields, or a word such as @daily,
// for a zone by its IANA name; no name means UTC. The error says what to write.
func ParseCron(expr, zone string) (Cron, error) {
	if zone == "Local" { // whatever that is on the machine which is asked
		return Cron{}, fmt.Errorf("zone %q is not the name of a zone; write one such as Europe/Madrid, or UTC", zone)
	}
	location, err := time.LoadLocation(zone)
	if err != nil {
		return Cron{}, fmt.Errorf("zone %q is unknown; write one such as Europe/Madrid, or UTC", zone)
	}
	if strings.Contains(expr, "=") {
		return Cron{}, fmt.Errorf("cron %q names a zone; write the zone under zone only", expr)
	}
	parser := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)
	parsed, err := parser.Parse(strings.TrimSpace(expr))
	if err != nil {
		return Cron{}, fmt.Errorf("cron %q: %w; %s", expr, err, howToCron)
	}
	spec, named := parsed.(*cron.SpecSchedule)
	if !named { // @every, which counts from whenever the program was started
		return Cron{}, fmt.Errorf("cron %q is not a time; %s", expr, howToCron)
	}
	const everyHour = 1<<24 - 1
	spec.Location = time.UTC
	c := Cron{spec: spec, zone: location, steady: spec.Hour&everyHour == everyHour}
	if c.spec.Next(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return Cron{}, fmt.Errorf("cron %q never matches; correct the day and the month", expr)
	}
	return c, nil
}

// Zone is where the expression's clocks hang.
func (c Cron) Zone() *time.Location { return c.zone }

// Next is the first slot after a moment, in UTC; the zero time where none comes
// within five years.
func (c Cron) Next(after time.Time) time.Time {
	for era := c.eraAt(after); ; era = c.eraAt(era.end) {
		if !era.start.IsZero() && after.Before(era.start) && c.owed(era) {
			return era.start.UTC()
		}
		wall := c.spec.Next(c.lastSeen(era, after))
		if wall.IsZero() {
			return wall
		}
		if slot := wall.Add(-era.offset); era.end.IsZero() || slot.Before(era.end) {
			return slot
		}
	}
}

// era is a time in which the clocks are changed by nobody.
type era struct {
	start, end time.Time     // the end is not part of it; zero: there is none
	offset     time.Duration // of the clocks, ahead of UTC
	before     time.Duration // the same, until the start
}

func (c Cron) eraAt(t time.Time) era {
	at := t.In(c.zone)
	start, end := at.ZoneBounds()
	if !end.IsZero() && !end.After(t) { // on the last day of a leap year; seen in Go 1.26
		end = t.Add(time.Hour)
	}
	e := era{start: start, end: end, offset: offset(at)}
	e.before = e.offset
	if !start.IsZero() {
		e.before = offset(start.Add(-time.Nanosecond))
	}
	return e
}

func offset(t time.Time) time.Duration {
	_, seconds := t.Zone()
	return time.Duration(seconds) * time.Second
}

// lastSeen is what the clocks show in an era at the last moment that cannot be
// a slot any more, because it is not after the given one, or not in the era, or
// because the clocks have shown it before. It is written as if it were UTC.
func (c Cron) lastSeen(e era, after time.Time) time.Time {
	if e.start.IsZero() {
		return after.UTC().Add(e.offset)
	}
	begin := e.start.Add(-time.Nanosecond).UTC()
	seen := begin.Add(e.offset)
	if !c.steady && e.before > e.offset {
		seen = begin.Add(e.before)
	}
	if now := after.UTC().Add(e.offset); now.After(seen) {
		return now
	}
	return seen
}

// owed reports whether a slot falls into what the clocks left out before an era.
func (c Cron) owed(e era) bool {
	const day = 24 * time.Hour
	left := e.offset - e.before
	if c.steady || left <= 0 || left >= day {
		return false
	}
	gap := e.start.UTC().Add(e.before)
	first := c.spec.Next(gap.Add(-time.Nanosecond))
	return !first.IsZero() && first.Before(gap.Add(left))
}
