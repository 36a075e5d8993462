package ledgertest

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// traces looks for a text in everything that a ledger has stored, past the
// ledger itself.
type traces struct {
	db    *sql.DB
	query string // the tables in which the text $1 stands
}

// newTraces opens a ledger's database once more.
func newTraces(t *testing.T, url string) *traces {
	t.Helper()
	driver, source, tables := "pgx", url, `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		driver, source, tables = "sqlite", path, `SELECT name FROM sqlite_master WHERE type = 'table'`
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	var parts []string
	for _, table := range column(t, db, tables) {
		parts = append(parts, fmt.Sprintf(`SELECT '%s' WHERE EXISTS (SELECT 1 FROM %s WHERE %s)`, table, table, contains(t, db, table)))
	}
	return &traces{db: db, query: strings.Join(parts, " UNION ALL ")}
}

// column is what a query returns in its one column.
func column(t *testing.T, db *sql.DB, query string) (texts []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return texts
}

// contains is true for the rows of a table that have the text $1 somewhere.
func contains(t *testing.T, db *sql.DB, table string) string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `SELECT * FROM `+table+` LIMIT 0`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range columns {
		columns[i] = `CAST(` + name + ` AS TEXT) LIKE '%' || $1 || '%'`
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(columns, " OR ")
}

// of returns the tables in which a text stands, a number in whichever form.
func (s *traces) of(rt rapid.TB, phone string) (tables []string) {
	rows, err := s.db.Query(s.query, strings.TrimPrefix(phone, "+"))
	if err != nil {
		rt.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			rt.Fatal(err)
		}
		tables = append(tables, table)
	}
	if err := rows.Err(); err != nil {
		rt.Fatal(err)
	}
	return tables
}
