package ledger

import (
	"context"
	"fmt"
	"time"

	"carillon/campaign"
	"carillon/ledger/database"
)

// Outcome is how an attempt ended.
type Outcome string

const (
	// OutcomeAccepted: the provider took the message.
	OutcomeAccepted Outcome = "accepted"
	// OutcomeHeld: the provider took it and paces it.
	OutcomeHeld Outcome = "held"
	// OutcomeRefused: surely not accepted; Settlement.Failure says why.
	OutcomeRefused Outcome = "refused"
	// OutcomeUnknown: it may have been accepted.
	OutcomeUnknown Outcome = "unknown"
	// OutcomeReleased: nothing was sent; the message is free again.
	OutcomeReleased Outcome = "released"
)

// heldFor is how long a held message may stay without news before it counts as
// accepted: the same 24 hours after which an unknown one is decided. (Meta
// lets go of 99 % of paced messages within an hour; see template-pacing.)
const heldFor = 24 * time.Hour

// Settlement is the outcome of an attempt.
type Settlement struct {
	Message campaign.MessageID
	Attempt int
	Outcome Outcome
	// At is when the outcome was known.
	At time.Time
	// ProviderID is the provider's identifier of an accepted message.
	ProviderID string
	// Poll is the channel through which the provider has to be asked what becomes
	// of an accepted message; empty where it tells by itself.
	Poll string
	// Keys are keys of the person as the provider told them, where it did.
	Keys []string
	// Failure explains OutcomeRefused; of OutcomeUnknown its Code, Reason and
	// words are kept.
	Failure campaign.Failure
	// Due is when a message that is released may go out again, and Why what it
	// waits for; the zero time: at once.
	Due time.Time
	Why string
	// Probe says that the message was accepted as one that tries whether a slowed
	// template may be sent again.
	Probe Probe
	// UnknownAfter is how long an unknown message waits for a receipt.
	UnknownAfter time.Duration
}

// Settle records the outcome of an attempt and what follows from it. It is on
// disk when Settle returns. Settling twice, or after a receipt has told more,
// changes nothing.
func (l *Ledger) Settle(ctx context.Context, s Settlement) error {
	return l.commit.Submit(ctx, urgent, &job{settle: &s})
}

const settleAttemptsSQL = `
	UPDATE attempts SET outcome = CASE WHEN outcome = 'failed' THEN outcome ELSE v.column3 END,
	       provider_id = CASE WHEN ` + erasedSQL + ` THEN provider_id ELSE COALESCE(v.column4, provider_id) END,
	       settled_at = CAST(v.column5 AS BIGINT),
	       code = CASE WHEN outcome = 'failed' THEN code ELSE CAST(v.column6 AS INTEGER) END,
	       reason = CASE WHEN outcome = 'failed' THEN reason ELSE v.column7 END
	FROM (BATCH) AS v
	WHERE attempts.message_id = CAST(v.column1 AS BIGINT) AND attempts.n = CAST(v.column2 AS INTEGER)`

func (t *tx) settle(ctx context.Context, settlements []*Settlement) error {
	if len(settlements) == 0 {
		return nil
	}
	ids := make([]campaign.MessageID, 0, 2*len(settlements))
	attempts := database.NewRows(7, len(settlements))
	for _, s := range settlements {
		var err error
		if ids, err = t.withNext(ctx, ids, s.Message); err != nil {
			return err
		}
		outcome := string(s.Outcome)
		if s.Failure.Throttled {
			outcome = "throttled"
		}
		var providerID, code, reason any
		if s.ProviderID != "" {
			providerID = s.ProviderID
		}
		if s.Failure.Reason != "" {
			code, reason = s.Failure.Code, s.Failure.Reason
		}
		attempts.Add(int64(s.Message), s.Attempt, outcome, providerID, s.At.UnixMilli(), code, reason)
	}
	if err := t.lock(ctx, ids); err != nil {
		return err
	}
	if err := t.execBatch(ctx, settleAttemptsSQL, attempts); err != nil {
		return fmt.Errorf("ledger: settle attempts: %w", err)
	}
	if err := t.startPolls(ctx, settlements); err != nil {
		return err
	}
	for _, s := range settlements {
		if err := t.settleOne(ctx, s); err != nil {
			return err
		}
	}
	for _, s := range settlements {
		if m := t.messages[s.Message]; m != nil && s.Outcome == OutcomeUnknown && m.status == campaign.Unknown {
			if err := t.inWay(ByReceipt, func() error { return t.matchEarlyFor(ctx, m, s.At) }); err != nil {
				return err
			}
		}
	}
	var named []string
	var now time.Time
	for _, s := range settlements {
		if s.ProviderID != "" {
			named, now = append(named, s.ProviderID), s.At
		}
	}
	return t.matchEarly(ctx, named, now)
}

func (t *tx) settleOne(ctx context.Context, s *Settlement) error {
	m := t.messages[s.Message]
	if m == nil {
		return nil
	}
	t.meet(s.Message.Recipient(), s.Keys)
	t.probed(s)
	accepted := s.Outcome == OutcomeAccepted || s.Outcome == OutcomeHeld
	if accepted && !m.acceptedAt.Valid {
		m.acceptedAt = at(s.At)
		m.touch(s.At)
	}
	undecided := m.status == campaign.Posting || m.status == campaign.Unknown
	if m.attempt != s.Attempt || !undecided {
		return nil // a receipt or a newer attempt has told more
	}
	switch s.Outcome {
	case OutcomeAccepted:
		m.because("")
		if err := t.setUntilLost(ctx, m, campaign.Accepted, s.At, s.At); err != nil {
			return err
		}
	case OutcomeHeld:
		m.because("paced by the provider")
		t.set(m, campaign.Held, at(s.At.Add(heldFor)), s.At)
	case OutcomeUnknown:
		if m.status == campaign.Unknown {
			return nil
		}
		failure, err := t.withoutErased(ctx, m, s.Failure)
		if err != nil {
			return err
		}
		m.explain(failure)
		t.set(m, campaign.Unknown, at(s.At.Add(s.UnknownAfter)), s.At)
	case OutcomeReleased:
		return t.released(ctx, m, s)
	case OutcomeRefused:
		return t.refused(ctx, m, s.Failure, s.At)
	}
	return t.follow(ctx, m, s.At)
}

// ended explains a message whose campaign was over when it had been claimed.
func ended() campaign.Failure {
	return campaign.Failure{
		Reason: "the campaign ended before it was sent",
		Detail: "Nothing was sent. To send it anyway, launch a campaign with a list of these rows.",
	}
}

// released frees a message that was claimed and not posted.
func (t *tx) released(ctx context.Context, m *message, s *Settlement) error {
	m.tries--
	now, due := s.At, s.At
	again, err := t.reopen(ctx, m.id.Campaign(), now)
	if err != nil {
		return err
	}
	if again {
		if !s.Due.IsZero() {
			due = s.Due
			m.because(s.Why)
		}
		t.set(m, campaign.Pending, at(due), now)
		if err := t.fallBackLater(ctx, m); err != nil {
			return err
		}
		return t.follow(ctx, m, now)
	}
	m.failedAt = at(now)
	m.explain(ended())
	t.noteOwn(m, ended(), now)
	t.set(m, campaign.Failed, never(), now)
	return t.follow(ctx, m, now)
}

// refused records that the newest attempt of m failed, by an answer or by a
// receipt.
func (t *tx) refused(ctx context.Context, m *message, f campaign.Failure, now time.Time) error {
	f, err := t.ofAttempt(ctx, m.id, m.attempt, m.position, f, now, now)
	if err != nil {
		return err
	}
	f, alike, err := t.weigh(ctx, m, f)
	if err != nil {
		return err
	}
	after, wait := m.standing().Refused(f, alike, now)
	return t.fail(ctx, m, f, after, wait, now)
}

// weigh is what a failure of a message's newest attempt means with its files looked
// at, and how many attempts failed alike.
func (t *tx) weigh(ctx context.Context, m *message, f campaign.Failure) (_ campaign.Failure, alike int, err error) {
	if f, err = t.renewMedia(ctx, m, f); err != nil {
		return f, 0, err
	}
	alike, err = t.alike(ctx, m, f)
	t.renewing[m.id] = f.Media && f.Retry && alike == 1
	return f, alike, err
}

// alike is how many attempts of a message were refused with the code and reason
// of a failure, this one included, since an operator retried it. It is looked up
// where the failure asks for it.
func (t *tx) alike(ctx context.Context, m *message, f campaign.Failure) (n int, err error) {
	if f.Tries == 0 || f.Throttled {
		return 0, nil
	}
	err = t.QueryRowContext(ctx, `
		SELECT COUNT(*) FROM attempts WHERE message_id = $1 AND n > $2 AND code = $3 AND reason = $4`,
		int64(m.id), m.retried.Int64, f.Code, f.Reason).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("ledger: refusals of message %d: %w", m.id, err)
	}
	return n, nil
}

// fail moves m to where a failure has led it, with what the failure asks for
// beyond the message.
func (t *tx) fail(ctx context.Context, m *message, f campaign.Failure, after campaign.Standing, wait time.Duration, now time.Time) error {
	f, err := t.withoutErased(ctx, m, f)
	if err != nil {
		return err
	}
	m.stand(after)
	m.explain(f)
	m.permanent = !f.Retry
	if f.Throttled {
		t.throttled(m, now)
	}
	if !f.WindowShut { // nobody has anything to do
		t.note(m, f, now)
	}
	if f.Slows {
		if err := t.slow(ctx, m, f, now); err != nil {
			return err
		}
	}
	stopped, err := t.stoppedBy(ctx, m, f)
	if err != nil {
		return err
	}
	again := after.Status == campaign.Pending
	if again {
		if again, err = t.reopen(ctx, m.id.Campaign(), now); err != nil {
			return err
		}
	}
	moved := false
	if f.Elsewhere && (!again || f.Pause != campaign.PauseNothing) {
		if moved, err = t.fallBack(ctx, m, stopped, now); err != nil {
			return err
		}
	}
	switch {
	case moved:
		t.set(m, campaign.Pending, at(now), now)
	case again:
		t.set(m, campaign.Pending, at(now.Add(wait)), now)
	default:
		m.failedAt = at(now)
		t.set(m, campaign.Failed, never(), now)
	}
	if err := t.leaveAlone(ctx, m, f, now); err != nil {
		return err
	}
	before := t.halted
	if err := t.pauseFor(ctx, stopped, m.id.Campaign(), f, now); err != nil {
		return err
	}
	if t.halted > before {
		t.halting[m.id] = true
	}
	return t.follow(ctx, m, now)
}

// leaveAlone records what a failure says about writing to the person again.
func (t *tx) leaveAlone(ctx context.Context, m *message, f campaign.Failure, now time.Time) error {
	if f.Suppress != "" {
		if err := t.suppressRecipient(ctx, m.id.Recipient(), f.Suppress, f.Reason, now); err != nil {
			return err
		}
	}
	if f.Unreachable {
		return t.noteSilence(ctx, m.id, now)
	}
	return nil
}

// setUntilLost moves a message to a status in which a receipt is waited for, as
// long as the provider tries to deliver what it has had since a time.
func (t *tx) setUntilLost(ctx context.Context, m *message, to campaign.Status, since, now time.Time) error {
	definition, err := t.definition(ctx, m.id.Campaign())
	if err != nil {
		return err
	}
	t.set(m, to, at(since.Add(definition.Steps[m.id.Step()].TimeToLive())), now)
	return nil
}

// categories are numbered as the table of messages stores them.
var categories = [...]campaign.Category{"", campaign.Marketing, campaign.Utility, campaign.Authentication}
