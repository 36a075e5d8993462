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
// Reserve waits until a departure is at most ahead of now, in the order of the
// calls, and fails with ErrFarAhead where that takes more than two seconds. So
// a refusal slows down whatever leaves later than a moment after it.
//
// The bucket keeps the configured rate. Departures that are handed out already do
// not follow when it changes, so a wider space between the last departure and the
// next keeps the rate then, and slows down.
type Local struct {
	now   func() time.Time
	turns turns
	news  chan struct{} // wakes the one who is served: a departure came back, or a refusal came in

	mu       sync.Mutex
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
	l := &Local{now: now, turns: newTurns(), news: make(chan struct{}, 1), bucket: rate.NewLimiter(rate.Inf, 1)}
	l.SetRate(perSecond)
	return l
}

// SetRate implements Limiter.
func (l *Local) SetRate(perSecond float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	limit := rate.Limit(perSecond)
	l.unlimited, l.adaptive.configured = perSecond == 0, perSecond
	if l.unlimited {
		limit, l.adaptive.configured, l.returned = rate.Inf, unlimitedRate, nil
	}
	l.bucket.SetLimitAt(l.now(), limit)
	l.wake()
}

// Reserve implements Limiter. It fails with ErrFarAhead after two seconds.
func (l *Local) Reserve(ctx context.Context) (Departure, error) { return l.reserve(ctx, false) }

// Replace implements Limiter. It fails with ErrFarAhead after two seconds.
func (l *Local) Replace(ctx context.Context) (Departure, error) { return l.reserve(ctx, true) }

func (l *Local) reserve(ctx context.Context, missed bool) (Departure, error) {
	if err := ctx.Err(); err != nil {
		return Departure{}, err
	}
	if !l.turns.tryTake() {
		return l.queue(ctx, missed)
	}
	defer l.turns.done()
	if d, wait := l.take(); wait == 0 {
		return d, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, LongestWait, ErrFarAhead)
	defer cancel()
	return l.wait(ctx)
}

// queue waits for a turn, and then until a departure is close.
func (l *Local) queue(ctx context.Context, missed bool) (Departure, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, LongestWait, ErrFarAhead)
	defer cancel()
	if err := l.turns.take(ctx, missed); err != nil {
		return Departure{}, err
	}
	defer l.turns.done()
	return l.wait(ctx)
}

// wait waits until a departure is close.
func (l *Local) wait(ctx context.Context) (Departure, error) {
	for {
		d, wait := l.take()
		switch {
		case wait == 0:
			return d, nil
		case wait > LongestWait:
			return Departure{}, ErrFarAhead
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-l.news:
		case <-ctx.Done():
			timer.Stop()
			return Departure{}, context.Cause(ctx)
		}
		timer.Stop()
	}
}

// take hands out the next departure, or says how long until it is close.
func (l *Local) take() (d Departure, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	at, found := l.takeReturned(now)
	if !found {
		token := l.bucket.ReserveN(now, 1)
		at = latest(now.Add(token.DelayFrom(now)), l.quiet, l.last.Add(l.space(now)))
		if wait := at.Add(-ahead).Sub(now); wait > 0 {
			token.CancelAt(now)
			return Departure{}, wait
		}
		l.last = at
	}
	return Departure{At: at, giveBack: func() { l.giveBack(at) }}, 0
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
	l.wake()
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
	l.adaptive.throttled(left, now, wait)
	if until := now.Add(wait); wait > 0 && until.After(l.quiet) {
		l.quiet = until
	}
	l.wake()
}

func (l *Local) wake() {
	select {
	case l.news <- struct{}{}:
	default:
	}
}
