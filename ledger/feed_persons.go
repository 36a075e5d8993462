package ledger

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"carillon/campaign"
)

// Persons returns the keys of the people that messages are for.
func (l *Ledger) Persons(ctx context.Context, ids []campaign.MessageID) (map[campaign.MessageID]string, error) {
	rows, err := l.read.QueryContext(ctx, l.sql(`
		SELECT CAST(value AS BIGINT), (SELECT r.person FROM recipients r WHERE r.id = (CAST(value AS BIGINT) >> 4))
		FROM EACH($1)`), asJSON(ids))
	if err != nil {
		return nil, fmt.Errorf("ledger: persons: %w", err)
	}
	defer rows.Close()
	found := make(map[campaign.MessageID]string, len(ids))
	for rows.Next() {
		var id campaign.MessageID
		var person string
		if err := rows.Scan(&id, &person); err != nil {
			return nil, fmt.Errorf("ledger: persons: %w", err)
		}
		found[id] = person
	}
	return found, rows.Err()
}

// Attempted returns when messages of some campaigns were claimed for some
// persons by one number, since a time and in no order. campaigns says where the
// number stands in the list of each. Claims that were given back do not count.
func (l *Ledger) Attempted(ctx context.Context, campaigns map[campaign.ID]int, persons []string, since time.Time) (map[string][]time.Time, error) {
	owners, err := l.recipientsOf(ctx, slices.Sorted(maps.Keys(campaigns)), persons)
	if err != nil || len(owners) == 0 {
		return nil, err
	}
	var ids []campaign.MessageID
	for recipient := range owners {
		for step := range campaign.MaxSteps {
			ids = append(ids, recipient.Message(step))
		}
	}
	rows, err := l.read.QueryContext(ctx, l.sql(`
		SELECT message_id, claimed_at, `+attemptChannelSQL+` FROM attempts a
		WHERE message_id IN (SELECT CAST(value AS BIGINT) FROM EACH($1)) AND claimed_at >= $2 AND outcome <> $3`),
		asJSON(ids), since.UnixMilli(), string(OutcomeReleased))
	if err != nil {
		return nil, fmt.Errorf("ledger: attempts: %w", err)
	}
	defer rows.Close()
	found := map[string][]time.Time{}
	for rows.Next() {
		var id campaign.MessageID
		var at int64
		var position int
		if err := rows.Scan(&id, &at, &position); err != nil {
			return nil, fmt.Errorf("ledger: attempts: %w", err)
		}
		if position != campaigns[id.Campaign()] {
			continue
		}
		person := owners[id.Recipient()]
		found[person] = append(found[person], time.UnixMilli(at))
	}
	return found, rows.Err()
}

// recipientsOf finds the rows of persons in the lists of campaigns. Each is
// looked up by its key, whatever the engine believes of its tables.
func (l *Ledger) recipientsOf(ctx context.Context, campaigns []campaign.ID, persons []string) (map[campaign.RecipientID]string, error) {
	pairs := make([][2]any, 0, len(campaigns)*len(persons))
	for _, id := range campaigns {
		for _, person := range persons {
			pairs = append(pairs, [2]any{int64(id), person})
		}
	}
	rows, err := l.read.QueryContext(ctx, l.sql(`
		SELECT id, person FROM (
			SELECT (SELECT r.id FROM recipients r WHERE (r.id >> 24) = +CAST(value ->> 0 AS BIGINT) AND r.person = value ->> 1) AS id,
			       value ->> 1 AS person
			FROM EACH($1)) AS looked_up
		WHERE id IS NOT NULL`), asJSON(pairs))
	if err != nil {
		return nil, fmt.Errorf("ledger: rows of persons: %w", err)
	}
	defer rows.Close()
	found := map[campaign.RecipientID]string{}
	for rows.Next() {
		var id campaign.RecipientID
		var person string
		if err := rows.Scan(&id, &person); err != nil {
			return nil, fmt.Errorf("ledger: rows of persons: %w", err)
		}
		found[id] = person
	}
	return found, rows.Err()
}

// Postpone puts off pending messages whose time had come.
func (l *Ledger) Postpone(ctx context.Context, until map[campaign.MessageID]time.Time, reason string, now time.Time) error {
	return l.do(ctx, urgent, func(ctx context.Context, t *tx) error { return t.postpone(ctx, until, reason, now) })
}

func (t *tx) postpone(ctx context.Context, until map[campaign.MessageID]time.Time, reason string, now time.Time) error {
	batch := make([][2]int64, 0, len(until))
	for id, at := range until {
		batch = append(batch, [2]int64{int64(id), at.UnixMilli()})
	}
	_, err := t.ExecContext(ctx, t.l.sql(`
		UPDATE messages SET due = CAST(v.value ->> 1 AS BIGINT), code = 0, reason = $3, detail = NULL
		FROM EACH($1) AS v
		WHERE messages.id = CAST(v.value ->> 0 AS BIGINT) AND messages.status + 0 = 2 AND messages.due <= $2`),
		asJSON(batch), now.UnixMilli(), reason)
	if err != nil {
		return fmt.Errorf("ledger: postpone: %w", err)
	}
	return nil
}

// ActiveSince returns the campaigns that run, or did since a time, without their
// counts.
func (l *Ledger) ActiveSince(ctx context.Context, since time.Time) ([]Campaign, error) {
	return l.scanCampaigns(ctx, `
		WHERE started_at IS NOT NULL AND (finished_at IS NULL OR finished_at >= $1) ORDER BY created_at, id`, since.UnixMilli())
}
