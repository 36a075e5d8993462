package contacts

import (
	"fmt"
	"strings"
)

// Error says what is wrong with a list as a whole. A row that is merely not
// fit to be sent has a verdict instead.
type Error struct {
	// Line is the line of the text file or the row of the worksheet, 1 being
	// the first; 0 where the problem has no place.
	Line int
	// Column is the column's name, empty where the problem is in none.
	Column string
	// Problem says what happened, Hint what to do about it.
	Problem, Hint string
	// Err is the cause, nil where there is no other.
	Err error
}

// Error is one line: the place, the problem and the hint.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", e.Line)
	}
	if e.Column != "" {
		fmt.Fprintf(&b, "column %q: ", e.Column)
	}
	b.WriteString(e.Problem)
	if e.Err != nil {
		fmt.Fprintf(&b, " (%v)", e.Err)
	}
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }
