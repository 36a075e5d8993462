package ratelimit

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func TestDeparturesAreEvenlySpaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLocal(80, time.Now)
		previous := reserve(t, l).At
		for range 400 {
			at := reserve(t, l).At
			if gap := at.Sub(previous); gap < 12*time.Millisecond || gap > 13*time.Millisecond {
				t.Fatalf("a gap of %s between two departures at 80 a second, want 12.5ms", gap)
			}
			if early := time.Until(at); early > ahead {
				t.Fatalf("a departure was handed out %s ahead", early)
			}
			previous = at
		}
	})
}

// TestManyCallers has more callers than the number can take in two seconds: the
// first get their departures, the others are told to come back.
func TestManyCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const perSecond, callers = 10, 100
		l := NewLocal(perSecond, time.Now)
		answers := make(chan error, callers)
		for range callers {
			go func() {
				_, err := l.Reserve(t.Context())
				answers <- err
			}()
		}
		served := 0
		for range callers {
			switch err := <-answers; {
			case err == nil:
				served++
			case !errors.Is(err, ErrFarAhead):
				t.Error(err)
			}
		}
		if most := int(perSecond * (LongestWait + ahead).Seconds()); served < most-1 || served > most+1 {
			t.Errorf("%d of %d callers were served, want about %d", served, callers, most)
		}
	})
}

func TestThrottlingHalvesAndClimbs(t *testing.T) {
	a := adaptive{configured: 100}
	start := time.Unix(1_760_000_000, 0)
	for _, s := range []struct {
		name            string
		left, now, wait time.Duration
		halved          bool
		rateAfter       float64
	}{
		{"first refusal", 0, 0, 0, true, 50},
		{"at once again", 100 * time.Millisecond, 100 * time.Millisecond, 0, false, 50},
		{"of a request from before the halving", -time.Second, 600 * time.Millisecond, 0, false, 50},
		{"of a later request", 500 * time.Millisecond, time.Second, 0, true, 25},
		{"after a climb of one second", 2 * time.Second, 4 * time.Second, 0, true, 15},
		{"with a wait", 4 * time.Second, 4*time.Second + 100*time.Millisecond, 10 * time.Second, false, 15},
		{"an old one, once the wait is over and a second was climbed", 0, 17*time.Second + 100*time.Millisecond, 0, false, 20},
	} {
		if got := a.throttled(start.Add(s.left), start.Add(s.now), s.wait); got != s.halved {
			t.Errorf("%s: halved %v, want %v", s.name, got, s.halved)
		}
		if got := a.at(start.Add(s.now)); got < s.rateAfter-0.001 || got > s.rateAfter+0.001 {
			t.Errorf("%s: rate %v, want %v", s.name, got, s.rateAfter)
		}
	}
	if got := a.at(start.Add(time.Hour)); got != 100 {
		t.Errorf("after an hour the rate is %v, want the configured 100", got)
	}
}

// TestNothingButRefusals comes down to a probe a second within five seconds,
// and stays there.
func TestNothingButRefusals(t *testing.T) {
	for _, perSecond := range []float64{5, 80, 1000, 0} {
		synctest.Test(t, func(t *testing.T) {
			l := NewLocal(perSecond, time.Now)
			begun := time.Now()
			var left []time.Time
			for time.Since(begun) < 30*time.Second {
				d, err := l.Reserve(t.Context())
				if err != nil {
					continue // asked again
				}
				time.Sleep(time.Until(d.At))
				left = append(left, time.Now())
				// The answer comes a little later, while others leave.
				time.AfterFunc(50*time.Millisecond, func() { l.Throttled(d.At, 0) })
				if perSecond == 0 {
					time.Sleep(time.Millisecond) // nobody posts faster
				}
			}
			late := 0
			for _, at := range left {
				if at.Sub(begun) > 5*time.Second {
					late++
				}
			}
			if late < 20 || late > 26 {
				t.Errorf("at %v a second: %d requests in the 25 s after the first five, want one a second", perSecond, late)
			}
		})
	}
}

func TestTheRateComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLocal(100, time.Now)
		for range 50 {
			l.Throttled(time.Now(), 0)
			time.Sleep(halvingInterval)
		}
		if gap := l.space(time.Now()); gap != time.Second {
			t.Errorf("%s between two probes, want a second", gap)
		}
		time.Sleep(climbAfter + 20*time.Second)
		if gap := l.space(time.Now()); gap != 10*time.Millisecond {
			t.Errorf("%s between two departures after the climb, want 10ms", gap)
		}
	})
}

// Whatever callers do, no second holds more departures than the rate and one.
func TestNoSecondAboveTheRate(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		perSecond := rapid.Float64Range(1, 500).Draw(rt, "rate")
		type event struct {
			pause time.Duration
			kind  int
		}
		events := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) event {
			return event{
				rapid.SampledFrom([]time.Duration{
					0, 0, 0, 0, time.Millisecond, 20 * time.Millisecond, 700 * time.Millisecond, 10 * time.Second,
				}).Draw(rt, "pause"),
				rapid.IntRange(0, 9).Draw(rt, "kind"),
			}
		}), 1, 300).Draw(rt, "events")
		var departures []time.Time
		synctest.Test(t, func(t *testing.T) {
			l := NewLocal(perSecond, time.Now)
			for _, e := range events {
				time.Sleep(e.pause)
				d, err := l.Reserve(t.Context())
				if err != nil {
					continue
				}
				switch e.kind {
				case 0:
					d.Cancel()
					continue
				case 1:
					l.Throttled(time.Now(), 0)
				case 2:
					l.Throttled(time.Now(), time.Second)
				}
				departures = append(departures, d.At)
			}
		})
		if n := most(departures, time.Second); float64(n) > perSecond*1.02+1 {
			rt.Fatalf("%d departures within a second at a rate of %.1f", n, perSecond)
		}
	})
}

// most is the largest number of departures that any window of this length has.
func most(departures []time.Time, window time.Duration) int {
	sorted := slices.SortedFunc(slices.Values(departures), time.Time.Compare)
	found, first := 0, 0
	for i, at := range sorted {
		for at.Sub(sorted[first]) >= window {
			first++
		}
		found = max(found, i-first+1)
	}
	return found
}
