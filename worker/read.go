package worker

import (
	"context"
	"errors"

	"carillon/whatsapp"
)

// read marks the message that is answered as read, where the step wants it: once
// for each attempt, before the answer. It uses up the departure in hand, and takes
// another for the answer.
//
// Nothing depends on it and nothing of it is on record. A failure is counted, and
// the answer goes out all the same; a provider that is told twice changes nothing.
// Where the process dies behind it, the message is marked and the answer unknown.
func (w *Worker) read(ctx context.Context, s *send) error {
	if !s.claimed.FreeForm || s.claimed.Answers == "" || !s.rule().Read || w.channel.Marker == nil {
		return nil
	}
	detached := context.WithoutCancel(ctx)
	if _, err := w.leave(detached, nil, s.departure); err != nil {
		return w.release(detached, s)
	}
	w.markRead(detached, s)
	departure, err := w.near(detached)
	if err != nil {
		return w.release(detached, s)
	}
	s.departure = departure
	return nil
}

// markRead makes the request.
func (w *Worker) markRead(ctx context.Context, s *send) {
	bounded, cancel := context.WithTimeout(ctx, w.channel.Timeout)
	defer cancel()
	asked := &send{task: s.task, left: w.now()}
	err := w.channel.Marker.MarkRead(bounded, s.claimed.Answers)
	w.metrics.read(w.channel.Name, err == nil)
	if err == nil {
		return
	}
	if !errors.As(err, &asked.refusal) {
		asked.refusal = &whatsapp.Error{Class: whatsapp.Ambiguous, Reason: "unexplained", Cause: err}
	}
	w.slowDown(asked)
	if e := asked.refusal; w.unread.due(w.now()) {
		w.log.Warn("messages of people cannot be marked as read; they are answered all the same", "reason", e.Reason, "code", e.Code, "hint", e.Hint)
	}
}
