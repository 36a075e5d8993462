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
	listed := make(map[string]bool, len(people))
	for _, key := range people {
		listed[key] = true
	}
	keys := slices.Clone(people)
	err := t.eachKey(ctx, people, func(_, key string) {
		if !listed[key] {
			listed[key] = true
			keys = append(keys, key)
		}
	})
	return keys, err
}

// eachKey goes through the keys under which each of some people is known. The given
// key may be among them.
func (t *tx) eachKey(ctx context.Context, people []string, do func(given, key string)) error {
	rows, err := t.QueryContext(ctx, t.l.sql(`
		SELECT v.value ->> 0, a.person FROM EACH($1) AS v JOIN aliases a ON a.alias = v.value ->> 0
		UNION SELECT v.value ->> 0, a.alias FROM EACH($1) AS v JOIN aliases a ON a.person = v.value ->> 0
		UNION SELECT v.value ->> 0, b.alias FROM EACH($1) AS v JOIN aliases a ON a.alias = v.value ->> 0 JOIN aliases b ON b.person = a.person`),
		asJSON(nested(people)))
	if err != nil {
		return fmt.Errorf("ledger: keys of people: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var given, key string
		if err := rows.Scan(&given, &key); err != nil {
			return fmt.Errorf("ledger: keys of people: %w", err)
		}
		do(given, key)
	}
	return rows.Err()
}

// keyLocks is over how many rows the locks of keys are spread, so that people
// seldom wait for each other.
const keyLocks = 256

// lockKeys has the transaction go alone, until it ends, among those that link
// some keys and those that record opt-outs under them: each has to see what the
// other writes, or an opt-out would be missing under a key that is linked at the
// same time.
func (t *tx) lockKeys(ctx context.Context, keys ...string) error {
	if !t.l.Shared() { // nobody else writes
		return nil
	}
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

// personOf is the key of a recipient's person.
func (t *tx) personOf(ctx context.Context, id campaign.RecipientID) (person string, err error) {
	err = t.QueryRowContext(ctx, `SELECT COALESCE(person, '') FROM recipients WHERE id = $1`, int64(id)).Scan(&person)
	if err != nil {
		return "", fmt.Errorf("ledger: person of row %d of campaign %s: %w", id.Row(), id.Campaign(), err)
	}
	return person, nil
}

// mostNumbers and mostUserIDs are how many keys a person may have. Ours: some
// numbers are written in two or three ways, some people move, and each number has a
// user ID in every business portfolio that writes to it. A provider that tells the
// same key of many people is wrong, and a STOP of one of them must not be that of
// all.
const (
	mostNumbers = 8
	mostUserIDs = 100
)

// tooMany reports whether keys can hardly be those of one person.
func tooMany(keys []string) bool {
	numbers := 0
	for _, key := range keys {
		if campaign.IsNumber(key) {
			numbers++
		}
	}
	return numbers > mostNumbers || len(keys)-numbers > mostUserIDs
}

// linkKeys records that two keys are one person's. What the person has said
// under one of them holds for all that either is known by, and ends what was to be
// sent against it. An empty key, and one that stands for a person who was erased,
// are linked to nothing. Where one key is of a person who was erased, the other is
// left alone from now on.
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
	if err := t.lockUnwanted(ctx, person, alias); err != nil {
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
	if err != nil || slices.Contains(ones, alias) {
		return err
	}
	all := append(ones, others...)
	if tooMany(all) {
		return nil
	}
	if err := t.lockKeys(ctx, all...); err != nil {
		return err
	}
	if err := t.join(ctx, person, alias); err != nil {
		return err
	}
	return t.shareOptOuts(ctx, all, now)
}

// lockUnwanted locks what may be on its way to a person of two keys, where they
// have opted out: what links the keys ends it. Messages are locked
// before keys, as everywhere.
func (t *tx) lockUnwanted(ctx context.Context, person, alias string) error {
	keys, err := t.keysOf(ctx, person, alias)
	if err != nil {
		return err
	}
	var some bool
	err = t.QueryRowContext(ctx, t.l.sql(`SELECT EXISTS (
		SELECT 1 FROM suppressions WHERE person IN (SELECT value ->> 0 FROM EACH($1)))`), asJSON(nested(keys))).Scan(&some)
	if err != nil || !some {
		return err
	}
	rows, err := t.openRows(ctx, keys)
	if err != nil {
		return err
	}
	_, err = t.unsent(ctx, rows)
	return err
}

// join makes all keys of two people those of one.
func (t *tx) join(ctx context.Context, person, alias string) error {
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
	return nil
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
	left, gone := one, other
	if erased[one] != "" {
		left, gone = other, one
	}
	if !campaign.IsNumber(left) || !campaign.IsNumber(gone) {
		return true, t.eraseLater(ctx, left, erased[gone], now)
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

// shareOptOuts puts the opt-outs of a person under each of their keys, now that
// these are known to be one person's. What they took back under one key does not
// hold under another.
func (t *tx) shareOptOuts(ctx context.Context, keys []string, now time.Time) error {
	if err := t.shareStarts(ctx, keys); err != nil {
		return err
	}
	list, err := t.suppressionsOf(ctx, keys)
	if err != nil {
		return err
	}
	for _, s := range list { // one by one: of two in one scope the weightier counts
		if err := t.suppress(ctx, [][]any{s.row(s.Since)}); err != nil {
			return err
		}
	}
	if len(list) == 0 {
		return nil
	}
	return t.skipSuppressed(ctx, keys, now)
}

// shareStarts has the times of opt-ins count for all keys of
// a person, and takes back opt-outs made before under another one.
func (t *tx) shareStarts(ctx context.Context, keys []string) error {
	all := asJSON(nested(keys))
	for _, query := range []string{`
		INSERT INTO starts (person, scope, source, at)
		SELECT k.value ->> 0, s.scope, s.source, MAX(s.at)
		FROM EACH($1) AS k CROSS JOIN starts s
		WHERE s.person IN (SELECT value ->> 0 FROM EACH($1))
		GROUP BY k.value ->> 0, s.scope, s.source
		ON CONFLICT (person, scope, source) DO UPDATE SET at = excluded.at WHERE starts.at < excluded.at`, `
		DELETE FROM suppressions
		WHERE person IN (SELECT value ->> 0 FROM EACH($1)) AND EXISTS (
			SELECT 1 FROM starts s
			WHERE s.person = suppressions.person AND s.scope IN ('', suppressions.scope) AND s.source <= suppressions.source
			  AND s.at > suppressions.created_at)`,
	} {
		if _, err := t.ExecContext(ctx, t.l.sql(query), all); err != nil {
			return fmt.Errorf("ledger: opt-outs that an alias took back: %w", err)
		}
	}
	return nil
}

// suppressionsOf are the opt-outs under some keys.
func (t *tx) suppressionsOf(ctx context.Context, keys []string) ([]Suppression, error) {
	rows, err := t.QueryContext(ctx, t.l.sql(`
		SELECT person, scope, reason, created_at, source FROM suppressions
		WHERE person IN (SELECT value ->> 0 FROM EACH($1))`), asJSON(nested(keys)))
	if err != nil {
		return nil, fmt.Errorf("ledger: opt-outs of an alias: %w", err)
	}
	return scanSuppressions(rows)
}
