package database_test

import (
	"database/sql"
	"strings"
	"testing"

	"carillon/internal/postgrestest"
	"carillon/ledger"
)

func TestANewerVersionsTablesAreRefused(t *testing.T) {
	url := postgrestest.Start(t).Database(t)
	l, err := ledger.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, true)`); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, url, "use a newer carillon")
}

func TestPostgresIsAway(t *testing.T) {
	for _, url := range []string{
		"postgres://carillon:secret@127.0.0.1:1/carillon?sslmode=disable",
		"postgres://127.0.0.1:1/carillon?sslmode=disable&user=carillon&password=secret",
		"postgres://carillon:secret@127.0.0.1:none/carillon",
	} {
		_, err := ledger.Open(t.Context(), url)
		if err == nil {
			t.Fatal("opened a ledger where nothing listens")
		}
		if text := err.Error(); !strings.Contains(text, "write postgres://") && !strings.Contains(text, "does not answer; start PostgreSQL") || strings.Contains(text, "secret") {
			t.Errorf("got %q", text)
		}
	}
}
