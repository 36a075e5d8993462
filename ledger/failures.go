package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"carillon/campaign"
)

// failureKey is what failed messages are counted by. The zero key stands for a
// message that has not failed.
type failureKey struct {
	campaign campaign.ID
	reason   string
	code     int
}

func (k failureKey) compare(other failureKey) int {
	return cmp.Or(cmp.Compare(k.campaign, other.campaign), cmp.Compare(k.reason, other.reason), cmp.Compare(k.code, other.code))
}

// failureKey is where a message belongs in the counts of failures.
func (m *message) failureKey() failureKey {
	if m.status != campaign.Failed {
		return failureKey{}
	}
	return failureKey{m.id.Campaign(), m.reason, m.code}
}

// recount moves a message in the counts of failures, from where it stood when it
// was locked.
func (t *tx) recount(m *message) {
	now := m.failureKey()
	if now == m.counted {
		return
	}
	if m.counted != (failureKey{}) {
		t.failures[m.counted]--
	}
	if now != (failureKey{}) {
		t.failures[now]++
	}
}

// flushFailures writes the counts of failures that the transaction has moved.
func (t *tx) flushFailures(ctx context.Context) error {
	keys := make([]failureKey, 0, len(t.failures))
	for key, n := range t.failures {
		if n != 0 {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	slices.SortFunc(keys, failureKey.compare) // one order for all, or two would wait for each other
	rows := make([][]any, len(keys))
	for i, key := range keys {
		rows[i] = []any{int64(key.campaign), key.reason, key.code, t.failures[key]}
	}
	_, err := t.ExecContext(ctx, t.l.sql(`
		INSERT INTO failures (campaign_id, reason, code, shard, n)
		SELECT CAST(value ->> 0 AS BIGINT), value ->> 1, CAST(value ->> 2 AS INTEGER), CAST($2 AS SMALLINT), CAST(value ->> 3 AS BIGINT)
		FROM EACH($1) WHERE true
		ON CONFLICT (campaign_id, reason, code, shard) DO UPDATE SET n = failures.n + excluded.n`),
		asJSON(rows), t.shard)
	if err != nil {
		return fmt.Errorf("ledger: counts of failures: %w", err)
	}
	return nil
}

// Failures says of a campaign's messages that failed for one reason how many
// they are.
type Failures struct {
	Reason string
	Code   int
	Count  int64
	// Said is what the provider said of the first that it refused so, Hint what
	// to do; empty where nobody has said anything.
	Said, Hint string
}

// Failures counts the messages of a campaign that are failed, by reason and code,
// most first. It costs a few rows, however many they are.
func (l *Ledger) Failures(ctx context.Context, id campaign.ID) ([]Failures, error) {
	rows, err := l.read.QueryContext(ctx, `
		SELECT f.reason, f.code, SUM(f.n), COALESCE(MAX(r.said), ''), COALESCE(MAX(r.hint), '')
		FROM failures f LEFT JOIN refusals r ON r.campaign_id = f.campaign_id AND r.reason = f.reason AND r.code = f.code
		WHERE f.campaign_id = $1
		GROUP BY f.reason, f.code HAVING SUM(f.n) <> 0
		ORDER BY SUM(f.n) DESC, f.reason, f.code`, int64(id))
	if err != nil {
		return nil, fmt.Errorf("ledger: failures of campaign %s: %w", id, err)
	}
	defer rows.Close()
	var all []Failures
	for rows.Next() {
		var f Failures
		if err := rows.Scan(&f.Reason, &f.Code, &f.Count, &f.Said, &f.Hint); err != nil {
			return nil, fmt.Errorf("ledger: failures of campaign %s: %w", id, err)
		}
		all = append(all, f)
	}
	return all, rows.Err()
}
