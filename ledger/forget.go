package ledger

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"carillon/campaign"
)

// Erased is what Forget has removed.
type Erased struct {
	// Rows is how many rows of lists held the person.
	Rows int
	// Skipped is how many messages to them will not be sent.
	Skipped int
}

const (
	// erasedPhone stands in a list in the place of a number.
	erasedPhone = "forgotten"
	// erasedPrefix begins the key of a person who was erased; a hash follows.
	erasedPrefix = "forgotten:"
	reasonErased = "the person was erased"
)

// erasedSQL is true for attempts whose recipient was erased. The provider's id
// of such a one is not kept: it may tell of the number.
const erasedSQL = `EXISTS (
	SELECT 1 FROM recipients r WHERE r.id = (attempts.message_id >> 4) AND r.phone = '` + erasedPhone + `')`

// Forget erases a person: their number, their cells and their answers in every
// list, other keys of theirs, opt-outs. What stays are the messages with their
// times, so that all counts are right, and a hash under which nothing is sent
// to the person again. Forgetting twice changes nothing; where it failed half
// way nothing is sent to the person any more, and it has to be repeated.
//
// It does not reach backups, nor what the database has freed and not yet
// overwritten; and receipts of which nobody knows yet whose they are go when
// they are a week old.
func (l *Ledger) Forget(ctx context.Context, person string, now time.Time) (Erased, error) {
	return l.forget(ctx, person, "", now)
}

// forget erases a person as one of a kin, or of one of their own where that is
// empty.
func (l *Ledger) forget(ctx context.Context, person, kin string, now time.Time) (Erased, error) {
	secret, err := l.secret(ctx)
	if err != nil {
		return Erased{}, err
	}
	if kin == "" {
		kin = erasedKey(secret, person)
	}
	keys, err := l.announceErasure(ctx, secret, person, kin, now)
	if err != nil {
		return Erased{}, err
	}
	others, err := l.rejectedRows(ctx, keys)
	if err != nil {
		return Erased{}, err
	}
	var done Erased
	err = l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		if err := t.waitForOthers(ctx); err != nil {
			return err
		}
		if err := t.waitForImports(ctx); err != nil {
			return err
		}
		keys, err := t.keysOf(ctx, person)
		if err != nil {
			return err
		}
		e := eraser{tx: t, keys: keys, hashes: hashesOf(secret, keys), kin: kin, now: now}
		rows, err := t.rowsOf(ctx, keys)
		if err != nil {
			return err
		}
		done = Erased{Rows: len(rows) + len(others)}
		if done.Skipped, err = e.skip(ctx, rows); err != nil {
			return err
		}
		if err := t.flushMessages(ctx); err != nil {
			return err
		}
		return e.erase(ctx, rows, others)
	})
	return done, err
}

// announceErasure has lists that come in from now on leave a person out, and
// nothing be sent to them. It is committed before their rows are looked for: an
// import that has not seen it is one that those who look wait for.
func (l *Ledger) announceErasure(ctx context.Context, secret []byte, person, kin string, now time.Time) (keys []string, err error) {
	err = l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		if err := t.waitForOthers(ctx); err != nil { // one may be erasing another key of theirs
			return err
		}
		if keys, err = t.keysOf(ctx, person); err != nil {
			return err
		}
		if err := t.keepHashes(ctx, hashesOf(secret, keys), kin, now); err != nil {
			return err
		}
		return t.suppress(ctx, [][]any{Suppression{Person: person, Scope: campaign.ScopeAll, Reason: reasonErased}.row(now)})
	})
	return keys, err
}

// holdOffErasing has whoever is about to erase somebody wait for the transaction,
// which looks up who was erased and may then write keys of others down. It comes
// before the locks of messages, as it does where somebody is erased.
func (t *tx) holdOffErasing(ctx context.Context) error {
	if t.holdsOff {
		return nil
	}
	t.holdsOff = true
	if _, err := t.ExecContext(ctx, t.l.sql(`SELECT value FROM secrets WHERE name = 'forget' SHARED`)); err != nil {
		return fmt.Errorf("ledger: hold off erasing: %w", err)
	}
	return nil
}

// waitForOthers waits for the transactions that hold it off, and has those that
// follow wait.
func (t *tx) waitForOthers(ctx context.Context) error {
	if _, err := t.ExecContext(ctx, t.l.sql(`SELECT value FROM secrets WHERE name = 'forget' LOCKED`)); err != nil {
		return fmt.Errorf("ledger: wait to erase: %w", err)
	}
	return nil
}

// hashesOf pairs keys with what takes the place of each.
func hashesOf(secret []byte, keys []string) [][2]string {
	pairs := make([][2]string, len(keys))
	for i, key := range keys {
		pairs[i] = [2]string{key, erasedKey(secret, key)}
	}
	return pairs
}

// keepHashes notes who was erased. kin names all keys of the person, also those
// that are yet to be learnt.
func (t *tx) keepHashes(ctx context.Context, hashes [][2]string, kin string, now time.Time) error {
	_, err := t.ExecContext(ctx, t.l.sql(`
		INSERT INTO forgotten (hash, at, kin)
		SELECT value ->> 1, CAST($2 AS BIGINT), CAST($3 AS TEXT) FROM EACH($1) WHERE true ON CONFLICT (hash) DO NOTHING`),
		asJSON(hashes), now.UnixMilli(), kin)
	if err != nil {
		return fmt.Errorf("ledger: note who was erased: %w", err)
	}
	return nil
}

// waitForImports waits until the batches that are being imported are in, and
// has those that follow wait: they look up who was erased.
func (t *tx) waitForImports(ctx context.Context) error {
	rows, err := t.QueryContext(ctx, t.l.sql(`SELECT id FROM campaigns WHERE state = 'importing' ORDER BY id LOCKED`))
	if err != nil {
		return fmt.Errorf("ledger: wait for imports: %w", err)
	}
	defer rows.Close()
	for rows.Next() { // each is locked by being read
	}
	return rows.Err()
}

// rowsOf are the rows of a person in all lists.
func (t *tx) rowsOf(ctx context.Context, keys []string) ([]campaign.RecipientID, error) {
	return t.recipients(ctx, `
		SELECT id FROM (
			SELECT (SELECT r.id FROM recipients r WHERE (r.id >> 24) = +c.id AND r.person = k.value ->> 0) AS id
			FROM EACH($1) AS k CROSS JOIN campaigns c) AS looked_up
		WHERE id IS NOT NULL ORDER BY id`, asJSON(nested(keys)))
}

// rejectedRows finds the rows of a person that took no part: those with the
// number, and those whose detail says that it may be meant. They have no key, so
// every such row is read.
func (l *Ledger) rejectedRows(ctx context.Context, keys []string) ([]campaign.RecipientID, error) {
	rows, err := l.read.QueryContext(ctx, `SELECT id, phone, detail FROM recipients WHERE person IS NULL`)
	if err != nil {
		return nil, fmt.Errorf("ledger: rows that were rejected: %w", err)
	}
	defer rows.Close()
	var ids []campaign.RecipientID
	for rows.Next() {
		var id campaign.RecipientID
		var phone, detail string
		if err := rows.Scan(&id, &phone, &detail); err != nil {
			return nil, fmt.Errorf("ledger: rows that were rejected: %w", err)
		}
		meant := slices.ContainsFunc(keys, func(key string) bool { return strings.Contains(detail, key) })
		if meant || slices.Contains(keys, campaign.Person(phone)) {
			ids = append(ids, id)
		}
	}
	return ids, rows.Err()
}

// eraser removes one person within a transaction.
type eraser struct {
	*tx
	keys   []string
	hashes [][2]string // the keys, and what takes the place of each
	kin    string
	now    time.Time
}

// skip ends what was to be sent to the person.
func (e *eraser) skip(ctx context.Context, rows []campaign.RecipientID) (n int, err error) {
	messages, err := e.unsent(ctx, rows)
	if err != nil {
		return 0, err
	}
	for _, m := range messages {
		if !m.unsent() { // any more: it waited for one that was skipped
			continue
		}
		n++
		if err := e.tx.skip(ctx, m.id, reasonErased, e.now); err != nil {
			return n, err
		}
	}
	return n, nil
}

// erase overwrites the person wherever they stand.
func (e *eraser) erase(ctx context.Context, rows, rejected []campaign.RecipientID) error {
	messages := []campaign.MessageID{}
	for _, recipient := range rows {
		for step := range campaign.MaxSteps {
			messages = append(messages, recipient.Message(step))
		}
	}
	values, err := e.valuesIn(ctx, rows)
	if err != nil {
		return err
	}
	if err := e.eraseWords(ctx, rows, messages, append(values, e.keys...)); err != nil {
		return err
	}
	all, keys := asJSON(append(append([]campaign.RecipientID{}, rows...), rejected...)), asJSON(nested(e.keys))
	const these = `IN (SELECT CAST(value AS BIGINT) FROM EACH($1))`
	const keyed = `IN (SELECT value ->> 0 FROM EACH($1))`
	statements := []struct {
		query string
		args  []any
	}{
		{`UPDATE recipients
			SET phone = $2, person = (SELECT v.value ->> 1 FROM EACH($3) AS v WHERE v.value ->> 0 = recipients.person), detail = '', cells = '[]', zone = ''
			WHERE id ` + these,
			[]any{all, erasedPhone, asJSON(e.hashes)}},
		{`DELETE FROM replies WHERE message_id ` + these, []any{asJSON(messages)}},
		{`DELETE FROM polls WHERE message_id ` + these, []any{asJSON(messages)}},
		{`UPDATE attempts SET provider_id = $2 || CAST(message_id AS TEXT) || '.' || CAST(n AS TEXT)
			WHERE provider_id IS NOT NULL AND message_id ` + these, []any{asJSON(messages), erasedPrefix}},
		{`DELETE FROM suppressions WHERE person ` + keyed, []any{keys}},
		{`DELETE FROM starts WHERE person ` + keyed, []any{keys}},
		{`DELETE FROM silences WHERE person ` + keyed, []any{keys}},
		{`DELETE FROM reached WHERE person ` + keyed, []any{keys}},
		{`DELETE FROM windows WHERE person ` + keyed, []any{keys}},
		{`DELETE FROM early_receipts WHERE person ` + keyed, []any{keys}},
		{`DELETE FROM erasures WHERE person ` + keyed, []any{keys}},
		{`DELETE FROM aliases WHERE alias ` + keyed, []any{keys}},
		{`DELETE FROM aliases WHERE person ` + keyed, []any{keys}},
	}
	for _, s := range statements {
		if _, err := e.ExecContext(ctx, e.l.sql(s.query), s.args...); err != nil {
			return fmt.Errorf("ledger: erase a person: %w", err)
		}
	}
	batch := make([][]any, len(e.hashes))
	for i, hash := range e.hashes {
		batch[i] = Suppression{Person: hash[1], Scope: campaign.ScopeAll, Reason: reasonErased, Source: SourceOperator}.row(e.now)
	}
	if err := e.keepHashes(ctx, e.hashes, e.kin, e.now); err != nil {
		return err
	}
	return e.suppress(ctx, batch)
}

// secret is the key of the hashes, made when it is first asked for. Without it
// somebody who has the hashes could try all numbers there are.
func (l *Ledger) secret(ctx context.Context) ([]byte, error) {
	if known := l.hashKey.Load(); known != nil {
		return *known, nil
	}
	fresh := make([]byte, sha256.Size)
	if _, err := rand.Read(fresh); err != nil {
		return nil, fmt.Errorf("ledger: make a secret: %w", err)
	}
	var text string
	err := l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		_, err := t.ExecContext(ctx, `INSERT INTO secrets (name, value) VALUES ('forget', $1) ON CONFLICT (name) DO NOTHING`, hex.EncodeToString(fresh))
		if err != nil {
			return fmt.Errorf("ledger: keep a secret: %w", err)
		}
		return t.QueryRowContext(ctx, `SELECT value FROM secrets WHERE name = 'forget'`).Scan(&text)
	})
	if err != nil {
		return nil, err
	}
	secret, err := hex.DecodeString(text)
	if err != nil || len(secret) == 0 {
		return nil, errors.New("ledger: the secret of the hashes is damaged; restore the table secrets from a backup")
	}
	l.hashKey.Store(&secret)
	return secret, nil
}

// erasedKey is what stands for a person who was erased.
func erasedKey(secret []byte, person string) string {
	if strings.HasPrefix(person, erasedPrefix) {
		return person
	}
	digest := hmac.New(sha256.New, secret)
	digest.Write([]byte(person))
	return erasedPrefix + hex.EncodeToString(digest.Sum(nil))
}

// erasedAmong returns those of some persons who were erased, with what stands
// for them. Where nobody ever was, nothing is computed.
func (t *tx) erasedAmong(ctx context.Context, secret []byte, persons []string) (map[string]string, error) {
	var some bool
	if err := t.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM forgotten)`).Scan(&some); err != nil || !some {
		return nil, err
	}
	hashed := make(map[string]string, len(persons))
	hashes := make([][1]string, len(persons))
	for i, person := range persons {
		hashes[i] = [1]string{erasedKey(secret, person)}
		hashed[hashes[i][0]] = person
	}
	rows, err := t.QueryContext(ctx, t.l.sql(`SELECT hash FROM forgotten WHERE hash IN (SELECT value ->> 0 FROM EACH($1))`), asJSON(hashes))
	if err != nil {
		return nil, fmt.Errorf("ledger: who was erased: %w", err)
	}
	defer rows.Close()
	erased := map[string]string{}
	for rows.Next() {
		var hash string
		if err := rows.Scan(&hash); err != nil {
			return nil, fmt.Errorf("ledger: who was erased: %w", err)
		}
		erased[hashed[hash]] = hash
	}
	return erased, rows.Err()
}
