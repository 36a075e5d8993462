package campaign

import (
	"fmt"
	"slices"
)

// branches wants every branch to be the first that suits some reply.
func (v *validator) branches(d *Definition) {
	for i := range d.Steps {
		if d.Steps[i].When == nil {
			continue
		}
		first, _ := d.Branches(i)
		if taken := d.Steps[i].When.shadow(d.Steps[first:i]); taken >= 0 {
			v.wrong(fmt.Sprintf("steps[%d].when", i),
				"can never match: steps[%d] comes first and takes every reply that would match; put this step before it, or remove it", first+taken)
		}
	}
}

// shadow is the branch before this one that leaves it nothing, the last of them
// where it takes several; -1 where some reply is left.
func (w *When) shadow(before []Step) int {
	taker := func(r Reply) int {
		return slices.IndexFunc(before, func(s Step) bool { return s.When.Suits(r) })
	}
	if w.Any {
		return slices.IndexFunc(before, func(s Step) bool { return s.When.Any })
	}
	last := -1
	var replies []Reply
	for _, payload := range w.Button {
		replies = append(replies, Reply{Payload: payload, Pressed: true})
	}
	for _, text := range w.Text {
		replies = append(replies, Reply{Text: text})
	}
	for _, r := range replies {
		taken := taker(r)
		if taken < 0 {
			return -1
		}
		last = max(last, taken)
	}
	return last
}
