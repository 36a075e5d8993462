package worker

import (
	"sync"
	"time"

	"carillon/whatsapp"
)

// unreachedConsecutive sends in succession that never got to the provider are told as
// trouble (ours: fewer are a connection that was lost, which mends itself).
const unreachedConsecutive = 3

// reach knows whether a channel's requests get to its provider at all. It stops
// nothing: what was never written is tried again without using up an attempt,
// and the limiter slows the number down.
type reach struct {
	mu          sync.Mutex
	consecutive int       // sends that were never written since one was answered
	since       time.Time // when that last became trouble, or ended to be; what left before does not count
}

// record takes how a send ended, nil for success. It reports whether the
// provider is lost, and whether that has just changed.
func (r *reach) record(left time.Time, refusal *whatsapp.Error, now time.Time) (lost, changed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.consecutive >= unreachedConsecutive
	switch {
	case left.Before(r.since):
		return before, false
	case refusal == nil, refusal.HTTPStatus > 0:
		r.consecutive = 0
	case refusal.Unwritten:
		r.consecutive++
	}
	if lost = r.consecutive >= unreachedConsecutive; lost != before {
		r.since = now
	}
	return lost, lost != before
}

// watchReach logs when the provider cannot be reached any more, and when it can
// again.
func (w *Worker) watchReach(s *send) {
	switch lost, changed := w.reach.record(s.left, s.refusal, w.now()); {
	case !changed:
	case lost:
		w.log.Error("the provider cannot be reached, so the channel slows down and keeps trying", "reason", s.refusal.Reason, "error", s.masked(),
			"hint", s.refusal.Hint+" The messages wait, no attempt is counted, and sending resumes by itself.")
	default:
		w.log.Info("the provider can be reached again, sending resumes")
	}
}
