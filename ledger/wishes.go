package ledger

import (
	"context"
	"fmt"
	"time"

	"carillon/campaign"
)

// keysOf are all keys under which a person is known, the given one included.
func (t *tx) keysOf(ctx context.Context, person string) ([]string, error) {
	return keysOf(ctx, t, person)
}

func keysOf(ctx context.Context, from querier, person string) ([]string, error) {
	rows, err := from.QueryContext(ctx, `
		WITH RECURSIVE keys (key) AS (
			SELECT CAST($1 AS TEXT)
			UNION
			SELECT CASE WHEN a.alias = keys.key THEN a.person ELSE a.alias END
			FROM keys JOIN aliases a ON a.alias = keys.key OR a.person = keys.key)
		SELECT key FROM keys`, person)
	if err != nil {
		return nil, fmt.Errorf("ledger: keys of a person: %w", err)
	}
	defer rows.Close()
	var keys []string
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return nil, fmt.Errorf("ledger: keys of a person: %w", err)
		}
		keys = append(keys, key)
	}
	return keys, rows.Err()
}

// stopWriting records that a person wants to be left alone, and ends what
// waits to be sent to them.
func (t *tx) stopWriting(ctx context.Context, h Heard, keys []string, answered *message, now time.Time) error {
	scope := h.Stop
	if scope == campaign.ScopeCampaign {
		scope = campaign.ScopeAll
		if answered != nil {
			scope = CampaignScope(answered.id.Campaign())
		}
	}
	reason := "told by the person"
	if h.Source == SourceProvider {
		reason = "the person chose it in WhatsApp"
	}
	batch := make([][]any, len(keys))
	for i, key := range keys {
		batch[i] = Suppression{Person: key, Scope: scope, Reason: reason, Source: h.Source}.row(h.At)
	}
	if err := t.suppress(ctx, batch); err != nil {
		return err
	}
	return t.skipSuppressed(ctx, keys, now)
}

// reasonOptedOut explains a message that its person did not want.
const reasonOptedOut = "opted out"

// skipSuppressed ends the messages to a person that must not be sent any more.
// The claim would refuse each of them; but some would only be due in days.
func (t *tx) skipSuppressed(ctx context.Context, keys []string, now time.Time) error {
	rows, err := t.openRows(ctx, keys)
	if err != nil {
		return err
	}
	for _, recipient := range rows {
		definition, err := t.definition(ctx, recipient.Campaign())
		if err != nil {
			return err
		}
		for step := range definition.Steps {
			m, err := t.message(ctx, recipient.Message(step))
			if err != nil {
				return err
			}
			if m == nil || m.status != campaign.Waiting && m.status != campaign.Pending {
				continue
			}
			out, err := t.optedOut(ctx, m.id)
			if err != nil {
				return err
			}
			if out {
				if err := t.skip(ctx, m.id, reasonOptedOut, now); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// restore takes back what a person had said up to then, in one scope or (empty)
// in all.
func (t *tx) restore(ctx context.Context, keys []string, h Heard) error {
	_, err := t.ExecContext(ctx, t.l.sql(`
		DELETE FROM suppressions
		WHERE person IN (SELECT value ->> 0 FROM EACH($1)) AND source >= $2 AND (scope = $3 OR $3 = '') AND created_at <= $4`),
		asJSON(nested(keys)), int(h.Source), string(h.Restores), h.At.UnixMilli())
	if err != nil {
		return fmt.Errorf("ledger: take back an opt-out: %w", err)
	}
	return nil
}

// SilencesBelieved is how many messages to a person, running, may reach nobody
// before it is believed that nobody is there. Ours: one may be a phone that was
// changed, and three lists that have the number are seldom wrong.
const SilencesBelieved = 3

// noteSilence counts a message that reached nobody, and suppresses the person
// softly after several: until they write, or one is delivered.
func (t *tx) noteSilence(ctx context.Context, id campaign.MessageID, now time.Time) error {
	var person string
	var n int
	var since int64
	err := t.QueryRowContext(ctx, `
		INSERT INTO silences (person, n, message, since)
		SELECT person, 1, CAST($2 AS BIGINT), CAST($3 AS BIGINT) FROM recipients WHERE id = $1 AND person IS NOT NULL
		ON CONFLICT (person) DO UPDATE
		SET n = silences.n + CASE WHEN silences.message = excluded.message THEN 0 ELSE 1 END, message = excluded.message
		RETURNING person, n, since`, int64(id.Recipient()), int64(id), now.UnixMilli()).Scan(&person, &n, &since)
	if err != nil {
		return fmt.Errorf("ledger: count a silence: %w", err)
	}
	if n < SilencesBelieved {
		return nil
	}
	alive, err := t.deliveredSince(ctx, person, since)
	if err != nil {
		return err
	}
	if alive {
		_, err := t.ExecContext(ctx, `UPDATE silences SET n = 1, since = $2 WHERE person = $1`, person, now.UnixMilli())
		return err
	}
	reason := fmt.Sprintf("%d messages have reached nobody; a message from the person clears this", n)
	return t.suppress(ctx, [][]any{Suppression{Person: person, Scope: campaign.ScopeAll, Reason: reason, Source: SourceSilence}.row(now)})
}

// deliveredSince reports whether a message has reached a person since a time,
// in milliseconds.
func (t *tx) deliveredSince(ctx context.Context, person string, since int64) (alive bool, err error) {
	err = t.QueryRowContext(ctx, `
		SELECT EXISTS (
			SELECT 1 FROM (
				SELECT (SELECT r.id FROM recipients r WHERE (r.id >> 24) = c.id AND r.person = $1) AS id
				FROM campaigns c WHERE c.started_at IS NOT NULL) AS looked_up
			JOIN messages m ON m.id >= looked_up.id * 16 AND m.id < looked_up.id * 16 + 16
			WHERE m.delivered_at > $2 OR m.read_at > $2)`, person, since).Scan(&alive)
	if err != nil {
		return false, fmt.Errorf("ledger: last sign of life: %w", err)
	}
	return alive, nil
}

// breakSilence believes again that somebody is there.
func (t *tx) breakSilence(ctx context.Context, keys []string) error {
	for _, query := range []string{
		`DELETE FROM silences WHERE person IN (SELECT value ->> 0 FROM EACH($1))`,
		`DELETE FROM suppressions WHERE source = 3 AND person IN (SELECT value ->> 0 FROM EACH($1))`,
	} {
		if _, err := t.ExecContext(ctx, t.l.sql(query), asJSON(nested(keys))); err != nil {
			return fmt.Errorf("ledger: break a silence: %w", err)
		}
	}
	return nil
}
