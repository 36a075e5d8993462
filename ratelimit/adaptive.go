package ratelimit

import "time"

// How a number's rate follows what the provider says: halved on a refusal, but
// at most once in halvingInterval, and never below one probe a second. It climbs
// by climbShare of the configured rate every second once nothing has been
// refused for climbAfter. That is longer than from one probe to the next, so
// while nothing but refusals come it stays at the probes.
const (
	halvingInterval = 500 * time.Millisecond
	climbAfter      = 2 * time.Second
	climbShare      = 0.05
	slowest         = 1.0
)

// adaptive is the rate in force. It is not safe for concurrent use.
type adaptive struct {
	configured float64
	base       float64   // the rate at the last refusal, halved or not
	changed    time.Time // the last halving; zero: none yet
	climbs     time.Time // it climbs from then on; zero: nothing was refused yet
}

// at is the rate at a moment, in requests a second.
func (a *adaptive) at(now time.Time) float64 {
	if a.climbs.IsZero() {
		return a.configured
	}
	climbed := a.base + a.configured*climbShare*max(0, now.Sub(a.climbs).Seconds())
	return min(a.configured, climbed)
}

// throttled takes in a refusal of a request that left at the given time, with
// how long the provider asks to be left alone, and reports whether the rate was
// halved for it. A request that left before the last halving says nothing new
// but its wait.
func (a *adaptive) throttled(left, now time.Time, wait time.Duration) (halved bool) {
	old := left.Before(a.changed)
	if old && wait == 0 {
		return false
	}
	halved = !old && (a.changed.IsZero() || now.Sub(a.changed) >= halvingInterval)
	a.base = a.at(now)
	if halved {
		a.base, a.changed = max(min(slowest, a.configured), a.base/2), now
	}
	a.climbs = latest(a.climbs, now.Add(wait+climbAfter))
	return halved
}
