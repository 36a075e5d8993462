package campaign

import (
	"fmt"
	"strings"
	"time"
)

// compile reads the hours. The paths of its mistakes start at the definition.
func (h *Hours) compile() (*timetable, []*Mistake) {
	var v validator
	table := &timetable{known: make(map[string][]*time.Location)}
	table.from, table.to = v.clocks(h)
	table.days = v.days(h.Days)
	table.off = v.dates(h.Dates)
	table.zone, table.fixed = v.zone(h.Zone)
	return table, v.mistakes
}

func (v *validator) clocks(h *Hours) (from, to time.Duration) {
	from, fromOK := v.clock("hours.from", h.From)
	to, toOK := v.clock("hours.to", h.To)
	if fromOK && toOK && from >= to {
		v.wrong("hours.to", "must be later than from, %s; hours cannot cross midnight, because the days would be ambiguous; "+
			"write to: \"24:00\" for the end of the day", h.From)
	}
	return from, to
}

// clock reads a time of day. The end of the day has a time as well.
func (v *validator) clock(path, text string) (time.Duration, bool) {
	if !v.required(path, text, "a time of day such as 09:00") {
		return 0, false
	}
	if text == "24:00" {
		return 24 * time.Hour, true
	}
	at, err := time.Parse("15:04", text)
	if err != nil {
		v.wrong(path, "%q is not a time of day; write hours and minutes, such as 09:00 or 20:30", excerpt(text))
		return 0, false
	}
	return sinceMidnight(at), true
}

// days reads days of the week and spans of them, which may go over a weekend.
func (v *validator) days(text string) (days [7]bool) {
	if strings.TrimSpace(text) == "" {
		return [7]bool{true, true, true, true, true, true, true}
	}
	for part := range strings.SplitSeq(text, ",") {
		first, last, span := strings.Cut(part, "-")
		if !span {
			last = first
		}
		from, fromOK := weekday(first)
		to, toOK := weekday(last)
		if !fromOK || !toOK {
			v.wrong("hours.days", "%q is not a day of the week; write days such as mon,wed,fri or mon-sat", excerpt(strings.TrimSpace(part)))
			return days
		}
		days[to] = true
		for day := from; day != to; day = (day + 1) % 7 {
			days[day] = true
		}
	}
	return days
}

// weekday reads a day's English name, or the first three letters of it.
func weekday(text string) (time.Weekday, bool) {
	text = strings.TrimSpace(text)
	for day := time.Sunday; day <= time.Saturday; day++ {
		if name := day.String(); strings.EqualFold(text, name) || strings.EqualFold(text, name[:3]) {
			return day, true
		}
	}
	return 0, false
}

func (v *validator) dates(texts []string) map[date]bool {
	off := make(map[date]bool, len(texts))
	for i, text := range texts {
		day, ok := parseDate(text)
		if !ok {
			v.wrong(fmt.Sprintf("hours.dates[%d]", i), "%q is not a date; write it like 2026-12-25, or 12-25 for every year", excerpt(text))
		}
		off[day] = true
	}
	return off
}

func parseDate(text string) (date, bool) {
	if at, err := time.Parse(time.DateOnly, text); err == nil {
		return date{at.Year(), at.Month(), at.Day()}, true
	}
	const leap = "2000-" // a year that has every date
	at, err := time.Parse(time.DateOnly, leap+text)
	return date{0, at.Month(), at.Day()}, err == nil
}
