package campaign

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// maxMistakes is how many mistakes are told at a time.
const maxMistakes = 50

// Mistake is one thing wrong with a definition.
type Mistake struct {
	// Line is the line of the file, 0 where it is not known.
	Line int
	// Path is the place in the definition, such as steps[1].wait; empty for
	// the definition as a whole.
	Path string
	// Message says what is wrong and what to write instead.
	Message string
}

var _ error = (*Mistake)(nil)

func (m *Mistake) Error() string {
	text := m.Message
	if m.Path != "" {
		text = m.Path + ": " + text
	}
	if m.Line > 0 {
		text = fmt.Sprintf("line %d: %s", m.Line, text)
	}
	return text
}

// joinMistakes makes one error of the first maxMistakes, in the order of the
// file; nil of none.
func joinMistakes(mistakes []*Mistake) error {
	slices.SortStableFunc(mistakes, func(a, b *Mistake) int { return cmp.Compare(a.Line, b.Line) })
	var all []error
	for _, m := range mistakes[:min(len(mistakes), maxMistakes)] {
		all = append(all, m)
	}
	if len(mistakes) > maxMistakes {
		all = append(all, mistakeAt("", "there are more mistakes; correct these first"))
	}
	return errors.Join(all...)
}
