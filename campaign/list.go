package campaign

import (
	"slices"
	"strings"
)

// List is what a definition has to know of a list before its rows.
type List struct {
	// Columns are the names of the columns, each different.
	Columns []string
	// Header has the columns' names as the list writes them, in the same order;
	// nil where Columns are written so. Two columns of one name have different
	// ones in Columns.
	Header []string
	// Hidden marks the columns that the list does not show; nil for none.
	Hidden []bool
}

// Find finds the columns that a name means. Only a single one is an answer:
// several are of one name, and where there is none it may be hidden.
func (l List) Find(name string) (columns []int, hidden bool) {
	found := FindColumns(l.Columns, name)
	switch {
	case len(found) == 0:
		return nil, slices.ContainsFunc(FindColumns(l.Header, name), l.hides)
	case len(found) > 1:
		return found, false
	case l.hides(found[0]):
		return nil, true
	}
	return l.namesakes(found[0]), false
}

func (l List) hides(column int) bool { return column < len(l.Hidden) && l.Hidden[column] }

// namesakes are the columns that show under the name of one, itself among them.
func (l List) namesakes(column int) []int {
	if l.Header == nil || TrimName(l.Header[column]) == "" {
		return []int{column}
	}
	var same []int
	for i, name := range l.Header {
		if !l.hides(i) && SameColumn(name, l.Header[column]) {
			same = append(same, i)
		}
	}
	return same
}

// columnIndex finds columns by name and keeps count of those used.
type columnIndex struct {
	list List
	used map[int]bool
}

// bind finds the placeholder's columns in the list.
func (l *columnIndex) bind(s *placeholder) []*Mistake {
	var mistakes []*Mistake
	for i := range s.segments {
		part := &s.segments[i]
		if part.column == "" {
			continue
		}
		found, hidden := l.list.Find(part.column)
		switch {
		case len(found) == 1:
			part.index = found[0]
			l.used[found[0]] = true
		case hidden:
			mistakes = append(mistakes, mistakeAt(s.path, "the list hides its column %q; unhide it, or write include_hidden: true under contacts",
				part.column))
		case len(found) == 0:
			mistakes = append(mistakes, mistakeAt(s.path, "the list has no column %q; it has %s",
				part.column, strings.Join(l.list.Columns, ", ")))
		default:
			mistakes = append(mistakes, mistakeAt(s.path, "the list has %d columns %q; rename all but one",
				len(found), part.column))
		}
	}
	return mistakes
}

func (l *columnIndex) usedColumns() []int {
	columns := make([]int, 0, len(l.used))
	for i := range l.used {
		columns = append(columns, i)
	}
	slices.Sort(columns)
	return columns
}
