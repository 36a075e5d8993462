package ratelimit

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// what a test needs to know of a limiter.
type subject struct {
	clock *testClock
	start func(perSecond float64) Limiter
}

// eachLimiter runs a test for every kind of Limiter.
func eachLimiter(t *testing.T, test func(t *testing.T, s subject)) {
	server := startRedis(t)
	t.Run("local", func(t *testing.T) {
		clock := &testClock{}
		test(t, subject{clock, func(perSecond float64) Limiter { return NewLocal(perSecond, clock.now) }})
	})
	t.Run("shared", func(t *testing.T) {
		clock := &testClock{off: 40 * time.Minute}
		client := server.client(t, nil)
		test(t, subject{clock, func(perSecond float64) Limiter { return newTestShared(client, perSecond, clock) }})
	})
}

func newTestShared(client redis.UniversalClient, perSecond float64, clock *testClock) *Shared {
	return NewShared(client, "main", perSecond, clock.now)
}

func reserve(t interface{ Fatal(...any) }, l Limiter) Departure {
	d, err := l.Reserve(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// leastGap is what lies between two departures at least when a number with
// the given rate was slowed down to half of it so long before the second.
func leastGap(perSecond float64, since time.Duration) time.Duration {
	slowed := perSecond * min(1, 0.5+climbShare*max(0, (since-climbAfter).Seconds()))
	return time.Duration(0.99 * float64(time.Second) / slowed)
}

func TestDeparturesAreSpaced(t *testing.T) {
	eachLimiter(t, func(t *testing.T, s subject) {
		l := s.start(500)
		previous := reserve(t, l).At
		for range 60 {
			at := reserve(t, l).At
			if gap := at.Sub(previous); gap < 1980*time.Microsecond {
				t.Fatalf("%s between two departures at 500 a second, want 2ms", gap)
			}
			previous = at
		}
	})
}

func TestCancelGivesTheDepartureBack(t *testing.T) {
	eachLimiter(t, func(t *testing.T, s subject) {
		l := s.start(10)
		reserve(t, l)
		second := reserve(t, l)
		s.clock.stopAt(second.At.Add(-10 * time.Millisecond))
		second.Cancel()
		again := reserve(t, l)
		if off := again.At.Sub(second.At).Abs(); off > time.Microsecond {
			t.Errorf("after a cancel the next departure is at %s, want %s", again.At, second.At)
		}
		s.clock.goOn()
		if gap := reserve(t, l).At.Sub(again.At); gap < 99*time.Millisecond {
			t.Errorf("%s after a departure that was given back once and used, want 100ms", gap)
		}
	})
	Departure{}.Cancel()
}

func TestCancelledContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	eachLimiter(t, func(t *testing.T, s subject) {
		if _, err := s.start(1).Reserve(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("a cancelled context got %v", err)
		}
	})
}

func TestNoLimit(t *testing.T) {
	eachLimiter(t, func(t *testing.T, s subject) {
		l := s.start(0)
		for range 10_000 {
			if at := reserve(t, l).At; at.After(s.clock.now()) {
				t.Fatalf("departure %s ahead without a limit", at.Sub(s.clock.now()))
			}
		}
	})
}

func TestThrottlingHalvesTheRate(t *testing.T) {
	for name, perSecond := range map[string]float64{"limited": 100, "no limit": 0} {
		t.Run(name, func(t *testing.T) {
			eachLimiter(t, func(t *testing.T, s subject) {
				l := s.start(perSecond)
				reserve(t, l)
				halved := s.clock.now()
				l.Throttled(halved, 0)
				previous := reserve(t, l).At
				configured := perSecond
				if perSecond == 0 {
					configured = unlimitedRate
				}
				for range 8 {
					at := reserve(t, l).At
					if gap, least := at.Sub(previous), leastGap(configured, at.Sub(halved)); gap < least {
						t.Errorf("%s between two departures at half of %v a second, want at least %s", gap, configured, least)
					}
					previous = at
				}
			})
		})
	}
}

func TestWaitIsObeyed(t *testing.T) {
	for name, perSecond := range map[string]float64{"limited": 80, "no limit": 0} {
		t.Run(name, func(t *testing.T) {
			eachLimiter(t, func(t *testing.T, s subject) {
				l := s.start(perSecond)
				reserve(t, l)
				asked := s.clock.now()
				l.Throttled(asked, 300*time.Millisecond)
				if at := reserve(t, l).At; at.Before(asked.Add(300 * time.Millisecond)) {
					t.Errorf("departure after %s although the provider asked for 300ms", at.Sub(asked))
				}
				asked = s.clock.now()
				l.Throttled(asked, 30*time.Second)
				d, err := l.Reserve(context.Background())
				if !errors.Is(err, ErrFarAhead) && d.At.Before(asked.Add(30*time.Second)) {
					t.Errorf("departure after %s (error %v) although the provider asked for 30s", d.At.Sub(asked), err)
				}
			})
		})
	}
}
