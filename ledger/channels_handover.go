package ledger

import (
	"context"
	"fmt"
	"time"

	"carillon/campaign"
)

// HandOver moves what a stopped number of a running campaign has not begun to
// the numbers that are not stopped: recipients of whom no message was ever
// attempted, with all their messages. weights are those of all the campaign's
// numbers. It works in batches between other work, ends early with the context,
// and goes on where it ended when it is called again. Once all is moved it says
// so in the number's Stop.
func (l *Ledger) HandOver(ctx context.Context, id campaign.ID, from int, weights []float64, now time.Time) error {
	cursor, end := id.Messages()
	for {
		ids, err := l.dueIDs(ctx, `
			SELECT id FROM messages
			WHERE id >= $1 AND id < $2 AND channel + 0 = $3 AND status + 0 = 2 AND attempt = 0 ORDER BY id LIMIT $4`,
			int64(cursor), int64(end), from, sweepBatch)
		if err != nil {
			return err
		}
		goOn := false
		err = l.do(ctx, background, func(ctx context.Context, t *tx) (err error) {
			goOn, err = t.handOver(ctx, handover{id, from, weights, ids, now})
			return err
		})
		if err != nil || !goOn {
			return err
		}
		cursor = ids[len(ids)-1] + 1
	}
}

// handover is one batch: messages that were found on the number at from, and not
// begun. Without any the number has handed over all.
type handover struct {
	campaign campaign.ID
	from     int
	weights  []float64
	found    []campaign.MessageID
	now      time.Time
}

// handOver moves a batch. It reports false where there is nothing more to do,
// or nobody to do it.
func (t *tx) handOver(ctx context.Context, h handover) (goOn bool, err error) {
	recipients, err := t.lockRecipients(ctx, h.found)
	if err != nil {
		return false, err
	}
	targets, order, err := t.targets(ctx, h)
	if err != nil || targets == nil {
		return false, err
	}
	if len(h.found) == 0 {
		return false, t.handed(ctx, h)
	}
	var moves [][2]int64
	moved := 0
	for _, messages := range recipients {
		if !begun(messages, h.from) {
			to := targets[order.of(moved)]
			moved++
			for _, m := range messages {
				moves = append(moves, [2]int64{int64(m.id), int64(to)})
			}
		}
	}
	return true, t.move(ctx, moves, h.now)
}

// lockRecipients locks all messages of the recipients of some, and returns them
// by recipient, in the order of the list.
func (t *tx) lockRecipients(ctx context.Context, found []campaign.MessageID) ([][]*message, error) {
	if len(found) == 0 {
		return nil, nil
	}
	definition, err := t.definition(ctx, found[0].Campaign())
	if err != nil {
		return nil, err
	}
	var ids []campaign.MessageID
	var last campaign.RecipientID
	for _, id := range found {
		if id.Recipient() == last {
			continue
		}
		last = id.Recipient()
		for step := range definition.Steps {
			ids = append(ids, last.Message(step))
		}
	}
	if err := t.lock(ctx, ids); err != nil {
		return nil, err
	}
	var recipients [][]*message
	for i := 0; i < len(ids); i += len(definition.Steps) {
		var messages []*message
		for _, id := range ids[i : i+len(definition.Steps)] {
			if m := t.messages[id]; m != nil {
				messages = append(messages, m)
			}
		}
		recipients = append(recipients, messages)
	}
	return recipients, nil
}

// begun reports whether a recipient has to stay: something was attempted, or it
// is with another number meanwhile.
func begun(messages []*message, from int) bool {
	for _, m := range messages {
		if m.attempt > 0 || m.position != from {
			return true
		}
	}
	return len(messages) == 0
}

// targets are the positions of the numbers that take over, with the order of
// their rotation; nil where the campaign does not run, the number is not stopped,
// or all are. It locks the campaign, so that none of that changes meanwhile.
func (t *tx) targets(ctx context.Context, h handover) ([]int, rotation, error) {
	stops, runs, err := t.stopsOfRunning(ctx, h.campaign)
	if _, stopped := stops[h.from]; err != nil || !runs || !stopped {
		return nil, nil, err
	}
	var positions []int
	var weights []float64
	for position, weight := range h.weights {
		if _, stopped := stops[position]; !stopped {
			positions, weights = append(positions, position), append(weights, weight)
		}
	}
	if positions == nil {
		return nil, nil, nil
	}
	order, err := newRotation(len(positions), weights)
	return positions, order, err
}

// stopsOfRunning locks a campaign, and returns its stopped numbers and whether it
// runs.
func (t *tx) stopsOfRunning(ctx context.Context, id campaign.ID) (map[int]Stop, bool, error) {
	var state campaign.State
	err := t.QueryRowContext(ctx, t.l.sql(`SELECT state FROM campaigns WHERE id = $1 LOCKED`), int64(id)).Scan(&state)
	if err != nil {
		return nil, false, fmt.Errorf("ledger: state of campaign %s: %w", id, err)
	}
	stops, err := t.stops(ctx, id)
	return stops, state == campaign.Running, err
}

// move puts messages on other numbers.
func (t *tx) move(ctx context.Context, moves [][2]int64, now time.Time) error {
	if len(moves) == 0 {
		return nil
	}
	_, err := t.ExecContext(ctx, t.l.sql(`
		UPDATE messages SET channel = CAST(v.value ->> 1 AS SMALLINT), updated_at = $2
		FROM EACH($1) AS v WHERE messages.id = CAST(v.value ->> 0 AS BIGINT)`), asJSON(moves), now.UnixMilli())
	if err != nil {
		return fmt.Errorf("ledger: hand messages over: %w", err)
	}
	return nil
}

// handed notes that a number has nothing left to hand over.
func (t *tx) handed(ctx context.Context, h handover) error {
	_, err := t.ExecContext(ctx, `UPDATE campaign_channels SET handed = 1 WHERE campaign_id = $1 AND position = $2`,
		int64(h.campaign), h.from)
	if err != nil {
		return fmt.Errorf("ledger: number %d of campaign %s has handed over: %w", h.from+1, h.campaign, err)
	}
	return nil
}

// handAgain has the stopped numbers of a campaign looked at again, where some of
// what ended on them may be pending now.
func (t *tx) handAgain(ctx context.Context, id campaign.ID) error {
	if _, err := t.ExecContext(ctx, `UPDATE campaign_channels SET handed = 0 WHERE campaign_id = $1`, int64(id)); err != nil {
		return fmt.Errorf("ledger: retry campaign %s: %w", id, err)
	}
	return nil
}
