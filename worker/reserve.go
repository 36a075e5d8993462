package worker

import (
	"context"
	"errors"
	"time"
)

const (
	// farthest is how far ahead a departure may lie: beyond it the task goes
	// back to the queue, so that a slow number fills no worker.
	farthest = 2 * time.Second
	// lead is how long before its departure a message is claimed: time for the
	// claim to reach the disk. What is claimed earlier could be stopped later.
	lead = 100 * time.Millisecond
)

var (
	errFarAhead = errors.New("the number's rate is used up for now")
	errStopping = errors.New("the worker stops")
)

// reserve takes a departure from the number's budget and waits until shortly
// before it.
func (w *Worker) reserve(ctx context.Context, s *send) error {
	departure, err := w.channel.Limiter.Reserve(ctx)
	if err != nil {
		return &backError{after: time.Second, why: err}
	}
	ahead := departure.At.Sub(w.now())
	if ahead > farthest {
		departure.Cancel()
		return &backError{after: time.Second, why: errFarAhead}
	}
	if !w.sleep(ctx, departure.At.Add(-lead)) || w.stopping.Err() != nil {
		departure.Cancel()
		return &backError{why: errStopping}
	}
	s.departure = departure
	return nil
}
