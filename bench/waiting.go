package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// waitingList is a campaign of two steps in a ledger, all of whose second
// messages wait.
type waitingList struct {
	engine, address string
	// start is when the first of them are due.
	start time.Time
	id    campaign.ID
	rows  int // how long it is
	grown int // how often it has grown since its first rows
}

// begin makes the ledger and the campaign, still without a row, and starts it.
func (l *waitingList) begin(ctx context.Context) (err error) {
	record, err := ledger.Open(ctx, l.address)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, record.Close()) }()
	step := campaign.Step{Template: "order_update", Language: "en_US", Category: campaign.Utility}
	next := step
	next.After, next.Otherwise = campaign.AfterDelivered, campaign.Send
	intake, err := record.BeginIntake(ctx, ledger.NewCampaign{
		Definition: &campaign.Definition{Name: "bench", Channel: "main", Steps: []campaign.Step{step, next}}, Columns: []string{"Phone"},
	}, l.start)
	if err != nil {
		return err
	}
	l.id = intake.ID()
	if err := intake.Reveal(ctx); err != nil {
		return err
	}
	_, err = record.Act(ctx, l.id, campaign.Start, ledger.Actor{Name: "bench"}, l.start)
	return err
}

// dueOf is when the messages of a round are due that the list has got last.
func (l *waitingList) dueOf(round int) time.Time {
	return l.start.Add(time.Duration(l.grown*sweepRounds+round) * time.Minute)
}

// far is when all others are due, in a time that no round reaches.
const far = 30 * 24 * time.Hour

// fillListSQL makes the recipients $1 to $2, whose numbers are behind $3.
const fillListSQL = `
	WITH RECURSIVE list(n) AS (SELECT CAST($1 AS BIGINT) UNION ALL SELECT n + 1 FROM list WHERE n < $2)
	INSERT INTO recipients (id, phone, person, verdict, cells)
	SELECT CAST($3 AS BIGINT) + n, '+44' || CAST(7000000000 + n AS TEXT), '+44' || CAST(7000000000 + n AS TEXT), 'ok', '["Ana"]' FROM list`

// fillSQL makes both messages of the recipients $2 to $3 of the campaign $1,
// whose messages begin behind $4: the first is sent (7), the second waits (1).
// From recipient $9 on every $5-th is due, until each of the $6 rounds has $10 of
// them; the rounds are a minute apart, from $7 on. All others are due after $8.
const fillSQL = `
	WITH RECURSIVE list(n) AS (SELECT CAST($2 AS BIGINT) UNION ALL SELECT n + 1 FROM list WHERE n < $3),
	placed AS (SELECT n, n - CAST($9 AS BIGINT) AS behind, (n - CAST($9 AS BIGINT)) / CAST($5 AS BIGINT) AS place FROM list)
	INSERT INTO messages (id, campaign_id, channel, category, status, due, attempt, tries, accepted_at, sent_at, updated_at)
	SELECT CAST($4 AS BIGINT) + n * 16 + step, CAST($1 AS BIGINT), 0, 2,
	       CASE step WHEN 0 THEN 7 ELSE 1 END,
	       CASE WHEN step = 1 AND behind % CAST($5 AS BIGINT) = 0 AND place < CAST($6 AS BIGINT) * CAST($10 AS BIGINT)
	            THEN CAST($7 AS BIGINT) + place % CAST($6 AS BIGINT) * 60000
	            ELSE CAST($8 AS BIGINT) + n END,
	       1 - step, 1 - step,
	       CASE step WHEN 0 THEN CAST($7 AS BIGINT) END, CASE step WHEN 0 THEN CAST($7 AS BIGINT) END, CAST($7 AS BIGINT)
	FROM placed CROSS JOIN (SELECT 0 AS step UNION ALL SELECT 1) AS steps
	ORDER BY n, step`

const fillCountsSQL = `
	INSERT INTO counts (campaign_id, step, status, open, shard, n)
	VALUES (CAST($1 AS BIGINT), 0, 7, 0, 0, CAST($2 AS BIGINT)), (CAST($1 AS BIGINT), 1, 1, 1, 0, CAST($2 AS BIGINT))
	ON CONFLICT (campaign_id, step, status, open, shard) DO UPDATE SET n = counts.n + excluded.n`

const fillVerdictsSQL = `
	INSERT INTO verdicts (campaign_id, verdict, n) VALUES (CAST($1 AS BIGINT), 'ok', CAST($2 AS BIGINT))
	ON CONFLICT (campaign_id, verdict) DO UPDATE SET n = verdicts.n + excluded.n`

// fill makes the list as long as said.
func (l *waitingList) fill(ctx context.Context, rows int) error {
	db, err := l.direct(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // what was committed stays
	if l.rows > 0 {
		l.grown++
	}
	const batch = 100_000
	added, first := rows-l.rows, l.rows+1
	every := added / (sweepRounds * dueAtOnce)
	for from := first; from <= rows; from += batch {
		to := min(from+batch-1, rows)
		if _, err := db.ExecContext(ctx, fillListSQL, from, to, int64(l.id.Recipient(0))); err != nil {
			return fmt.Errorf("fill rows %d to %d: %w", from, to, err)
		}
		_, err := db.ExecContext(ctx, fillSQL, int64(l.id), from, to, int64(l.id.Recipient(0).Message(0)),
			every, sweepRounds, l.dueOf(0).UnixMilli(), l.start.Add(far).UnixMilli(), first, dueAtOnce)
		if err != nil {
			return fmt.Errorf("fill rows %d to %d: %w", from, to, err)
		}
	}
	for _, query := range []string{fillCountsSQL, fillVerdictsSQL} {
		if _, err := db.ExecContext(ctx, query, int64(l.id), added); err != nil {
			return fmt.Errorf("fill the counts: %w", err)
		}
	}
	l.rows = rows
	return nil
}

// direct is the ledger's database.
func (l *waitingList) direct(ctx context.Context) (*sql.DB, error) {
	if l.engine == enginePostgres {
		return sql.Open("pgx", l.address)
	}
	db, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(l.address, "sqlite:")+"?_pragma=synchronous(OFF)&_pragma=cache_size(-262144)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, db.PingContext(ctx)
}
