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
		if _, err := l.forget(ctx, key.person, key.kin, now); err != nil {
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
	for _, query := range []string{
		`DELETE FROM suppressions WHERE reason = '` + reasonErased + `' AND person IN (
			SELECT e.person FROM erasures e JOIN forgotten f ON f.kin = e.kin WHERE f.hash IN (SELECT value ->> 0 FROM EACH($1)))`,
		`DELETE FROM erasures WHERE kin IN (SELECT f.kin FROM forgotten f WHERE f.hash IN (SELECT value ->> 0 FROM EACH($1)))`,
		`DELETE FROM forgotten WHERE hash IN (SELECT value ->> 0 FROM EACH($1))`,
		`DELETE FROM suppressions WHERE person IN (SELECT value ->> 0 FROM EACH($1))`,
	} {
		if _, err := t.deletes(ctx, query, hashes); err != nil {
			return false, err
		}
	}
	return true, nil
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
