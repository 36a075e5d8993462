package worker

import (
	"context"
	"errors"
	"time"

	"github.com/sethvargo/go-retry"

	"carillon/whatsapp"
)

const (
	// maxRepeats is how often a request is repeated inside one attempt.
	maxRepeats = 2
	// repeatAfter is the wait before the first repeat; it doubles.
	repeatAfter = 100 * time.Millisecond
)

// post sends the request. It repeats only what surely was not accepted and may
// pass within a moment, and each repeat takes a departure of its own.
func (w *Worker) post(ctx context.Context, s *send) error {
	detached := context.WithoutCancel(ctx)
	backoff := retry.WithMaxRetries(maxRepeats, retry.NewExponential(repeatAfter))
	first := true
	w.metrics.content(w.channel.Name, s.content())
	err := retry.Do(detached, backoff, func(ctx context.Context) error {
		if !first && !w.again(ctx, s) {
			return s.refusal
		}
		first = false
		return w.postOnce(ctx, s)
	})
	if err != nil && s.refusal == nil {
		s.refusal = &whatsapp.Error{Class: whatsapp.Ambiguous, Reason: "interrupted", Cause: err}
	}
	return nil
}

func (w *Worker) postOnce(ctx context.Context, s *send) error {
	bounded, cancel := context.WithTimeout(ctx, w.channel.Timeout)
	defer cancel()
	s.left = w.now()
	accepted, err := w.channel.Sender.Send(bounded, s.message())
	s.accepted, s.refusal = accepted, nil
	if err != nil && !errors.As(err, &s.refusal) {
		s.refusal = &whatsapp.Error{Class: whatsapp.Ambiguous, Reason: "unexplained", Cause: err}
	}
	w.metrics.posted(w.channel.Name, w.now().Sub(s.left), s.accepted, s.refusal)
	if s.refusal == nil {
		return nil
	}
	if passing(s.refusal) {
		return retry.RetryableError(s.refusal)
	}
	return s.refusal
}

// passing reports whether a refusal surely means "not accepted" and asks for no
// longer wait than a repeat inside the attempt allows.
func passing(e *whatsapp.Error) bool {
	return e.Class == whatsapp.RetrySoon && (e.Unwritten || e.Wait <= time.Second)
}

// again waits for the departure of a repeat. It reports false when the worker
// stops first, or the message is not wanted any more.
func (w *Worker) again(ctx context.Context, s *send) bool {
	departure, err := w.channel.Limiter.Replace(ctx)
	if err != nil {
		return false
	}
	s.departure, err = w.leave(ctx, s, departure)
	return err == nil && w.inTime(s)
}
