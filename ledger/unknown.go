package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"carillon/campaign"
)

// UnknownPolicy is what becomes of messages of which nobody knows whether the
// provider accepted them.
type UnknownPolicy struct {
	// After is how long a receipt is waited for.
	After time.Duration
	// Resend sends such a message again once After is over, but only with proof
	// that a receipt would have come. Otherwise it is left as it is.
	Resend bool
	// Echoes says that receipts carry the reference of their attempt. Where they do
	// not, no receipt of another message shows that one of this would have been
	// known for it: Resend then decides alone.
	Echoes bool
}

const (
	// undecidedFor is how long proof is waited for before a message is left as
	// it is.
	undecidedFor = 24 * time.Hour
	// askAgain is how often proof is looked for.
	askAgain = time.Minute
	// proofEvery is how far apart the acceptances are that are kept as proof, so
	// that receipts do not all write the same row.
	proofEvery = 5 * time.Second
	// reasonUnconfirmed is the reason of a message that is left as it is.
	reasonUnconfirmed = "unconfirmed"
)

// decideUnknown decides about an unknown message whose time has come. It is
// sent again only where the policy says so and it is as good as sure that a
// receipt would have come, and been known for one of this attempt: the provider has
// reported, under our reference, on a message that it accepted after this one was
// posted, and our webhook has not been away since. A provider that does not echo
// references cannot give such proof, so there the policy decides alone.
func (t *tx) decideUnknown(ctx context.Context, m *message, now time.Time, policy func(string) UnknownPolicy) error {
	number, err := t.number(ctx, m)
	if err != nil {
		return err
	}
	if err := t.matchEarlyFor(ctx, m, now); err != nil || m.status != campaign.Unknown {
		return err
	}
	rule := policy(number)
	posted, err := t.postedAt(ctx, m)
	if err != nil {
		return err
	}
	if !rule.Resend || now.Sub(posted) >= undecidedFor || m.failures+1 >= campaign.MaxFailures {
		return t.leave(m, now)
	}
	if !rule.Echoes {
		return t.resend(ctx, m, now)
	}
	since, proof, err := t.proofOf(ctx, number)
	if err != nil {
		return err
	}
	from := posted
	if since.After(from) {
		from = since
	}
	switch {
	case now.Before(from.Add(rule.After)):
		t.set(m, campaign.Unknown, at(from.Add(rule.After)), now)
		return nil
	case !proof.After(from):
		t.set(m, campaign.Unknown, at(now.Add(askAgain)), now)
		return nil
	}
	return t.resend(ctx, m, now)
}

// leave decides that an unknown message stays as it is.
func (t *tx) leave(m *message, now time.Time) error {
	m.reason = reasonUnconfirmed
	t.set(m, campaign.Unknown, never(), now)
	return nil
}

// resend lets an unknown message be attempted again.
func (t *tx) resend(ctx context.Context, m *message, now time.Time) error {
	again, err := t.reopen(ctx, m.id.Campaign(), now)
	if err != nil {
		return err
	}
	if !again {
		return t.leave(m, now)
	}
	m.failures++
	m.because("no receipt confirmed the previous attempt")
	return t.inWay(ByResend, func() error {
		t.set(m, campaign.Pending, at(now), now)
		return nil
	})
}

// postedAt is when the newest attempt of a message was claimed.
func (t *tx) postedAt(ctx context.Context, m *message) (time.Time, error) {
	var claimed int64
	err := t.QueryRowContext(ctx, `SELECT claimed_at FROM attempts WHERE message_id = $1 AND n = $2`, int64(m.id), m.attempt).Scan(&claimed)
	if err != nil {
		return time.Time{}, fmt.Errorf("ledger: attempt %d of message %d: %w", m.attempt, m.id, err)
	}
	return time.UnixMilli(claimed), nil
}

// proofOf returns since when the webhooks have been up, and the newest
// acceptance of a message of the channel that a receipt has come for. Nothing
// on record means: up since now, no proof.
func (t *tx) proofOf(ctx context.Context, channel string) (since, proof time.Time, err error) {
	var up, accepted sql.NullInt64
	err = t.QueryRowContext(ctx, t.l.sql(`
		SELECT (SELECT CASE WHEN seen < CLOCK - $2 THEN NULL ELSE since END FROM uptimes WHERE name = 'webhooks'),
		       (SELECT accepted_at FROM proofs WHERE channel = $1)`), channel, gap.Milliseconds()).Scan(&up, &accepted)
	if err != nil {
		return since, proof, fmt.Errorf("ledger: proof of receipts: %w", err)
	}
	since = time.Now()
	if up.Valid {
		since = time.UnixMilli(up.Int64)
	}
	return since, moment(accepted), nil
}

// LastReceipts returns by channel the newest acceptance that a receipt has come
// for, to within proofEvery.
func (l *Ledger) LastReceipts(ctx context.Context) (map[string]time.Time, error) {
	rows, err := l.read.QueryContext(ctx, `SELECT channel, accepted_at FROM proofs`)
	if err != nil {
		return nil, fmt.Errorf("ledger: last receipts: %w", err)
	}
	defer rows.Close()
	found := map[string]time.Time{}
	for rows.Next() {
		var channel string
		var at int64
		if err := rows.Scan(&channel, &at); err != nil {
			return nil, fmt.Errorf("ledger: last receipts: %w", err)
		}
		found[channel] = time.UnixMilli(at).UTC()
	}
	return found, rows.Err()
}

// gap is how long the webhooks may be silent about being up before that counts
// as a gap. They report several times within it.
const gap = 15 * time.Second

// WebhooksUp notes that webhooks are being answered. Call it every few seconds
// wherever they are; a longer silence starts the wait for receipts anew.
func (l *Ledger) WebhooksUp(ctx context.Context) error {
	return l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		_, err := t.ExecContext(ctx, t.l.sql(`
			INSERT INTO uptimes (name, since, seen) VALUES ('webhooks', CLOCK, CLOCK)
			ON CONFLICT (name) DO UPDATE
			SET since = CASE WHEN uptimes.seen < excluded.seen - $1 THEN excluded.since ELSE uptimes.since END,
			    seen = excluded.seen`), gap.Milliseconds())
		if err != nil {
			return fmt.Errorf("ledger: note that webhooks are up: %w", err)
		}
		return nil
	})
}

// prove keeps the acceptance of a message that a receipt has come for with our
// reference in it.
func (t *tx) prove(ctx context.Context, m *message) error {
	if !m.acceptedAt.Valid {
		return nil
	}
	number, err := t.number(ctx, m)
	if err != nil {
		return err
	}
	accepted := m.acceptedAt.Int64
	if known, ok := t.l.proofs.Load(number); ok && accepted < known.(int64)+proofEvery.Milliseconds() {
		return nil
	}
	_, err = t.ExecContext(ctx, `
		INSERT INTO proofs (channel, accepted_at) VALUES ($1, $2)
		ON CONFLICT (channel) DO UPDATE SET accepted_at = excluded.accepted_at WHERE proofs.accepted_at < excluded.accepted_at`,
		number, accepted)
	if err != nil {
		return fmt.Errorf("ledger: proof of receipts: %w", err)
	}
	t.l.proofs.Store(number, accepted)
	return nil
}

// Decision is what an operator makes of unknown messages.
type Decision string

const (
	// Resend sends them again, at the risk of doing so twice.
	Resend Decision = "resend"
	// Drop gives them up.
	Drop Decision = "drop"
)

// droppedBy begins the reason of a message that an operator has given up.
const droppedBy = "dropped by "

// dropped explains a message of unknown fate that an operator has given up.
func dropped(by string) campaign.Failure {
	return campaign.Failure{Reason: droppedBy + by, Detail: "It may have arrived: a receipt would still tell."}
}

// Resolve decides about every unknown message of a campaign, those included
// that the sweep has left as they are. It returns how many there were. The
// error wraps ErrNotFound, or ErrState where the campaign was cancelled or has
// expired and nothing can be sent again.
func (l *Ledger) Resolve(ctx context.Context, id campaign.ID, d Decision, by Actor, now time.Time) (int, error) {
	c, err := l.Campaign(ctx, id)
	if err != nil {
		return 0, err
	}
	if d == Resend && (c.State == campaign.Cancelled || !c.Expires.IsZero() && !c.Expires.After(now)) {
		return 0, fmt.Errorf("resolve campaign %s: %w: it was cancelled or has expired, so its unknown messages can only be dropped", id, ErrState)
	}
	const resolved = "resolved"
	counts := map[string]int{}
	var recorded *tx // of which it is not known whether it is committed
	err = l.eachBatch(ctx, id, []campaign.Status{campaign.Unknown}, counts, func(ctx context.Context, t *tx, batch []*message) ([]string, error) {
		if len(batch) == 0 {
			return nil, nil
		}
		t.way = ByPersonDrop
		if d == Resend {
			t.way = ByPersonResend
			if again, err := t.reopen(ctx, id, now); err != nil || !again {
				return nil, err
			}
		}
		if counts[resolved] == 0 && recorded != t {
			recorded = t
			if err := t.did(ctx, ActResolve, id, by, string(d), now); err != nil {
				return nil, err
			}
		}
		if err := t.lockBehind(ctx, batch); err != nil {
			return nil, err
		}
		for _, m := range batch {
			t.resolve(m, d, by, now)
			if err := t.follow(ctx, m, now); err != nil {
				return nil, err
			}
		}
		return slices.Repeat([]string{resolved}, len(batch)), nil
	})
	return counts[resolved], err
}

// resolve decides about one message.
func (t *tx) resolve(m *message, d Decision, by Actor, now time.Time) {
	if d == Resend {
		m.because("sent again by " + by.Name)
		t.set(m, campaign.Pending, at(now), now)
		return
	}
	m.failedAt, m.permanent = at(now), true
	m.explain(dropped(by.Name))
	t.noteOwn(m, dropped(by.Name), now)
	t.set(m, campaign.Failed, never(), now)
}
