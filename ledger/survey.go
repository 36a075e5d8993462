package ledger

import (
	"context"
	"database/sql"
	"fmt"

	"carillon/ledger/database"
)

// Survey is what a ledger is like.
type Survey = database.Survey

// Look finds out what the ledger that url names is like, without a change to it: it
// makes and migrates no tables, and what it writes to see whether that is possible it
// takes back. A file that a server has open is only read.
func Look(ctx context.Context, url string) (Survey, error) {
	return database.Look(ctx, url, migrations, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO leases (name, holder, fence, until) VALUES ('look', '', 1, 0)`)
		if err != nil {
			return fmt.Errorf("ledger: try to write: %w", err)
		}
		return nil
	})
}
