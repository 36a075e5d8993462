package ledger

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"carillon/campaign"
)

// Suppression is a person's wish, or a reason of ours, not to be written to.
type Suppression struct {
	Person string
	Scope  campaign.SuppressionScope
	Reason string
	Since  time.Time
	Source Source
}

// Source is whose word a suppression is. The smaller it is the more it weighs:
// a larger one does not take it back.
type Source int8

const (
	// SourceOperator: an operator recorded it.
	SourceOperator Source = iota
	// SourcePerson: the person said so to us.
	SourcePerson
	// SourceProvider: the provider told of it.
	SourceProvider
	// SourceSilence: nobody's; several messages have reached nobody.
	SourceSilence
)

func (s Source) String() string {
	switch s {
	case SourceSilence:
		return "silence"
	case SourceProvider:
		return "provider"
	case SourcePerson:
		return "person"
	}
	return "operator"
}

// CampaignScope is the scope that forbids the messages of one campaign.
func CampaignScope(id campaign.ID) campaign.SuppressionScope {
	return campaign.SuppressionScope(fmt.Sprintf("campaign:%d", id))
}

// maxSuppressions is how many opt-outs are written in one transaction.
const maxSuppressions = 2000

// Suppress records opt-outs. No message of these persons is claimed once it
// has returned. A person who is known under several keys is suppressed under
// all. Repeating an opt-out keeps the first one's time, and its reason unless
// the new one has a weightier source; but of what a person or a provider says
// the last counts, for they may take it back.
func (l *Ledger) Suppress(ctx context.Context, list []Suppression, now time.Time) error {
	for len(list) > 0 {
		n := min(len(list), maxSuppressions)
		batch := make([][]any, n)
		for i, s := range list[:n] {
			batch[i] = s.row(now)
		}
		err := l.do(ctx, urgent, func(ctx context.Context, t *tx) error { return t.suppress(ctx, batch) })
		if err != nil {
			return err
		}
		list = list[n:]
	}
	return nil
}

func (s Suppression) row(now time.Time) []any {
	return []any{s.Person, string(s.Scope), s.Reason, now.UnixMilli(), int(s.Source)}
}

// suppressSQL follows each key to all others of its person.
const suppressSQL = `
	WITH RECURSIVE wishes (key, scope, reason, since, source) AS (
		SELECT v.value ->> 0, v.value ->> 1, v.value ->> 2, v.value ->> 3, v.value ->> 4 FROM EACH($1) AS v
		UNION
		SELECT CASE WHEN a.alias = w.key THEN a.person ELSE a.alias END, w.scope, w.reason, w.since, w.source
		FROM wishes w JOIN aliases a ON a.alias = w.key OR a.person = w.key)
	INSERT INTO suppressions (person, scope, reason, created_at, source)
	SELECT key, scope, MIN(reason), MIN(CAST(since AS BIGINT)), MIN(CAST(source AS SMALLINT))
	FROM wishes WHERE true GROUP BY key, scope ORDER BY key, scope
	ON CONFLICT (person, scope) DO UPDATE SET source = excluded.source, reason = excluded.reason,
		created_at = CASE WHEN excluded.source = 0 THEN suppressions.created_at ELSE excluded.created_at END
	WHERE suppressions.source > excluded.source
	   OR suppressions.source = excluded.source AND excluded.source > 0 AND suppressions.created_at < excluded.created_at`

func (t *tx) suppress(ctx context.Context, batch [][]any) error {
	if _, err := t.ExecContext(ctx, t.l.sql(suppressSQL), asJSON(batch)); err != nil {
		return fmt.Errorf("ledger: suppress: %w", err)
	}
	return nil
}

// suppressRecipient records an opt-out that a provider has told us of.
func (t *tx) suppressRecipient(ctx context.Context, id campaign.RecipientID, scope campaign.SuppressionScope, reason string, now time.Time) error {
	var person string
	if err := t.QueryRowContext(ctx, `SELECT person FROM recipients WHERE id = $1`, int64(id)).Scan(&person); err != nil {
		return fmt.Errorf("ledger: person of row %d of campaign %s: %w", id.Row(), id.Campaign(), err)
	}
	return t.suppress(ctx, [][]any{Suppression{Person: person, Scope: scope, Reason: reason, Source: SourceProvider}.row(now)})
}

// Unsuppress removes a person's opt-out of one scope, under all of their keys,
// and reports whether there was one. Of a person who was erased it removes the
// hash, too: they can be written to again.
func (l *Ledger) Unsuppress(ctx context.Context, person string, scope campaign.SuppressionScope) (bool, error) {
	secret, err := l.secret(ctx)
	if err != nil {
		return false, err
	}
	var removed int64
	err = l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		keys, err := t.keysOf(ctx, person)
		if err != nil {
			return err
		}
		hash := erasedKey(secret, person)
		done, err := t.ExecContext(ctx, t.l.sql(`
			DELETE FROM suppressions WHERE scope = $2 AND person IN (SELECT value ->> 0 FROM EACH($1))`),
			asJSON(nested(append(keys, hash))), string(scope))
		if err != nil {
			return fmt.Errorf("ledger: unsuppress: %w", err)
		}
		if removed, err = done.RowsAffected(); err != nil || scope != campaign.ScopeAll {
			return err
		}
		_, err = t.ExecContext(ctx, `DELETE FROM forgotten WHERE hash = $1`, hash)
		return err
	})
	return removed > 0, err
}

// Suppressions returns opt-outs in the order of their persons, at most limit,
// behind the given one (the zero value: from the start).
func (l *Ledger) Suppressions(ctx context.Context, after Suppression, limit int) ([]Suppression, error) {
	return scanSuppressions(ctx, l.read, `
		SELECT person, scope, reason, created_at, source FROM suppressions
		WHERE (person, scope) > ($1, $2) ORDER BY person, scope LIMIT $3`, after.Person, string(after.Scope), limit)
}

func scanSuppressions(ctx context.Context, from querier, query string, args ...any) ([]Suppression, error) {
	rows, err := from.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("ledger: suppressions: %w", err)
	}
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

// addAlias records another key of a recipient's person.
func (t *tx) addAlias(ctx context.Context, id campaign.RecipientID, alias string, now time.Time) error {
	var person string
	err := t.QueryRowContext(ctx, `SELECT COALESCE(person, '') FROM recipients WHERE id = $1`, int64(id)).Scan(&person)
	if err != nil {
		return fmt.Errorf("ledger: alias: %w", err)
	}
	if person == "" || person == alias || strings.HasPrefix(person, erasedPrefix) {
		return nil
	}
	return t.linkKeys(ctx, person, alias, now)
}

// linkKeys records that two keys are one person's. What the person has opted
// out of under one of them holds for both. A key of somebody who was erased is
// not recorded; the other one is left alone from now on.
func (t *tx) linkKeys(ctx context.Context, person, alias string, now time.Time) error {
	secret, err := t.l.secret(ctx)
	if err != nil {
		return err
	}
	erased, err := t.erasedAmong(ctx, secret, []string{person, alias})
	if err != nil || len(erased) == 2 {
		return err
	}
	if len(erased) == 1 {
		left := person
		if erased[person] != "" {
			left = alias
		}
		return t.suppress(ctx, [][]any{Suppression{Person: left, Scope: campaign.ScopeAll, Reason: reasonErased, Source: SourceOperator}.row(now)})
	}
	keys, err := t.keysOf(ctx, alias)
	if err != nil || slices.Contains(keys, person) {
		return err
	}
	// Where the alias has led to another key up to now, that one leads to the
	// person from now on.
	_, err = t.ExecContext(ctx, t.l.sql(`
		INSERT INTO aliases (alias, person) SELECT v.value ->> 0, $2 FROM EACH($1) AS v
		WHERE NOT EXISTS (SELECT 1 FROM aliases a WHERE a.alias = v.value ->> 0) ON CONFLICT (alias) DO NOTHING`), asJSON(nested(keys)), person)
	if err != nil {
		return fmt.Errorf("ledger: alias: %w", err)
	}
	return t.shareSuppressions(ctx, person)
}

// shareSuppressions has what holds for one key of a person hold for all.
func (t *tx) shareSuppressions(ctx context.Context, person string) error {
	keys, err := t.keysOf(ctx, person)
	if err != nil {
		return err
	}
	list, err := scanSuppressions(ctx, t, t.l.sql(`
		SELECT person, scope, reason, created_at, source FROM suppressions
		WHERE person IN (SELECT value ->> 0 FROM EACH($1)) ORDER BY source, created_at, person, scope`), asJSON(nested(keys)))
	if err != nil {
		return err
	}
	for _, s := range list {
		if err := t.suppress(ctx, [][]any{s.row(s.Since)}); err != nil {
			return err
		}
	}
	return nil
}
