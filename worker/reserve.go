package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"carillon/ratelimit"
)

const (
	// patience is how long a departure is asked for again and again. Then the task
	// goes back to the queue, so that a slow number fills no worker.
	patience = 8 * time.Second
	// askAgain is the wait after the budget has had no departure soon.
	askAgain = time.Second
)

var (
	errFarAhead = fmt.Errorf("the number's rate is used up for now: %w", ratelimit.ErrFarAhead)
	errStopping = errors.New("the worker is stopping")
)

// reserve takes a departure from the number's budget, which is near: time for
// the claim to reach the disk, and no more, for what is claimed could be stopped
// later. It takes none while the provider fails, or has slowed the template down.
func (w *Worker) reserve(ctx context.Context, s *send) error {
	if wait := w.breaker.wait(w.now()); wait > 0 {
		return &backError{after: wait, why: errOutage}
	}
	if err := w.holdTemplate(s); err != nil {
		return err
	}
	began := w.now()
	departure, err := w.near(ctx)
	if errors.Is(err, errStopping) {
		return &backError{why: err}
	}
	if err != nil {
		return &backError{after: time.Second, why: err}
	}
	if w.stopping.Err() != nil {
		departure.Cancel()
		return &backError{why: errStopping}
	}
	if wait := w.breaker.admit(s, w.now()); wait > 0 {
		departure.Cancel()
		return &backError{after: wait, why: errOutage}
	}
	s.departure = departure
	w.metrics.waited(w.channel.Name, departure.At.Sub(began))
	return nil
}

// near takes a departure from the budget, for as long as the task has patience.
func (w *Worker) near(ctx context.Context) (ratelimit.Departure, error) {
	ctx, cancel := w.untilStop(ctx)
	defer cancel()
	for giveUp := w.now().Add(patience); ; {
		departure, err := w.channel.Limiter.Reserve(ctx)
		switch {
		case err == nil:
			return departure, nil
		case w.stopping.Err() != nil:
			return departure, errStopping
		case !errors.Is(err, ratelimit.ErrFarAhead):
			return departure, err
		}
		again := w.now().Add(askAgain)
		if again.After(giveUp) {
			return ratelimit.Departure{}, errFarAhead
		}
		if !w.sleep(ctx, again) {
			return ratelimit.Departure{}, errStopping
		}
	}
}

// untilStop is a context that ends with the worker, too.
func (w *Worker) untilStop(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	unhook := context.AfterFunc(w.stopping, cancel)
	return ctx, func() {
		unhook()
		cancel()
	}
}
