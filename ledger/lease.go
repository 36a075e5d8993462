package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// ErrDeposed is returned for work that is bound to a term which is over.
var ErrDeposed = errors.New("another process has taken over the lease")

// Term is one holder's time with a lease. The next holder has another one, and
// so has the same holder when it let the lease run out in between.
type Term struct {
	Lease string
	Fence int64 // grows with each term, from 1
}

// Lease takes or renews the lease of a name for a holder, and reports whether
// the holder has it. The time is the database's own, so the processes' clocks
// need not agree. A lease that is not renewed is free once its time is over.
//
// A holder that was stopped may believe in its lease for a while longer. Fenced
// keeps its transactions out, and what one of them had begun before is harmless:
// the ledger's methods are compare-and-set.
func (l *Ledger) Lease(ctx context.Context, name, holder string, ttl time.Duration) (Term, bool, error) {
	term := Term{Lease: name}
	err := l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		return t.QueryRowContext(ctx, t.l.sql(`
			INSERT INTO leases (name, holder, fence, until) VALUES ($1, $2, 1, CLOCK + $3)
			ON CONFLICT (name) DO UPDATE
			SET fence = leases.fence + CASE WHEN leases.holder = excluded.holder AND leases.until >= CLOCK THEN 0 ELSE 1 END,
			    holder = excluded.holder, until = excluded.until
			WHERE leases.holder = excluded.holder OR leases.until < CLOCK
			RETURNING fence`), name, holder, ttl.Milliseconds()).Scan(&term.Fence)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return Term{}, false, nil
	}
	if err != nil {
		return Term{}, false, fmt.Errorf("ledger: lease %s: %w", name, err)
	}
	return term, true, nil
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
		if _, err := t.ExecContext(ctx, `UPDATE leases SET until = 0`); err != nil {
			return fmt.Errorf("ledger: drop leases: %w", err)
		}
		if _, err := t.ExecContext(ctx, `UPDATE media_uploads SET lease = 0`); err != nil {
			return fmt.Errorf("ledger: drop leases of uploads: %w", err)
		}
		return nil
	})
}

type fencedKey struct{}

// Fenced binds what is done under the context to a term: every transaction of
// its own that a method runs fails with ErrDeposed once the lease has a later
// term. Claims, settlements and receipts, which share theirs, are not bound.
func Fenced(ctx context.Context, term Term) context.Context {
	return context.WithValue(ctx, fencedKey{}, term)
}

// fenced looks at the lease before it runs f. It takes no lock: a holder that is
// stopped in the middle would keep the next one out with it.
func fenced(term Term, f func(context.Context, *tx) error) func(context.Context, *tx) error {
	return func(ctx context.Context, t *tx) error {
		var fence int64
		err := t.QueryRowContext(ctx, `SELECT fence FROM leases WHERE name = $1`, term.Lease).Scan(&fence)
		if err != nil {
			return fmt.Errorf("ledger: lease %s: %w", term.Lease, err)
		}
		if fence != term.Fence {
			return fmt.Errorf("ledger: lease %s: %w", term.Lease, ErrDeposed)
		}
		return f(ctx, t)
	}
}
