package worker

import (
	"context"
	"errors"
	"time"

	"carillon/ledger"
)

// claim makes the attempt durable before anything is sent. From here on the
// task's own context no longer matters: what is claimed is sent and settled.
func (w *Worker) claim(ctx context.Context, s *send) error {
	now := w.now()
	s.until = now.Add(w.deadClaim())
	by := ledger.Sender{Position: s.campaign.position, Portfolio: w.channel.Portfolio}
	claimed, err := w.ledger.Claim(ctx, s.task, by, now, s.until)
	if err == nil {
		s.claimed, s.claimedAt = claimed, w.now()
		return nil
	}
	s.departure.Cancel()
	var refused *ledger.RefusedError
	if errors.As(err, &refused) {
		w.metrics.refused(w.channel.Name, refused.Reason)
		return errDone
	}
	return &backError{after: retryLedger, why: err}
}

// deadClaim is how long after a claim its worker must be dead.
func (w *Worker) deadClaim() time.Duration { return TaskTimeout(w.channel.Timeout) }
