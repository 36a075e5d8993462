package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hibiken/asynq"

	"carillon/campaign"
	"carillon/ledger"
	"carillon/whatsapp"
)

const (
	// pollRest is how long a poll waits at least that did not get through.
	pollRest = 5 * time.Second
	// complainEvery is how often the log tells of requests beside sends that fail.
	complainEvery = time.Minute
)

// pollResult is what came of a poll, as metrics have it.
type pollResult string

const (
	pollTold      pollResult = "told"      // a status, new or not
	pollNothing   pollResult = "nothing"   // nothing yet
	pollThrottled pollResult = "throttled" // the provider would not be asked now
	pollFailed    pollResult = "failed"
)

// poll asks the provider what became of an attempt, and hands the answer to the
// ledger as a receipt. It takes a departure of the number's, as a send does. A
// poll that is made twice, late, or at once elsewhere does no harm, and one that
// is not made is due until it is.
func (w *Worker) poll(ctx context.Context, t *asynq.Task) error {
	task, err := campaign.ParseTask(t.Payload())
	if err != nil {
		return fmt.Errorf("%w: %w", err, asynq.SkipRetry)
	}
	if w.channel.Poller == nil {
		return nil // it was fed before the configuration changed
	}
	row, err := w.ledger.Poll(ctx, task.Message, task.Attempt)
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		return nil
	case err != nil:
		return &backError{after: retryLedger, why: err}
	case row.Due.After(w.now()) || row.Channel != w.channel.Name:
		return nil // another task was first
	}
	if err := w.leaveToPoll(ctx); err != nil {
		return err
	}
	return w.record(context.WithoutCancel(ctx), task, w.ask(context.WithoutCancel(ctx), task, row))
}

// leaveToPoll waits for a departure. A poll leaves a provider alone that fails, but
// it is no probe and waits for none: where nothing is sent any more there is none.
func (w *Worker) leaveToPoll(ctx context.Context) error {
	if wait := w.breaker.resting(w.now()); wait > 0 {
		return &backError{after: wait, why: errOutage}
	}
	departure, err := w.near(ctx)
	if err == nil {
		_, err = w.leave(ctx, nil, departure)
	}
	switch {
	case errors.Is(err, errStopping):
		return &backError{why: err}
	case err != nil:
		return &backError{after: time.Second, why: err}
	}
	return nil
}

// ask makes the request, and has what its failure says about the provider looked
// after. Trouble that pauses campaigns when a message meets it pauses nothing here:
// the message was accepted, and those that are to be sent meet the trouble
// themselves, if it is theirs. The poll is made again at its next time.
func (w *Worker) ask(ctx context.Context, task campaign.Task, row ledger.PollRow) ledger.Polled {
	bounded, cancel := context.WithTimeout(ctx, w.channel.Timeout)
	defer cancel()
	asked := &send{task: task, left: w.now()}
	told, ok, err := w.channel.Poller.Poll(bounded, row.ProviderID)
	polled := ledger.Polled{PollRow: row, At: w.now()}
	if err != nil && !errors.As(err, &asked.refusal) {
		asked.refusal = &whatsapp.Error{Class: whatsapp.RetrySoon, Reason: "unexplained", Cause: err}
	}
	w.watchReach(asked)
	result := pollNothing
	switch e := asked.refusal; {
	case e != nil:
		result = pollFailed
		w.slowDown(asked)
		w.metrics.failed(w.channel.Name, e.Reason)
		if e.Class == whatsapp.RetrySlow || e.Unwritten {
			polled.Wait = max(e.Wait, pollRest)
		}
		if e.Class == whatsapp.RetrySlow {
			result = pollThrottled
		} else if !e.Unwritten {
			w.complain(e)
		}
	case ok:
		result, polled.Receipt = pollTold, w.receipt(told)
	}
	w.metrics.polled(w.channel.Name, result)
	return polled
}

// receipt is what the provider has told as the ledger takes it. What it does not
// say the time of happened now.
func (w *Worker) receipt(told whatsapp.Receipt) *ledger.Receipt {
	r := &ledger.Receipt{Keys: told.Recipient.Keys(), Status: told.Status, At: told.At, Failure: told.Failure()}
	if r.At.IsZero() {
		r.At = w.now()
	}
	if r.Failure.Pause != campaign.PauseNothing || r.Failure.Slows {
		r.Failure.Account = w.channel.Account
	}
	return r
}

// record has the ledger take in what came of a poll. Where it does not answer, the
// poll is made again.
func (w *Worker) record(ctx context.Context, task campaign.Task, polled ledger.Polled) error {
	bounded, cancel := context.WithTimeout(ctx, settlePatience)
	defer cancel()
	about, err := w.ledger.Polled(bounded, polled)
	if err != nil {
		return &backError{after: retryLedger, why: err}
	}
	r := polled.Receipt
	if r == nil || about.Message == 0 || r.Status == campaign.Sent {
		return nil // not known yet what becomes of it
	}
	if about.WindowShut { // the ledger has done what there is to do
		w.metrics.windowShut(w.channel.Name)
		return nil
	}
	id := task.Message.Campaign()
	if about.Stopped {
		w.log.Error("a receipt reports a problem that pauses campaigns or stops channels", "campaign", id, "trouble", r.Failure.Pause, "reason", r.Failure.WithoutWords().String())
	}
	if about.Renews {
		return nil // it says nothing of the campaign yet
	}
	reason, logged := w.told.Observe(task.Message, task.Attempt, r.Failure)
	w.pauseBecause(ctx, id, reason, logged)
	return nil
}

// complaints keeps a log from telling the same again and again.
type complaints struct {
	mu   sync.Mutex
	last time.Time
}

// due reports whether the log has not told of it lately.
func (c *complaints) due(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.last) < complainEvery {
		return false
	}
	c.last = now
	return true
}

// complain says in the log that polls fail, without the provider's words: they may
// quote values of a row that is not known here.
func (w *Worker) complain(e *whatsapp.Error) {
	if w.complaints.due(w.now()) {
		w.log.Warn("the provider does not say what became of a message, so it is asked again later", "reason", e.Reason, "code", e.Code, "hint", e.Hint)
	}
}
