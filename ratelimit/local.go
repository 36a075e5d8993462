package ratelimit

import (
	"context"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// unlimitedRate is what an unlimited number is slowed down from when its
// provider throttles it all the same: the most a number may send (Meta,
// throughput page).
const unlimitedRate = 1000

// Local keeps a rate within this process with a token bucket of one token, so
// that departures are evenly spaced. The zero rate means no limit.
//
// The bucket keeps the configured rate and is never changed: departures that
// are handed out already would not follow. Slowing down is a wider space
// between a departure and the next.
type Local struct {
	mu       sync.Mutex
	now      func() time.Time
	bucket   *rate.Limiter
	adaptive adaptive
	// unlimited numbers are held to a rate only while they are slowed down.
	unlimited bool
	last      time.Time   // the last departure handed out
	returned  []time.Time // departures that were given back, in order
	quiet     time.Time   // nothing leaves before this moment
}

var _ Limiter = (*Local)(nil)

// NewLocal returns a limiter of perSecond requests a second; 0 means no limit.
func NewLocal(perSecond float64, now func() time.Time) *Local {
	if perSecond == 0 {
		return &Local{now: now, bucket: rate.NewLimiter(rate.Inf, 1), adaptive: adaptive{configured: unlimitedRate}, unlimited: true}
	}
	return &Local{now: now, bucket: rate.NewLimiter(rate.Limit(perSecond), 1), adaptive: adaptive{configured: perSecond}}
}

// Reserve implements Limiter.
func (l *Local) Reserve(ctx context.Context) (Departure, error) {
	if err := ctx.Err(); err != nil {
		return Departure{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	at, found := l.takeReturned(now)
	if !found {
		wait := l.bucket.ReserveN(now, 1).DelayFrom(now)
		at = latest(now.Add(wait), l.quiet, l.last.Add(l.space(now)))
		l.last = at
	}
	return Departure{At: at, giveBack: func() { l.giveBack(at) }}, nil
}

// takeReturned takes the earliest departure that was given back and is still
// ahead.
func (l *Local) takeReturned(now time.Time) (time.Time, bool) {
	for len(l.returned) > 0 {
		at := l.returned[0]
		l.returned = l.returned[1:]
		if !at.Before(latest(now, l.quiet)) {
			return at, true
		}
	}
	return time.Time{}, false
}

// giveBack returns a departure that is not used.
func (l *Local) giveBack(at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.unlimited {
		return // there are always more
	}
	place, _ := slices.BinarySearchFunc(l.returned, at, time.Time.Compare)
	l.returned = slices.Insert(l.returned, place, at)
}

// space is what lies between two departures at least.
func (l *Local) space(now time.Time) time.Duration {
	current := l.adaptive.at(now)
	if l.unlimited && current >= unlimitedRate {
		return 0
	}
	return time.Duration(float64(time.Second) / current)
}

func latest(times ...time.Time) time.Time {
	return slices.MaxFunc(times, time.Time.Compare)
}

// Throttled implements Limiter.
func (l *Local) Throttled(left time.Time, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.adaptive.throttled(left, now)
	if until := now.Add(wait); wait > 0 && until.After(l.quiet) {
		l.quiet = until
	}
}
