package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"carillon/campaign"
)

// A person may be erased under a user ID before anybody knows their number, or
// under a number before anybody knows their user ID. What is learnt of them later
// is erased with a delay, for to erase takes locks that receipts do not wait for;
// until then they are left alone.

// eraseLater notes a key that has turned out to be that of a person who was erased
// under another one, whose hash is given, and has them left alone until then.
func (t *tx) eraseLater(ctx context.Context, key, erased string, now time.Time) error {
	// A hash of before there were kin gets a name.
	var kin string
	err := t.QueryRowContext(ctx, `
		UPDATE forgotten SET kin = CASE WHEN kin = '' THEN hash ELSE kin END WHERE hash = $1 RETURNING kin`, erased).Scan(&kin)
	if errors.Is(err, sql.ErrNoRows) { // they may be written to again
		return nil
	}
	if err == nil {
		_, err = t.ExecContext(ctx, `INSERT INTO erasures (person, kin, at) VALUES ($1, $2, $3) ON CONFLICT (person) DO NOTHING`, key, kin, now.UnixMilli())
	}
	if err != nil {
		return fmt.Errorf("ledger: note who is to be erased: %w", err)
	}
	return t.suppress(ctx, [][]any{Suppression{Person: key, Scope: campaign.ScopeAll, Reason: reasonErased}.row(now)})
}

// ForgetLearnt erases what was learnt of people since they were erased, and
// returns how many keys that were.
func (l *Ledger) ForgetLearnt(ctx context.Context, now time.Time) (int, error) {
	keys, err := l.learntKeys(ctx)
	if err != nil {
		return 0, err
	}
	for i, key := range keys {
		if _, err := l.forget(ctx, key.person, key.kin, now, nil); err != nil {
			return i, err
		}
	}
	return len(keys), nil
}

type learntKey struct{ person, kin string }

func (l *Ledger) learntKeys(ctx context.Context) ([]learntKey, error) {
	rows, err := l.read.QueryContext(ctx, `SELECT person, kin FROM erasures ORDER BY person LIMIT 1000`)
	if err != nil {
		return nil, fmt.Errorf("ledger: who is to be erased: %w", err)
	}
	defer rows.Close()
	var keys []learntKey
	for rows.Next() {
		var key learntKey
		if err := rows.Scan(&key.person, &key.kin); err != nil {
			return nil, fmt.Errorf("ledger: who is to be erased: %w", err)
		}
		keys = append(keys, key)
	}
	return keys, rows.Err()
}

// allowErased has a person who was erased be written to again, under every key
// that was erased with the hash, and reports whether there was such a person.
func (t *tx) allowErased(ctx context.Context, hash string) (bool, error) {
	kin, err := t.kinOf(ctx, hash)
	if err != nil || len(kin) == 0 {
		return false, err
	}
	hashes := asJSON(nested(kin))
	learnt, err := t.learntOf(ctx, hashes)
	if err != nil {
		return false, err
	}
	for _, query := range []struct {
		text string
		args []any
	}{
		{`DELETE FROM suppressions WHERE scope = $2 AND person IN (SELECT value ->> 0 FROM EACH($1))`,
			[]any{asJSON(nested(learnt)), string(campaign.ScopeAll)}},
		{`DELETE FROM erasures WHERE kin IN (SELECT f.kin FROM forgotten f WHERE f.hash IN (SELECT value ->> 0 FROM EACH($1)))`, []any{hashes}},
		{`DELETE FROM forgotten WHERE hash IN (SELECT value ->> 0 FROM EACH($1))`, []any{hashes}},
		{`DELETE FROM suppressions WHERE person IN (SELECT value ->> 0 FROM EACH($1))`, []any{hashes}},
	} {
		if _, err := t.deletes(ctx, query.text, query.args...); err != nil {
			return false, err
		}
	}
	return true, nil
}

// learntOf are the keys that were learnt of a person who was erased, by the hashes,
// and have not been erased yet, with all others that belong to them.
func (t *tx) learntOf(ctx context.Context, hashes string) ([]string, error) {
	rows, err := t.QueryContext(ctx, t.l.sql(`
		SELECT DISTINCT e.person FROM erasures e JOIN forgotten f ON f.kin = e.kin WHERE f.hash IN (SELECT value ->> 0 FROM EACH($1))`), hashes)
	if err != nil {
		return nil, fmt.Errorf("ledger: what was learnt of who was erased: %w", err)
	}
	defer rows.Close()
	var learnt []string
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return nil, fmt.Errorf("ledger: what was learnt of who was erased: %w", err)
		}
		learnt = append(learnt, key)
	}
	if err := rows.Err(); err != nil || len(learnt) == 0 {
		return nil, err
	}
	return t.keysOf(ctx, learnt...)
}

// kinOf are the hashes of a person who was erased, by one of them; none for one
// who was not.
func (t *tx) kinOf(ctx context.Context, hash string) ([]string, error) {
	rows, err := t.QueryContext(ctx, `
		SELECT hash FROM forgotten WHERE hash = $1
		UNION SELECT f.hash FROM forgotten g JOIN forgotten f ON f.kin = g.kin AND f.kin <> '' WHERE g.hash = $1`, hash)
	if err != nil {
		return nil, fmt.Errorf("ledger: who was erased: %w", err)
	}
	defer rows.Close()
	var kin []string
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			return nil, fmt.Errorf("ledger: who was erased: %w", err)
		}
		kin = append(kin, one)
	}
	return kin, rows.Err()
}
