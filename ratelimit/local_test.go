package ratelimit

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// clock is a time that only moves when told.
type clock struct{ t time.Time }

func newClock() *clock                   { return &clock{t: time.Unix(1_760_000_000, 0)} }
func (c *clock) now() time.Time          { return c.t }
func (c *clock) advance(d time.Duration) { c.t = c.t.Add(d) }
func (c *clock) until(moment time.Time)  { c.t = moment }

func TestDeparturesAreEvenlySpaced(t *testing.T) {
	c := newClock()
	l := NewLocal(80, c.now)
	previous := reserve(t, l).At
	for range 400 {
		at := reserve(t, l).At
		if gap := at.Sub(previous); gap < 12*time.Millisecond || gap > 13*time.Millisecond {
			t.Fatalf("a gap of %s between two departures at 80 a second, want 12.5ms", gap)
		}
		previous = at
	}
}

func TestThrottlingHalvesAndClimbs(t *testing.T) {
	a := adaptive{configured: 100}
	start := newClock().t
	steps := []struct {
		name      string
		left, now time.Duration
		halved    bool
		rateAfter float64
	}{
		{"first refusal", 0, 0, true, 50},
		{"at once again", 100 * time.Millisecond, 100 * time.Millisecond, false, 50.5},
		{"of a request from before the halving", -time.Second, 600 * time.Millisecond, false, 53},
		{"of a later request", 500 * time.Millisecond, time.Second, true, 27.5},
		{"after a climb of two seconds", 2 * time.Second, 3 * time.Second, true, 18.75},
	}
	for _, s := range steps {
		if got := a.throttled(start.Add(s.left), start.Add(s.now)); got != s.halved {
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

func TestNeverBelowOneProbeASecond(t *testing.T) {
	c := newClock()
	l := NewLocal(80, c.now)
	for range 50 {
		c.until(reserve(t, l).At)
		l.Throttled(c.now(), 0)
		c.advance(halvingInterval)
	}
	// Each halving is followed by half a second of climbing, 2 a second.
	first := reserve(t, l).At
	c.until(first)
	if gap := reserve(t, l).At.Sub(first); gap > time.Second {
		t.Errorf("%s between two probes, want at most a second", gap)
	}
}

// Whatever callers do, no second holds more departures than the rate and one.
func TestNoSecondAboveTheRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newClock()
		perSecond := rapid.Float64Range(1, 500).Draw(t, "rate")
		l := NewLocal(perSecond, c.now)
		var departures []time.Time
		for range rapid.IntRange(1, 300).Draw(t, "requests") {
			c.advance(rapid.SampledFrom([]time.Duration{
				0, 0, 0, 0, time.Millisecond, 20 * time.Millisecond, 700 * time.Millisecond, 10 * time.Second,
			}).Draw(t, "pause"))
			d := reserve(t, l)
			switch rapid.IntRange(0, 9).Draw(t, "event") {
			case 0:
				d.Cancel()
				continue
			case 1:
				l.Throttled(c.now(), 0)
			case 2:
				l.Throttled(c.now(), time.Second)
			}
			departures = append(departures, d.At)
		}
		if n := most(departures, time.Second); float64(n) > perSecond*1.02+1 {
			t.Fatalf("%d departures within a second at a rate of %.1f", n, perSecond)
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
