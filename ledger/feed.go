package ledger

import (
	"context"
	"fmt"
	"time"

	"carillon/campaign"
)

// Feedable is a message that may go out now.
type Feedable struct {
	ID campaign.MessageID
	// Attempt is the number its next attempt will have.
	Attempt int
	// Fresh says that it has never been anything but pending.
	Fresh bool
}

// Feedable returns the messages of a running campaign that may go out from the
// number at a position of its list: first those that came back (retries, opened
// gates) in the order of their time, then the fresh ones in the order of the
// list.
func (l *Ledger) Feedable(ctx context.Context, id campaign.ID, position, limit int, now time.Time) ([]Feedable, error) {
	found, err := l.feedable(ctx, make([]Feedable, 0, limit), `
		SELECT id, attempt + 1, false FROM messages
		WHERE campaign_id = $1 AND channel = $4 AND status = 2 AND due > 0 AND due <= $2
		ORDER BY due, id LIMIT $3`, int64(id), now.UnixMilli(), limit, position)
	if err != nil || len(found) == limit {
		return found, err
	}
	return l.feedable(ctx, found, `
		SELECT id, attempt + 1, true FROM messages
		WHERE campaign_id = $1 AND channel = $3 AND status = 2 AND due = 0
		ORDER BY id LIMIT $2`, int64(id), limit-len(found), position)
}

func (l *Ledger) feedable(ctx context.Context, found []Feedable, query string, args ...any) ([]Feedable, error) {
	rows, err := l.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("ledger: feed: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var f Feedable
		if err := rows.Scan(&f.ID, &f.Attempt, &f.Fresh); err != nil {
			return nil, fmt.Errorf("ledger: feed: %w", err)
		}
		found = append(found, f)
	}
	return found, rows.Err()
}
