package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"carillon/campaign"
)

// shards is how many rows one count may be spread over.
const shards = 64

// noStep is the step under which rejected rows are counted.
const noStep = -1

type countKey struct {
	campaign campaign.ID
	step     int
	status   campaign.Status
	open     bool
}

// count notes that n more messages stand where key says. The counts are
// written with the rows, in one transaction.
func (t *tx) count(key countKey, n int64) { t.counts[key] += n }

// flushCounts writes what the transaction has moved.
func (t *tx) flushCounts(ctx context.Context) error {
	rows := make([][]int64, 0, len(t.counts))
	for key, n := range t.counts {
		if n != 0 {
			rows = append(rows, []int64{int64(key.campaign), int64(key.step), int64(key.status), bit(key.open), n})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	slices.SortFunc(rows, slices.Compare) // one order for all, or two would wait for each other
	_, err := t.ExecContext(ctx, t.l.sql(`
		INSERT INTO counts (campaign_id, step, status, open, shard, n)
		SELECT CAST(value ->> 0 AS BIGINT), CAST(value ->> 1 AS SMALLINT), CAST(value ->> 2 AS SMALLINT),
		       CAST(value ->> 3 AS SMALLINT), CAST($2 AS SMALLINT), CAST(value ->> 4 AS BIGINT)
		FROM EACH($1) WHERE true
		ON CONFLICT (campaign_id, step, status, open, shard) DO UPDATE SET n = counts.n + excluded.n`),
		asJSON(rows), t.shard)
	if err != nil {
		return fmt.Errorf("ledger: counts: %w", err)
	}
	return nil
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// asJSON is a batch as a parameter of a statement.
func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // batches hold numbers and texts only
	}
	return string(text)
}

// tally is the counts of one campaign.
type tally struct {
	steps    []campaign.Counts
	rejected int64
	open     int64
}

// all is the sum over the steps, with the rejected rows.
func (t tally) all() campaign.Counts {
	sum := campaign.Counts{}
	for _, step := range t.steps {
		for status, n := range step {
			sum[status] += n
		}
	}
	if t.rejected > 0 {
		sum[campaign.Rejected] = t.rejected
	}
	return sum
}

// tallies reads the counts of some campaigns.
func (l *Ledger) tallies(ctx context.Context, ids []campaign.ID) (map[campaign.ID]*tally, error) {
	rows, err := l.read.QueryContext(ctx, l.sql(`
		SELECT campaign_id, step, status, open, SUM(n) FROM counts
		WHERE campaign_id IN (SELECT CAST(value AS BIGINT) FROM EACH($1))
		GROUP BY campaign_id, step, status, open`), asJSON(ids))
	if err != nil {
		return nil, fmt.Errorf("ledger: counts: %w", err)
	}
	defer rows.Close()
	found := make(map[campaign.ID]*tally, len(ids))
	for rows.Next() {
		var id campaign.ID
		var step, open int
		var status campaign.Status
		var n int64
		if err := rows.Scan(&id, &step, &status, &open, &n); err != nil {
			return nil, err
		}
		sums := found[id]
		if sums == nil {
			sums = &tally{}
			found[id] = sums
		}
		if step == noStep {
			sums.rejected += n
			continue
		}
		for len(sums.steps) <= step {
			sums.steps = append(sums.steps, campaign.Counts{})
		}
		sums.steps[step][status] += n
		sums.open += n * int64(open)
	}
	return found, rows.Err()
}

// Totals counts the messages of all campaigns by status; rejected rows, which
// have no message, are left out.
func (l *Ledger) Totals(ctx context.Context) (campaign.Counts, error) {
	rows, err := l.read.QueryContext(ctx, `SELECT status, SUM(n) FROM counts WHERE step <> $1 GROUP BY status`, noStep)
	if err != nil {
		return nil, fmt.Errorf("ledger: totals: %w", err)
	}
	defer rows.Close()
	totals := campaign.Counts{}
	for rows.Next() {
		var status campaign.Status
		var n int64
		if err := rows.Scan(&status, &n); err != nil {
			return nil, fmt.Errorf("ledger: totals: %w", err)
		}
		totals[status] = n
	}
	return totals, rows.Err()
}
