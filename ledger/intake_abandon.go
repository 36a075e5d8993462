package ledger

import (
	"context"
	"fmt"
	"time"

	"carillon/campaign"
)

// abandonedAfter is how long an import may show no sign of life before its
// rows are swept away.
const abandonedAfter = 10 * time.Minute

// Abandon gives the import up and removes its rows. It does nothing once the
// campaign is visible.
func (in *Intake) Abandon(ctx context.Context) error {
	_, err := in.l.remove(ctx, in.id, time.Now().Add(time.Hour))
	return err
}

// RemoveAbandoned removes imports that show no sign of life any more, and
// returns how many there were.
func (l *Ledger) RemoveAbandoned(ctx context.Context, now time.Time) (int, error) {
	limit := now.Add(-abandonedAfter)
	dead, err := l.scanCampaigns(ctx, `WHERE state = 'importing' AND intake_at < $1`, limit.UnixMilli())
	if err != nil {
		return 0, err
	}
	removed := 0
	for _, c := range dead {
		gone, err := l.remove(ctx, c.ID, limit)
		if err != nil {
			return removed, err
		}
		if gone {
			removed++
		}
	}
	return removed, nil
}

// remove deletes an import that has shown no sign of life since limit, in
// batches. First it is marked as given up, so that nothing can be added to it or
// reveal it meanwhile.
func (l *Ledger) remove(ctx context.Context, id campaign.ID, limit time.Time) (bool, error) {
	var marked int64
	err := l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		done, err := t.ExecContext(ctx, `
			UPDATE campaigns SET intake_at = 0 WHERE id = $1 AND state = 'importing' AND intake_at < $2`, int64(id), limit.UnixMilli())
		if err != nil {
			return fmt.Errorf("ledger: give up the import of campaign %s: %w", id, err)
		}
		marked, err = done.RowsAffected()
		return err
	})
	if err != nil || marked == 0 {
		return false, err
	}
	return true, l.deleteRows(ctx, id)
}

// deleteRows deletes an import that was given up.
func (l *Ledger) deleteRows(ctx context.Context, id campaign.ID) error {
	firstMessage, endMessage := id.Messages()
	pieces := []struct {
		query      string
		first, end int64
	}{
		{`DELETE FROM messages WHERE id IN (SELECT id FROM messages WHERE id >= $1 AND id < $2 LIMIT 2000)`, int64(firstMessage), int64(endMessage)},
		{`DELETE FROM recipients WHERE id IN (SELECT id FROM recipients WHERE id >= $1 AND id < $2 LIMIT 2000)`, int64(id.Recipient(0)), int64((id + 1).Recipient(0))},
		{`DELETE FROM counts WHERE campaign_id >= $1 AND campaign_id < $2`, int64(id), int64(id) + 1},
		{`DELETE FROM verdicts WHERE campaign_id >= $1 AND campaign_id < $2`, int64(id), int64(id) + 1},
		{`DELETE FROM campaign_media WHERE campaign_id >= $1 AND campaign_id < $2`, int64(id), int64(id) + 1},
		{`DELETE FROM campaigns WHERE id >= $1 AND id < $2 AND state = 'importing'`, int64(id), int64(id) + 1},
	}
	for _, piece := range pieces {
		for deleted := int64(1); deleted > 0; {
			err := l.do(ctx, background, func(ctx context.Context, t *tx) error {
				done, err := t.ExecContext(ctx, piece.query, piece.first, piece.end)
				if err != nil {
					return fmt.Errorf("ledger: remove campaign %s: %w", id, err)
				}
				deleted, err = done.RowsAffected()
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
