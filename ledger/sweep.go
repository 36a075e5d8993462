package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"carillon/campaign"
)

// sweepBatch is how many messages one sweep looks at, so that claims and
// receipts never wait long behind it.
const sweepBatch = 500

// Reasons that the sweep gives.
const (
	reasonLostWorker = "the worker that posted it was lost"
	reasonNoReceipt  = "no receipt within the message's time to live"
)

// Sweep does what is due by now and is no sending: gates whose patience has
// run out, claims whose worker died, unknown messages nobody confirmed, held
// ones without news, and messages never reported delivered. It returns how
// many it changed; where that is many, there may be more.
//
// policy says what is to become of a channel's unknown messages.
func (l *Ledger) Sweep(ctx context.Context, now time.Time, policy func(channel string) UnknownPolicy) (int, error) {
	ids, err := l.dueIDs(ctx, `
		SELECT id FROM messages WHERE due <= $1 AND due IS NOT NULL AND status <> 2 ORDER BY due LIMIT $2`,
		now.UnixMilli(), sweepBatch)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	if err := l.sweepThese(ctx, ids, now, policy); err != nil {
		return len(ids), l.sweepOneByOne(ctx, ids, now, policy)
	}
	return len(ids), nil
}

func (l *Ledger) sweepThese(ctx context.Context, ids []campaign.MessageID, now time.Time, policy func(string) UnknownPolicy) error {
	return l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		if err := t.lock(ctx, ids); err != nil {
			return err
		}
		for _, id := range ids {
			m := t.messages[id]
			// Since it was found due it may have moved on. A pending one is the
			// feed's.
			if m == nil || !m.due.Valid || m.due.Int64 > now.UnixMilli() || m.status == campaign.Pending {
				continue
			}
			if err := t.sweep(ctx, m, now, policy); err != nil {
				return err
			}
		}
		return nil
	})
}

// sweepAgain is when a message is looked at again whose sweep has failed.
const sweepAgain = time.Minute

// sweepOneByOne keeps one message that cannot be swept from standing in the way
// of all others: it is put off, and the error says which it is.
func (l *Ledger) sweepOneByOne(ctx context.Context, ids []campaign.MessageID, now time.Time, policy func(string) UnknownPolicy) error {
	var errs []error
	for _, id := range ids {
		err := l.sweepThese(ctx, []campaign.MessageID{id}, now, policy)
		if err == nil {
			continue
		}
		errs = append(errs, fmt.Errorf("message %d: %w", id, err))
		err = l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
			_, err := t.ExecContext(ctx, `UPDATE messages SET due = $2 WHERE id = $1 AND due <= $3 AND status <> 2`,
				int64(id), now.Add(sweepAgain).UnixMilli(), now.UnixMilli())
			return err
		})
		if err != nil { // the ledger itself is in trouble
			return errors.Join(append(errs, err)...)
		}
	}
	return errors.Join(errs...)
}

func (t *tx) sweep(ctx context.Context, m *message, now time.Time, policy func(string) UnknownPolicy) error {
	switch m.status {
	case campaign.Waiting:
		return t.impatient(ctx, m, now)
	case campaign.Posting:
		number, err := t.number(ctx, m)
		if err != nil {
			return err
		}
		m.because(reasonLostWorker)
		t.set(m, campaign.Unknown, at(now.Add(policy(number).After)), now)
		if err := t.matchEarlyFor(ctx, m, now); err != nil {
			return err
		}
	case campaign.Unknown:
		if err := t.decideUnknown(ctx, m, now, policy); err != nil {
			return err
		}
	case campaign.Held:
		m.because("")
		if err := t.setUntilLost(ctx, m, campaign.Accepted, now, now); err != nil {
			return err
		}
	case campaign.Accepted, campaign.Sent:
		m.because(reasonNoReceipt)
		t.set(m, campaign.Undelivered, never(), now)
	}
	return t.follow(ctx, m, now)
}

func (l *Ledger) dueIDs(ctx context.Context, query string, args ...any) ([]campaign.MessageID, error) {
	rows, err := l.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("ledger: sweep: %w", err)
	}
	defer rows.Close()
	var ids []campaign.MessageID
	for rows.Next() {
		var id campaign.MessageID
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("ledger: sweep: %w", err)
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// CloseRows ends what a cancelled or expired campaign has not begun to send:
// its waiting and pending messages become skipped or expired. One that expires
// keeps what was said of its last refusal. It works in batches between other work,
// and ends early with the context.
func (l *Ledger) CloseRows(ctx context.Context, id campaign.ID, to campaign.Status, reason string, now time.Time) error {
	statuses := []campaign.Status{campaign.Waiting, campaign.Pending}
	return l.eachBatch(ctx, id, statuses, map[string]int{}, func(_ context.Context, t *tx, batch []*message) ([]string, error) {
		for _, m := range batch {
			m.end(to, reason)
			t.set(m, to, never(), now)
		}
		return nil, nil
	})
}

// eachBatch calls f for all messages of a campaign that stand at one of the given
// statuses, in batches between other work. f says under which labels messages are
// counted; what is committed is added to the counts, batch by batch.
func (l *Ledger) eachBatch(ctx context.Context, id campaign.ID, statuses []campaign.Status, counts map[string]int,
	f func(context.Context, *tx, []*message) (labels []string, err error),
) error {
	cursor, end := id.Messages()
	for {
		ids, err := l.dueIDs(ctx, l.sql(`
			SELECT id FROM messages
			WHERE id >= $1 AND id < $2 AND status IN (SELECT CAST(value AS SMALLINT) FROM EACH($3)) ORDER BY id LIMIT $4`),
			int64(cursor), int64(end), asJSON(numbers(statuses)), sweepBatch)
		if err != nil || len(ids) == 0 {
			return err
		}
		cursor = ids[len(ids)-1] + 1
		var labels []string
		err = l.do(ctx, background, func(ctx context.Context, t *tx) error {
			if err := t.lock(ctx, ids); err != nil {
				return err
			}
			batch := make([]*message, 0, len(ids))
			for _, id := range ids {
				if m := t.messages[id]; m != nil && slices.Contains(statuses, m.status) {
					batch = append(batch, m)
				}
			}
			var err error
			labels, err = f(ctx, t, batch) // a transaction may be run again
			return err
		})
		if err != nil {
			return err
		}
		for _, label := range labels {
			counts[label]++
		}
	}
}

// numbers are the statuses as the ledger stores them: JSON would write names.
func numbers(statuses []campaign.Status) []int {
	out := make([]int, len(statuses))
	for i, s := range statuses {
		out[i] = int(s)
	}
	return out
}

// Finish ends the campaigns in which nothing can cause another request any
// more, and returns them.
func (l *Ledger) Finish(ctx context.Context, ids []campaign.ID, now time.Time) ([]campaign.ID, error) {
	var finished []campaign.ID
	err := l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		finished = nil
		// The lock comes first, in a statement of its own: the counts are then
		// read as they are once nobody can reopen the campaign behind our back.
		_, err := t.ExecContext(ctx, t.l.sql(`
			SELECT id FROM campaigns WHERE id IN (SELECT CAST(value AS BIGINT) FROM EACH($1)) ORDER BY id LOCKED`), asJSON(ids))
		if err != nil {
			return fmt.Errorf("ledger: finish: %w", err)
		}
		for _, id := range ids {
			done, err := t.ExecContext(ctx, `
				UPDATE campaigns
				SET state = CASE WHEN state = 'cancelled' THEN state ELSE 'finished' END,
				    reason = CASE WHEN state = 'cancelled' THEN reason ELSE '' END,
				    finished_at = $2
				WHERE id = $1 AND state IN ('running', 'paused', 'cancelled') AND finished_at IS NULL
				  AND 0 = (SELECT COALESCE(SUM(n), 0) FROM counts WHERE campaign_id = $1 AND open = 1)`,
				int64(id), now.UnixMilli())
			if err != nil {
				return fmt.Errorf("ledger: finish campaign %s: %w", id, err)
			}
			if n, err := done.RowsAffected(); err != nil {
				return err
			} else if n == 1 {
				finished = append(finished, id)
			}
		}
		return nil
	})
	return finished, err
}
