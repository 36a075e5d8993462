package ratelimit

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"carillon/internal/programtest"
)

// rates is what both limiters tell of themselves.
type rates interface {
	Limiter
	Rate() (configured, allowed float64)
}

func wantRate(t *testing.T, l rates, configured, least, most float64) {
	t.Helper()
	got, allowed := l.Rate()
	if got != configured || allowed < least || allowed > most {
		t.Errorf("configured %v and allowed %v, want %v and %v to %v", got, allowed, configured, least, most)
	}
}

func TestRateInForce(t *testing.T) {
	for _, test := range []struct {
		configured, shown, halved, climbed float64
	}{
		{100, 100, 50, 65},
		{0, math.Inf(1), unlimitedRate / 2, unlimitedRate * 0.65},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := NewLocal(test.configured, time.Now)
			wantRate(t, l, test.shown, test.shown, test.shown)
			l.Throttled(time.Now(), 0)
			wantRate(t, l, test.shown, test.halved, test.halved)
			time.Sleep(climbAfter + 3*time.Second)
			wantRate(t, l, test.shown, test.climbed, test.climbed)
			time.Sleep(time.Hour)
			wantRate(t, l, test.shown, test.shown, test.shown)
		})
	}
}

// The rate that processes share is Redis' own, as it told it last.
func TestSharedRateInForce(t *testing.T) {
	for _, test := range []struct {
		configured, shown, halved float64
	}{
		{100, 100, 50},
		{0, math.Inf(1), unlimitedRate / 2},
	} {
		clock := &testClock{}
		client := startRedis(t).client(t, nil)
		l := newTestShared(client, test.configured, clock)
		wantRate(t, l, test.shown, test.shown, test.shown)
		d := reserve(t, l)
		wantRate(t, l, test.shown, test.shown, test.shown)
		l.Throttled(d.At, 0)
		programtest.Eventually(t, programtest.Patience, "the rate is halved", func() bool {
			_, allowed := l.Rate()
			return allowed >= test.halved && allowed < test.shown
		})
	}
}
