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

// Opens reports whether status s, of the step before, satisfies the rule.
func (a After) Opens(s Status) bool {
	switch a {
	case AfterSent:
		return s == Sent || s == Delivered || s == Read
	case AfterRead:
		return s == Read
	default:
		return s == Delivered || s == Read
	}
}

// Gate decides about a step. before is the status of the step it waits for;
// impatient says that the step's patience has run out.
func (s Step) Gate(before Status, impatient bool) GateDecision {
	switch {
	case s.After.Opens(before):
		return GateOpen
	case before.Over() || impatient:
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
