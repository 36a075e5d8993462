package ratelimit

import "time"

// How a number's rate follows what the provider says: halved on a refusal, but
// at most once in halvingInterval, and never below one probe a second; then
// climbing by climbShare of the configured rate every second.
const (
	halvingInterval = 500 * time.Millisecond
	climbShare      = 0.05
	slowest         = 1.0
)

// adaptive is the rate in force. It is not safe for concurrent use.
type adaptive struct {
	configured float64
	base       float64   // the rate at the time changed
	changed    time.Time // the last halving; zero: none yet
}

// at is the rate at a moment, in requests a second.
func (a *adaptive) at(now time.Time) float64 {
	if a.changed.IsZero() {
		return a.configured
	}
	climbed := a.base + a.configured*climbShare*now.Sub(a.changed).Seconds()
	return min(a.configured, climbed)
}

// throttled takes in a refusal of a request that left at the given time, and
// reports whether the rate was halved for it. A request that left before the last
// halving says nothing new.
func (a *adaptive) throttled(left, now time.Time) bool {
	if !a.changed.IsZero() && (left.Before(a.changed) || now.Sub(a.changed) < halvingInterval) {
		return false
	}
	a.base = max(min(slowest, a.configured), a.at(now)/2)
	a.changed = now
	return true
}
