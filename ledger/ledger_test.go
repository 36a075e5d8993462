package ledger_test

import (
	"os"
	"path/filepath"
	"testing"

	"carillon/internal/postgrestest"
	"carillon/ledger"
	"carillon/ledger/ledgertest"
)

// makeTables brings the tables of a new ledger up to date, so that each scenario starts
// with a copy: migrations take longer than most of them.
func makeTables(t *testing.T, address string) {
	t.Helper()
	l, err := ledger.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestSQLite(t *testing.T) {
	t.Parallel() // beside TestPostgres: either waits for its disk half of the time
	made := filepath.Join(t.TempDir(), "made.db")
	makeTables(t, "sqlite:"+made)
	content, err := os.ReadFile(made)
	if err != nil {
		t.Fatal(err)
	}
	ledgertest.Run(t, func(t *testing.T) string {
		file := filepath.Join(t.TempDir(), "carillon.db")
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return "sqlite:" + file
	})
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t)
	made := server.Database(t)
	makeTables(t, made)
	fresh := func(t *testing.T) string { return server.Copy(t, made) }
	ledgertest.Run(t, fresh)
	t.Run("two at once", func(t *testing.T) { ledgertest.RunShared(t, fresh) })
}
