package campaign

import "time"

// DailyLimit is how many different persons may be written to within 24 hours, which
// move along (Meta, messaging limits page), and how much of it is used.
type DailyLimit struct {
	// Size is more than 0; Used counts those who were written to within 24 hours.
	Size, Used int64
	// Frees is when the n-th of them, from 1, counts no more. It is asked for n up to
	// Used alone.
	Frees func(n int64) time.Time
}

// longestForecast is how many days a forecast reaches.
const longestForecast = 3660

// Last is when the last of so many people can be written to, if nobody else uses the
// limit. opens is the first moment, from a time on, at which messages go out; it is
// asked once for each day. ok is false for none within ten years.
func (l DailyLimit) Last(people int64, now time.Time, opens func(time.Time) (at time.Time, ok bool)) (at time.Time, ok bool) {
	room := max(0, l.Size-l.Used)
	if at, ok = opens(now); !ok || people <= room {
		return at, ok
	}
	// Each 24 hours as many become free as the limit has: first those who were
	// written to before, then those who are now.
	later := people - room
	days, of := (later-1)/l.Size, (later-1)%l.Size+1
	if used := min(l.Used, l.Size); of <= used {
		if at, ok = opens(latest(now, l.Frees(of+max(0, l.Used-l.Size)))); !ok {
			return at, false
		}
	} else {
		days++
	}
	if days > longestForecast {
		return at, false
	}
	for range days {
		if at, ok = opens(at.Add(24 * time.Hour)); !ok {
			return at, false
		}
	}
	return at, true
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Opens is the first moment, from a time on, at which messages may go out to
// recipients of all these zones; without any it goes by UTC where each recipient has
// a clock of their own. Nil hours are always open. ok is false where there is no such
// moment within 366 days.
func (h *Hours) Opens(zones []string) func(time.Time) (at time.Time, ok bool) {
	return func(t time.Time) (time.Time, bool) {
		if h == nil {
			return t, true
		}
		if len(zones) == 0 {
			zones = []string{"UTC"}
		}
		last := t
		for _, zone := range zones {
			at, ok := h.Next(zone, t)
			if !ok {
				return t, false
			}
			last = latest(last, at)
		}
		return last, true
	}
}

// Place is where the hours tell the day: their own zone, or UTC where there is none or
// each recipient has one.
func (h *Hours) Place() *time.Location {
	if h == nil {
		return time.UTC
	}
	place, err := time.LoadLocation(h.Zone)
	if err != nil { // a column, or the recipient's
		return time.UTC
	}
	return place
}
