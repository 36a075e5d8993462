package ledger

import (
	"context"
	"fmt"
)

// leaveRemnants notes that the database's files may still hold secrets which
// were just overwritten or deleted. The note goes when Scrub has seen to it, so a
// process that dies in between leaves it to the next one.
func (t *tx) leaveRemnants(ctx context.Context) error {
	_, err := t.ExecContext(ctx, `INSERT INTO secrets (name, value) VALUES ('remnants', '') ON CONFLICT (name) DO NOTHING`)
	if err != nil {
		return fmt.Errorf("ledger: note what is left of secrets: %w", err)
	}
	return nil
}

// Scrub has the database forget secrets that it has overwritten or deleted: both
// engines leave them in their files until they need the room. It does nothing
// where there are none. A SQLite file that takes more than a moment is rewritten
// only if the caller is patient. The error says what to do.
func (l *Ledger) Scrub(ctx context.Context, patient bool) error {
	var owed int
	if err := l.read.QueryRowContext(ctx, `SELECT COUNT(*) FROM secrets WHERE name = 'remnants'`).Scan(&owed); err != nil || owed == 0 {
		return err
	}
	if err := l.db.Rewrite(ctx, "schedules", patient); err != nil { // the one table that held any
		return err
	}
	return l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		_, err := t.ExecContext(ctx, `DELETE FROM secrets WHERE name = 'remnants'`)
		return err
	})
}
