// Package ratelimit decides when the next request of a sending number may
// leave.
//
// A Limiter is asked for a departure and answers with a moment, a little ahead
// of now; whoever asked waits until then and posts. So requests leave evenly
// spaced instead of in bursts, and a caller learns before it does anything
// durable how long it would have to wait. When the provider says that it gets
// too many, the limiter slows down by itself and climbs back.
//
// Local keeps the rate within one process and needs nothing else; Shared keeps
// it for all processes that send from the same number, by a schedule in Redis.
// Neither remembers a departure that was handed out: whoever misses one must
// take another.
package ratelimit

import (
	"context"
	"fmt"
	"time"
)

// LongestWait is how long Reserve waits for a departure.
const LongestWait = 2 * time.Second

// ErrFarAhead tells that the number is busy or silenced: whoever asked should
// come back later.
var ErrFarAhead = fmt.Errorf("no departure within %s", LongestWait)

// Limiter keeps one number's rate.
type Limiter interface {
	// Reserve takes the next departure, and returns when it is a tenth of a
	// second ahead. The error is the context's, or tells that the budget cannot
	// be asked or (ErrFarAhead) that no departure is near.
	Reserve(ctx context.Context) (Departure, error)
	// Replace takes the next departure in the place of one that was missed, before
	// all who wait in Reserve, and otherwise as Reserve does.
	Replace(ctx context.Context) (Departure, error)
	// Throttled tells the limiter that the provider refused a request that
	// left at the given time because there were too many, and how long it asked
	// to be left alone (0: it did not say).
	Throttled(left time.Time, wait time.Duration)
	// SetRate changes the configured rate to so many requests a second; 0 means no
	// limit. Departures that were handed out stay as they are, and lie at most a
	// block ahead; what follows keeps its distance from the last of them.
	SetRate(perSecond float64)
}

// Departure is the right to send one request at or after a moment.
type Departure struct {
	// At is when the request may leave.
	At time.Time
	// giveBack returns the right.
	giveBack func()
}

// Cancel gives a departure back that is not used. It does nothing for the
// zero Departure.
func (d Departure) Cancel() {
	if d.giveBack != nil {
		d.giveBack()
	}
}
