package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// reachedFor is how long a person counts for a portfolio's daily limit after
// the last message. Source: Meta, messaging limits page (a moving 24 hours).
const reachedFor = 24 * time.Hour

// Reach is how much of its daily limit a portfolio has used.
type Reach struct {
	// People is how many different persons were written to within a day.
	People int
	// Frees is when the first of them counts no more; zero where there is none.
	Frees time.Time
}

// Reached returns what a portfolio has used of its daily limit.
func (l *Ledger) Reached(ctx context.Context, portfolio string, now time.Time) (Reach, error) {
	var r Reach
	var oldest sql.NullInt64
	err := l.read.QueryRowContext(ctx, `SELECT COUNT(*), MIN(at) FROM reached WHERE portfolio = $1 AND at > $2`,
		portfolio, now.Add(-reachedFor).UnixMilli()).Scan(&r.People, &oldest)
	if err != nil {
		return r, fmt.Errorf("ledger: reach of portfolio %s: %w", portfolio, err)
	}
	if oldest.Valid {
		r.Frees = moment(oldest).Add(reachedFor)
	}
	return r, nil
}

// ReachedFrees returns when the n-th of the persons who count for a portfolio, from 1,
// counts no more. The zero time means that there are not so many.
func (l *Ledger) ReachedFrees(ctx context.Context, portfolio string, n int64, now time.Time) (time.Time, error) {
	var at int64
	err := l.read.QueryRowContext(ctx, `SELECT at FROM reached WHERE portfolio = $1 AND at > $2 ORDER BY at LIMIT 1 OFFSET $3`,
		portfolio, now.Add(-reachedFor).UnixMilli(), n-1).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("ledger: when portfolio %s has room: %w", portfolio, err)
	}
	return time.UnixMilli(at).Add(reachedFor), nil
}

// ReachedAmong returns which of some persons count for a portfolio already, so
// that another message to them takes nothing more of its limit.
func (l *Ledger) ReachedAmong(ctx context.Context, portfolio string, persons []string, now time.Time) (map[string]bool, error) {
	rows, err := l.read.QueryContext(ctx, l.sql(`
		SELECT person FROM reached
		WHERE portfolio = $1 AND at > $2 AND person IN (SELECT value ->> 0 FROM EACH($3))`),
		portfolio, now.Add(-reachedFor).UnixMilli(), asJSON(nested(persons)))
	if err != nil {
		return nil, fmt.Errorf("ledger: who was reached by portfolio %s: %w", portfolio, err)
	}
	defer rows.Close()
	found := map[string]bool{}
	for rows.Next() {
		var person string
		if err := rows.Scan(&person); err != nil {
			return nil, fmt.Errorf("ledger: who was reached: %w", err)
		}
		found[person] = true
	}
	return found, rows.Err()
}

// reach notes the persons of granted claims.
func (t *tx) reach(ctx context.Context, claims []*claim) error {
	type key struct{ portfolio, person string }
	last := map[key]int64{}
	for _, c := range claims {
		if c.sender.Portfolio != "" && c.claimed != nil {
			k := key{c.sender.Portfolio, c.claimed.Person}
			last[k] = max(last[k], c.now.UnixMilli())
		}
	}
	if len(last) == 0 {
		return nil
	}
	// One order for all, or two transactions would wait for each other.
	keys := slices.SortedFunc(maps.Keys(last), func(a, b key) int {
		return cmp.Or(strings.Compare(a.portfolio, b.portfolio), strings.Compare(a.person, b.person))
	})
	batch := make([][]any, len(keys))
	for i, k := range keys {
		batch[i] = []any{k.portfolio, k.person, last[k]}
	}
	_, err := t.ExecContext(ctx, t.l.sql(`
		INSERT INTO reached (portfolio, person, at)
		SELECT value ->> 0, value ->> 1, CAST(value ->> 2 AS BIGINT) FROM EACH($1) WHERE true
		ON CONFLICT (portfolio, person) DO UPDATE SET at = excluded.at WHERE reached.at < excluded.at`), asJSON(batch))
	if err != nil {
		return fmt.Errorf("ledger: note who was reached: %w", err)
	}
	return nil
}
