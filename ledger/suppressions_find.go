package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Suppressions returns opt-outs in the order of their persons, at most limit,
// behind the given one (the zero value: from the start).
func (l *Ledger) Suppressions(ctx context.Context, after Suppression, limit int) ([]Suppression, error) {
	found, _, err := l.FindSuppressions(ctx, SuppressionQuery{After: after, Limit: limit})
	return found, err
}

// SuppressionQuery says which opt-outs are wanted.
type SuppressionQuery struct {
	// Search keeps only those with this text in the person's key; empty keeps all.
	Search string
	// Person is a key. If there are opt-outs under it, these are all that is wanted,
	// whatever Search says. Empty for nobody.
	Person string
	// After is the opt-out behind which the page starts, the zero value for the first
	// page.
	After Suppression
	// Limit bounds the page.
	Limit int
}

// FindSuppressions returns a page of opt-outs in the order of their persons, and the
// one behind which to go on; nobody's where there is nothing left. It looks at a part
// of many at most, and may have found few or none where more follow.
func (l *Ledger) FindSuppressions(ctx context.Context, q SuppressionQuery) (found []Suppression, next Suppression, err error) {
	where, args := `(person, scope) > ($1, $2)`, []any{q.After.Person, string(q.After.Scope), q.Limit + 1}
	condition := func(format string, values ...any) {
		where += fmt.Sprintf(format, len(args)+1, len(args)+2)
		args = append(args, values...)
	}
	known, err := l.suppressed(ctx, q.Person)
	if err != nil {
		return nil, next, err
	}
	switch {
	case known:
		condition(` AND person = $%[1]d`, q.Person)
	case q.Search != "":
		if next, err = l.suppressionBehind(ctx, q.After); err != nil {
			return nil, next, err
		}
		if next.Person != "" {
			condition(` AND (person, scope) <= ($%d, $%d)`, next.Person, string(next.Scope))
		}
		condition(` AND `+textOf("person", q.Search)+` LIKE $%[1]d ESCAPE '\'`, containing(q.Search))
	}
	rows, err := l.read.QueryContext(ctx, `
		SELECT person, scope, reason, created_at, source FROM suppressions WHERE `+where+` ORDER BY person, scope LIMIT $3`, args...)
	if err != nil {
		return nil, next, fmt.Errorf("ledger: suppressions: %w", err)
	}
	if found, err = scanSuppressions(rows); err != nil {
		return nil, next, err
	}
	if len(found) > q.Limit {
		found, next = found[:q.Limit], found[q.Limit-1]
	}
	return found, next, nil
}

// suppressed reports whether there is an opt-out under a person's key.
func (l *Ledger) suppressed(ctx context.Context, person string) (known bool, err error) {
	if person == "" {
		return false, nil
	}
	if err = l.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM suppressions WHERE person = $1)`, person).Scan(&known); err != nil {
		return false, fmt.Errorf("ledger: suppressions: %w", err)
	}
	return known, nil
}

// suppressionBehind is the last opt-out that a search looks at for a page, nobody's
// where it looks at all.
func (l *Ledger) suppressionBehind(ctx context.Context, after Suppression) (last Suppression, err error) {
	err = l.read.QueryRowContext(ctx, `
		SELECT person, scope FROM suppressions WHERE (person, scope) > ($1, $2) ORDER BY person, scope LIMIT 1 OFFSET $3`,
		after.Person, string(after.Scope), mostSuppressions-1).Scan(&last.Person, &last.Scope)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return last, fmt.Errorf("ledger: suppressions: %w", err)
	}
	return last, nil
}

func scanSuppressions(rows *sql.Rows) ([]Suppression, error) {
	defer rows.Close()
	var list []Suppression
	for rows.Next() {
		var s Suppression
		var since int64
		if err := rows.Scan(&s.Person, &s.Scope, &s.Reason, &since, &s.Source); err != nil {
			return nil, fmt.Errorf("ledger: suppressions: %w", err)
		}
		s.Since = time.UnixMilli(since).UTC()
		list = append(list, s)
	}
	return list, rows.Err()
}
