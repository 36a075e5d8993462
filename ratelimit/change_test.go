package ratelimit

import (
	"testing"
	"time"
)

// TestTheRateChangesWithoutABurst raises and lowers the rate while departures are
// taken. No space is narrower than the rates in force allow, and what follows a
// change soon keeps the new one.
func TestTheRateChangesWithoutABurst(t *testing.T) {
	eachLimiter(t, func(t *testing.T, s subject) {
		const slow, fast = 50, 400
		l := s.start(slow)
		previous := reserve(t, l).At
		for _, step := range []struct{ rate, fastest float64 }{{slow, slow}, {fast, fast}, {slow, fast}, {fast, fast}, {slow, fast}} {
			changed := s.clock.now()
			l.SetRate(step.rate)
			settled := false
			for n := 0; n < 40 || !settled; n++ {
				at := reserve(t, l).At
				allowed := step.fastest
				if settled = at.After(changed.Add(ahead + block + time.Second/slow)); settled {
					allowed = step.rate
				}
				if gap, least := at.Sub(previous), time.Duration(0.985*float64(time.Second)/allowed); gap < least {
					t.Fatalf("%s between two departures %s after the rate became %v, want at least %s", gap, at.Sub(changed), step.rate, least)
				}
				previous = at
			}
			// It also is taken up: a slow space says that it was not.
			if at := reserve(t, l).At; at.Sub(previous) > 2*time.Second/slow {
				t.Errorf("%s between two departures at %v a second", at.Sub(previous), step.rate)
			} else {
				previous = at
			}
		}
	})
}

// TestALimitComesAndGoes has a number that had no limit get one, and lose it.
func TestALimitComesAndGoes(t *testing.T) {
	eachLimiter(t, func(t *testing.T, s subject) {
		l := s.start(0)
		for range 2 {
			reserve(t, l)
			l.SetRate(100)
			changed := s.clock.now()
			for previous := (time.Time{}); ; {
				at := reserve(t, l).At
				if !previous.IsZero() && at.Sub(previous) < 9850*time.Microsecond {
					t.Fatalf("%s between two departures %s after the limit came", at.Sub(previous), at.Sub(changed))
				}
				if previous = at; at.After(changed.Add(500 * time.Millisecond)) {
					break
				}
			}
			l.SetRate(0)
		}
	})
}

// TestProcessesChangeOneAfterTheOther has one process hear of a lower rate later
// than the other: together they are never faster than the higher one.
func TestProcessesChangeOneAfterTheOther(t *testing.T) {
	const slow, fast = 100, 400
	server := startRedis(t)
	f := newFleet(slow, server.client(t, nil), server.client(t, nil))
	f.run(t, func() {
		f.more(t, 20, 0, 1)
		for _, rate := range []float64{fast, slow, fast} {
			for _, l := range f.instances {
				l.SetRate(rate)
				f.more(t, 10, 0, 1) // whoever takes them: while the rates differ one may get them all
			}
			f.more(t, 60, 0, 1)
		}
	})
	f.rate = fast
	f.check(t)
}
