package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"carillon/campaign"
)

// A provider that tells nothing by itself is asked. What it has to be asked about
// are rows, written in the transaction that settles an attempt. A row ends when the
// provider has told the last that there is to know, or when it is a day old.

const (
	// pollFor is for how long after its acceptance an attempt is asked about.
	pollFor = 24 * time.Hour
	// pollsFor is how long a row is kept that should have ended and did not:
	// nobody asks, for its channel is gone from the configuration.
	pollsFor = 7 * 24 * time.Hour
)

// pollAfter is how long after the n-th poll the next one is due; n is 0 for the
// acceptance. A message that arrives does so within seconds, mostly; what comes
// later is whether it was read, and nothing hurries then.
func pollAfter(n int) time.Duration {
	first := [...]time.Duration{5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute}
	if n < len(first) {
		return first[n]
	}
	return time.Hour
}

// Poll is an attempt that the provider has to be asked about.
type Poll struct {
	Message campaign.MessageID
	Attempt int
	// Due is when it is asked.
	Due time.Time
}

// PollRow is a poll as whoever asks needs it.
type PollRow struct {
	Poll
	// Channel is the one through which the provider is asked.
	Channel string
	// ProviderID is the provider's identifier of the message.
	ProviderID string
	// Tries is how often it has been asked.
	Tries int
	// Until is when that ends.
	Until time.Time
}

// Polled is what came of a poll.
type Polled struct {
	PollRow
	// At is when that was known.
	At time.Time
	// Receipt is what the provider told; nil where it told nothing.
	Receipt *Receipt
	// Wait is how long to wait where the provider would not be asked now: the poll
	// does not count then. 0: it counts.
	Wait time.Duration
}

// startPollsSQL finds no attempt whose identifier was not kept: its person was
// erased.
const startPollsSQL = `
	INSERT INTO polls (message_id, attempt, channel, due, until)
	SELECT a.message_id, a.n, v.value ->> 2, CAST(v.value ->> 3 AS BIGINT), CAST(v.value ->> 4 AS BIGINT)
	FROM EACH($1) AS v JOIN attempts a
	  ON a.message_id = CAST(v.value ->> 0 AS BIGINT) AND a.n = CAST(v.value ->> 1 AS INTEGER)
	WHERE a.provider_id = v.value ->> 5
	ON CONFLICT (message_id, attempt) DO NOTHING`

// startPolls has the provider asked about the attempts that it has accepted and of
// which it tells nothing by itself.
func (t *tx) startPolls(ctx context.Context, settlements []*Settlement) error {
	var batch [][]any
	for _, s := range settlements {
		if s.Poll != "" && s.ProviderID != "" {
			batch = append(batch, []any{
				int64(s.Message), s.Attempt, s.Poll, s.At.Add(pollAfter(0)).UnixMilli(), s.At.Add(pollFor).UnixMilli(), s.ProviderID,
			})
		}
	}
	if len(batch) == 0 {
		return nil
	}
	if _, err := t.ExecContext(ctx, t.l.sql(startPollsSQL), asJSON(batch)); err != nil {
		return fmt.Errorf("ledger: note what to ask about: %w", err)
	}
	return nil
}

// DuePolls are the polls of a channel that are due, the oldest first.
func (l *Ledger) DuePolls(ctx context.Context, channel string, limit int, now time.Time) ([]Poll, error) {
	rows, err := l.read.QueryContext(ctx, `
		SELECT message_id, attempt, due FROM polls WHERE channel = $1 AND due <= $2
		ORDER BY due, message_id, attempt LIMIT $3`, channel, now.UnixMilli(), limit)
	if err != nil {
		return nil, fmt.Errorf("ledger: due polls: %w", err)
	}
	defer rows.Close()
	var found []Poll
	for rows.Next() {
		var p Poll
		var due int64
		if err := rows.Scan(&p.Message, &p.Attempt, &due); err != nil {
			return nil, fmt.Errorf("ledger: due polls: %w", err)
		}
		p.Due = time.UnixMilli(due)
		found = append(found, p)
	}
	return found, rows.Err()
}

// Poll is what there is to ask about an attempt. The error wraps ErrNotFound where
// there is nothing any more.
func (l *Ledger) Poll(ctx context.Context, id campaign.MessageID, attempt int) (PollRow, error) {
	row := PollRow{Poll: Poll{Message: id, Attempt: attempt}}
	var due, until int64
	err := l.read.QueryRowContext(ctx, `
		SELECT p.channel, a.provider_id, p.tries, p.due, p.until
		FROM polls p JOIN attempts a ON a.message_id = p.message_id AND a.n = p.attempt
		WHERE p.message_id = $1 AND p.attempt = $2`, int64(id), attempt).Scan(&row.Channel, &row.ProviderID, &row.Tries, &due, &until)
	if errors.Is(err, sql.ErrNoRows) {
		return row, fmt.Errorf("ledger: poll of attempt %d of message %d: %w", attempt, id, ErrNotFound)
	}
	if err != nil {
		return row, fmt.Errorf("ledger: poll of attempt %d of message %d: %w", attempt, id, err)
	}
	row.Due, row.Until = time.UnixMilli(due), time.UnixMilli(until)
	return row, nil
}

// Polled records what came of a poll, its receipt and when to ask again, in one
// transaction, and tells what the receipt has done. Two who have asked at once do
// no harm: one of them moves the row.
func (l *Ledger) Polled(ctx context.Context, p Polled) (Received, error) {
	r := &receiving{}
	if p.Receipt != nil {
		receipt := *p.Receipt
		receipt.asked, receipt.ProviderID = true, "" // nothing is kept that finds no attempt: this one is known
		receipt.Channel, receipt.Peers = p.Channel, []string{p.Channel}
		receipt.Message, receipt.Attempt = p.Message, p.Attempt
		r.receipts = []Receipt{receipt}
	}
	if err := l.commit.Submit(ctx, urgent, &job{receive: r, polled: &p, now: p.At}); err != nil || len(r.found) == 0 {
		return Received{}, err
	}
	return r.found[0], nil
}

// last reports whether the provider has told all that there is to know, or need
// not be asked again for another reason.
func (p *Polled) last(next time.Time) bool {
	if p.Receipt != nil && (p.Receipt.Status == campaign.Read || p.Receipt.Status == campaign.Failed) {
		return true
	}
	return next.After(p.Until)
}

const movePollsSQL = `
	UPDATE polls SET due = CAST(v.value ->> 3 AS BIGINT), tries = CAST(v.value ->> 4 AS INTEGER)
	FROM EACH($1) AS v
	WHERE polls.message_id = CAST(v.value ->> 0 AS BIGINT) AND polls.attempt = CAST(v.value ->> 1 AS INTEGER)
	  AND polls.tries = CAST(v.value ->> 2 AS INTEGER)`

const endPollsSQL = `
	DELETE FROM polls WHERE (message_id, attempt) IN (
		SELECT CAST(value ->> 0 AS BIGINT), CAST(value ->> 1 AS INTEGER) FROM EACH($1))`

// movePolls puts polls off to their next time, or ends them.
func (t *tx) movePolls(ctx context.Context, polls []*Polled) error {
	var moved, ended [][5]int64
	for _, p := range polls {
		tries, next := p.Tries, p.At.Add(p.Wait)
		if p.Wait == 0 {
			tries++
			next = p.At.Add(pollAfter(tries))
		}
		row := [5]int64{int64(p.Message), int64(p.Attempt), int64(p.Tries), next.UnixMilli(), int64(tries)}
		if p.last(next) {
			ended = append(ended, row)
		} else {
			moved = append(moved, row)
		}
	}
	for _, change := range []struct {
		query string
		batch [][5]int64
	}{{movePollsSQL, moved}, {endPollsSQL, ended}} {
		if len(change.batch) == 0 {
			continue
		}
		if _, err := t.ExecContext(ctx, t.l.sql(change.query), asJSON(change.batch)); err != nil {
			return fmt.Errorf("ledger: move polls: %w", err)
		}
	}
	return nil
}
