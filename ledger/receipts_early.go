package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// crossing is how long a receipt may be on record before the attempt that it
// crossed with is.
const crossing = 2 * time.Minute

// earlyReceipt is one that is kept until its attempt is known.
type earlyReceipt struct {
	id      int64
	receipt Receipt
}

// keepEarly stores receipts whose attempt is not known. The key of the recipient
// stands beside it, for an attempt may become known by that, and so that the
// receipt goes when the person is erased.
func (t *tx) keepEarly(ctx context.Context, early []Receipt, now time.Time) error {
	for _, r := range early {
		if r.ProviderID == "" {
			continue // nothing could ever match it
		}
		var person any
		if len(r.Keys) > 0 {
			erased, err := t.wasErased(ctx, r.Keys[0])
			if err != nil {
				return err
			}
			if !erased {
				person = r.Keys[0]
			}
		}
		r.Keys = nil // learn links them
		_, err := t.ExecContext(ctx,
			`INSERT INTO early_receipts (provider_id, receipt, received_at, person) VALUES ($1, $2, $3, $4)`,
			r.ProviderID, asJSON(r), now.UnixMilli(), person)
		if err != nil {
			return fmt.Errorf("ledger: keep early receipt: %w", err)
		}
	}
	return nil
}

// matchEarly applies the receipts that have been waiting for provider's ids that
// are known now.
func (t *tx) matchEarly(ctx context.Context, providerIDs []string, now time.Time) error {
	if len(providerIDs) == 0 {
		return nil
	}
	early, err := t.earlyReceipts(ctx, `
		SELECT id, receipt, COALESCE(person, '') FROM early_receipts
		WHERE provider_id IN (SELECT value ->> 0 FROM EACH($1)) ORDER BY id`, asJSON(nested(providerIDs)))
	if err != nil {
		return err
	}
	_, err = t.applyEarly(ctx, early, now)
	return err
}

// MatchEarly applies the receipts of the last minutes whose attempt has become
// known, and returns how many there were. Almost all are applied when their
// attempt is settled; these crossed with it.
func (l *Ledger) MatchEarly(ctx context.Context, now time.Time) (int, error) {
	since := now.Add(-crossing).UnixMilli()
	var waiting bool
	err := l.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM early_receipts WHERE received_at >= $1)`, since).Scan(&waiting)
	if err != nil || !waiting {
		return 0, err
	}
	const most = 1000
	matched, last := 0, int64(0)
	for more := true; more; {
		err := l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
			if err := t.holdOffErasing(ctx); err != nil {
				return err
			}
			early, err := t.earlyReceipts(ctx, `
				SELECT DISTINCT e.id, e.receipt, COALESCE(e.person, '') FROM early_receipts e CROSS JOIN attempts a
				WHERE e.id > $1 AND e.received_at >= $2 AND a.provider_id = e.provider_id ORDER BY e.id LIMIT $3`, last, since, most)
			if err != nil {
				return err
			}
			n, err := t.applyEarly(ctx, early, now)
			if err != nil {
				return err
			}
			matched += n
			if more = len(early) == most; more {
				last = early[most-1].id
			}
			return t.learn(ctx, now)
		})
		if err != nil {
			return matched, err
		}
	}
	return matched, nil
}

// applyEarly takes out those of some kept receipts that find their attempt now,
// and applies them. Those that only seem to, being of another app, stay.
func (t *tx) applyEarly(ctx context.Context, early []earlyReceipt, now time.Time) (int, error) {
	receipts := make([]Receipt, len(early))
	for i, e := range early {
		receipts[i] = e.receipt
	}
	found, names, err := t.findAttempts(ctx, receipts)
	if err != nil {
		return 0, err
	}
	if err := t.matchRecipients(ctx, receipts, found, &names); err != nil || len(found) == 0 {
		return 0, err
	}
	ids := make([]int64, 0, len(found))
	for i := range found {
		ids = append(ids, early[i].id)
	}
	taken, err := t.takeEarly(ctx, ids)
	if err != nil {
		return 0, err
	}
	var ready []Receipt
	for _, e := range early {
		if taken[e.id] {
			ready = append(ready, e.receipt)
		}
	}
	_, err = t.receive(ctx, ready, now)
	return len(ready), err
}

func (t *tx) earlyReceipts(ctx context.Context, query string, args ...any) ([]earlyReceipt, error) {
	rows, err := t.QueryContext(ctx, t.l.sql(query), args...)
	if err != nil {
		return nil, fmt.Errorf("ledger: early receipts: %w", err)
	}
	defer rows.Close()
	var list []earlyReceipt
	for rows.Next() {
		var e earlyReceipt
		var text []byte
		var person string
		if err := rows.Scan(&e.id, &text, &person); err != nil {
			return nil, fmt.Errorf("ledger: early receipts: %w", err)
		}
		if err := json.Unmarshal(text, &e.receipt); err != nil {
			return nil, fmt.Errorf("ledger: early receipt: %w", err)
		}
		if person != "" {
			e.receipt.Keys = []string{person}
		}
		e.receipt.unscoped = e.receipt.Peers == nil // it was kept before apps were told apart
		list = append(list, e)
	}
	return list, rows.Err()
}

// takeEarly removes kept receipts, and tells which of them nobody else has removed
// before.
func (t *tx) takeEarly(ctx context.Context, ids []int64) (map[int64]bool, error) {
	rows, err := t.QueryContext(ctx, t.l.sql(`
		DELETE FROM early_receipts WHERE id IN (SELECT CAST(value AS BIGINT) FROM EACH($1)) RETURNING id`), asJSON(ids))
	if err != nil {
		return nil, fmt.Errorf("ledger: take early receipts: %w", err)
	}
	defer rows.Close()
	taken := make(map[int64]bool, len(ids))
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("ledger: take early receipts: %w", err)
		}
		taken[id] = true
	}
	return taken, rows.Err()
}
