package ratelimit

import (
	"context"
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
type Local struct {
	mu        sync.Mutex
	now       func() time.Time
	bucket    *rate.Limiter
	adaptive  adaptive
	unlimited bool
	quiet     time.Time // nothing leaves before this moment
}

var _ Limiter = (*Local)(nil)

// NewLocal returns a limiter of perSecond requests a second; 0 means no limit.
func NewLocal(perSecond float64, now func() time.Time) *Local {
	l := &Local{now: now, adaptive: adaptive{configured: perSecond}, unlimited: perSecond == 0}
	if l.unlimited {
		l.adaptive.configured = unlimitedRate
		l.bucket = rate.NewLimiter(rate.Inf, 1)
	} else {
		l.bucket = rate.NewLimiter(rate.Limit(perSecond), 1)
	}
	return l
}

// Reserve implements Limiter.
func (l *Local) Reserve(ctx context.Context) (Departure, error) {
	if err := ctx.Err(); err != nil {
		return Departure{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.climb(now)
	from := now
	if l.quiet.After(now) {
		from = l.quiet
	}
	reservation := l.bucket.ReserveN(from, 1)
	departure := Departure{At: from.Add(reservation.DelayFrom(from))}
	departure.giveBack = func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		reservation.CancelAt(l.now())
	}
	return departure, nil
}

// climb lets the bucket follow the rate in force.
func (l *Local) climb(now time.Time) {
	if l.adaptive.changed.IsZero() {
		return
	}
	current := l.adaptive.at(now)
	if current < l.adaptive.configured {
		l.bucket.SetLimitAt(now, rate.Limit(current))
		return
	}
	l.adaptive.changed = time.Time{}
	if l.unlimited {
		l.bucket.SetLimitAt(now, rate.Inf)
	} else {
		l.bucket.SetLimitAt(now, rate.Limit(l.adaptive.configured))
	}
}

// Throttled implements Limiter.
func (l *Local) Throttled(left time.Time, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if l.adaptive.throttled(left, now) {
		l.bucket.SetLimitAt(now, rate.Limit(l.adaptive.at(now)))
	}
	if until := now.Add(wait); wait > 0 && until.After(l.quiet) {
		l.quiet = until
	}
}
