package ledger

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"carillon/campaign"
)

// A receipt that carries neither our reference nor an identifier that is on record
// may still tell whom the message was for. It is taken for that of an unknown
// attempt where no other attempt could be meant.

// matchRecipients finds the attempts of such receipts, and names them.
func (t *tx) matchRecipients(ctx context.Context, receipts []Receipt, found map[int]attempt, names *[][]any) error {
	type key struct {
		message campaign.MessageID
		n       int
	}
	claims := map[key]map[string][]int{} // attempt → provider's id → receipts
	attempts := map[key]attempt{}
	for i, r := range receipts {
		if _, known := found[i]; known || r.Message != 0 || r.ProviderID == "" || len(r.Keys) == 0 {
			continue
		}
		a, ok, err := t.attemptFor(ctx, r)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		k := key{a.message, a.n}
		if claims[k] == nil {
			claims[k], attempts[k] = map[string][]int{}, a
		}
		claims[k][r.ProviderID] = append(claims[k][r.ProviderID], i)
	}
	for k, byID := range claims {
		if len(byID) > 1 {
			continue // they are about several messages, and one of them is not ours
		}
		for id, about := range byID {
			for _, i := range about {
				found[i] = attempts[k]
			}
			*names = append(*names, attempts[k].name(id))
		}
	}
	return nil
}

// attemptFor is the one attempt that a receipt can be about by its channel, its
// recipient and its time: the newest of a message of which nobody knew whether it
// was accepted, whatever was decided about it since, while no other attempt of the
// person's on that channel has no identifier yet.
func (t *tx) attemptFor(ctx context.Context, r Receipt) (found attempt, ok bool, err error) {
	campaigns, err := t.campaignsToHear(ctx, r.At)
	if err != nil || len(campaigns) == 0 {
		return attempt{}, false, err
	}
	keys, err := t.keysOf(ctx, r.Keys...)
	if err != nil {
		return attempt{}, false, err
	}
	open, err := t.nameless(ctx, campaigns, keys)
	if err != nil {
		return attempt{}, false, err
	}
	candidates := 0
	for _, o := range open {
		m := t.messages[o.message]
		number, err := t.number(ctx, m)
		if err != nil {
			return attempt{}, false, err
		}
		if number != r.Channel {
			continue
		}
		candidates++
		found = attempt{message: o.message, n: o.n, position: m.position, nameless: true}
		ok = m.status != campaign.Posting && m.attempt == o.n && !o.claimed.After(r.At.Add(answerSkew))
	}
	return found, ok && candidates == 1, nil
}

// campaignsToHear are the campaigns in which messages may be, or may have been,
// unknown at a time: those under way, and those that are over and left some
// unknown or dropped.
func (t *tx) campaignsToHear(ctx context.Context, at time.Time) ([]campaign.ID, error) {
	if t.toHear == nil {
		rows, err := t.QueryContext(ctx, `
			SELECT c.id FROM campaigns c
			WHERE c.state IN ('running', 'paused') OR c.started_at IS NOT NULL AND c.finished_at > $1 AND (
				(SELECT m.id FROM messages m WHERE m.campaign_id = c.id AND m.status = 4 LIMIT 1) IS NOT NULL
				OR EXISTS (SELECT 1 FROM failures f WHERE f.campaign_id = c.id AND f.reason LIKE '`+droppedBy+`%'))`,
			at.Add(-arrivesWithin).UnixMilli())
		if err != nil {
			return nil, fmt.Errorf("ledger: campaigns with unknown messages: %w", err)
		}
		defer rows.Close()
		t.toHear = map[campaign.ID]bool{}
		for rows.Next() {
			var id campaign.ID
			if err := rows.Scan(&id); err != nil {
				return nil, fmt.Errorf("ledger: campaigns with unknown messages: %w", err)
			}
			t.toHear[id] = true
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
	}
	return slices.Collect(maps.Keys(t.toHear)), nil
}

// nameless are the attempts of a person in some campaigns that may have been
// accepted and have no identifier. Where there are any, the person's messages are
// locked.
func (t *tx) nameless(ctx context.Context, campaigns []campaign.ID, keys []string) ([]namelessAttempt, error) {
	rows, err := t.recipients(ctx, `
		SELECT id FROM (
			SELECT (SELECT r.id FROM recipients r WHERE (r.id >> 24) = +CAST(c.value AS BIGINT) AND r.person = k.value ->> 0) AS id
			FROM EACH($1) AS k CROSS JOIN EACH($2) AS c) AS looked_up
		WHERE id IS NOT NULL ORDER BY id`, asJSON(nested(keys)), asJSON(campaigns))
	if err != nil || len(rows) == 0 {
		return nil, err
	}
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
	if open, err := t.queryNameless(ctx, ids); err != nil || len(open) == 0 {
		return nil, err
	}
	if err := t.lock(ctx, ids); err != nil {
		return nil, err
	}
	return t.queryNameless(ctx, ids)
}

type namelessAttempt struct {
	message campaign.MessageID
	n       int
	claimed time.Time
}

func (t *tx) queryNameless(ctx context.Context, ids []campaign.MessageID) ([]namelessAttempt, error) {
	rows, err := t.QueryContext(ctx, t.l.sql(`
		SELECT message_id, n, claimed_at FROM attempts
		WHERE message_id IN (SELECT CAST(value AS BIGINT) FROM EACH($1)) AND provider_id IS NULL AND outcome IN ('', 'unknown')`), asJSON(ids))
	if err != nil {
		return nil, fmt.Errorf("ledger: attempts without an identifier: %w", err)
	}
	defer rows.Close()
	var list []namelessAttempt
	for rows.Next() {
		var a namelessAttempt
		var claimed int64
		if err := rows.Scan(&a.message, &a.n, &claimed); err != nil {
			return nil, fmt.Errorf("ledger: attempts without an identifier: %w", err)
		}
		a.claimed = time.UnixMilli(claimed)
		list = append(list, a)
	}
	return list, rows.Err()
}

// matchEarlyFor applies receipts that came before a message was known to be
// unknown, where they can only be about it.
func (t *tx) matchEarlyFor(ctx context.Context, m *message, now time.Time) error {
	person, err := t.personOf(ctx, m.id.Recipient())
	if err != nil {
		return err
	}
	keys, err := t.keysOf(ctx, person)
	if err != nil {
		return err
	}
	early, err := t.earlyReceipts(ctx, `
		SELECT id, receipt, person FROM early_receipts
		WHERE person IN (SELECT value ->> 0 FROM EACH($1)) ORDER BY id`, asJSON(nested(keys)))
	if err != nil || len(early) == 0 {
		return err
	}
	if _, err := t.campaignsToHear(ctx, now); err != nil {
		return err
	}
	t.toHear[m.id.Campaign()] = true // the row does not say so yet
	_, err = t.applyEarly(ctx, early, now)
	return err
}
