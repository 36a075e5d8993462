package ratelimit

import (
	"math"
	"time"
)

// Rate returns the configured rate and the one in force now, in requests a
// second; +Inf where there is no limit.
func (l *Local) Rate() (configured, allowed float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return limits(l.adaptive.configured, l.adaptive.at(l.now()), l.unlimited)
}

// Rate returns the configured rate and the one in force, in requests a second;
// +Inf where there is no limit. What is in force is Redis' last answer, with the
// climb since then: a refusal that another process has met shows with the next
// block.
func (s *Shared) Rate() (configured, allowed float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	configured, unlimited := s.bucket.configured()
	if s.spaced.IsZero() {
		return limits(configured, configured, unlimited)
	}
	told := float64(time.Second) / float64(max(1, s.space))
	climbed := told + configured*climbShare*max(0, s.now().Sub(s.spaced).Seconds())
	return limits(configured, min(configured, climbed), unlimited)
}

// limits are two rates, without those that stand for no limit.
func limits(configured, allowed float64, unlimited bool) (float64, float64) {
	const exact = 1e-6 // Redis tells the space between two departures in whole nanoseconds
	if !unlimited {
		return configured, allowed
	}
	if allowed >= configured*(1-exact) {
		return math.Inf(1), math.Inf(1)
	}
	return math.Inf(1), allowed
}
