package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"carillon/ratelimit"
)

const (
	// farthest is how far ahead a departure may lie. Beyond it there are more
	// sends than the number can take, those of other processes among them, and
	// this one asks again a little later.
	farthest = 2 * time.Second
	// patience is how long it goes on asking. Then the task goes back to the
	// queue, so that a slow number fills no worker.
	patience = 8 * time.Second
	// askAgain is the wait where the budget does not say how long.
	askAgain = time.Second
	// lead is how long before its departure a message is claimed: time for the
	// claim to reach the disk. What is claimed earlier could be stopped later.
	lead = 100 * time.Millisecond
)

var (
	errFarAhead = fmt.Errorf("the number's rate is used up for now: %w", ratelimit.ErrFarAhead)
	errStopping = errors.New("the worker stops")
)

// reserve takes a departure from the number's budget and waits until shortly
// before it.
func (w *Worker) reserve(ctx context.Context, s *send) error {
	departure, err := w.near(ctx)
	if err != nil {
		return &backError{after: time.Second, why: err}
	}
	if !w.sleep(ctx, departure.At.Add(-lead)) || w.stopping.Err() != nil {
		departure.Cancel()
		return &backError{why: errStopping}
	}
	s.departure = departure
	return nil
}

// near takes a departure that is not far ahead.
func (w *Worker) near(ctx context.Context) (ratelimit.Departure, error) {
	for giveUp := w.now().Add(patience); ; {
		departure, err := w.channel.Limiter.Reserve(ctx)
		now := w.now()
		again := now.Add(askAgain)
		switch ahead := departure.At.Sub(now); {
		case errors.Is(err, ratelimit.ErrFarAhead):
		case err != nil:
			return departure, err
		case ahead <= farthest:
			return departure, nil
		default:
			departure.Cancel()
			again = now.Add(ahead - farthest)
		}
		if again.After(giveUp) {
			return ratelimit.Departure{}, errFarAhead
		}
		if !w.sleep(ctx, again) {
			return ratelimit.Departure{}, errStopping
		}
	}
}
