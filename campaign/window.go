package campaign

import "time"

// WindowFor is how long after a person's last message to a number they may get
// what is no template from it (Meta, customer service window: 24 hours).
const WindowFor = 24 * time.Hour

// ReasonWindowClosed is the label of a message that was skipped because it is no
// template, its person's window was shut, and nothing goes out in its place.
const ReasonWindowClosed = "window_closed"

// WindowClosed explains a message that was skipped so.
func WindowClosed() Failure {
	return Failure{
		Reason: ReasonWindowClosed,
		Detail: "The person had not written to this number within 24 hours, and after that WhatsApp delivers templates alone. To reach such people, give the step an otherwise_template.",
	}
}

// OfFreeForm is what a failure means for an attempt that was no template. One that
// says that the window is shut is no fault of the message or the person: the
// message is looked at again, and what is no template does not go out then.
func (f Failure) OfFreeForm() Failure {
	if f.WindowShut {
		f.Retry, f.Throttled, f.Escalates, f.Wait = true, true, false, 0
		f.Invalid, f.Unreachable, f.Elsewhere = false, false, false
	}
	return f
}

// CountsAs is the category that opt-outs hold against a message of the step:
// marketing where the step is, or what may go out in its place. A content without
// a category counts as that does.
func (s *Step) CountsAs() Category {
	if !s.FreeForm() || s.OtherwiseTemplate == nil {
		return s.Category
	}
	if other := s.OtherwiseTemplate.Category; s.Category == "" || other == Marketing {
		return other
	}
	return s.Category
}
