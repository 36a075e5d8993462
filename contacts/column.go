package contacts

import (
	"fmt"
	"strconv"
	"strings"
)

// Find finds the column that a name means. It is an *Error where the list hides it,
// or has several of that name.
func (r *Reader) Find(name string) (column int, found bool, err error) {
	columns, hidden := r.list().Find(name)
	switch {
	case len(columns) == 1:
		return columns[0], true, nil
	case hidden:
		return 0, false, &Error{Column: name, Problem: "the list hides this column", Hint: "unhide it, or write include_hidden: true under contacts"}
	case len(columns) > 1:
		return 0, false, &Error{Column: name, Problem: fmt.Sprintf("the list has %d columns of this name", len(columns)), Hint: "rename all but one"}
	}
	return 0, false, nil
}

// told finds the column that an option names.
func (r *Reader) told(name, option string) (int, error) {
	column, found, err := r.Find(name)
	if err == nil && !found {
		err = &Error{Column: name, Problem: "contacts." + option + " names a column that the list does not have",
			Hint: "its columns are " + quoted(r.layout.Columns)}
	}
	return column, err
}

func quoted(names []string) string {
	const most = 20
	var list []string
	for i, name := range names {
		if i == most {
			list = append(list, fmt.Sprintf("and %d more", len(names)-most))
			break
		}
		list = append(list, strconv.Quote(name))
	}
	return strings.Join(list, ", ")
}

// otherColumn finds a column that a list need not have.
func (r *Reader) otherColumn(name, option, what string, words vocabulary, looks func(record, int) bool) (int, error) {
	if name != "" {
		return r.told(name, option)
	}
	best, score := -1, 0
	for i, column := range r.layout.Columns {
		if s := words.score(column); r.layout.Header && i != r.layout.Phone && r.mayBeGuessed(i) && s > score {
			best, score = i, s
		}
	}
	if best >= 0 {
		r.guessedColumn(what, best, "its header")
		return best, nil
	}
	shares := r.shares(looks)
	shares[r.layout.Phone] = 0
	if best, _ = highest(shares); best >= 0 {
		r.guessedColumn(what, best, "its cells")
	}
	return best, nil
}

func (r *Reader) guessedColumn(what string, column int, by string) {
	r.layout.Guess(fmt.Sprintf("%s are in column %q, by %s", what, r.layout.Columns[column], by))
}

// majority is the share of a column's filled cells that must look alike.
const majority = 0.5

// mayBeGuessed reports whether a column may be taken for something that it was not
// named for: it shows, and is not the one of consents.
func (r *Reader) mayBeGuessed(column int) bool {
	return column != r.consent && (column >= len(r.hidden) || !r.hidden[column])
}

// shares tells for each column that may be guessed which share of its filled cells
// looks like something.
func (r *Reader) shares(looks func(record, int) bool) []float64 {
	shares := make([]float64, len(r.layout.Columns))
	for i := range shares {
		filled, alike := 0, 0
		for _, rec := range r.sample {
			if i < len(rec.cells) && rec.cells[i] != "" && rec.note(i).fault == "" {
				filled++
				if looks(rec, i) {
					alike++
				}
			}
		}
		if filled > 0 && r.mayBeGuessed(i) {
			shares[i] = float64(alike) / float64(filled)
		}
	}
	return shares
}

// highest is the index of the highest share that is a majority, and of another
// one that equals it; -1 for none.
func highest(shares []float64) (best, tie int) {
	best, tie = -1, -1
	for i, share := range shares {
		switch {
		case share < majority:
		case best < 0 || share > shares[best]:
			best, tie = i, -1
		case share == shares[best]:
			tie = i
		}
	}
	return best, tie
}
