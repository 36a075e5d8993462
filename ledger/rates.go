package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"carillon/campaign"
)

// How finely it is kept when messages went out, and for how long. Ours: ten seconds
// show a pause, a minute what went on during a night, and after a month nobody looks.
const (
	rateFine   = 10 * time.Second
	rateCoarse = time.Minute
	fineFor    = time.Hour
	ratesFor   = 31 * 24 * time.Hour
)

// ratePoints is about how many points a campaign's rates have at most: what a curve
// on a page can show.
const ratePoints = 240

// rateKind is how an attempt ended, as the table of rates has it.
type rateKind int

const (
	rateAccepted rateKind = iota + 1
	rateFailed
	rateThrottled
)

// rateKey is a row of the table of rates.
type rateKey struct {
	campaign campaign.ID
	at       int64 // in seconds
	kind     rateKind
}

// rate notes that an attempt ended.
func (t *tx) rate(id campaign.ID, kind rateKind, now time.Time) {
	t.rates[rateKey{id, now.Truncate(rateFine).Unix(), kind}]++
}

// throttled notes that an attempt met a limit, so that it does not count.
func (t *tx) throttled(m *message, now time.Time) {
	m.tries--
	t.rate(m.id.Campaign(), rateThrottled, now)
}

// rateMove notes what the move of a message says of its attempt.
func (t *tx) rateMove(m *message, from, to campaign.Status, now time.Time) {
	switch {
	case to == campaign.Failed && from != campaign.Failed:
		t.rate(m.id.Campaign(), rateFailed, now)
	case from != campaign.Posting && from != campaign.Unknown:
	case to == campaign.Accepted, to == campaign.Held, to == campaign.Sent, to == campaign.Delivered, to == campaign.Read:
		t.rate(m.id.Campaign(), rateAccepted, now)
	}
}

// flushRates writes what the transaction has gathered.
func (t *tx) flushRates(ctx context.Context) error {
	if len(t.rates) == 0 {
		return nil
	}
	rows := make([][]int64, 0, len(t.rates))
	for key, n := range t.rates {
		rows = append(rows, []int64{int64(key.campaign), key.at, int64(key.kind), n})
	}
	slices.SortFunc(rows, slices.Compare) // one order for all, or two would wait for each other
	_, err := t.ExecContext(ctx, t.l.sql(`
		INSERT INTO campaign_rates (campaign_id, width, at, kind, shard, n)
		SELECT CAST(value ->> 0 AS BIGINT), 10, CAST(value ->> 1 AS BIGINT), CAST(value ->> 2 AS SMALLINT), CAST($2 AS SMALLINT), CAST(value ->> 3 AS BIGINT)
		FROM EACH($1) WHERE true
		ON CONFLICT (campaign_id, width, at, kind, shard) DO UPDATE SET n = campaign_rates.n + excluded.n`), asJSON(rows), t.shard)
	if err != nil {
		return fmt.Errorf("ledger: rates: %w", err)
	}
	return nil
}

// tidyRates joins what is older than an hour into minutes, and drops what nobody
// looks at any more. What is joined is marked first, so that what comes late stays
// for the next time.
func (l *Ledger) tidyRates(ctx context.Context, now time.Time) error {
	fine, old := now.Add(-fineFor).Truncate(rateCoarse).Unix(), now.Add(-ratesFor).Unix()
	return l.do(ctx, background, func(ctx context.Context, t *tx) error {
		for _, s := range []struct {
			query string
			args  []any
		}{
			{`DELETE FROM campaign_rates WHERE width IN (10, 60) AND at < $1`, []any{old}},
			{`UPDATE campaign_rates SET width = 0 WHERE width = 10 AND at < $1`, []any{fine}},
			{`INSERT INTO campaign_rates (campaign_id, width, at, kind, shard, n)
			  SELECT campaign_id, 60, at - at % 60, kind, 0, SUM(n) FROM campaign_rates WHERE width = 0
			  GROUP BY campaign_id, at - at % 60, kind ORDER BY campaign_id, at - at % 60, kind
			  ON CONFLICT (campaign_id, width, at, kind, shard) DO UPDATE SET n = campaign_rates.n + excluded.n`, nil},
			{`DELETE FROM campaign_rates WHERE width = 0`, nil},
		} {
			if _, err := t.ExecContext(ctx, s.query, s.args...); err != nil {
				return fmt.Errorf("ledger: tidy the rates: %w", err)
			}
		}
		return nil
	})
}

// Rates are how many of a campaign's attempts ended how, over time.
type Rates struct {
	// Width is how long each point is.
	Width time.Duration
	// Points are in the order of time; where nothing happened there is none.
	Points []RatePoint
}

// RatePoint is what happened within one width from At on.
type RatePoint struct {
	At time.Time
	// Accepted and Failed count messages, Throttled attempts.
	Accepted, Failed, Throttled int64
}

// Rates returns when a campaign's messages went out, in about ratePoints points at
// most. What is older than a month is not known any more.
func (l *Ledger) Rates(ctx context.Context, id campaign.ID) (Rates, error) {
	var first, last, widest sql.NullInt64
	err := l.read.QueryRowContext(ctx, `SELECT MIN(at), MAX(at), MAX(width) FROM campaign_rates WHERE campaign_id = $1`, int64(id)).
		Scan(&first, &last, &widest)
	if err != nil {
		return Rates{}, fmt.Errorf("ledger: rates of campaign %s: %w", id, err)
	}
	rates := Rates{Width: rateWidth(time.Duration(last.Int64-first.Int64)*time.Second, time.Duration(widest.Int64)*time.Second)}
	rows, err := l.read.QueryContext(ctx, `
		SELECT at - at % $2, kind, SUM(n) FROM campaign_rates WHERE campaign_id = $1 GROUP BY 1, kind ORDER BY 1, kind`,
		int64(id), int64(rates.Width/time.Second))
	if err != nil {
		return rates, fmt.Errorf("ledger: rates of campaign %s: %w", id, err)
	}
	defer rows.Close()
	for rows.Next() {
		var at, n int64
		var kind rateKind
		if err := rows.Scan(&at, &kind, &n); err != nil {
			return rates, fmt.Errorf("ledger: rates of campaign %s: %w", id, err)
		}
		rates.add(time.Unix(at, 0).UTC(), kind, n)
	}
	return rates, rows.Err()
}

func (r *Rates) add(at time.Time, kind rateKind, n int64) {
	if len(r.Points) == 0 || !r.Points[len(r.Points)-1].At.Equal(at) {
		r.Points = append(r.Points, RatePoint{At: at})
	}
	p := &r.Points[len(r.Points)-1]
	switch kind {
	case rateAccepted:
		p.Accepted = n
	case rateFailed:
		p.Failed = n
	case rateThrottled:
		p.Throttled = n
	}
}

// rateWidth is the least of the usual widths that shows a span in few points, and is
// no less than how coarse the rows are.
func rateWidth(span, least time.Duration) time.Duration {
	for _, width := range []time.Duration{rateFine, rateCoarse, 5 * time.Minute, 15 * time.Minute, time.Hour, 6 * time.Hour} {
		if width >= least && span < ratePoints*width {
			return width
		}
	}
	return 24 * time.Hour
}
