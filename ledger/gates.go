package ledger

import (
	"context"
	"fmt"
	"time"

	"carillon/campaign"
)

// withNext appends a message's id, and those of the steps behind it that wait
// for it where the campaign has any, so that they are locked together.
func (t *tx) withNext(ctx context.Context, ids []campaign.MessageID, id campaign.MessageID) ([]campaign.MessageID, error) {
	definition, err := t.definition(ctx, id.Campaign())
	if err != nil {
		return ids, err
	}
	ids = append(ids, id)
	if next := id.Step() + 1; next < len(definition.Steps) {
		_, end := definition.Branches(next)
		for step := next; step < end; step++ {
			ids = append(ids, id.Recipient().Message(step))
		}
	}
	return ids, nil
}

// lockBehind reads and locks the steps behind some messages, all at once.
func (t *tx) lockBehind(ctx context.Context, batch []*message) error {
	var ids []campaign.MessageID
	for _, m := range batch {
		definition, err := t.definition(ctx, m.id.Campaign())
		if err != nil {
			return err
		}
		for step := m.id.Step() + 1; step < len(definition.Steps); step++ {
			ids = append(ids, m.id.Recipient().Message(step))
		}
	}
	return t.lock(ctx, ids)
}

// follow applies what the change of a message means for the steps behind it.
func (t *tx) follow(ctx context.Context, m *message, now time.Time) error {
	definition, err := t.definition(ctx, m.id.Campaign())
	if err != nil {
		return err
	}
	for step := m.id.Step() + 1; step < len(definition.Steps); {
		first, end := definition.Branches(step)
		if first > m.id.Step() { // else m is one of these branches: the others are decided
			if m, err = t.followTo(ctx, m, first, end, definition, now); err != nil || m == nil {
				return err
			}
		}
		step = end
	}
	return nil
}

// followTo decides about the steps from first up to end, all of which wait for
// m and of which one goes out. It returns what the steps behind them wait for: m
// where all were passed over, the last of several of which none can go out any
// more, and nil where there is nothing to decide yet, or it was decided.
func (t *tx) followTo(ctx context.Context, m *message, first, end int, definition *campaign.Definition, now time.Time) (*message, error) {
	shows, err := t.shown(ctx, m.id.Recipient(), first, end, definition)
	switch {
	case err != nil:
		return nil, err
	case shows == nil:
		return m, nil
	case shows.taken():
		return nil, t.skipBranches(ctx, shows.id, now)
	case shows.status != campaign.Waiting && end-first == 1:
		return nil, nil
	}
	for step := first; step < end; step++ {
		rule := definition.Steps[step]
		next, err := t.message(ctx, m.id.Recipient().Message(step))
		if err != nil {
			return nil, err
		}
		if next.status != campaign.Waiting {
			continue
		}
		decision, err := t.judge(ctx, m, rule, false)
		if err != nil {
			return nil, err
		}
		if decision == campaign.GateShut {
			t.setPatience(next, m.status, rule.Patient(), now)
			continue
		}
		passed, err := t.decide(ctx, next, decision, rule, reasonBehind(m), now)
		if err != nil || !passed {
			return nil, err
		}
	}
	shows, err = t.shown(ctx, m.id.Recipient(), first, end, definition)
	switch {
	case err != nil || shows != nil && shows.status == campaign.Waiting:
		return nil, err
	case shows == nil:
		return m, nil
	}
	return shows, nil
}

// shown is the message that the steps from first up to end show to those
// behind them: the one that was taken, else one that waits, else one that was
// ended; nil where all were passed over.
func (t *tx) shown(ctx context.Context, r campaign.RecipientID, first, end int, definition *campaign.Definition) (*message, error) {
	var waits, ended *message
	for step := first; step < end; step++ {
		m, err := t.message(ctx, r.Message(step))
		if err != nil {
			return nil, err
		}
		switch {
		case m == nil:
			return nil, fmt.Errorf("ledger: row %d of campaign %s has no step %d", r.Row(), r.Campaign(), step+1)
		case m.taken():
			return m, nil
		case m.status == campaign.Waiting:
			waits = m
		case !m.passedOver(definition.Steps[step]):
			ended = m
		}
	}
	if waits != nil {
		return waits, nil
	}
	return ended, nil
}

// judge asks the gate of a step that waits for m.
func (t *tx) judge(ctx context.Context, m *message, rule campaign.Step, impatient bool) (campaign.GateDecision, error) {
	before := campaign.Before{Status: m.status, Permanent: m.permanent, Impatient: impatient}
	if rule.After == campaign.AfterReply {
		var err error
		if before.Replies, err = t.replies(ctx, m.id); err != nil {
			return campaign.GateShut, err
		}
	}
	return rule.Gate(before), nil
}

// reasonOtherBranch explains a branch that was not taken.
const reasonOtherBranch = "another answer was given"

// passedOver reports whether the steps behind a message do not wait for it,
// because it was skipped by its rule, for another branch, or for its person's
// window was shut, which the rule send does not get past.
func (m *message) passedOver(rule campaign.Step) bool {
	return m.status == campaign.Skipped && (rule.Otherwise == campaign.Skip || m.reason == reasonOtherBranch ||
		m.reason == campaign.ReasonWindowClosed && rule.Otherwise == campaign.Send)
}

// taken reports whether the gate of a message was opened, or it had none.
func (m *message) taken() bool {
	switch m.status {
	case campaign.Waiting, campaign.Skipped, campaign.Expired:
		return false
	}
	return true
}

// setPatience starts the clock of a gate once the step before it is with the
// provider, and stops it while that step has to be sent again or is held.
func (t *tx) setPatience(next *message, before campaign.Status, patience time.Duration, now time.Time) {
	switch before {
	case campaign.Unknown, campaign.Accepted, campaign.Sent, campaign.Delivered, campaign.Read:
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
		if err := t.skipBranches(ctx, next.id, now); err != nil {
			return false, err
		}
		barred, err := t.barred(ctx, next.id, rule)
		if err != nil {
			return false, err
		}
		if barred != "" {
			return false, t.skip(ctx, next.id, barred, now)
		}
		t.set(next, campaign.Pending, at(now.Add(time.Duration(rule.Wait))), now)
		return false, nil
	case campaign.GateStop: // the series, unless another branch may yet go out
		waits, err := t.otherWaits(ctx, next.id)
		if err != nil {
			return false, err
		}
		if !waits {
			return false, t.skipFrom(ctx, next.id, reason, now)
		}
	}
	next.because(reason)
	t.set(next, campaign.Skipped, never(), now)
	return true, nil
}

// otherWaits reports whether another branch than that of a message waits.
func (t *tx) otherWaits(ctx context.Context, id campaign.MessageID) (bool, error) {
	definition, err := t.definition(ctx, id.Campaign())
	if err != nil {
		return false, err
	}
	first, end := definition.Branches(id.Step())
	for step := first; step < end; step++ {
		other, err := t.message(ctx, id.Recipient().Message(step))
		if err != nil {
			return false, err
		}
		if step != id.Step() && other != nil && other.status == campaign.Waiting {
			return true, nil
		}
	}
	return false, nil
}

// skipBranches takes out what else might have gone out in the place of a step.
func (t *tx) skipBranches(ctx context.Context, taken campaign.MessageID, now time.Time) error {
	definition, err := t.definition(ctx, taken.Campaign())
	if err != nil {
		return err
	}
	first, end := definition.Branches(taken.Step())
	for step := first; step < end; step++ {
		if step == taken.Step() {
			continue
		}
		other, err := t.message(ctx, taken.Recipient().Message(step))
		if err != nil {
			return err
		}
		if other != nil && other.status == campaign.Waiting {
			other.because(reasonOtherBranch)
			t.set(other, campaign.Skipped, never(), now)
		}
	}
	return nil
}

// barred says why a step may not go to its recipient, or returns an empty text.
func (t *tx) barred(ctx context.Context, id campaign.MessageID, rule campaign.Step) (string, error) {
	if !rule.MayBar() {
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
	definition, err := t.definition(ctx, id.Campaign())
	if err != nil {
		return err
	}
	m.because(reason)
	t.set(m, campaign.Skipped, never(), now)
	first, end := definition.Branches(id.Step())
	if end-first > 1 || m.passedOver(definition.Steps[id.Step()]) { // what is behind it may wait for another one
		if m, err = t.stepBefore(ctx, id, definition); err != nil {
			return err
		}
	}
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
			m.because(reason)
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
	decision, err := t.judge(ctx, before, rule, true)
	if err != nil {
		return err
	}
	goOn, err := t.decide(ctx, m, decision, rule, reasonImpatient(before.id.Step(), rule), now)
	if err != nil || !goOn {
		return err
	}
	return t.follow(ctx, before, now)
}

// reasonImpatient explains a step whose patience has run out.
func reasonImpatient(before int, rule campaign.Step) string {
	missed := fmt.Sprintf("was not %s", rule.After)
	if rule.After == campaign.AfterReply {
		missed = "was not answered"
		if rule.When != nil && !rule.When.Any {
			missed = "was not answered so"
		}
	}
	return fmt.Sprintf("step %d %s within %s", before+1, missed, rule.Patient())
}

// stepBefore is the message that a gate waits for: that of the step before, or
// of an earlier one where that was passed over. Branches wait for the same.
func (t *tx) stepBefore(ctx context.Context, id campaign.MessageID, definition *campaign.Definition) (*message, error) {
	first, _ := definition.Branches(id.Step())
	for first > 0 {
		end := first
		first, _ = definition.Branches(end - 1)
		if m, err := t.shown(ctx, id.Recipient(), first, end, definition); err != nil || m != nil {
			return m, err
		}
	}
	// Even the first step was passed over.
	m, err := t.message(ctx, id.Recipient().Message(0))
	if err == nil && m == nil {
		err = fmt.Errorf("ledger: row %d of campaign %s has no first step", id.Recipient().Row(), id.Campaign())
	}
	return m, err
}

// reasonBehind explains a step that was skipped because of m.
func reasonBehind(m *message) string {
	if m.reason == "" {
		return fmt.Sprintf("step %d: %s", m.id.Step()+1, m.status)
	}
	return fmt.Sprintf("step %d: %s (%s)", m.id.Step()+1, m.status, m.reason)
}
