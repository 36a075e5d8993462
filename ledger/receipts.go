package ledger

import (
	"context"
	"database/sql"
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
	// Channel is the number that the attempt was made from, as the provider tells.
	Channel string
	// Peers are the channels that whoever told it may speak for, Channel among
	// them: those of the app that signed the webhook. Attempts of other channels
	// are not found.
	Peers []string
	// Message and Attempt come from the reference that the provider echoed;
	// zero where it echoed none.
	Message campaign.MessageID
	Attempt int
	// ProviderID is the provider's identifier of the message.
	ProviderID string
	// Keys are those of the recipient, where the provider tells any: the number's,
	// user IDs.
	Keys    []string
	Status  campaign.Status
	At      time.Time
	Failure campaign.Failure

	unscoped bool // it may speak of every channel's attempts
	asked    bool // it is the answer to a poll, and no proof that receipts come by themselves
}

// Received is what a receipt turned out to be about.
type Received struct {
	// Message and Attempt are zero where the attempt is not known (yet).
	Message campaign.MessageID
	Attempt int
	// WindowShut says that what is no template was refused because the person's
	// window is shut: the message is not failed, and nobody is to blame.
	WindowShut bool
	// Stopped says that its failure has stopped what went on before.
	Stopped bool
	// Renews says that the message is tried again because the provider may have
	// forgotten its file.
	Renews bool
}

// receiving is some receipts of one caller with what they turn out to be about.
type receiving struct {
	receipts []Receipt
	found    []Received
}

// Receive records receipts and what follows from them, and tells what each is
// about. They are on disk when it returns. Receipts may come twice and in any
// order; one whose attempt is not known yet is kept until it is.
func (l *Ledger) Receive(ctx context.Context, receipts []Receipt, now time.Time) ([]Received, error) {
	if len(receipts) == 0 {
		return nil, nil
	}
	r := &receiving{receipts: receipts}
	err := l.commit.Submit(ctx, urgent, &job{receive: r, now: now})
	return r.found, err
}

// receiveAll takes the receipts of several callers at once.
func (t *tx) receiveAll(ctx context.Context, jobs []*receiving, now time.Time) error {
	var all []Receipt
	for _, r := range jobs {
		all = append(all, r.receipts...)
	}
	found, err := t.receive(ctx, all, now)
	if err != nil {
		return err
	}
	for _, r := range jobs {
		n := len(r.receipts)
		r.found, found = found[:n:n], found[n:]
	}
	return nil
}

// receive applies receipts. The result has the attempt of each in their order.
func (t *tx) receive(ctx context.Context, receipts []Receipt, now time.Time) ([]Received, error) {
	if len(receipts) == 0 {
		return nil, nil
	}
	about := make([]Received, len(receipts))
	found, names, err := t.findAttempts(ctx, receipts)
	if err != nil {
		return nil, err
	}
	if err := t.matchRecipients(ctx, receipts, found, &names); err != nil {
		return nil, err
	}
	var ids []campaign.MessageID
	var early []Receipt
	byMessage := map[campaign.MessageID][]known{}
	var failed [][]any
	for i, r := range receipts {
		a, ok := found[i]
		t.meetByReceipt(a, r.Keys)
		if !ok {
			early = append(early, r)
			continue
		}
		if r.Failure, err = t.ofAttempt(ctx, a.message, a.n, a.position, r.Failure, r.At, now); err != nil {
			return nil, err
		}
		about[i] = Received{Message: a.message, Attempt: a.n, WindowShut: r.Failure.WindowShut}
		if byMessage[a.message] == nil {
			if ids, err = t.withNext(ctx, ids, a.message); err != nil {
				return nil, err
			}
		}
		byMessage[a.message] = append(byMessage[a.message], known{Receipt: r, attempt: a})
		if r.Status == campaign.Failed && !a.failed {
			failed = append(failed, []any{int64(a.message), a.n, r.Failure.Code, r.Failure.Reason})
		}
	}
	if err := t.keepEarly(ctx, early, now); err != nil {
		return nil, err
	}
	if err := t.lock(ctx, ids); err != nil {
		return nil, err
	}
	if err := t.markFailed(ctx, failed); err != nil { // messages are locked before attempts, as in settle
		return nil, err
	}
	if err := t.nameAttempts(ctx, names); err != nil {
		return nil, err
	}
	if err := t.receiveByMessage(ctx, byMessage, now); err != nil {
		return nil, err
	}
	for i, r := range receipts {
		about[i].Renews = r.Failure.Media && t.renewing[about[i].Message]
		about[i].Stopped = r.Failure.Pause != campaign.PauseNothing && t.halting[about[i].Message]
	}
	return about, t.matchEarly(ctx, providerIDsOf(names), now)
}

// receiveByMessage applies receipts to their messages, which are locked.
func (t *tx) receiveByMessage(ctx context.Context, byMessage map[campaign.MessageID][]known, now time.Time) error {
	for id, list := range byMessage {
		if t.messages[id] == nil { // it has an attempt; whoever tells it has to tell it again
			return fmt.Errorf("ledger: message %d, which a receipt is for, could not be locked", id)
		}
		if err := t.receiveFor(ctx, t.messages[id], list, now); err != nil {
			return err
		}
	}
	return nil
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
	if slices.ContainsFunc(list, func(r known) bool { return r.Message != 0 && !r.asked }) {
		if err := t.prove(ctx, m); err != nil {
			return err
		}
	}
	slices.SortStableFunc(list, func(a, b known) int { return goodness(b.Status) - goodness(a.Status) })
	for _, r := range list {
		if err := t.lookAgain(ctx, m, &r); err != nil {
			return err
		}
		m.note(r.Receipt, now)
		var alike int
		if r.Status == campaign.Failed && r.attempt.n == m.attempt {
			var err error
			if r.Failure, alike, err = t.weigh(ctx, m, r.Failure); err != nil {
				return err
			}
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
		if err := t.cameFrom(ctx, m, r.attempt.position, now); err != nil {
			return err
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
