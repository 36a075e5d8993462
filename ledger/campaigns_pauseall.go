package ledger

import (
	"context"
	"fmt"
	"time"

	"carillon/campaign"
)

// AllPaused is what PauseAll has paused.
type AllPaused struct {
	// Campaigns ran or were to start at a time.
	Campaigns int
	// Schedules made slots.
	Schedules int
	// Slots had come, and their campaigns had not been made and started.
	Slots int
}

// PauseAll pauses whatever would send by itself, in one transaction: campaigns
// that run or are to start, and schedules; slots that have come are skipped. It is
// for a ledger that does not know what was sent since, such as a restored backup,
// before a server starts on it. by names who asks. Doing it twice pauses nothing more.
func (l *Ledger) PauseAll(ctx context.Context, by string, now time.Time) (done AllPaused, err error) {
	reason := past(campaign.Pause) + " by " + by
	err = l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		done = AllPaused{}
		ids, err := t.sendingByThemselves(ctx)
		if err != nil {
			return err
		}
		for _, id := range ids {
			c, err := t.campaign(ctx, id)
			if err != nil {
				return err
			}
			if err := t.setState(ctx, c, campaign.Paused, reason, now); err != nil {
				return err
			}
		}
		done.Campaigns = len(ids)
		done.Schedules, err = t.change(ctx, `
			UPDATE schedules SET paused = 1, next_at = NULL, changes = changes + 1 WHERE paused = 0`)
		if err != nil {
			return err
		}
		done.Slots, err = t.change(ctx, `
			UPDATE slots SET state = $1, detail = $2 WHERE state IN ('due', 'running')`,
			string(campaign.SlotSkipped), reason+" before its campaign was started; to make it anyway, run the schedule now")
		return err
	})
	return done, err
}

// sendingByThemselves locks the campaigns that run or are to start at a time.
func (t *tx) sendingByThemselves(ctx context.Context) ([]campaign.ID, error) {
	rows, err := t.QueryContext(ctx, t.l.sql(`
		SELECT id FROM campaigns WHERE state IN ('running', 'scheduled') ORDER BY id LOCKED`))
	if err != nil {
		return nil, fmt.Errorf("ledger: pause all: %w", err)
	}
	defer rows.Close()
	var ids []campaign.ID
	for rows.Next() {
		var id campaign.ID
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("ledger: pause all: %w", err)
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// change runs a statement and returns how many rows it has changed.
func (t *tx) change(ctx context.Context, query string, args ...any) (int, error) {
	done, err := t.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, fmt.Errorf("ledger: pause all: %w", err)
	}
	n, err := done.RowsAffected()
	return int(n), err
}
