package ledger

import (
	"context"
	"fmt"
	"slices"
	"time"

	"carillon/campaign"
)

// knownFailedSQL is true for messages of which no attempt may have been accepted:
// each was refused, or was reported failed.
const knownFailedSQL = `NOT EXISTS (
	SELECT 1 FROM attempts a WHERE a.message_id = messages.id AND a.outcome NOT IN ('refused', 'throttled', 'failed', 'released'))`

// fallBack puts a message that its channel has failed to send on the next fallback
// channel of its campaign, with what the recipient has not been sent yet, and
// reports whether there is one. struck is what the failure stops. A message of
// which any attempt may have been accepted stays, or the person could get it twice.
func (t *tx) fallBack(ctx context.Context, m *message, struck []stopped, now time.Time) (bool, error) {
	definition, err := t.definition(ctx, m.id.Campaign())
	if err != nil || len(definition.Fallback) == 0 {
		return false, err
	}
	stops, err := t.stops(ctx, m.id.Campaign())
	if err != nil {
		return false, err
	}
	to := nextFallback(definition, m.position, func(position int) bool {
		_, before := stops[position]
		return before || slices.ContainsFunc(struck, func(s stopped) bool { return s.id == m.id.Campaign() && slices.Contains(s.positions, position) })
	})
	if to < 0 {
		return false, nil
	}
	var known bool
	err = t.QueryRowContext(ctx, `SELECT `+knownFailedSQL+` FROM messages WHERE id = $1`, int64(m.id)).Scan(&known)
	if err != nil {
		return false, fmt.Errorf("ledger: attempts of message %d: %w", m.id, err)
	}
	if !known {
		return false, nil
	}
	if goesOn, err := t.reopen(ctx, m.id.Campaign(), now); err != nil || !goesOn {
		return false, err
	}
	m.restart()
	return true, t.takeAlong(ctx, m, to, now)
}

// restart forgets what was refused so far: another channel has all its tries.
func (m *message) restart() {
	m.failures, m.permanent = 0, false
	m.since.Valid, m.since.Int64 = false, 0
	m.retried.Valid, m.retried.Int64 = true, int64(m.attempt)
}

// nextFallback is the position of the first fallback channel behind another
// channel of a campaign which is not stopped, -1 where there is none.
func nextFallback(definition *campaign.Definition, behind int, stopped func(position int) bool) int {
	own := len(definition.ChannelNames())
	for to := max(own, behind+1); to < own+len(definition.Fallback); to++ {
		if !stopped(to) {
			return to
		}
	}
	return -1
}

// takeAlong moves a message to a channel, and with it the steps behind that have
// not begun: a recipient stays with one channel as long as it works.
func (t *tx) takeAlong(ctx context.Context, m *message, to int, now time.Time) error {
	end := m.id.Recipient().Message(campaign.MaxSteps - 1)
	_, err := t.ExecContext(ctx, `
		UPDATE messages SET channel = $1, updated_at = $2
		WHERE id = $3 OR id > $3 AND id <= $4 AND attempt = 0 AND status IN (1, 2)`,
		to, now.UnixMilli(), int64(m.id), int64(end))
	if err != nil {
		return fmt.Errorf("ledger: move message %d to another channel: %w", m.id, err)
	}
	for id, other := range t.messages {
		if id == m.id || id > m.id && id <= end && other.attempt == 0 && (other.status == campaign.Waiting || other.status == campaign.Pending) {
			other.position = to
		}
	}
	return nil
}

// FallBack moves what a stopped channel of a running campaign has not sent to the
// next fallback channel: messages that wait, or that may go, and of which no
// attempt may have been accepted. Otherwise it is like HandOver.
func (l *Ledger) FallBack(ctx context.Context, id campaign.ID, from int, now time.Time) error {
	cursor, end := id.Messages()
	for {
		ids, err := l.dueIDs(ctx, `
			SELECT id FROM messages
			WHERE id >= $1 AND id < $2 AND channel + 0 = $3 AND status + 0 IN (1, 2) AND `+knownFailedSQL+`
			ORDER BY id LIMIT $4`, int64(cursor), int64(end), from, sweepBatch)
		if err != nil {
			return err
		}
		goOn := false
		err = l.do(ctx, background, func(ctx context.Context, t *tx) (err error) {
			goOn, err = t.fallBackAll(ctx, handover{campaign: id, from: from, found: ids, now: now})
			return err
		})
		if err != nil || !goOn {
			return err
		}
		cursor = ids[len(ids)-1] + 1
	}
}

// fallBackAll moves a batch. It reports false where there is nothing more to do,
// or no channel to do it.
func (t *tx) fallBackAll(ctx context.Context, h handover) (goOn bool, err error) {
	if err := t.lock(ctx, h.found); err != nil {
		return false, err
	}
	stops, runs, err := t.stopsOfRunning(ctx, h.campaign)
	if _, stopped := stops[h.from]; err != nil || !runs || !stopped {
		return false, err
	}
	definition, err := t.definition(ctx, h.campaign)
	if err != nil {
		return false, err
	}
	to := nextFallback(definition, h.from, func(position int) bool { _, stopped := stops[position]; return stopped })
	if to < 0 {
		return false, nil
	}
	if len(h.found) == 0 {
		return false, t.handed(ctx, h)
	}
	var moves [][2]int64
	for _, id := range h.found {
		m := t.messages[id]
		if m != nil && m.position == h.from && (m.status == campaign.Waiting || m.status == campaign.Pending) {
			m.position = to
			moves = append(moves, [2]int64{int64(id), int64(to)})
		}
	}
	return true, t.move(ctx, moves, h.now)
}

// fallBackLater has a stopped channel looked at again that has given a message back
// after all others were moved.
func (t *tx) fallBackLater(ctx context.Context, m *message) error {
	definition, err := t.definition(ctx, m.id.Campaign())
	if err != nil || len(definition.Fallback) == 0 {
		return err
	}
	return t.handAgain(ctx, m.id.Campaign())
}

// cameFrom notes that a message arrived through the channel at a position: an
// attempt on a channel before has succeeded after all.
func (t *tx) cameFrom(ctx context.Context, m *message, position int, now time.Time) error {
	if m.position == position {
		return nil
	}
	m.position = position
	return t.move(ctx, [][2]int64{{int64(m.id), int64(position)}}, now)
}
