package ledger

import (
	"context"
	"database/sql"

	"carillon/ledger/database"
)

// execBatch runs what is written with BATCH for all rows.
func (t *tx) execBatch(ctx context.Context, written string, rows *database.Rows) error {
	for text, args := range t.l.db.Batches(written, rows) {
		if _, err := t.ExecContext(ctx, text, args...); err != nil {
			return err
		}
	}
	return nil
}

// queryBatch does the same with a query, and hands every row of its result to scan.
func (t *tx) queryBatch(ctx context.Context, written string, rows *database.Rows, scan func(*sql.Rows) error) error {
	for text, args := range t.l.db.Batches(written, rows) {
		if err := t.queryEach(ctx, scan, text, args...); err != nil {
			return err
		}
	}
	return nil
}

// queryEach hands every row of a query's result to scan.
func (t *tx) queryEach(ctx context.Context, scan func(*sql.Rows) error, text string, args ...any) error {
	rows, err := t.QueryContext(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
