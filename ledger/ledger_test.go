package ledger_test

import (
	"path/filepath"
	"testing"

	"carillon/internal/postgrestest"
	"carillon/ledger/ledgertest"
)

func TestSQLite(t *testing.T) {
	ledgertest.Run(t, func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "carillon.db") })
}

func TestPostgres(t *testing.T) {
	server := postgrestest.Start(t)
	fresh := func(t *testing.T) string { return server.Database(t) }
	ledgertest.Run(t, fresh)
	t.Run("two at once", func(t *testing.T) { ledgertest.RunShared(t, fresh) })
}
