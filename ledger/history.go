package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"carillon/campaign"
)

// History is all that is on record of one row of a list.
type History struct {
	// Rows are those of the report: one for each step, or one alone for a row that
	// never qualified.
	Rows []ReportRow
	// Attempts and Replies are those of all steps, in the order of the steps and
	// of time.
	Attempts []Attempt
	Replies  []HeardReply
	// Suppressions are why the person gets no messages, under any of their keys.
	Suppressions []Suppression
}

// Attempt is one attempt of a message.
type Attempt struct {
	Message campaign.MessageID
	// N counts from 1.
	N int
	// Position is that of the channel in the campaign's list.
	Position int
	// Claimed is when it began, Settled when its outcome was known; the zero time:
	// not yet.
	Claimed, Settled time.Time
	// Outcome is that of its settlement, "throttled" or "failed" by a receipt;
	// empty while it is in the air.
	Outcome string
	// ProviderID is the provider's identifier, empty where it is not known.
	ProviderID string
	// Code and Reason are those of its failure.
	Code   int
	Reason string
}

// HeardReply is what a person answered to a message.
type HeardReply struct {
	campaign.Reply
	Message campaign.MessageID
	At      time.Time
}

// History returns what is on record of a row; the error wraps ErrNotFound where the
// campaign or the row is not there. It costs a few rows, however long the list is.
func (l *Ledger) History(ctx context.Context, id campaign.RecipientID) (History, error) {
	var h History
	state, err := l.State(ctx, id.Campaign())
	if err != nil {
		return h, err
	}
	if state == importing {
		return h, fmt.Errorf("campaign %s %w", id.Campaign(), ErrNotFound)
	}
	q := ReportQuery{Campaign: id.Campaign(), After: id.Campaign().Recipient(id.Row() - 1), Recipients: 1}
	page, err := l.Report(ctx, q)
	if err != nil {
		return h, err
	}
	h.Rows = page.Rows
	if len(h.Rows) == 0 || h.Rows[0].Recipient != id {
		return h, fmt.Errorf("row %d of campaign %s %w", id.Row(), id.Campaign(), ErrNotFound)
	}
	if h.Attempts, err = l.attemptsOf(ctx, id); err != nil {
		return h, err
	}
	if h.Replies, err = l.repliesOf(ctx, id); err != nil {
		return h, err
	}
	h.Suppressions, err = l.suppressionsOf(ctx, id)
	return h, err
}

// messagesOf are the first identifier of a recipient's messages, and the one behind
// the last.
func messagesOf(id campaign.RecipientID) (first, end int64) {
	return int64(id.Message(0)), int64((id + 1).Message(0))
}

func (l *Ledger) attemptsOf(ctx context.Context, id campaign.RecipientID) ([]Attempt, error) {
	first, end := messagesOf(id)
	rows, err := l.read.QueryContext(ctx, `
		SELECT a.message_id, a.n, `+attemptChannelSQL+`, a.claimed_at, a.settled_at, a.outcome,
		       COALESCE(a.provider_id, ''), COALESCE(a.code, 0), COALESCE(a.reason, '')
		FROM attempts a WHERE a.message_id >= $1 AND a.message_id < $2 ORDER BY a.message_id, a.n`, first, end)
	if err != nil {
		return nil, fmt.Errorf("ledger: attempts of a row: %w", err)
	}
	defer rows.Close()
	var list []Attempt
	for rows.Next() {
		var a Attempt
		var claimed int64
		var settled sql.NullInt64
		if err := rows.Scan(&a.Message, &a.N, &a.Position, &claimed, &settled, &a.Outcome, &a.ProviderID, &a.Code, &a.Reason); err != nil {
			return nil, fmt.Errorf("ledger: attempts of a row: %w", err)
		}
		a.Claimed, a.Settled = time.UnixMilli(claimed).UTC(), moment(settled)
		list = append(list, a)
	}
	return list, rows.Err()
}

func (l *Ledger) repliesOf(ctx context.Context, id campaign.RecipientID) ([]HeardReply, error) {
	first, end := messagesOf(id)
	rows, err := l.read.QueryContext(ctx, `
		SELECT message_id, at, payload, text, pressed = 1, opts_in = 1 FROM replies
		WHERE message_id >= $1 AND message_id < $2 ORDER BY message_id, at, id`, first, end)
	if err != nil {
		return nil, fmt.Errorf("ledger: replies of a row: %w", err)
	}
	defer rows.Close()
	var list []HeardReply
	for rows.Next() {
		var r HeardReply
		var at int64
		if err := rows.Scan(&r.Message, &at, &r.Payload, &r.Text, &r.Pressed, &r.OptsIn); err != nil {
			return nil, fmt.Errorf("ledger: replies of a row: %w", err)
		}
		r.At = time.UnixMilli(at).UTC()
		list = append(list, r)
	}
	return list, rows.Err()
}

func (l *Ledger) suppressionsOf(ctx context.Context, id campaign.RecipientID) ([]Suppression, error) {
	rows, err := l.read.QueryContext(ctx, `
		SELECT person, scope, reason, created_at, source FROM suppressions WHERE person IN (
			SELECT r.person FROM recipients r WHERE r.id = $1
			UNION SELECT a.person FROM recipients r JOIN aliases a ON a.alias = r.person WHERE r.id = $1
			UNION SELECT a.alias FROM recipients r JOIN aliases a ON a.person = r.person WHERE r.id = $1
			UNION SELECT b.alias FROM recipients r JOIN aliases a ON a.alias = r.person JOIN aliases b ON b.person = a.person WHERE r.id = $1)
		ORDER BY person, scope`, int64(id))
	if err != nil {
		return nil, fmt.Errorf("ledger: opt-outs of a row: %w", err)
	}
	return scanSuppressions(rows)
}
