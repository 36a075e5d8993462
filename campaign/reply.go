package campaign

import "slices"

// When says which reply a step is for: one of the buttons, or one of the texts.
type When struct {
	// Button holds payloads or texts of buttons.
	Button Texts `yaml:"button" json:"button,omitempty"`
	// Text holds what the person may have written, or the text of a button.
	Text Texts `yaml:"text" json:"text,omitempty"`
	// Any takes every reply.
	Any bool `yaml:"any" json:"any,omitempty"`
}

// Texts is a list of texts that files may write as one.
type Texts []string

// Reply is what a person answered to a message.
type Reply struct {
	// Payload is that of the button pressed, empty where none was.
	Payload string
	// Text is what the person wrote, or what stands on the button.
	Text string
	// Pressed says that a button was pressed.
	Pressed bool
	// OptsIn says that it asks to be written to again, as START does: it answers
	// those steps alone that name it.
	OptsIn bool
}

// Suits reports whether the step is for a reply: one without a condition is for
// every one that does not opt in. Case, accents, punctuation and the number of
// spaces do not matter.
func (w *When) Suits(r Reply) bool {
	if w == nil || w.Any {
		return !r.OptsIn
	}
	is := func(said string) func(string) bool {
		return func(wanted string) bool { return sameText(said, wanted) }
	}
	if r.Pressed && (slices.ContainsFunc(w.Button, is(r.Payload)) || slices.ContainsFunc(w.Button, is(r.Text))) {
		return true
	}
	return slices.ContainsFunc(w.Text, is(r.Text))
}

// Names reports whether the step waits for this very reply, and not just for any.
func (w *When) Names(r Reply) bool { return w != nil && !w.Any && w.Suits(r) }

// Branches returns the steps, from first up to end, of which one alone goes
// out: those in a row around the given one that have a condition. A step
// without one is alone.
func (d *Definition) Branches(step int) (first, end int) {
	if d.Steps[step].When == nil {
		return step, step + 1
	}
	for first = step; first > 0 && d.Steps[first-1].When != nil; first-- {
	}
	for end = step + 1; end < len(d.Steps) && d.Steps[end].When != nil; end++ {
	}
	return first, end
}

// HearsReplies reports whether a step waits for a reply to the given one.
func (d *Definition) HearsReplies(step int) bool {
	for _, later := range d.Steps[step+1:] {
		if later.After == AfterReply {
			return true
		}
	}
	return false
}

// AsksFor reports whether a step waits for this very reply to the given one.
func (d *Definition) AsksFor(step int, r Reply) bool {
	for _, later := range d.Steps[step+1:] {
		if later.After == AfterReply && later.When.Names(r) {
			return true
		}
	}
	return false
}
