package campaign

// GateDecision is what happens to a step, given what is on record of the step
// it waits for.
type GateDecision int8

const (
	// GateShut: keep waiting.
	GateShut GateDecision = iota
	// GateOpen: the step may go out once its wait is over.
	GateOpen
	// GateStop: this step and all that follow are skipped.
	GateStop
	// GateSkip: this step is skipped; the next one waits for the same message.
	GateSkip
)

// Before is what is on record of the message that a step waits for.
type Before struct {
	Status Status
	// Permanent says of a failed one that another message would do no better:
	// nobody is there, or what is sent cannot be sent.
	Permanent bool
	// Replies are what the person answered to it.
	Replies []Reply
	// Impatient says that the step's patience has run out.
	Impatient bool
}

// opens reports whether what is on record is what the step waits for.
func (s Step) opens(b Before) bool {
	switch s.After {
	case AfterSent:
		return b.Status == Sent || b.Status == Delivered || b.Status == Read
	case AfterRead:
		return b.Status == Read
	case AfterReply:
		if b.Status <= Posting { // it goes out yet, or again
			return false
		}
		for _, reply := range b.Replies {
			if s.When.Suits(reply) {
				return true
			}
		}
		return false
	default:
		return b.Status == Delivered || b.Status == Read
	}
}

// Gate decides about a step. A permanent failure of the one before ends the
// series, whatever the step says.
func (s Step) Gate(b Before) GateDecision {
	switch {
	case s.opens(b):
		return GateOpen
	case b.Status == Failed && b.Permanent:
		return GateStop
	case b.Status.Over() || b.Impatient:
		switch s.Otherwise {
		case Send:
			return GateOpen
		case Skip:
			return GateSkip
		}
		return GateStop
	}
	return GateShut
}
