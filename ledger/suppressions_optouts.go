package ledger

import (
	"context"
	"fmt"
	"time"

	"carillon/campaign"
)

// stopWriting records that a person wants to be left alone, and ends what
// waits to be sent to them. It reports whether that is old news.
func (t *tx) stopWriting(ctx context.Context, h InboundEvent, keys []string, referred campaign.MessageID, now time.Time) (old bool, err error) {
	scope, err := t.scopeOf(ctx, h, keys, referred)
	if err != nil {
		return false, err
	}
	if keys, err = t.lockPeople(ctx, []string{h.Person}, keys); err != nil {
		return false, err
	}
	if old, err := t.takenBackSince(ctx, keys, scope, h); err != nil || old {
		return old, err
	}
	reason := "told by the person"
	if h.Source == SourceProvider {
		reason = "chosen by the person in WhatsApp"
	}
	batch := make([][]any, len(keys))
	for i, key := range keys {
		batch[i] = Suppression{Person: key, Scope: scope, Reason: reason, Source: h.Source}.row(h.At)
	}
	if err := t.suppress(ctx, batch); err != nil {
		return false, err
	}
	return false, t.skipSuppressed(ctx, keys, now)
}

// scopeOf is the scope of an opt-out, as it is stored.
func (t *tx) scopeOf(ctx context.Context, h InboundEvent, keys []string, referred campaign.MessageID) (campaign.SuppressionScope, error) {
	if h.OptOut != campaign.ScopeCampaign {
		return h.OptOut, nil
	}
	if referred == 0 && h.Answers {
		var err error
		if referred, err = t.newestBefore(ctx, h, keys, everyStep); err != nil {
			return "", err
		}
	}
	if referred == 0 {
		return campaign.ScopeAll, nil
	}
	return CampaignScope(referred.Campaign()), nil
}

// lockPeople locks what may be on its way to people, and their keys, which may
// be more than those that were known. Messages come first, as everywhere.
func (t *tx) lockPeople(ctx context.Context, people, keys []string) ([]string, error) {
	rows, err := t.openRows(ctx, keys)
	if err != nil {
		return nil, err
	}
	if _, err := t.unsent(ctx, rows); err != nil {
		return nil, err
	}
	if err := t.lockKeys(ctx, keys...); err != nil {
		return nil, err
	}
	return t.keysOf(ctx, people...)
}

// unsent are the messages to some recipients that were not begun, or are to be
// sent again. It locks all of theirs.
func (t *tx) unsent(ctx context.Context, rows []campaign.RecipientID) ([]*message, error) {
	var ids []campaign.MessageID
	for _, recipient := range rows {
		definition, err := t.definition(ctx, recipient.Campaign())
		if err != nil {
			return nil, err
		}
		for step := range definition.Steps {
			ids = append(ids, recipient.Message(step))
		}
	}
	if err := t.lock(ctx, ids); err != nil {
		return nil, err
	}
	var found []*message
	for _, id := range ids {
		if m := t.messages[id]; m != nil && m.unsent() {
			found = append(found, m)
		}
	}
	return found, nil
}

// unsent reports whether the message may yet be sent, or sent again.
func (m *message) unsent() bool { return m.status == campaign.Waiting || m.status == campaign.Pending }

// skipSuppressed ends the messages to a person that must not be sent any more.
// The claim would refuse each of them; but some would only be due in days.
func (t *tx) skipSuppressed(ctx context.Context, keys []string, now time.Time) error {
	rows, err := t.openRows(ctx, keys)
	if err != nil {
		return err
	}
	messages, err := t.unsent(ctx, rows)
	if err != nil {
		return err
	}
	ids := make([]campaign.MessageID, len(messages))
	for i, m := range messages {
		ids[i] = m.id
	}
	return t.skipUnwanted(ctx, now, ids...)
}

// restore takes back what a person had said before, in one scope or (empty) in
// all, and notes that they did.
func (t *tx) restore(ctx context.Context, keys []string, h InboundEvent) error {
	if err := t.lockKeys(ctx, keys...); err != nil {
		return err
	}
	keys, err := t.keysOf(ctx, h.Person)
	if err != nil {
		return err
	}
	_, err = t.ExecContext(ctx, t.l.sql(`
		INSERT INTO starts (person, scope, source, at)
		SELECT value ->> 0, CAST($2 AS TEXT), CAST($3 AS SMALLINT), CAST($4 AS BIGINT) FROM EACH($1) WHERE true
		ON CONFLICT (person, scope, source) DO UPDATE SET at = excluded.at WHERE starts.at < excluded.at`),
		asJSON(nested(keys)), string(h.Restores), int(h.Source), h.At.UnixMilli())
	if err != nil {
		return fmt.Errorf("ledger: note that an opt-out was taken back: %w", err)
	}
	_, err = t.ExecContext(ctx, t.l.sql(`
		DELETE FROM suppressions
		WHERE person IN (SELECT value ->> 0 FROM EACH($1)) AND source >= $2 AND (scope = $3 OR $3 = '') AND created_at <= $4`),
		asJSON(nested(keys)), int(h.Source), string(h.Restores), h.At.UnixMilli())
	if err != nil {
		return fmt.Errorf("ledger: take back an opt-out: %w", err)
	}
	return nil
}

// takenBackSince reports whether an opt-out was taken back, as it came late or again,
// before it came. Of two in the same second the opt-out counts: providers tell no
// smaller times.
func (t *tx) takenBackSince(ctx context.Context, keys []string, scope campaign.SuppressionScope, h InboundEvent) (old bool, err error) {
	err = t.QueryRowContext(ctx, t.l.sql(`
		SELECT EXISTS (
			SELECT 1 FROM starts
			WHERE person IN (SELECT value ->> 0 FROM EACH($1)) AND scope IN ('', $2) AND source <= $3 AND at > $4)`),
		asJSON(nested(keys)), string(scope), int(h.Source), h.At.UnixMilli()).Scan(&old)
	if err != nil {
		return false, fmt.Errorf("ledger: was an opt-out taken back: %w", err)
	}
	return old, nil
}

// SilencesBelieved is how many messages to a person, running, may reach nobody
// before it is believed that nobody is there. Ours: one may be a phone that was
// changed, and three lists that have the number are seldom wrong.
const SilencesBelieved = 3

// noteSilence counts a message that reached nobody, and suppresses the person
// softly after several, until they write.
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
	alive, err := t.deliveredSince(ctx, person, time.UnixMilli(since))
	if err != nil {
		return err
	}
	if alive {
		_, err := t.ExecContext(ctx, `UPDATE silences SET n = 1, since = $2 WHERE person = $1`, person, now.UnixMilli())
		return err
	}
	reason := fmt.Sprintf("%d consecutive messages have reached nobody; a message from the person clears this", n)
	return t.suppress(ctx, [][]any{Suppression{Person: person, Scope: campaign.ScopeAll, Reason: reason, Source: SourceSilence}.row(now)})
}

// arrivesWithin is how long after a campaign's end its messages may arrive: the
// longest time to live that a template has by itself (Meta, templates,
// time-to-live: 30 days), and a day.
const arrivesWithin = 31 * 24 * time.Hour

// deliveredSince reports whether a message has reached a person since a time. It
// looks at the campaigns that have something to tell of that time.
func (t *tx) deliveredSince(ctx context.Context, person string, since time.Time) (alive bool, err error) {
	err = t.QueryRowContext(ctx, `
		SELECT EXISTS (
			SELECT 1 FROM (
				SELECT (SELECT r.id FROM recipients r WHERE (r.id >> 24) = +c.id AND r.person = $1) AS id
				FROM campaigns c WHERE c.started_at IS NOT NULL AND (c.finished_at IS NULL OR c.finished_at > $3)) AS looked_up
			JOIN messages m ON m.id >= looked_up.id * 16 AND m.id < looked_up.id * 16 + 16
			WHERE m.delivered_at > $2 OR m.read_at > $2)`,
		person, since.UnixMilli(), since.Add(-arrivesWithin).UnixMilli()).Scan(&alive)
	if err != nil {
		return false, fmt.Errorf("ledger: last sign of life: %w", err)
	}
	return alive, nil
}

// breakSilence believes again that somebody is there.
func (t *tx) breakSilence(ctx context.Context, keys []string) error {
	for _, key := range keys {
		for _, query := range []string{
			`DELETE FROM silences WHERE person = $1`,
			`DELETE FROM suppressions WHERE person = $1 AND source = 3`,
		} {
			if _, err := t.ExecContext(ctx, query, key); err != nil {
				return fmt.Errorf("ledger: break a silence: %w", err)
			}
		}
	}
	return nil
}
