package campaign

import "time"

// Receipt is a provider's word on what became of an attempt.
type Receipt struct {
	// Attempt is the attempt it speaks of.
	Attempt int
	// Status is Sent, Delivered, Read or Failed.
	Status Status
	// Failure explains Failed.
	Failure Failure
	// Failed says that a receipt has told before that this attempt failed.
	Failed bool
}

// Standing is what a receipt is held against.
type Standing struct {
	Status Status
	// Attempt is the newest attempt that was claimed, 0 before the first.
	Attempt int
	// Failures counts the refused attempts that were not throttled.
	Failures int
}

// Apply says where a message stands after a receipt, and whether that is a
// change. Receipts arrive late, twice and in any order, so:
//
//   - sent, delivered and read of any attempt move the message forward and
//     never back; they also cancel a retry that is not claimed yet;
//   - but sent of an attempt that was reported failed is old news: it was
//     overtaken on its way;
//   - failed counts only for the newest attempt, and only while nothing better
//     is known of the message;
//   - a delivery overrules a failure, wherever the failure came from.
//
// A failure worth another attempt leads back to Pending; wait is how long
// until then.
func (s Standing) Apply(r Receipt) (after Standing, wait time.Duration, changed bool) {
	if r.Status != Failed {
		if r.Failed && r.Status == Sent {
			return s, 0, false
		}
		if r.Status.rank() <= s.Status.rank() || !s.Status.CanBecome(r.Status) {
			return s, 0, false
		}
		s.Status = r.Status
		return s, 0, true
	}
	switch s.Status {
	case Posting, Unknown, Accepted, Held, Sent:
		if r.Attempt == s.Attempt {
			after, wait = s.Refused(r.Failure)
			return after, wait, true
		}
	}
	return s, 0, false
}

// Refused says where a message stands after its newest attempt failed.
func (s Standing) Refused(f Failure) (after Standing, wait time.Duration) {
	if !f.Throttled {
		s.Failures++
	}
	wait, again := f.Again(s.Failures, s.Attempt-s.Failures)
	s.Status = Failed
	if again {
		s.Status = Pending
	}
	return s, wait
}

// rank orders the statuses along the way of a message that arrives. What a
// provider has reported is above whatever we only believe.
func (s Status) rank() int {
	switch s {
	case Sent:
		return 1
	case Delivered:
		return 2
	case Read:
		return 3
	}
	return 0
}
