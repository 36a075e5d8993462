package contacts

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// date shows a serial number as a day or a time. What depends on the machine that
// shows it is written as 2006-01-02 15:04:05.
func (f *cellFormat) date(s section, n float64) shown {
	d := newDecimal(n)
	at, isDay := f.serialDay(n)
	names, known := namesIn(s.locale.language)
	switch {
	case at.IsZero():
		return f.unshown(d, "there is no such day")
	case !isDay && s.asksForDay():
		return shown{text: d.plain(), problem: "shows a day that is not in the calendar, which is how a spreadsheet shows an empty cell or zero; correct the cell"}
	case s.locale.system:
		return shown{text: isoDay(at, isDay), day: isoDay(at, isDay)}
	case s.locale.unknown && (s.has(slash, halfDay) || s.asksForNames()), !known, s.locale.language != "" && s.has(halfDay):
		return f.unshown(d, "the words of its language are not known")
	}
	r := dateRenderer{section: s, at: at, names: names, seconds: int64(math.Floor(n*secondsOfADay + 0.0005))}
	if r.fractionDigits() == 0 && s.showsSeconds() {
		r.at, r.seconds = at.Round(time.Second), int64(math.Round(n*secondsOfADay))
	}
	for i := range s.pieces {
		if !r.write(i) {
			return f.unshown(d, "a part of its date is not known")
		}
	}
	return shown{text: strings.TrimSpace(r.out.String()), day: isoDay(at, isDay)}
}

// isoDay is a day, a time, or both.
func isoDay(at time.Time, isDay bool) string {
	at = at.Round(time.Second)
	switch {
	case !isDay:
		return at.Format(time.TimeOnly)
	case at.Equal(at.Truncate(24 * time.Hour)):
		return at.Format(time.DateOnly)
	}
	return at.Format(time.DateTime)
}

const secondsOfADay = 24 * 60 * 60

func (s section) hasField(letters string, least, most int) bool {
	for _, p := range s.pieces {
		if p.kind == dateField && strings.Contains(letters, p.text[:1]) && len(p.text) >= least && len(p.text) <= most {
			return true
		}
	}
	return false
}

const longestField = 255 // a code has no more characters

func (s section) asksForDay() bool   { return s.hasField("ymd", 1, longestField) }
func (s section) asksForNames() bool { return s.hasField("md", 3, longestField) }

// showsSeconds reports whether the seconds have a place; they are rounded only
// then.
func (s section) showsSeconds() bool {
	return slices.ContainsFunc(s.pieces, func(p piece) bool {
		return (p.kind == dateField || p.kind == elapsed) && p.text[0] == 's'
	})
}

// dateRenderer writes a moment piece by piece.
type dateRenderer struct {
	section section
	at      time.Time
	names   dateNames
	// seconds is the whole serial number, rounded as at is.
	seconds int64
	out     strings.Builder
}

// fractionDigits is how many places the seconds have behind their point.
func (r *dateRenderer) fractionDigits() int {
	_, decimals, _ := r.section.count()
	return decimals
}

// write writes the piece with an index; ok is false for one that a date does not
// have.
func (r *dateRenderer) write(i int) (ok bool) {
	p := r.section.pieces[i]
	switch p.kind {
	case literal:
		r.out.WriteString(p.text)
	case slash:
		r.out.WriteString(r.names.separator)
	case point:
		r.out.WriteByte('.')
	case comma:
		r.out.WriteByte(',')
	case digit:
		return r.fraction(i)
	case elapsed:
		r.elapsed(p.text)
	case halfDay:
		r.halfDay(p.text)
	case dateField:
		return r.field(p.text)
	default:
		return false
	}
	return true
}

// fraction writes one digit of the seconds' fraction, which stands behind a
// point.
func (r *dateRenderer) fraction(i int) bool {
	start := i
	for start > 0 && r.section.pieces[start-1].kind == digit {
		start--
	}
	const places = 3
	if start == 0 || r.section.pieces[start-1].kind != point || i-start >= places {
		return false
	}
	ms := fmt.Sprintf("%03d", r.at.Nanosecond()/int(time.Millisecond))
	r.out.WriteByte(ms[i-start])
	return true
}

// elapsed writes the hours, minutes or seconds since the beginning.
func (r *dateRenderer) elapsed(field string) {
	n := r.seconds
	switch field[0] {
	case 'h':
		n /= 3600
	case 'm':
		n /= 60
	}
	fmt.Fprintf(&r.out, "%0*d", len(field), n)
}

func (r *dateRenderer) halfDay(code string) {
	half := "AM"
	if r.at.Hour() >= 12 {
		half = "PM"
	}
	if len(code) == len("A/P") {
		half = half[:1]
	}
	r.out.WriteString(half)
}

// field writes a part of the date. The letter n stands for minutes.
func (r *dateRenderer) field(code string) bool {
	number := func(n int) { fmt.Fprintf(&r.out, "%0*d", min(len(code), 2), n) }
	switch code[0] {
	case 'y':
		if len(code) <= 2 {
			fmt.Fprintf(&r.out, "%02d", r.at.Year()%100)
		} else {
			r.out.WriteString(strconv.Itoa(r.at.Year()))
		}
	case 'm':
		return r.name(code, int(r.at.Month()), r.names.shortMonths, r.names.months, int(r.at.Month())-1)
	case 'd':
		return len(code) <= 4 && r.name(code, r.at.Day(), r.names.shortDays, r.names.days, int(r.at.Weekday()))
	case 'h':
		hour := r.at.Hour()
		if r.section.has(halfDay) {
			hour = (hour+11)%12 + 1
		}
		number(hour)
	case 'n':
		number(r.at.Minute())
	case 's':
		number(r.at.Second())
	}
	return len(code) <= 5
}

// name writes a month or a day: as a number, or by its short or full name, or by
// the first letter of it.
func (r *dateRenderer) name(code string, n int, short, full []string, index int) bool {
	switch len(code) {
	case 1, 2:
		fmt.Fprintf(&r.out, "%0*d", len(code), n)
	case 3:
		r.out.WriteString(short[index])
	case 4:
		r.out.WriteString(full[index])
	case 5:
		r.out.WriteString(string([]rune(full[index])[:1]))
	default:
		return false
	}
	return true
}
