package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"time"

	"carillon/campaign"
)

// keysOf are all keys under which people are known, the given ones first.
func (t *tx) keysOf(ctx context.Context, people ...string) ([]string, error) {
	rows, err := t.QueryContext(ctx, t.l.sql(`
		SELECT a.person FROM EACH($1) AS v JOIN aliases a ON a.alias = v.value ->> 0
		UNION SELECT a.alias FROM EACH($1) AS v JOIN aliases a ON a.person = v.value ->> 0
		UNION SELECT b.alias FROM EACH($1) AS v JOIN aliases a ON a.alias = v.value ->> 0 JOIN aliases b ON b.person = a.person`),
		asJSON(nested(people)))
	if err != nil {
		return nil, fmt.Errorf("ledger: keys of a person: %w", err)
	}
	defer rows.Close()
	given := make(map[string]bool, len(people))
	for _, key := range people {
		given[key] = true
	}
	keys := slices.Clone(people)
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return nil, fmt.Errorf("ledger: keys of a person: %w", err)
		}
		if !given[key] {
			keys = append(keys, key)
		}
	}
	return keys, rows.Err()
}

// keyLocks is over how many rows the locks of keys are spread, so that people
// seldom wait for each other.
const keyLocks = 256

// lockKeys has the transaction go alone, until it ends, among those that link
// some keys and those that record opt-outs under them: each has to see what the
// other writes, or an opt-out would be missing under a key that is linked at the
// same time.
func (t *tx) lockKeys(ctx context.Context, keys ...string) error {
	names := make([]string, len(keys))
	for i, key := range keys {
		names[i] = fmt.Sprintf("keys %03d", crc32.ChecksumIEEE([]byte(key))%keyLocks)
	}
	slices.Sort(names) // one order for all
	_, err := t.ExecContext(ctx, t.l.sql(`
		INSERT INTO leases (name, holder, fence, until) SELECT value ->> 0, '', 1, CLOCK FROM EACH($1) WHERE true
		ON CONFLICT (name) DO UPDATE SET until = excluded.until`), asJSON(nested(slices.Compact(names))))
	if err != nil {
		return fmt.Errorf("ledger: lock the keys of people: %w", err)
	}
	return nil
}

// addAlias records another key of a recipient's person.
func (t *tx) addAlias(ctx context.Context, id campaign.RecipientID, alias string, now time.Time) error {
	person, err := t.personOf(ctx, id)
	if err != nil {
		return err
	}
	return t.linkKeys(ctx, person, alias, now)
}

// personOf is the key of a recipient's person.
func (t *tx) personOf(ctx context.Context, id campaign.RecipientID) (person string, err error) {
	err = t.QueryRowContext(ctx, `SELECT COALESCE(person, '') FROM recipients WHERE id = $1`, int64(id)).Scan(&person)
	if err != nil {
		return "", fmt.Errorf("ledger: person of row %d of campaign %s: %w", id.Row(), id.Campaign(), err)
	}
	return person, nil
}

// mostKeys is how many keys a person may have. Ours: some numbers are written in
// two or three ways, and some people move; a provider that tells the same key of
// many people is wrong, and a STOP of one of them must not be that of all.
const mostKeys = 8

// linkKeys records that two keys are one person's. What the person has opted
// out of under one of them holds for all that either is known by. An empty key,
// and one that stands for a person who was erased, are linked to nothing. Where
// one key is of a person who was erased, the other is left alone from now on.
func (t *tx) linkKeys(ctx context.Context, person, alias string, now time.Time) error {
	for _, key := range []string{person, alias} {
		if key == "" || strings.HasPrefix(key, erasedPrefix) {
			return nil
		}
	}
	if known, err := t.keysOf(ctx, person); err != nil || slices.Contains(known, alias) {
		return err
	}
	if erased, err := t.leaveAloneWithErased(ctx, person, alias, now); err != nil || erased {
		return err
	}
	if err := t.lockKeys(ctx, person, alias); err != nil {
		return err
	}
	ones, err := t.keysOf(ctx, person)
	if err != nil {
		return err
	}
	others, err := t.keysOf(ctx, alias)
	if err != nil || slices.Contains(ones, alias) || len(ones)+len(others) > mostKeys {
		return err
	}
	if err := t.lockKeys(ctx, append(ones, others...)...); err != nil {
		return err
	}
	chief, err := t.chiefKey(ctx, person)
	if err != nil {
		return err
	}
	other, err := t.chiefKey(ctx, alias)
	if err != nil {
		return err
	}
	for _, query := range []string{
		`UPDATE aliases SET person = $1 WHERE person = $2`,
		`INSERT INTO aliases (person, alias) VALUES ($1, $2)`,
	} {
		if _, err := t.ExecContext(ctx, query, chief, other); err != nil {
			return fmt.Errorf("ledger: alias: %w", err)
		}
	}
	return t.spreadOptOuts(ctx, chief)
}

// leaveAloneWithErased reports whether one of two keys is of a person who was
// erased, and has the other one left alone, too.
func (t *tx) leaveAloneWithErased(ctx context.Context, one, other string, now time.Time) (bool, error) {
	secret, err := t.l.secret(ctx)
	if err != nil {
		return false, err
	}
	erased, err := t.erasedAmong(ctx, secret, []string{one, other})
	if err != nil || len(erased) != 1 {
		return len(erased) > 0, err
	}
	left := one
	if erased[one] != "" {
		left = other
	}
	return true, t.suppress(ctx, [][]any{Suppression{Person: left, Scope: campaign.ScopeAll, Reason: reasonErased}.row(now)})
}

// chiefKey is the key of a person that all others are aliases of.
func (t *tx) chiefKey(ctx context.Context, key string) (chief string, err error) {
	err = t.QueryRowContext(ctx, `SELECT person FROM aliases WHERE alias = $1`, key).Scan(&chief)
	if errors.Is(err, sql.ErrNoRows) {
		return key, nil
	}
	if err != nil {
		return "", fmt.Errorf("ledger: alias: %w", err)
	}
	return chief, nil
}

// spreadOptOuts repeats the opt-outs of a person, which puts them under every
// key.
func (t *tx) spreadOptOuts(ctx context.Context, person string) error {
	keys, err := t.keysOf(ctx, person)
	if err != nil {
		return err
	}
	rows, err := t.QueryContext(ctx, t.l.sql(`
		SELECT person, scope, reason, created_at, source FROM suppressions
		WHERE person IN (SELECT value ->> 0 FROM EACH($1))`), asJSON(nested(keys)))
	if err != nil {
		return fmt.Errorf("ledger: opt-outs of an alias: %w", err)
	}
	list, err := scanSuppressions(rows)
	if err != nil {
		return err
	}
	for _, s := range list { // one by one: of two in one scope the weightier counts
		if err := t.suppress(ctx, [][]any{s.row(s.Since)}); err != nil {
			return err
		}
	}
	return nil
}
