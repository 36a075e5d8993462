package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"carillon/campaign"
)

// earlyFor is how long a receipt is kept whose attempt is not known: as long as
// Meta repeats a webhook that was not answered (webhooks overview: 7 days).
const earlyFor = 7 * 24 * time.Hour

// Receipt is a provider's word on an attempt that still has to be found.
type Receipt struct {
	// Message and Attempt come from the reference that the provider echoed;
	// zero where it echoed none.
	Message campaign.MessageID
	Attempt int
	// ProviderID is the provider's identifier of the message.
	ProviderID string
	Status     campaign.Status
	At         time.Time
	Failure    campaign.Failure
}

// Receive records receipts and what follows from them. They are on disk when
// it returns. Receipts may come twice and in any order; one whose attempt is
// not known yet is kept until it is.
func (l *Ledger) Receive(ctx context.Context, receipts []Receipt, now time.Time) error {
	if len(receipts) == 0 {
		return nil
	}
	return l.commit.submit(urgent, &job{ctx: ctx, receive: receipts, now: now})
}

func (t *tx) receive(ctx context.Context, receipts []Receipt, now time.Time) error {
	if len(receipts) == 0 {
		return nil
	}
	found, names, err := t.findAttempts(ctx, receipts)
	if err != nil {
		return err
	}
	var ids []campaign.MessageID
	var early []Receipt
	byMessage := map[campaign.MessageID][]known{}
	var failed [][]any
	for i, r := range receipts {
		a, ok := found[i]
		if !ok {
			early = append(early, r)
			continue
		}
		if byMessage[a.message] == nil {
			if ids, err = t.withNext(ctx, ids, a.message); err != nil {
				return err
			}
		}
		byMessage[a.message] = append(byMessage[a.message], known{Receipt: r, attempt: a})
		if r.Status == campaign.Failed && !a.failed {
			failed = append(failed, []any{int64(a.message), a.n, r.Failure.Code, r.Failure.Reason})
		}
	}
	if err := t.keepEarly(ctx, early, now); err != nil {
		return err
	}
	if err := t.lock(ctx, ids); err != nil {
		return err
	}
	if err := t.markFailed(ctx, failed); err != nil { // messages are locked before attempts, as in settle
		return err
	}
	if err := t.nameAttempts(ctx, names); err != nil {
		return err
	}
	for id, list := range byMessage {
		if t.messages[id] == nil { // it has an attempt; whoever tells it has to tell it again
			return fmt.Errorf("ledger: message %d, which a receipt is for, could not be locked", id)
		}
		if err := t.receiveFor(ctx, t.messages[id], list, now); err != nil {
			return err
		}
	}
	named := make([]string, len(names))
	for i, name := range names {
		named[i] = name[2].(string)
	}
	return t.matchEarly(ctx, named, now)
}

// known is a receipt with the attempt that it speaks of.
type known struct {
	Receipt
	attempt attempt
}

// markFailed notes the attempts that receipts report failed.
func (t *tx) markFailed(ctx context.Context, attempts [][]any) error {
	if len(attempts) == 0 {
		return nil
	}
	_, err := t.ExecContext(ctx, t.l.sql(`
		UPDATE attempts SET outcome = 'failed', code = CAST(v.value ->> 2 AS INTEGER), reason = v.value ->> 3 FROM EACH($1) AS v
		WHERE attempts.message_id = CAST(v.value ->> 0 AS BIGINT) AND attempts.n = CAST(v.value ->> 1 AS INTEGER)`), asJSON(attempts))
	if err != nil {
		return fmt.Errorf("ledger: mark attempts failed: %w", err)
	}
	return nil
}

// receiveFor applies the receipts of one message, best news first: of a
// delivery and a failure that come together, the delivery is what counts.
func (t *tx) receiveFor(ctx context.Context, m *message, list []known, now time.Time) error {
	if err := t.prove(ctx, m); err != nil {
		return err
	}
	slices.SortStableFunc(list, func(a, b known) int { return goodness(b.Status) - goodness(a.Status) })
	for _, r := range list {
		if err := t.lookAgain(ctx, m, &r); err != nil {
			return err
		}
		m.note(r.Receipt, now)
		alike, err := t.alike(ctx, m, r.Failure)
		if err != nil {
			return err
		}
		after, wait, changed := m.standing().Apply(campaign.Receipt{
			Attempt: r.attempt.n, Status: r.Status, Failure: r.Failure, Failed: r.attempt.failed, Alike: alike,
		}, now)
		if !changed {
			continue
		}
		if r.Status == campaign.Failed {
			if err := t.fail(ctx, m, r.Failure, after, wait, now); err != nil {
				return err
			}
			continue
		}
		m.because("")
		if after.Status == campaign.Sent {
			if err := t.setUntilLost(ctx, m, after.Status, r.At, now); err != nil {
				return err
			}
		} else {
			t.set(m, after.Status, never(), now)
		}
		if err := t.follow(ctx, m, now); err != nil {
			return err
		}
	}
	return nil
}

// lookAgain finds out whether a failure of the attempt was reported between the
// moment at which the attempt was found and that at which its message was
// locked: sent is old news then.
func (t *tx) lookAgain(ctx context.Context, m *message, r *known) error {
	if r.Status != campaign.Sent || r.attempt.failed {
		return nil
	}
	switch m.status {
	case campaign.Posting, campaign.Unknown, campaign.Accepted, campaign.Held:
		if m.attempt == r.attempt.n {
			return nil // a failure would have moved it on
		}
	}
	err := t.QueryRowContext(ctx, `SELECT outcome = 'failed' FROM attempts WHERE message_id = $1 AND n = $2`,
		int64(m.id), r.attempt.n).Scan(&r.attempt.failed)
	if err != nil {
		return fmt.Errorf("ledger: attempt %d of message %d: %w", r.attempt.n, m.id, err)
	}
	return nil
}

func goodness(s campaign.Status) int {
	switch s {
	case campaign.Read:
		return 3
	case campaign.Delivered:
		return 2
	case campaign.Sent:
		return 1
	}
	return 0
}

// note keeps the first time of each kind of receipt.
func (m *message) note(r Receipt, now time.Time) {
	var column *sql.NullInt64
	switch r.Status {
	case campaign.Sent:
		column = &m.sentAt
	case campaign.Delivered:
		column = &m.deliveredAt
	case campaign.Read:
		column = &m.readAt
	}
	if column != nil && !column.Valid {
		*column = at(r.At)
		m.touch(now)
	}
}

// attempt is one that a receipt speaks of.
type attempt struct {
	message campaign.MessageID
	n       int
	failed  bool // a receipt has reported it failed before
}

const attemptsByReferenceSQL = `
	SELECT CAST(v.value ->> 0 AS INTEGER), a.message_id, a.n, a.outcome = 'failed', a.provider_id IS NULL
	FROM EACH($1) AS v JOIN attempts a
	  ON a.message_id = CAST(v.value ->> 1 AS BIGINT) AND a.n = CAST(v.value ->> 2 AS INTEGER)`

const attemptsByProviderSQL = `
	SELECT CAST(v.value ->> 0 AS INTEGER), a.message_id, a.n, a.outcome = 'failed', false
	FROM EACH($1) AS v JOIN attempts a ON a.provider_id = v.value ->> 1`

const nameAttemptsSQL = `
	UPDATE attempts SET provider_id = v.value ->> 2
	FROM EACH($1) AS v
	WHERE attempts.message_id = CAST(v.value ->> 0 AS BIGINT) AND attempts.n = CAST(v.value ->> 1 AS INTEGER)
	  AND attempts.provider_id IS NULL AND NOT ` + erasedSQL

// findAttempts returns the attempt of each receipt that has one, by the
// receipt's position, and the names of those that learn their provider's id from
// a receipt.
func (t *tx) findAttempts(ctx context.Context, receipts []Receipt) (found map[int]attempt, names [][]any, err error) {
	found = make(map[int]attempt, len(receipts))
	var byReference [][3]int64
	for i, r := range receipts {
		if r.Message != 0 {
			byReference = append(byReference, [3]int64{int64(i), int64(r.Message), int64(r.Attempt)})
		}
	}
	nameless, err := t.scanAttempts(ctx, found, attemptsByReferenceSQL, asJSON(byReference), len(byReference))
	if err != nil {
		return nil, nil, err
	}
	var byProvider [][]any
	for i, r := range receipts {
		if _, ok := found[i]; !ok && r.ProviderID != "" {
			byProvider = append(byProvider, []any{i, r.ProviderID})
		}
	}
	if _, err := t.scanAttempts(ctx, found, attemptsByProviderSQL, asJSON(byProvider), len(byProvider)); err != nil {
		return nil, nil, err
	}
	for _, i := range nameless {
		if id := receipts[i].ProviderID; id != "" {
			names = append(names, []any{int64(found[i].message), found[i].n, id})
		}
	}
	return found, names, nil
}

// nameAttempts keeps the provider's ids of attempts, for a later receipt may come
// without our reference. Their messages are locked, so that nobody is being
// erased to whom one went.
func (t *tx) nameAttempts(ctx context.Context, names [][]any) error {
	if len(names) == 0 {
		return nil
	}
	if _, err := t.ExecContext(ctx, t.l.sql(nameAttemptsSQL), asJSON(names)); err != nil {
		return fmt.Errorf("ledger: name attempts: %w", err)
	}
	return nil
}

func (t *tx) scanAttempts(ctx context.Context, found map[int]attempt, query, batch string, size int) (nameless []int, err error) {
	if size == 0 {
		return nil, nil
	}
	rows, err := t.QueryContext(ctx, t.l.sql(query), batch)
	if err != nil {
		return nil, fmt.Errorf("ledger: find attempts: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var i int
		var a attempt
		var isNameless bool
		if err := rows.Scan(&i, &a.message, &a.n, &a.failed, &isNameless); err != nil {
			return nil, fmt.Errorf("ledger: find attempts: %w", err)
		}
		found[i] = a
		if isNameless {
			nameless = append(nameless, i)
		}
	}
	return nameless, rows.Err()
}

// keepEarly stores receipts whose attempt is not known.
func (t *tx) keepEarly(ctx context.Context, early []Receipt, now time.Time) error {
	for _, r := range early {
		if r.ProviderID == "" {
			continue // nothing could ever match it
		}
		_, err := t.ExecContext(ctx,
			`INSERT INTO early_receipts (provider_id, receipt, received_at) VALUES ($1, $2, $3)`,
			r.ProviderID, asJSON(r), now.UnixMilli())
		if err != nil {
			return fmt.Errorf("ledger: keep early receipt: %w", err)
		}
	}
	return nil
}

// MatchEarly applies the receipts of the last minutes whose attempt has become
// known, and returns how many there were. Almost all are applied when their
// attempt is settled; these crossed with it.
func (l *Ledger) MatchEarly(ctx context.Context, now time.Time) (int, error) {
	since := now.Add(-crossing).UnixMilli()
	var waiting bool
	err := l.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM early_receipts WHERE received_at >= $1)`, since).Scan(&waiting)
	if err != nil || !waiting {
		return 0, err
	}
	var matched int
	err = l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		receipts, err := t.takeEarly(ctx, `
			DELETE FROM early_receipts WHERE id IN (
				SELECT e.id FROM early_receipts e CROSS JOIN attempts a
				WHERE e.received_at >= $1 AND a.provider_id = e.provider_id LIMIT 1000)
			RETURNING receipt`, since)
		if err != nil {
			return err
		}
		matched = len(receipts)
		return t.receive(ctx, receipts, now)
	})
	return matched, err
}

// crossing is how long a receipt may be on record before the attempt that it
// crossed with is.
const crossing = 2 * time.Minute

// takeEarly removes and returns kept receipts.
func (t *tx) takeEarly(ctx context.Context, query string, arg any) ([]Receipt, error) {
	rows, err := t.QueryContext(ctx, query, arg)
	if err != nil {
		return nil, fmt.Errorf("ledger: match early receipts: %w", err)
	}
	defer rows.Close()
	var receipts []Receipt
	for rows.Next() {
		var text []byte
		var r Receipt
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, &r); err != nil {
			return nil, fmt.Errorf("ledger: early receipt: %w", err)
		}
		receipts = append(receipts, r)
	}
	return receipts, rows.Err()
}
