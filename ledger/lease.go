package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Lease takes or renews the lease of a name for a holder, and reports whether
// the holder has it. The time is the database's own, so the processes' clocks
// need not agree. A lease that is not renewed is free once its time is over.
//
// A holder that was stopped may believe in its lease for a while longer. What
// it does then must be harmless: the ledger's methods are compare-and-set.
func (l *Ledger) Lease(ctx context.Context, name, holder string, ttl time.Duration) (bool, error) {
	var fence int64
	err := l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		return t.QueryRowContext(ctx, t.l.sql(`
			INSERT INTO leases (name, holder, fence, until) VALUES ($1, $2, 1, CLOCK + $3)
			ON CONFLICT (name) DO UPDATE
			SET fence = leases.fence + CASE WHEN leases.holder = excluded.holder THEN 0 ELSE 1 END,
			    holder = excluded.holder, until = excluded.until
			WHERE leases.holder = excluded.holder OR leases.until < CLOCK
			RETURNING fence`), name, holder, ttl.Milliseconds()).Scan(&fence)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("ledger: lease %s: %w", name, err)
	}
	return true, nil
}

// Release gives a lease up, so that another process need not wait for its end.
func (l *Ledger) Release(ctx context.Context, name, holder string) error {
	return l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		_, err := t.ExecContext(ctx, `UPDATE leases SET until = 0 WHERE name = $1 AND holder = $2`, name, holder)
		if err != nil {
			return fmt.Errorf("ledger: release lease %s: %w", name, err)
		}
		return nil
	})
}

// dropLeases frees the leases of a process that died with the ledger to itself.
func (l *Ledger) dropLeases(ctx context.Context) error {
	return l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		if _, err := t.ExecContext(ctx, `DELETE FROM leases`); err != nil {
			return fmt.Errorf("ledger: drop leases: %w", err)
		}
		return nil
	})
}
