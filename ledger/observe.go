package ledger

import (
	"context"
	"database/sql"
	"fmt"

	"carillon/campaign"
	"carillon/ledger/database"
)

// Commit tells of a transaction that writers have made, or failed to.
type Commit = database.Commit

// Priorities are the labels of commits.
func Priorities() []database.Priority { return database.Priorities() }

// Way is how a message ceases to be unknown, or to wait for news as one.
type Way string

const (
	// ByReceipt: a receipt told what became of the attempt.
	ByReceipt Way = "receipt"
	// ByResult: the worker that was taken for dead recorded the result.
	ByResult Way = "result"
	// ByResend: on_unknown sends it again.
	ByResend Way = "resend"
	// ByHold: no receipt came in time; it stays unknown until a person decides.
	ByHold Way = "hold"
	// ByPersonResend: a person has it sent again.
	ByPersonResend Way = "person_resend"
	// ByPersonDrop: a person gave it up.
	ByPersonDrop Way = "person_drop"
)

// Ways are all there are.
func Ways() []Way { return []Way{ByReceipt, ByResult, ByResend, ByHold, ByPersonResend, ByPersonDrop} }

// Observer is told of what happens in the ledger. Its functions are called by the
// writers and have to be quick.
type Observer struct {
	// Committed is told of each transaction.
	Committed func(Commit)
	// Decided is told how many unknown messages were decided in a way.
	Decided func(Way, int)
}

// Observe has an observer told from now on. Both of its functions have to be there.
func (l *Ledger) Observe(o Observer) {
	l.observer.Store(&o)
	l.commit.Observe(o.Committed)
}

// noteDecided notes how an unknown message was decided.
func (t *tx) noteDecided(m *message, from campaign.Status, wasOpen, isOpen bool) {
	switch {
	case from != campaign.Unknown:
	case m.status != campaign.Unknown:
		t.decided[t.way]++
	case wasOpen && !isOpen:
		t.decided[ByHold]++
	}
}

// inWay runs f, in which unknown messages are decided in a way.
func (t *tx) inWay(way Way, f func() error) error {
	before := t.way
	t.way = way
	defer func() { t.way = before }()
	return f()
}

// tellDecided hands on what a transaction has decided that is on disk.
func (l *Ledger) tellDecided(all map[Way]int) {
	o := l.observer.Load()
	if o == nil {
		return
	}
	for way, n := range all {
		o.Decided(way, n)
	}
}

// Census is what the whole ledger holds that somebody may have to look after.
type Census struct {
	// States counts the campaigns by state.
	States map[campaign.State]int64
	// InTrouble counts the campaigns that Carillon has paused, or of which it has
	// stopped a channel, until a person acts.
	InTrouble int64
	// Undecided counts the unknown messages that still wait for a receipt or for
	// on_unknown. All other unknown ones wait for a person.
	Undecided int64
}

// Census counts. It reads no messages, so it is quick however many there are.
func (l *Ledger) Census(ctx context.Context) (Census, error) {
	census := Census{States: map[campaign.State]int64{}}
	rows, err := l.read.QueryContext(ctx, `SELECT state, COUNT(*) FROM campaigns WHERE state <> $1 GROUP BY state`, importing)
	if err != nil {
		return census, fmt.Errorf("ledger: census: %w", err)
	}
	if err := census.scan(rows); err != nil {
		return census, fmt.Errorf("ledger: census: %w", err)
	}
	err = l.read.QueryRowContext(ctx, `
		SELECT (SELECT COUNT(*) FROM campaigns
		        WHERE state = 'paused' AND reason NOT LIKE $2
		           OR state IN ('running', 'paused') AND id IN (SELECT campaign_id FROM campaign_channels)),
		       (SELECT COALESCE(SUM(n), 0) FROM counts WHERE status = $1 AND open = 1)`,
		int64(campaign.Unknown), past(campaign.Pause)+" by %").Scan(&census.InTrouble, &census.Undecided)
	if err != nil {
		return census, fmt.Errorf("ledger: census: %w", err)
	}
	return census, nil
}

func (c *Census) scan(rows *sql.Rows) error {
	defer rows.Close()
	for rows.Next() {
		var state campaign.State
		var n int64
		if err := rows.Scan(&state, &n); err != nil {
			return err
		}
		c.States[state] = n
	}
	return rows.Err()
}
