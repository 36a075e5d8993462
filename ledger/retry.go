package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"carillon/campaign"
)

// Retried is what became of a campaign's messages when it was retried.
type Retried struct {
	// Again is how many are attempted again.
	Again int
	// Refused is how many stay as they are, because the provider would refuse
	// them again.
	Refused int
	// OptedOut is how many stay as they are, because the person has opted out.
	OptedOut int
	// LeftOut are the first LeftOutLimit of those that stay as they are, in the
	// order of the list.
	LeftOut []LeftOut
}

// LeftOutLimit is how many messages a retry lists that it leaves out (ours: what
// a person looks through).
const LeftOutLimit = 100

// LeftOut is a message that a retry leaves as it is.
type LeftOut struct {
	Message campaign.MessageID
	// Phone is the recipient's number in E.164.
	Phone string
	// Status is where it stands, Why says why it is not attempted again.
	Status campaign.Status
	Why    string
}

// Retry attempts the messages of a campaign again that ended with one of the
// given statuses: campaign.Failed, Expired. Steps that were skipped because of
// such a message wait for it again. With the first that is attempted the
// campaign runs again, and its time starts anew; where none is, the campaign
// stays as it is.
//
// The error wraps ErrNotFound, or ErrState where the campaign has not started
// or was cancelled.
func (l *Ledger) Retry(ctx context.Context, id campaign.ID, statuses []campaign.Status, by Actor, now time.Time) (Retried, error) {
	for _, s := range statuses {
		if s != campaign.Failed && s != campaign.Expired {
			return Retried{}, fmt.Errorf("retry campaign %s: %w: messages that are %s are not retried", id, ErrState, s)
		}
	}
	c, err := l.Campaign(ctx, id)
	if err != nil {
		return Retried{}, err
	}
	if err := retriable(c); err != nil {
		return Retried{}, err
	}
	counts, left := map[string]int{}, leftOut{}
	goesOn := func(ctx context.Context, t *tx) (bool, error) {
		if counts[retriedAgain] > 0 {
			// The sweep may have finished the campaign since the last batch, or an
			// operator cancelled it.
			return t.reopen(ctx, id, now)
		}
		if err := t.restart(ctx, id, by.Name, now); err != nil {
			return false, err
		}
		return true, t.did(ctx, ActRetry, id, by, words(statuses), now)
	}
	err = l.eachBatch(ctx, id, statuses, counts, func(ctx context.Context, t *tx, batch []*message) ([]string, error) {
		chosen, labels, err := t.toRetry(ctx, batch, left)
		if err != nil || len(chosen) == 0 {
			return labels, err
		}
		if on, err := goesOn(ctx, t); err != nil || !on {
			return labels, err
		}
		if err := t.lockBehind(ctx, chosen); err != nil {
			return nil, err
		}
		for _, m := range chosen {
			if err := t.retry(ctx, m, by.Name, now); err != nil {
				return nil, err
			}
		}
		return append(labels, slices.Repeat([]string{retriedAgain}, len(chosen))...), nil
	})
	done := Retried{Again: counts[retriedAgain], Refused: counts[notRetried], OptedOut: counts[optedOut]}
	if err != nil {
		return done, err
	}
	done.LeftOut, err = left.list(ctx, l)
	return done, err
}

// What a retry counts.
const (
	retriedAgain = "again"
	notRetried   = "refused"
	optedOut     = "opted out"
)

// toRetry are those of some messages that are attempted again, and labels for the
// others, which are told to left.
func (t *tx) toRetry(ctx context.Context, batch []*message, left leftOut) (chosen []*message, labels []string, err error) {
	ids := make([]campaign.MessageID, len(batch))
	for i, m := range batch {
		ids[i] = m.id
		delete(left, m.id) // a transaction that is run again may find something else
	}
	found, err := t.unwanted(ctx, ids...)
	if err != nil {
		return nil, nil, err
	}
	barred := make(map[campaign.MessageID]string, len(found))
	for _, u := range found {
		barred[u.id] = u.why
	}
	for _, m := range batch {
		switch why, isBarred := barred[m.id]; {
		case isBarred:
			left.add(m, why)
			labels = append(labels, optedOut)
		case m.permanent:
			left.add(m, campaign.Failure{Code: m.code, Reason: m.reason, Detail: m.detail}.String())
			labels = append(labels, notRetried)
		default:
			chosen = append(chosen, m)
		}
	}
	return chosen, labels, nil
}

// words are the names of statuses.
func words(statuses []campaign.Status) string {
	names := make([]string, len(statuses))
	for i, s := range statuses {
		names[i] = s.String()
	}
	return strings.Join(names, ", ")
}

// leftOut are the first messages that a retry leaves out.
type leftOut map[campaign.MessageID]LeftOut

func (o leftOut) add(m *message, why string) {
	if len(o) < LeftOutLimit {
		o[m.id] = LeftOut{Message: m.id, Status: m.status, Why: why}
	}
}

// list is in the order of the list, with the recipients' numbers.
func (o leftOut) list(ctx context.Context, l *Ledger) ([]LeftOut, error) {
	ids := slices.Sorted(maps.Keys(o))
	recipients := make([]campaign.RecipientID, len(ids))
	for i, id := range ids {
		recipients[i] = id.Recipient()
	}
	phones, err := l.phones(ctx, recipients)
	list := make([]LeftOut, len(ids))
	for i, id := range ids {
		list[i] = o[id]
		list[i].Phone = phones[id.Recipient()]
	}
	return list, err
}

// phones are the numbers of some recipients.
func (l *Ledger) phones(ctx context.Context, ids []campaign.RecipientID) (map[campaign.RecipientID]string, error) {
	rows, err := l.read.QueryContext(ctx, l.sql(`
		SELECT id, phone FROM recipients WHERE id IN (SELECT CAST(value AS BIGINT) FROM EACH($1))`), asJSON(ids))
	if err != nil {
		return nil, fmt.Errorf("ledger: numbers of recipients: %w", err)
	}
	defer rows.Close()
	phones := make(map[campaign.RecipientID]string, len(ids))
	for rows.Next() {
		var id campaign.RecipientID
		var phone string
		if err := rows.Scan(&id, &phone); err != nil {
			return nil, fmt.Errorf("ledger: numbers of recipients: %w", err)
		}
		phones[id] = phone
	}
	return phones, rows.Err()
}

// retriable gives an error where the state of a campaign allows no retry.
func retriable(c Campaign) error {
	switch c.State {
	case campaign.Running, campaign.Paused, campaign.Finished:
		return nil
	}
	return fmt.Errorf("retry campaign %s: %w: it is %s", c.ID, ErrState, c.State)
}

// restart lets a campaign run again, unless it is paused. It shares the
// transaction of a message that is attempted again, so that a crash leaves both
// or neither.
func (t *tx) restart(ctx context.Context, id campaign.ID, by string, now time.Time) error {
	c, err := t.campaign(ctx, id)
	if err != nil {
		return err
	}
	if err := retriable(c); err != nil {
		return err
	}
	var expires time.Time
	if d := time.Duration(c.Definition.Expires); d > 0 {
		expires = now.Add(d)
	}
	_, err = t.ExecContext(ctx, `
		UPDATE campaigns
		SET state = CASE WHEN state = 'paused' THEN state ELSE 'running' END, finished_at = NULL,
		    reason = $2, expires_at = $3, changes = changes + 1
		WHERE id = $1`, int64(id), "retried by "+by, millis(expires))
	if err != nil {
		return fmt.Errorf("ledger: retry campaign %s: %w", id, err)
	}
	return t.handAgain(ctx, id)
}

// retry makes a message pending again, and the steps behind it wait again that
// were skipped because of it. A step behind the first that expired waits for the
// step before it, as it did.
func (t *tx) retry(ctx context.Context, m *message, by string, now time.Time) error {
	definition, err := t.definition(ctx, m.id.Campaign())
	if err != nil {
		return err
	}
	m.because("retried by " + by)
	m.failures, m.since, m.failedAt = 0, never(), never()
	m.retried = sql.NullInt64{Int64: int64(m.attempt), Valid: true}
	if m.attempt == 0 && m.id.Step() > 0 {
		return t.waitAgain(ctx, m, definition, now)
	}
	t.set(m, campaign.Pending, at(now), now)
	return t.reopenBehind(ctx, m, definition, now)
}

// waitAgain lets a step that was never attempted wait for the step before it.
func (t *tx) waitAgain(ctx context.Context, m *message, definition *campaign.Definition, now time.Time) error {
	before, err := t.stepBefore(ctx, m.id, definition)
	if err != nil {
		return err
	}
	t.set(m, campaign.Waiting, never(), now)
	return t.follow(ctx, before, now)
}

func (t *tx) reopenBehind(ctx context.Context, m *message, definition *campaign.Definition, now time.Time) error {
	because := fmt.Sprintf("step %d: ", m.id.Step()+1)
	for step := m.id.Step() + 1; step < len(definition.Steps); step++ {
		next, err := t.message(ctx, m.id.Recipient().Message(step))
		if err != nil {
			return err
		}
		if next != nil && next.status == campaign.Skipped && strings.HasPrefix(next.reason, because) {
			next.because("")
			t.set(next, campaign.Waiting, never(), now)
		}
	}
	return nil
}
