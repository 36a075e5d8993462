package ratelimit

import (
	"context"
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

func reserve(t interface{ Fatal(...any) }, l Limiter) Departure {
	d, err := l.Reserve(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

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

func TestNoLimit(t *testing.T) {
	c := newClock()
	l := NewLocal(0, c.now)
	for range 10_000 {
		if at := reserve(t, l).At; at.After(c.now()) {
			t.Fatalf("departure %s ahead without a limit", at.Sub(c.now()))
		}
	}
}

func TestCancelGivesTheDepartureBack(t *testing.T) {
	c := newClock()
	l := NewLocal(10, c.now)
	reserve(t, l)
	second := reserve(t, l)
	second.Cancel()
	if again := reserve(t, l); !again.At.Equal(second.At) {
		t.Errorf("after a cancel the next departure is at %s, want %s", again.At, second.At)
	}
	Departure{}.Cancel()
}

func TestCancelledContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := NewLocal(1, time.Now).Reserve(ctx); err == nil {
		t.Error("a cancelled context got a departure")
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

func TestWaitIsObeyed(t *testing.T) {
	c := newClock()
	l := NewLocal(80, c.now)
	l.Throttled(c.now(), 30*time.Second)
	if at := reserve(t, l).At; at.Before(c.now().Add(30 * time.Second)) {
		t.Errorf("departure in %s although the provider asked for 30s", at.Sub(c.now()))
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
		for i, from := range departures {
			n := 0
			for _, at := range departures[i:] {
				if at.Sub(from) < time.Second {
					n++
				}
			}
			if float64(n) > perSecond*1.02+1 {
				t.Fatalf("%d departures within a second at a rate of %.1f", n, perSecond)
			}
		}
	})
}
