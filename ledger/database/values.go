package database

import "strings"

// Values are the places of so many rows of so many values each, as an INSERT has
// them: VALUES (…), (…).
func (db *DB) Values(rows, width int) string {
	var text strings.Builder
	text.WriteString("VALUES ")
	for i := range rows * width {
		switch {
		case i == 0:
			text.WriteString("(")
		case i%width == 0:
			text.WriteString("), (")
		default:
			text.WriteString(", ")
		}
		text.WriteString(db.engine.place(i + 1))
	}
	text.WriteString(")")
	return text.String()
}
