package ledger_test

import (
	"strings"
	"testing"

	"carillon/internal/postgrestest"
	"carillon/ledger"
	"carillon/ledger/ledgertest"
)

func TestPostgres(t *testing.T) {
	server := postgrestest.Start(t)
	ledgertest.Run(t, func(t *testing.T) *ledger.Ledger {
		t.Helper()
		l, err := ledger.Open(t.Context(), server.Database(t))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		})
		return l
	})
}

func TestPostgresIsAway(t *testing.T) {
	_, err := ledger.Open(t.Context(), "postgres://carillon:secret@127.0.0.1:1/carillon?sslmode=disable")
	if err == nil {
		t.Fatal("opened a ledger where nothing listens")
	}
	if text := err.Error(); !strings.Contains(text, "does not answer; start PostgreSQL") || strings.Contains(text, "secret") {
		t.Errorf("got %q", text)
	}
}
