package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"carillon/campaign"
	"carillon/ledger"
	"carillon/ratelimit"
	"carillon/whatsapp"
)

const (
	// missedBy is how late a departure may be used: so much narrower a second may
	// get, a hundredth and a half of it. For a later one a new one is taken.
	missedBy = 15 * time.Millisecond
	// mostMissed is how often that is done. A machine so busy that it wakes every
	// send late would otherwise use up the rate without sending.
	mostMissed = 2
	// mostHeld is how long after its claim a message may leave without another look
	// at the ledger. Whoever opts out meanwhile may still get it, and is promised
	// that this takes a second at most.
	mostHeld = 800 * time.Millisecond
)

// depart renders the message and waits for its departure. It is the last act
// before the request, so that a slow claim cannot bunch requests.
func (w *Worker) depart(ctx context.Context, s *send) error {
	detached := context.WithoutCancel(ctx)
	err := w.renderWithFiles(detached, s)
	if err != nil {
		return err
	}
	if again, passes := w.passTemplate(s); !passes {
		s.departure.Cancel()
		return w.releaseUntil(detached, s, again, campaign.ReasonSlowed(again))
	}
	if s.departure, err = w.leave(detached, s, s.departure); err != nil || !w.inTime(s) || !w.breaker.passes(s) {
		return w.release(detached, s)
	}
	if again, passes := w.templates.passes(s, w.now()); !passes {
		return w.releaseUntil(detached, s, again, campaign.ReasonSlowed(again)) // the departure is used up
	}
	return nil
}

// inTime reports whether a request that leaves now is answered before the claim
// is taken for dead. This process may have been stopped since it claimed.
func (w *Worker) inTime(s *send) bool {
	return w.now().Add(w.channel.Timeout).Before(s.until)
}

// errHeld tells that a message has been claimed too long ago to leave, or is not
// wanted any more.
var errHeld = errors.New("not wanted any more, as far as is known")

// heldAt reports whether a message has to be looked at again to leave at a moment.
func (s *send) heldAt(at time.Time) bool { return at.Sub(s.claimedAt) > mostHeld }

// wanted reports whether a message that was claimed some time ago is still to be
// sent.
func (w *Worker) wanted(ctx context.Context, s *send) bool {
	ctx, cancel := w.untilStop(ctx)
	defer cancel()
	ctx, done := context.WithTimeout(ctx, mostHeld)
	defer done()
	asked := w.now()
	wanted, err := w.ledger.Wanted(ctx, s.task.Message)
	s.claimedAt = asked
	return wanted && err == nil
}

// leave waits for a departure, or for a later one where that was missed, and for
// room in the second. The error tells that the worker stops, that there is no
// departure soon, or that the message may not leave; the right is given back then.
//
// The request of a message is s; nil is another one. A person may opt out while a
// message waits, or somebody pause the campaign: one that is held for long is looked
// at again, before the wait and not behind it, for a slow look would bunch requests.
func (w *Worker) leave(ctx context.Context, s *send, d ratelimit.Departure) (ratelimit.Departure, error) {
	for missed := 0; ; missed++ {
		if s != nil && s.heldAt(d.At) && !w.wanted(ctx, s) {
			d.Cancel()
			return ratelimit.Departure{}, errHeld
		}
		if !w.sleep(ctx, d.At) || w.stopping.Err() != nil {
			d.Cancel()
			return ratelimit.Departure{}, errStopping
		}
		if missed == mostMissed || w.now().Sub(d.At) <= missedBy {
			if err := w.waitForRoom(ctx); err != nil {
				return ratelimit.Departure{}, err
			}
			if s == nil || !s.heldAt(w.now()) {
				return d, nil
			}
			if missed == mostMissed {
				return ratelimit.Departure{}, errHeld
			}
		}
		var err error
		if d, err = w.replace(ctx); err != nil {
			return ratelimit.Departure{}, err
		}
	}
}

// replace takes a departure in the place of one that was missed.
func (w *Worker) replace(ctx context.Context) (ratelimit.Departure, error) {
	ctx, cancel := w.untilStop(ctx)
	defer cancel()
	return w.channel.Limiter.Replace(ctx)
}

// waitForRoom waits until one more request may leave in this second.
func (w *Worker) waitForRoom(ctx context.Context) error {
	for {
		again := w.second.pass(w.now())
		if again.IsZero() {
			return nil
		}
		if !w.sleep(ctx, again) || w.stopping.Err() != nil {
			return errStopping
		}
	}
}

// unrenderable fails a message that no attempt could send. Lists are checked
// when they are imported, so this is a mistake of ours.
func (w *Worker) unrenderable(ctx context.Context, s *send, err error) error {
	failed := ledger.Settlement{
		Outcome: ledger.OutcomeRefused,
		Failure: campaign.Failure{
			Reason: "unrenderable", Said: whatsapp.Excerpt(err.Error()),
			Detail: "The row changed after it was checked, or this version reads it differently: launch the campaign again with a list of these rows.",
		},
	}
	if err := w.write(ctx, s, failed); err != nil {
		return err
	}
	return errDone
}

// release gives a claim back that has not been posted.
func (w *Worker) release(ctx context.Context, s *send) error {
	if err := w.write(ctx, s, ledger.Settlement{Outcome: ledger.OutcomeReleased}); err != nil {
		return fmt.Errorf("release: %w", err)
	}
	return errDone
}

// releaseUntil gives a claim back until a time, and says why.
func (w *Worker) releaseUntil(ctx context.Context, s *send, again time.Time, why string) error {
	given := ledger.Settlement{Outcome: ledger.OutcomeReleased, Due: again, Why: why}
	if err := w.write(ctx, s, given); err != nil {
		return fmt.Errorf("release: %w", err)
	}
	return errDone
}
