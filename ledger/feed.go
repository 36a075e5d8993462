package ledger

import (
	"context"
	"database/sql"
	"errors"
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

// Oldest is what waits longest among the messages of a campaign that may go out.
type Oldest struct {
	// Again is since when the first of those that came back might have gone out,
	// retries and opened gates; zero where there is none.
	Again time.Time
	// Fresh says that there is one that has never been anything but pending.
	Fresh bool
}

// OldestFeedable tells what waits longest among what Feedable would return.
func (l *Ledger) OldestFeedable(ctx context.Context, id campaign.ID, position int, now time.Time) (Oldest, error) {
	due, err := l.firstDue(ctx, `
		SELECT due FROM messages
		WHERE campaign_id = $1 AND channel = $3 AND status = 2 AND due > 0 AND due <= $2
		ORDER BY due, id LIMIT 1`, int64(id), now.UnixMilli(), position)
	if err != nil {
		return Oldest{}, err
	}
	fresh, err := l.firstDue(ctx, `
		SELECT due FROM messages WHERE campaign_id = $1 AND channel = $2 AND status = 2 AND due = 0
		ORDER BY id LIMIT 1`, int64(id), position)
	return Oldest{Again: moment(due), Fresh: fresh.Valid}, err
}

func (l *Ledger) firstDue(ctx context.Context, query string, args ...any) (due sql.NullInt64, err error) {
	err = l.read.QueryRowContext(ctx, query, args...).Scan(&due)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return due, fmt.Errorf("ledger: oldest message to feed: %w", err)
	}
	return due, nil
}
