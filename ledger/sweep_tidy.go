package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"carillon/campaign"
)

// slotsFor is how long a schedule's history goes back: a year, and some time to
// look at what came of last year's.
const slotsFor = 400 * 24 * time.Hour

// slowedFor is how long it is remembered that a template was slowed which nobody
// has sent since (ours: whatever slowed it is over after a day).
const slowedFor = 24 * time.Hour

// windowsFor is how long it is remembered that somebody wrote: the day for which a
// window is open, and two for receipts that come late and say that it was shut.
const windowsFor = 3 * campaign.WindowFor

// Tidy deletes what nothing looks at any more: receipts whose attempt did not
// become known, opt-ins so long ago that no provider repeats them, whom no daily
// limit counts, windows that are shut, polls of channels that are gone, templates that
// were slowed long ago, template lists that nobody asks for, sessions whose cookie has
// expired, notices that nobody repeats any more, the slots of schedules beyond their
// history, old rates, files, and uploads.
func (l *Ledger) Tidy(ctx context.Context, now time.Time) error {
	return errors.Join(l.tidyRows(ctx, now), l.tidyRates(ctx, now), l.tidyMedia(ctx, now), l.dropUploads(ctx, now.Add(-UploadsFor)))
}

func (l *Ledger) tidyRows(ctx context.Context, now time.Time) error {
	return l.do(ctx, background, func(ctx context.Context, t *tx) error {
		for _, old := range []struct {
			what, query string
			age         time.Duration
		}{
			{"receipts", `DELETE FROM early_receipts WHERE received_at < $1`, earlyFor},
			{"who was reached", `DELETE FROM reached WHERE at <= $1`, reachedFor},
			{"windows", `DELETE FROM windows WHERE at < $1 AND shut < $1`, windowsFor},
			{"polls", `DELETE FROM polls WHERE until < $1`, pollsFor},
			{"slowed templates", `DELETE FROM slowed_templates WHERE until < $1`, slowedFor},
			{"templates", `DELETE FROM templates WHERE account IN (SELECT l.account FROM template_lists l WHERE l.tried < $1)`, templatesFor},
			{"template lists", `DELETE FROM template_lists WHERE tried < $1`, templatesFor},
			{"sessions", `DELETE FROM ended_sessions WHERE ends < $1`, endedFor},
			{"notices", `DELETE FROM notices WHERE last_heard < $1`, noticesFor},
			{"slots", `DELETE FROM slots WHERE at < $1 AND state NOT IN ('due', 'running') AND NOT EXISTS (
				SELECT 1 FROM campaigns c WHERE c.id = slots.campaign_id AND c.state IN ('scheduled', 'running', 'paused'))`, slotsFor},
		} {
			if _, err := t.ExecContext(ctx, old.query, now.Add(-old.age).UnixMilli()); err != nil {
				return fmt.Errorf("ledger: drop old %s: %w", old.what, err)
			}
		}
		return t.dropNotices(ctx)
	})
}
