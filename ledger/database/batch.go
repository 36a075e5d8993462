package database

import (
	"fmt"
	"iter"
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgtype"
)

// Rows are what one statement is given: rows of values, one after the other.
type Rows struct {
	width  int
	values []any
}

// NewRows are no rows yet, of so many values each. There is room for n of them.
func NewRows(width, n int) *Rows { return &Rows{width: width, values: make([]any, 0, n*width)} }

// Add adds a row: integers, texts, nil. What is not UTF-8 in a text is replaced.
func (r *Rows) Add(values ...any) {
	if len(values) != r.width {
		panic(fmt.Sprintf("a row of %d values among rows of %d", len(values), r.width))
	}
	for _, value := range values {
		if text, ok := value.(string); ok && !utf8.ValidString(text) {
			value = strings.ToValidUTF8(text, "\uFFFD")
		}
		r.values = append(r.values, value)
	}
}

// Len is how many rows there are.
func (r *Rows) Len() int { return len(r.values) / r.width }

// Batches are the statements, as the engine wants them, that do for all rows what is
// written with BATCH in the place of VALUES. Its columns are column1, column2 and so
// on; PostgreSQL takes them for texts, so that numbers have to be cast. Nothing else
// may be a parameter.
func (db *DB) Batches(written string, rows *Rows) iter.Seq2[string, []any] {
	return db.engine.batches(db, written, rows)
}

// sizedStatement is a statement for so many rows.
type sizedStatement struct {
	written string
	rows    int
}

// batchText is what is written for so many rows, made once.
func (db *DB) batchText(key sizedStatement, places func() string) string {
	if known, ok := db.texts.Load(key); ok {
		return known.(string)
	}
	text := strings.ReplaceAll(db.SQL(key.written), "BATCH", places())
	db.texts.Store(key, text)
	return text
}

// mostBound is how many rows one statement of SQLite has at most, a power of two.
const mostBound = 64

// boundBatches binds every value. A statement is prepared for a number of rows, so
// these are powers of two: no batch needs many statements, and there are few to
// prepare. Binding costs a third of what a document of binary JSON does
// (docs/performance.md).
func boundBatches(db *DB, written string, rows *Rows) iter.Seq2[string, []any] {
	return func(yield func(string, []any) bool) {
		values := rows.values
		for left := rows.Len(); left > 0; {
			n := min(mostBound, 1<<(bits.Len(uint(left))-1)) //nolint:gosec // it is positive
			text := db.batchText(sizedStatement{written, n}, func() string { return bound(n, rows.width) })
			if !yield(text, values[:n*rows.width]) {
				return
			}
			values, left = values[n*rows.width:], left-n
		}
	}
}

// bound are the places of so many rows. They have no numbers: a place with a number
// is looked up by its name, among all of them.
func bound(rows, width int) string {
	row := ", (?" + strings.Repeat(", ?", width-1) + ")"
	return "VALUES " + strings.Repeat(row, rows)[len(", "):]
}

// columnBatches hands over each column as one array, in one statement.
func columnBatches(db *DB, written string, rows *Rows) iter.Seq2[string, []any] {
	return func(yield func(string, []any) bool) {
		if rows.Len() == 0 {
			return
		}
		yield(db.batchText(sizedStatement{written: written}, func() string { return columns(rows.width) }), rows.columns())
	}
}

// columns are the places of so many arrays of texts.
func columns(width int) string {
	var arrays, names strings.Builder
	for i := range width {
		if i > 0 {
			arrays.WriteString(", ")
			names.WriteString(", ")
		}
		fmt.Fprintf(&arrays, "CAST($%d AS text[])", i+1)
		fmt.Fprintf(&names, "column%d", i+1)
	}
	return fmt.Sprintf("SELECT * FROM unnest(%s) AS u(%s)", &arrays, &names)
}

// columns are the values as texts, column by column.
func (r *Rows) columns() []any {
	n := r.Len()
	all := make([]pgtype.Text, n*r.width)
	for i, value := range r.values {
		all[i%r.width*n+i/r.width] = textOf(value)
	}
	arrays := make([]any, r.width)
	for i := range arrays {
		arrays[i] = pgtype.FlatArray[pgtype.Text](all[i*n : (i+1)*n])
	}
	return arrays
}

func textOf(value any) pgtype.Text {
	switch v := value.(type) {
	case nil:
		return pgtype.Text{}
	case string:
		return pgtype.Text{String: v, Valid: true}
	case int64:
		return pgtype.Text{String: strconv.FormatInt(v, 10), Valid: true}
	case int:
		return pgtype.Text{String: strconv.Itoa(v), Valid: true}
	}
	panic(fmt.Sprintf("a value of a batch is a %T", value))
}
