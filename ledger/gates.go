package ledger

import (
	"context"
	"fmt"
	"time"

	"carillon/campaign"
)

// withNext appends a message's id, and that of the step behind it where the
// campaign has one, so that both are locked together.
func (t *tx) withNext(ctx context.Context, ids []campaign.MessageID, id campaign.MessageID) ([]campaign.MessageID, error) {
	definition, err := t.definition(ctx, id.Campaign())
	if err != nil {
		return ids, err
	}
	ids = append(ids, id)
	if id.Step()+1 < len(definition.Steps) {
		ids = append(ids, id+1)
	}
	return ids, nil
}

// follow applies what the change of a message means for the steps behind it.
func (t *tx) follow(ctx context.Context, m *message, now time.Time) error {
	definition, err := t.definition(ctx, m.id.Campaign())
	if err != nil {
		return err
	}
	for step := m.id.Step() + 1; step < len(definition.Steps); step++ {
		rule := definition.Steps[step]
		next, err := t.message(ctx, m.id.Recipient().Message(step))
		if err != nil {
			return err
		}
		if next == nil {
			return nil
		}
		if next.status == campaign.Skipped && rule.Otherwise == campaign.Skip {
			continue // the step behind it waits for m as well
		}
		if next.status != campaign.Waiting {
			return nil
		}
		decision := rule.Gate(m.status, false)
		if decision == campaign.GateShut {
			t.setPatience(next, m.status, rule.Patient(), now)
			return nil
		}
		goOn, err := t.decide(ctx, next, decision, rule, reasonBehind(m), now)
		if err != nil || !goOn {
			return err
		}
	}
	return nil
}

// setPatience starts the clock of a gate once the step before it is with the
// provider, and stops it while that step has to be sent again or is held.
func (t *tx) setPatience(next *message, before campaign.Status, patience time.Duration, now time.Time) {
	switch before {
	case campaign.Unknown, campaign.Accepted, campaign.Sent, campaign.Delivered:
		if !next.due.Valid {
			t.set(next, campaign.Waiting, at(now.Add(patience)), now)
		}
	default:
		if next.due.Valid {
			t.set(next, campaign.Waiting, never(), now)
		}
	}
}

// decide carries out the decision about a waiting message. It reports whether
// the step behind it has to be looked at as well.
func (t *tx) decide(ctx context.Context, next *message, d campaign.GateDecision, rule campaign.Step, reason string, now time.Time) (goOn bool, err error) {
	switch d {
	case campaign.GateOpen:
		barred, err := t.barred(ctx, next.id, rule)
		if err != nil {
			return false, err
		}
		if barred != "" {
			return false, t.skip(ctx, next.id, barred, now)
		}
		t.set(next, campaign.Pending, at(now.Add(time.Duration(rule.Wait))), now)
		return false, nil
	case campaign.GateSkip:
		next.reason = reason
		t.set(next, campaign.Skipped, never(), now)
		return true, nil
	default:
		return false, t.skipFrom(ctx, next.id, reason, now)
	}
}

// barred says why a step may not go to its recipient, or returns an empty text.
func (t *tx) barred(ctx context.Context, id campaign.MessageID, rule campaign.Step) (string, error) {
	if rule.Category != campaign.Marketing { // nothing else is, whatever the number
		return "", nil
	}
	var phone string
	err := t.QueryRowContext(ctx, `SELECT phone FROM recipients WHERE id = $1`, int64(id.Recipient())).Scan(&phone)
	if err != nil {
		return "", fmt.Errorf("ledger: number of row %d of campaign %s: %w", id.Recipient().Row(), id.Campaign(), err)
	}
	return rule.Barred(phone), nil
}

// skip takes one message out and applies what follows for the steps behind it.
func (t *tx) skip(ctx context.Context, id campaign.MessageID, reason string, now time.Time) error {
	m, err := t.message(ctx, id)
	if err != nil || m == nil || !m.status.CanBecome(campaign.Skipped) {
		return err
	}
	m.reason = reason
	t.set(m, campaign.Skipped, never(), now)
	return t.follow(ctx, m, now)
}

// skipFrom skips a waiting message and every waiting one behind it.
func (t *tx) skipFrom(ctx context.Context, id campaign.MessageID, reason string, now time.Time) error {
	definition, err := t.definition(ctx, id.Campaign())
	if err != nil {
		return err
	}
	for step := id.Step(); step < len(definition.Steps); step++ {
		m, err := t.message(ctx, id.Recipient().Message(step))
		if err != nil {
			return err
		}
		if m != nil && m.status == campaign.Waiting {
			m.reason = reason
			t.set(m, campaign.Skipped, never(), now)
		}
	}
	return nil
}

// impatient decides about a waiting message whose patience has run out.
func (t *tx) impatient(ctx context.Context, m *message, now time.Time) error {
	definition, err := t.definition(ctx, m.id.Campaign())
	if err != nil {
		return err
	}
	before, err := t.stepBefore(ctx, m.id, definition)
	if err != nil {
		return err
	}
	rule := definition.Steps[m.id.Step()]
	reason := fmt.Sprintf("step %d was not %s within %s", before.id.Step()+1, rule.After, rule.Patient())
	goOn, err := t.decide(ctx, m, rule.Gate(before.status, true), rule, reason, now)
	if err != nil || !goOn {
		return err
	}
	return t.follow(ctx, before, now)
}

// stepBefore is the message that a gate waits for: that of the step before, or
// of the one before that where it was skipped by its rule.
func (t *tx) stepBefore(ctx context.Context, id campaign.MessageID, definition *campaign.Definition) (*message, error) {
	for step := id.Step() - 1; step >= 0; step-- {
		m, err := t.message(ctx, id.Recipient().Message(step))
		if err != nil {
			return nil, err
		}
		if m == nil {
			break
		}
		if step == 0 || m.status != campaign.Skipped || definition.Steps[step].Otherwise != campaign.Skip {
			return m, nil
		}
	}
	return nil, fmt.Errorf("ledger: message %d has no step before it", id)
}

// reasonBehind explains a step that was skipped because of m.
func reasonBehind(m *message) string {
	if m.reason == "" {
		return fmt.Sprintf("step %d: %s", m.id.Step()+1, m.status)
	}
	return fmt.Sprintf("step %d: %s (%s)", m.id.Step()+1, m.status, m.reason)
}
