package ledger

import (
	"context"
	"errors"
	"fmt"

	"carillon/campaign"
)

// Verify counts a campaign's rows and compares them with what the ledger says
// of it: the counts per step and status, the open messages, the failures, the verdicts; and
// that each recipient stays with one number. It
// reads every row; it is for tests and for a suspicious operator. The
// campaign must not be moving meanwhile.
func (l *Ledger) Verify(ctx context.Context, id campaign.ID) error {
	c, err := l.Campaign(ctx, id)
	if err != nil {
		return err
	}
	counted := map[countKey]int64{}
	first, end := id.Messages()
	rows, err := l.read.QueryContext(ctx, `
		SELECT id & 15, status, CASE WHEN status = 4 AND due IS NULL THEN 0 ELSE 1 END, COUNT(*)
		FROM messages WHERE id >= $1 AND id < $2 GROUP BY 1, 2, 3`, int64(first), int64(end))
	if err != nil {
		return fmt.Errorf("ledger: verify: %w", err)
	}
	defer rows.Close()
	var open int64
	for rows.Next() {
		key := countKey{campaign: id}
		var undecided, n int64
		if err := rows.Scan(&key.step, &key.status, &undecided, &n); err != nil {
			return err
		}
		if key.status.Open() && undecided == 1 {
			open += n
		}
		counted[key] += n
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return errors.Join(compareCounts(c, counted, open), l.verifyVerdicts(ctx, c), l.verifyNumbers(ctx, c), l.verifyFailures(ctx, id))
}

// verifyNumbers finds recipients whose messages are on several numbers, or on
// one that the campaign does not have. Where there are fallback channels, messages
// may be on several.
func (l *Ledger) verifyNumbers(ctx context.Context, c Campaign) error {
	var wrong int64
	first, end := c.ID.Messages()
	err := l.read.QueryRowContext(ctx, `
		SELECT COUNT(*) FROM (
			SELECT id >> 4 FROM messages WHERE id >= $1 AND id < $2
			GROUP BY 1 HAVING MIN(channel) <> MAX(channel) AND $4 = 0 OR MAX(channel) >= $3) AS strays`,
		int64(first), int64(end), len(c.Definition.AllChannels()), len(c.Definition.Fallback)).Scan(&wrong)
	if err != nil {
		return fmt.Errorf("ledger: verify: %w", err)
	}
	if wrong > 0 {
		return fmt.Errorf("%d recipients do not stay with one channel of the campaign", wrong)
	}
	return nil
}

// verifyFailures compares the counts of failures with the messages that failed.
func (l *Ledger) verifyFailures(ctx context.Context, id campaign.ID) error {
	known, err := l.Failures(ctx, id)
	if err != nil {
		return err
	}
	counted := map[failureKey]int64{}
	for _, f := range known {
		counted[failureKey{id, f.Reason, f.Code}] = f.Count
	}
	first, end := id.Messages()
	rows, err := l.read.QueryContext(ctx, `
		SELECT reason, code, COUNT(*) FROM messages WHERE id >= $1 AND id < $2 AND status = $3 GROUP BY reason, code`,
		int64(first), int64(end), int(campaign.Failed))
	if err != nil {
		return fmt.Errorf("ledger: verify: %w", err)
	}
	defer rows.Close()
	var errs []error
	for rows.Next() {
		key := failureKey{campaign: id}
		var n int64
		if err := rows.Scan(&key.reason, &key.code, &n); err != nil {
			return err
		}
		if counted[key] != n {
			errs = append(errs, fmt.Errorf("%d messages failed because of %s (%d), counted as %d", n, key.reason, key.code, counted[key]))
		}
		delete(counted, key)
	}
	for key, n := range counted {
		errs = append(errs, fmt.Errorf("no message failed because of %s (%d), counted as %d", key.reason, key.code, n))
	}
	return errors.Join(append(errs, rows.Err())...)
}

func compareCounts(c Campaign, counted map[countKey]int64, open int64) error {
	var errs []error
	for step, counts := range c.Steps {
		for status, n := range counts {
			key := countKey{campaign: c.ID, step: step, status: status}
			if counted[key] != n {
				errs = append(errs, fmt.Errorf("step %d has %d messages %s, counted as %d", step+1, counted[key], status, n))
			}
			delete(counted, key)
		}
	}
	for key, n := range counted {
		errs = append(errs, fmt.Errorf("step %d has %d messages %s, not counted at all", key.step+1, n, key.status))
	}
	if open != c.Open {
		errs = append(errs, fmt.Errorf("%d messages are open, counted as %d", open, c.Open))
	}
	return errors.Join(errs...)
}

func (l *Ledger) verifyVerdicts(ctx context.Context, c Campaign) error {
	rows, err := l.read.QueryContext(ctx, `
		SELECT verdict, COUNT(*), COUNT(person) FROM recipients WHERE id >= $1 AND id < $2 GROUP BY verdict`,
		int64(c.ID.Recipient(0)), int64((c.ID + 1).Recipient(0)))
	if err != nil {
		return fmt.Errorf("ledger: verify: %w", err)
	}
	defer rows.Close()
	var errs []error
	var all, admitted int64
	for rows.Next() {
		var verdict campaign.Verdict
		var n, persons int64
		if err := rows.Scan(&verdict, &n, &persons); err != nil {
			return err
		}
		all, admitted = all+n, admitted+persons
		if c.Verdicts[verdict] != n {
			errs = append(errs, fmt.Errorf("%d rows are %s, counted as %d", n, verdict, c.Verdicts[verdict]))
		}
	}
	total := admitted*int64(len(c.Definition.Steps)) + all - admitted
	if got := c.Counts.Total(); got != total {
		errs = append(errs, fmt.Errorf("the statuses add up to %d, want %d", got, total))
	}
	return errors.Join(append(errs, rows.Err())...)
}
