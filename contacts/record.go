package contacts

import (
	"slices"
	"strings"
)

// record is one row as a source gives it. The slices are the source's own and
// hold until its next row.
type record struct {
	line  int
	cells []string
	// notes say of the cells what their text does not tell; nil for nothing.
	notes []note
	// hidden says that the row does not show.
	hidden bool
}

func (r record) clone() record {
	r.cells, r.notes = slices.Clone(r.cells), slices.Clone(r.notes)
	return r
}

// note is what is said of a cell, if anything. There may be no such cell.
func (r record) note(column int) note {
	if column >= 0 && column < len(r.notes) {
		return r.notes[column]
	}
	return note{}
}

// clear empties a cell.
func (r record) clear(column int) {
	r.cells[column] = ""
	if column < len(r.notes) {
		r.notes[column] = note{}
	}
}

// read makes a value of the text of a cell.
func (r *record) read(column int) {
	if r.note(column) != (note{}) {
		return
	}
	value, fault := readValue(r.cells[column])
	r.cells[column] = value
	if fault == "" {
		return
	}
	for len(r.notes) < len(r.cells) {
		r.notes = append(r.notes, note{})
	}
	r.notes[column].fault = fault
}

// blank reports whether no cell holds anything.
func (r record) blank() bool {
	for _, cell := range r.cells {
		if strings.TrimSpace(cell) != "" {
			return false
		}
	}
	return true
}

// source reads the rows of one format. next ends with io.EOF; what it finds
// wrong is an *Error. hides may be asked once there was a row.
type source interface {
	next() (record, error)
	hides(column int) bool
	close() error
}
