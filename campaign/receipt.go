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
	// Alike is how many attempts of the message were refused with the code and
	// reason of Failure, this one included. It matters where Failure.Tries is set.
	Alike int
}

// Standing is what a receipt is held against.
type Standing struct {
	Status Status
	// Attempt is the newest attempt that was claimed, 0 before the first.
	Attempt int
	// Failures counts the refused attempts that were not throttled.
	Failures int
	// Since is when the first of these was refused, the zero time before it.
	Since time.Time
	// Mixed says that one of them met more than passing trouble.
	Mixed bool
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
func (s Standing) Apply(r Receipt, now time.Time) (after Standing, wait time.Duration, changed bool) {
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
			after, wait = s.Refused(r.Failure, r.Alike, now)
			return after, wait, true
		}
	}
	return s, 0, false
}

// Refused says where a message stands after its newest attempt failed, as the
// last of so many that failed with this code and reason.
func (s Standing) Refused(f Failure, alike int, now time.Time) (after Standing, wait time.Duration) {
	if !f.Throttled {
		s.Failures++
		s.Mixed = s.Mixed || !f.Passing
		if s.Since.IsZero() {
			s.Since = now
		}
	}
	wait, again := f.again(s, alike, now)
	s.Status = Failed
	if again {
		s.Status = Pending
	}
	return s, wait
}

// tired reports whether the message was refused often enough: in all, or as the
// last time.
func (s Standing) tired(f Failure, alike int) bool {
	return s.Failures >= max(MaxFailures, f.Tries) || f.Tries > 0 && alike >= f.Tries
}

// passing reports whether the message has met passing trouble alone, and not for
// long.
func (s Standing) passing(now time.Time) bool {
	return !s.Mixed && now.Sub(s.Since) < PassingFor
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
