package ratelimit

import "context"

// turns serve one caller at a time, in the order of the calls; whoever missed a
// departure goes before those who wait for their first one.
type turns struct {
	next   chan struct{} // held by the one who is served next, of those who missed none
	served chan struct{} // held by the one who is served
}

func newTurns() turns { return turns{next: make(chan struct{}, 1), served: make(chan struct{}, 1)} }

// tryTake takes a turn where nobody is served. It reports whether it did.
func (t turns) tryTake() bool {
	select {
	case t.served <- struct{}{}:
		return true
	default:
		return false
	}
}

// take waits for a turn. The error is the cause of the context's end.
func (t turns) take(ctx context.Context, missed bool) error {
	if !missed {
		select {
		case t.next <- struct{}{}:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		defer func() { <-t.next }()
	}
	select {
	case t.served <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// done ends a turn.
func (t turns) done() { <-t.served }
