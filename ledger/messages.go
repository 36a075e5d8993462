package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"carillon/campaign"
	"carillon/ledger/database"
)

// message is a row of messages that the transaction has locked. Changes are
// written by flushMessages, all at once.
type message struct {
	id       campaign.MessageID
	position int // of its number in the campaign's list
	category int
	status   campaign.Status
	due      sql.NullInt64
	attempt  int
	tries    int
	failures int
	// permanent says that it failed in a way that another attempt would not
	// change.
	permanent bool
	// since is when the first of its failures was, 0 once it has met more than
	// passing trouble. retried is the newest attempt when an operator retried it.
	since, retried sql.NullInt64
	code           int
	reason, detail string

	acceptedAt, sentAt, deliveredAt, readAt, failedAt sql.NullInt64

	updatedAt int64
	changed   bool
	counted   failureKey // under which it stood in the counts of failures when it was locked
}

// open reports whether the message can still cause a request by itself. An
// unknown message that is decided has no due time any more.
func (m *message) open() bool {
	return m.status.Open() && (m.status != campaign.Unknown || m.due.Valid)
}

func (m *message) standing() campaign.Standing {
	return campaign.Standing{
		Status: m.status, Attempt: m.attempt, Failures: m.failures,
		Since: moment(m.since), Mixed: m.since.Valid && m.since.Int64 == 0,
	}
}

// stand takes over what a refusal has made of the message's past.
func (m *message) stand(s campaign.Standing) {
	m.failures = s.Failures
	switch {
	case s.Mixed:
		m.since = sql.NullInt64{Valid: true}
	case !s.Since.IsZero():
		m.since = at(s.Since)
	}
}

// explain says in a failure's words why the message stands where it does.
func (m *message) explain(f campaign.Failure) {
	m.code, m.reason, m.detail = f.Code, f.Reason, f.Words()
}

// because gives the message a reason of our own, or none. What a provider said
// before does not hold any more.
func (m *message) because(reason string) { m.code, m.reason, m.detail = 0, reason, "" }

// end gives the message the reason why its campaign's end leaves it unsent. Where time
// ran out it matters what was refused before.
func (m *message) end(to campaign.Status, reason string) {
	if to == campaign.Expired {
		m.reason = reason
		return
	}
	m.because(reason)
}

// at is a time that a column takes.
func at(t time.Time) sql.NullInt64 { return sql.NullInt64{Int64: t.UnixMilli(), Valid: true} }

// never is the due time of a message to which nothing happens by itself.
func never() sql.NullInt64 { return sql.NullInt64{} }

// moved notes in the counts that a message went from one status to another.
func (t *tx) moved(id campaign.MessageID, from campaign.Status, wasOpen bool, to campaign.Status, isOpen bool) {
	t.count(countKey{id.Campaign(), id.Step(), from, wasOpen}, -1)
	t.count(countKey{id.Campaign(), id.Step(), to, isOpen}, 1)
}

// set moves a message to a status with a new due time. It panics on a move
// that the table of moves does not have: that is a mistake in the program, and
// the transaction is given up.
func (t *tx) set(m *message, to campaign.Status, due sql.NullInt64, now time.Time) {
	if m.status != to && !m.status.CanBecome(to) {
		panic(fmt.Sprintf("message %d cannot move from %s to %s", m.id, m.status, to))
	}
	from, wasOpen := m.status, m.open()
	m.status, m.due = to, due
	m.touch(now)
	t.rateMove(m, from, to, now)
	if isOpen := m.open(); from != to || wasOpen != isOpen {
		t.moved(m.id, from, wasOpen, to, isOpen)
		t.noteDecided(m, from, wasOpen, isOpen)
	}
}

func (m *message) touch(now time.Time) {
	m.updatedAt, m.changed = now.UnixMilli(), true
}

const lockSQL = `
	SELECT id, channel, category, status, due, attempt, tries, failures, permanent = 1, passing_since, retried, code, reason, COALESCE(detail, ''),
	       accepted_at, sent_at, delivered_at, read_at, failed_at
	FROM messages WHERE id IN (SELECT CAST(v.column1 AS BIGINT) FROM (BATCH) AS v)
	ORDER BY id LOCKED`

// lock reads and locks messages, in the order of their ids, into t.messages.
// Those that do not exist are left out; those already there are kept.
func (t *tx) lock(ctx context.Context, ids []campaign.MessageID) error {
	missing := slices.DeleteFunc(slices.Clone(ids), func(id campaign.MessageID) bool {
		_, known := t.messages[id]
		return known
	})
	if len(missing) == 0 {
		return nil
	}
	rows := database.NewRows(1, len(missing))
	for _, id := range missing {
		rows.Add(int64(id))
	}
	err := t.queryBatch(ctx, lockSQL, rows, func(row *sql.Rows) error {
		m := &message{}
		err := row.Scan(&m.id, &m.position, &m.category, &m.status, &m.due, &m.attempt, &m.tries, &m.failures, &m.permanent, &m.since, &m.retried, &m.code, &m.reason, &m.detail,
			&m.acceptedAt, &m.sentAt, &m.deliveredAt, &m.readAt, &m.failedAt)
		m.counted = m.failureKey()
		t.messages[m.id] = m
		return err
	})
	if err != nil {
		return fmt.Errorf("ledger: lock messages: %w", err)
	}
	return nil
}

// number is the channel that a message goes out from.
func (t *tx) number(ctx context.Context, m *message) (string, error) {
	definition, err := t.definition(ctx, m.id.Campaign())
	if err != nil {
		return "", err
	}
	numbers := definition.AllChannels()
	if m.position >= len(numbers) {
		return "", fmt.Errorf("ledger: message %d is on number %d of campaign %s, which has %d", m.id, m.position+1, m.id.Campaign(), len(numbers))
	}
	return numbers[m.position], nil
}

// message is one locked message, nil where there is none.
func (t *tx) message(ctx context.Context, id campaign.MessageID) (*message, error) {
	err := t.lock(ctx, []campaign.MessageID{id})
	return t.messages[id], err
}

const saveSQL = `
	UPDATE messages
	SET status = CAST(v.column2 AS SMALLINT), due = CAST(v.column3 AS BIGINT),
	    tries = CAST(v.column4 AS INTEGER), failures = CAST(v.column5 AS INTEGER),
	    code = CAST(v.column6 AS INTEGER), reason = v.column7,
	    accepted_at = CAST(v.column8 AS BIGINT), sent_at = CAST(v.column9 AS BIGINT),
	    delivered_at = CAST(v.column10 AS BIGINT), read_at = CAST(v.column11 AS BIGINT),
	    failed_at = CAST(v.column12 AS BIGINT), updated_at = CAST(v.column13 AS BIGINT),
	    permanent = CAST(v.column14 AS SMALLINT), detail = NULLIF(v.column15, ''),
	    passing_since = CAST(v.column16 AS BIGINT), retried = CAST(v.column17 AS INTEGER)
	FROM (BATCH) AS v WHERE messages.id = CAST(v.column1 AS BIGINT)`

// flushMessages writes the messages that changed and forgets all of them, so
// that statements that follow see the rows as they are.
func (t *tx) flushMessages(ctx context.Context) error {
	changed := make([]*message, 0, len(t.messages))
	for _, m := range t.messages {
		if m.changed {
			changed = append(changed, m)
		}
	}
	clear(t.messages)
	slices.SortFunc(changed, func(a, b *message) int { return cmp.Compare(a.id, b.id) })
	rows := database.NewRows(17, len(changed))
	for _, m := range changed {
		rows.Add(int64(m.id), int(m.status), nullable(m.due), m.tries, m.failures, m.code, m.reason,
			nullable(m.acceptedAt), nullable(m.sentAt), nullable(m.deliveredAt), nullable(m.readAt), nullable(m.failedAt),
			m.updatedAt, bit(m.permanent), m.detail, nullable(m.since), nullable(m.retried))
		t.recount(m)
	}
	if err := t.execBatch(ctx, saveSQL, rows); err != nil {
		return fmt.Errorf("ledger: write messages: %w", err)
	}
	return nil
}

func nullable(n sql.NullInt64) any {
	if n.Valid {
		return n.Int64
	}
	return nil
}
