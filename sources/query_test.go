package sources

import (
	"database/sql"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"

	"carillon/campaign"
	"carillon/internal/postgrestest"
)

// head is what stands before a table's columns.
const head = "\ufeffsep=,\n"

// run makes a database ready.
func run(t *testing.T, driver, dsn string, statements ...string) {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// count is how many rows a table has.
func count(t *testing.T, driver, dsn, table string) (n int) {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow("SELECT count(*) FROM " + table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// lists checks what a query gives.
func lists(t *testing.T, dsn, query, want string) {
	t.Helper()
	got, err := fetch(t, campaign.Source{DSN: dsn, Query: query}, Options{})
	if err != nil {
		t.Errorf("%s: %v", query, err)
		return
	}
	if diff := cmp.Diff(head+want, got); diff != "" {
		t.Errorf("%s: -want +got:\n%s", query, diff)
	}
}

func TestPostgres(t *testing.T) {
	server := postgrestest.Start(t)
	dsn := server.Database(t)
	run(t, "pgx", dsn,
		`CREATE TABLE people (phone BIGINT, name TEXT, joined TIMESTAMPTZ, seen TIMESTAMP, born DATE, paid NUMERIC(20,4), double DOUBLE PRECISION, good BOOLEAN)`,
		`INSERT INTO people VALUES (4915123018622, 'Ann "A", B', '2026-03-01 09:30:00.25+01', '2026-03-01 09:30:00', '2026-03-01', 12345678901234.5, 491512301862234, true)`,
		`INSERT INTO people (phone, joined) VALUES (NULL, 'infinity')`,
		`ALTER DATABASE `+filepath.Base(strings.Split(dsn, "?")[0])+` SET DateStyle = 'German'`)
	t.Run("values", func(t *testing.T) {
		lists(t, dsn, "SELECT * FROM people ORDER BY phone NULLS LAST;",
			`phone,name,joined,seen,born,paid,double,good
4915123018622,"Ann ""A"", B",2026-03-01T08:30:00.25Z,2026-03-01T09:30:00,2026-03-01,12345678901234.5000,491512301862234,true
,,infinity,,,,,
`)
		lists(t, dsn, "SELECT phone FROM people WHERE false", "phone\n")
	})
	t.Run("rest", func(t *testing.T) { testPostgresRefusals(t, dsn) })
	t.Run("gone", func(t *testing.T) {
		server.Kill()
		_, port, _ := net.SplitHostPort(strings.Split(strings.Split(dsn, "@")[1], "/")[0])
		fails(t, campaign.Source{DSN: "postgres://carillon:hidden@127.0.0.1:" + port + "/test_1", Query: "SELECT 1"}, Options{},
			"cannot connect to the database", false)
	})
}

func testPostgresRefusals(t *testing.T, dsn string) {
	program := filepath.Join(t.TempDir(), "ran")
	fails(t, campaign.Source{DSN: dsn, Query: "SELECT CAST(name || 'hidden' AS INTEGER) FROM people"}, Options{},
		"the query failed: invalid input syntax for type integer (SQLSTATE 22P02)", false)
	fails(t, campaign.Source{DSN: dsn, Query: "SELECT repeat('x', 100000000)"}, Options{}, "invalid body length", false)
	for query, want := range map[string]string{
		"DELETE FROM people RETURNING phone":                                   "the query writes",
		"WITH gone AS (DELETE FROM people RETURNING *) SELECT * FROM gone":     "the query writes",
		"SELECT phone FROM people FOR UPDATE":                                  "the query writes",
		"DELETE FROM people":                                                   "gives no columns",
		"COMMIT":                                                               "gives no columns",
		"COPY (SELECT 1) TO PROGRAM 'touch " + program + "'":                   "gives no columns",
		"SELECT 1; SELECT 2":                                                   "cannot insert multiple commands",
		"SELECT 1; COMMIT; DELETE FROM people":                                 "cannot insert multiple commands",
		"SELECT set_config('transaction_read_only', 'off', false) FROM people": "must be set before any query",
		"SELECT nothing FROM people":                                           "is not understood",
		"SELEKT":                                                               "is not understood",
		"SELECT 1/0 AS phone":                                                  "division by zero",
		"SELECT pg_terminate_backend(pg_backend_pid())":                        "terminating connection",
	} {
		list, err := fetch(t, campaign.Source{DSN: dsn, Query: query}, Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %q, %v; want %q", query, list, err, want)
		}
	}
	if _, err := os.Stat(program); err == nil {
		t.Error("the program ran")
	}
	if n := count(t, "pgx", dsn, "people"); n != 2 {
		t.Errorf("%d people are left", n)
	}
	slow := campaign.Source{DSN: dsn, Query: "SELECT pg_sleep(600)"}
	if _, err := fetch(t, slow, Options{Timeout: 100 * time.Millisecond}); err == nil ||
		!strings.Contains(err.Error(), "statement timeout") && !strings.Contains(err.Error(), "did not arrive within 100ms") {
		t.Errorf("got %v", err)
	}
	fails(t, campaign.Source{DSN: dsn, Query: "SELECT repeat('x', 99) FROM generate_series(1, 1000000)"}, Options{Limit: 100_000}, "more than 100000 bytes", false)
	fails(t, campaign.Source{DSN: "postgres://carillon:hidden@127.0.0.1:1/test", Query: "SELECT 1"}, Options{}, "cannot connect to the database", false)
	fails(t, campaign.Source{DSN: "postgres://carillon:hidden@host/test?sslmode=hidden", Query: "SELECT 1"}, Options{}, "not a PostgreSQL address", true)
}

func TestSQLite(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "a ?#%d.db")
	run(t, "sqlite", "file:"+strings.NewReplacer("?", "%3f", "#", "%23", "%", "%25").Replace(path),
		"PRAGMA journal_mode=WAL",
		"CREATE TABLE people (phone INTEGER, real REAL, name TEXT, joined TIMESTAMP, born DATE, good BOOLEAN, note BLOB)",
		`INSERT INTO people VALUES (4915123018622, 491512301862234, 'Ann "A", B', '2026-03-01 09:30:00.25', '2026-03-01', true, CAST('text' AS BLOB))`,
		"INSERT INTO people (phone, real) VALUES (4915123018623, 4915123018623.5)",
		"CREATE TABLE binary (note BLOB)", "INSERT INTO binary VALUES (x'ff')")
	lists(t, "sqlite:"+path, "SELECT * FROM people ORDER BY phone;",
		`phone,real,name,joined,born,good,note
4915123018622,491512301862234,"Ann ""A"", B",2026-03-01T09:30:00.25Z,2026-03-01,1,text
4915123018623,4915123018623.5,,,,,
`)
	lists(t, "sqlite:"+path, "SELECT phone FROM people WHERE false", "phone\n")

	other := filepath.Join(folder, "other.db")
	run(t, "sqlite", other, "CREATE TABLE t (hidden)")
	for query, want := range map[string]string{
		"DELETE FROM people":                   "the query writes",
		"DELETE FROM people RETURNING phone":   "the query writes",
		"CREATE TABLE x (y)":                   "the query writes",
		"ATTACH '" + other + "' AS other":      "too many attached databases",
		"VACUUM INTO '" + folder + "/copy.db'": "too many attached databases",
		"SELEKT":                               "is not understood",
		"SELECT nothing FROM people":           "is not understood",
		"SELECT note FROM binary":              `row 1, column "note": the value is binary`,
		"SELECT 1; DELETE FROM people":         "query: has several statements",
		"BEGIN":                                "gives no columns",
		"SELECT hex(zeroblob(900000000))":      "too big",
	} {
		list, err := fetch(t, campaign.Source{DSN: "sqlite:" + path, Query: query}, Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %q, %v; want %q", query, list, err, want)
		}
	}
	if n := count(t, "sqlite", strings.ReplaceAll("file:"+path, "a ?#%d.db", "a%20%3f%23%25d.db"), "people"); n != 2 {
		t.Errorf("%d people are left", n)
	}
	if _, err := os.Stat(filepath.Join(folder, "copy.db")); err == nil {
		t.Error("a copy was written")
	}
	confined := Options{Dir: folder, Confined: true}
	fails(t, campaign.Source{DSN: "sqlite:no.db", Query: "SELECT 1"}, confined, "does not exist", false)
	fails(t, campaign.Source{DSN: "sqlite:.", Query: "SELECT 1"}, Options{Dir: folder}, "not a regular file", false)
	if _, err := fetch(t, campaign.Source{DSN: "sqlite:other.db", Query: "SELECT hidden FROM t"}, confined); err != nil {
		t.Error(err)
	}
	endless := "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
	fails(t, campaign.Source{DSN: "sqlite:other.db", Query: endless}, Options{Dir: folder, Timeout: 100 * time.Millisecond}, "did not arrive within 100ms", false)
}

// Values with other delimiters in them mislead nobody who reads the list.
func TestQueryIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.db")
	run(t, "sqlite", path, "CREATE TABLE t (phone TEXT, note TEXT)",
		"INSERT INTO t VALUES ('+4915123018622', 'a;b;c'), ('+4915123018623', 'Zoë;d;e')")
	for _, query := range []string{"SELECT phone, note AS \"a;b;c\" FROM t", "SELECT phone FROM t"} {
		l, rows := layout(t, campaign.Source{DSN: "sqlite:" + path, Query: query}, Options{})
		if l.Delimiter != "," || l.Encoding != "utf-8" || rows != 2 {
			t.Errorf("%s: read as %+v, %d rows", query, l, rows)
		}
	}
}

func TestTooManyRows(t *testing.T) {
	t.Parallel()
	if _, err := newTable(new(limited), nil); err == nil {
		t.Error("a list with no room takes its head")
	}
	tab, err := newTable(&limited{to: writerFunc(func() error { return nil }), left: 1000}, []string{"phone"})
	if err != nil {
		t.Fatal(err)
	}
	tab.rows = campaign.MaxRows - 1
	if err := tab.add([]string{"1"}); err != nil {
		t.Error(err)
	}
	if err := tab.add([]string{"1"}); err == nil || !strings.Contains(err.Error(), "more than 16777215 rows") {
		t.Errorf("got %v", err)
	}
}
