package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"carillon/campaign"
)

// OpenSlot is a slot that holds up those behind it.
type OpenSlot struct {
	campaign.Slot
	// Until: nobody begins it before. A due one waits for another try until then,
	// a running one is in somebody's hands.
	Until time.Time
	// Sending is where the campaign of a slot that is done stands; empty for the
	// others.
	Sending campaign.State
}

// String says why it holds up the others, and what to do where that does not pass.
func (o OpenSlot) String() string {
	at := o.At.UTC().Format(time.RFC3339)
	switch {
	case o.Sending == campaign.Paused:
		return fmt.Sprintf("campaign %s of the slot %s is %s; resume or cancel it", o.Campaign, at, o.Sending)
	case o.Sending != "":
		return fmt.Sprintf("campaign %s of the slot %s is %s", o.Campaign, at, o.Sending)
	case o.State == campaign.SlotDue && o.Tries > 0:
		return fmt.Sprintf("the slot %s has failed and is tried again at %s", at, o.Until.UTC().Format(time.RFC3339))
	case o.State == campaign.SlotDue:
		return fmt.Sprintf("the slot %s is about to be started", at)
	}
	return fmt.Sprintf("the slot %s is being started", at)
}

// Before are those of some open slots that come before one of the same schedule.
func Before(open []OpenSlot, slot campaign.Slot) []OpenSlot {
	var before []OpenSlot
	for _, o := range open {
		if o.Schedule == slot.Schedule && o.At.Before(slot.At) {
			before = append(before, o)
		}
	}
	return before
}

// PlanSlots records slots of a schedule and when its next one is, provided that
// nobody has changed the schedule since it was read, which it reports. A slot
// that has a row already keeps it.
func (l *Ledger) PlanSlots(ctx context.Context, s Schedule, slots []campaign.Slot, next time.Time) (bool, error) {
	planned := false
	err := l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		done, err := t.ExecContext(ctx, `
			UPDATE schedules SET next_at = $3, changes = changes + 1 WHERE name = $1 AND changes = $2`, s.Name, s.Changes, millis(next))
		if err != nil {
			return fmt.Errorf("ledger: next slot of schedule %s: %w", s.Name, err)
		}
		n, err := done.RowsAffected()
		if planned = n == 1; err != nil || !planned {
			return err
		}
		_, err = t.insertSlots(ctx, slots)
		return err
	})
	return planned, err
}

// insertSlots returns how many of the slots are new.
func (t *tx) insertSlots(ctx context.Context, slots []campaign.Slot) (int64, error) {
	rows := make([][]any, len(slots))
	for i, s := range slots {
		rows[i] = []any{s.Schedule, s.At.UnixMilli(), string(s.State), s.Detail, s.By, bit(s.CaughtUp)}
	}
	done, err := t.ExecContext(ctx, t.l.sql(`
		INSERT INTO slots (schedule, at, state, detail, asked_by, caught_up)
		SELECT value ->> 0, CAST(value ->> 1 AS BIGINT), value ->> 2, value ->> 3, value ->> 4, CAST(value ->> 5 AS SMALLINT)
		FROM EACH($1) WHERE true
		ON CONFLICT (schedule, at) DO NOTHING`), asJSON(rows))
	if err != nil {
		return 0, fmt.Errorf("ledger: new slots: %w", err)
	}
	return done.RowsAffected()
}

// RunNow makes a slot out of turn, for somebody who asked, and returns it.
// Asking twice within a second is asking once. The error wraps ErrNotFound where
// there is no such schedule.
func (l *Ledger) RunNow(ctx context.Context, name string, by Actor, now time.Time) (campaign.Slot, error) {
	slot := campaign.Slot{
		Schedule: name, At: now.UTC().Truncate(time.Second), State: campaign.SlotDue, By: by.Name,
		Detail: "asked for by " + by.Name,
	}
	err := l.changeSchedule(ctx, name, func(ctx context.Context, t *tx, _ Schedule) error {
		if n, err := t.insertSlots(ctx, []campaign.Slot{slot}); err != nil || n == 0 {
			return err
		}
		return t.scheduled(ctx, ActRun, name, by, now)
	})
	if err != nil {
		return campaign.Slot{}, err
	}
	found, err := readSlots(ctx, l.read, `WHERE schedule = $1 AND at = $2`, name, slot.At.UnixMilli())
	if err != nil || len(found) == 0 {
		return slot, err
	}
	return found[0], nil
}

// TryNow has the newest slot of a schedule that waits for another try tried at
// once, for somebody who asked, and returns it. It reports false where none
// waits. Asking twice within a second is asking once, also where RunNow has made
// the slot. The error wraps ErrNotFound where there is no such schedule.
func (l *Ledger) TryNow(ctx context.Context, name string, by Actor, now time.Time) (campaign.Slot, bool, error) {
	const asked = `WHERE schedule = $1 AND (at = $2 OR asked_at = $2)`
	second := now.Truncate(time.Second).UnixMilli()
	var found []campaign.Slot
	err := l.changeSchedule(ctx, name, func(ctx context.Context, t *tx, _ Schedule) (err error) {
		if found, err = readSlots(ctx, t, asked, name, second); err != nil || len(found) > 0 {
			return err
		}
		_, err = t.ExecContext(ctx, `
			UPDATE slots SET until = $3, asked_at = $2, asked_by = $4, detail = $5
			WHERE schedule = $1 AND state = 'due' AND until > $3
			  AND at = (SELECT MAX(at) FROM slots WHERE schedule = $1 AND state = 'due' AND until > $3)`,
			name, second, now.UnixMilli(), by.Name, by.Name+" asked for another try at once")
		if err != nil {
			return fmt.Errorf("ledger: try a slot of schedule %s: %w", name, err)
		}
		if found, err = readSlots(ctx, t, asked, name, second); err != nil || len(found) == 0 {
			return err
		}
		return t.scheduled(ctx, ActRun, name, by, now)
	})
	if err != nil || len(found) == 0 {
		return campaign.Slot{}, false, err
	}
	return found[0], true, nil
}

// OpenSlots are all slots that are not through: those nobody has begun, those in
// hand, and those whose campaign has not ended, by schedule and time.
func (l *Ledger) OpenSlots(ctx context.Context) ([]OpenSlot, error) {
	rows, err := l.read.QueryContext(ctx, `
		SELECT `+slotColumns+`, until, '' AS sending FROM slots WHERE state IN ('due', 'running')
		UNION ALL
		SELECT s.schedule, s.at, s.state, s.campaign_id, s.detail, s.asked_by, s.tries, s.caught_up, s.until, c.state
		FROM campaigns c JOIN slots s ON s.campaign_id = c.id
		WHERE c.state IN ('scheduled', 'running', 'paused') AND s.state = 'done'
		ORDER BY schedule, at`)
	if err != nil {
		return nil, fmt.Errorf("ledger: open slots: %w", err)
	}
	defer rows.Close()
	var found []OpenSlot
	for rows.Next() {
		var o OpenSlot
		var until int64
		if o.Slot, err = scanSlot(rows.Scan, &until, &o.Sending); err != nil {
			return nil, err
		}
		o.Until = time.UnixMilli(until).UTC()
		found = append(found, o)
	}
	return found, rows.Err()
}

// TakeSlot takes a slot in hand until a time, and returns it as the holder has to
// hand it on. It reports false where it has been taken, settled or put off since
// it was read.
func (l *Ledger) TakeSlot(ctx context.Context, s campaign.Slot, until, now time.Time) (campaign.Slot, bool, error) {
	taken, err := l.updateSlot(ctx, `
		UPDATE slots SET state = 'running', until = $4, tries = tries + 1
		WHERE schedule = $1 AND at = $2 AND tries = $3 AND state IN ('due', 'running') AND until <= $5`,
		s, until.UnixMilli(), now.UnixMilli())
	s.State, s.Tries = campaign.SlotRunning, s.Tries+1
	return s, taken, err
}

// KeepSlot keeps a slot in hand for longer. It reports false where somebody else
// has taken it meanwhile.
func (l *Ledger) KeepSlot(ctx context.Context, s campaign.Slot, until time.Time) (bool, error) {
	return l.updateSlot(ctx, `
		UPDATE slots SET until = $4 WHERE schedule = $1 AND at = $2 AND tries = $3 AND state = 'running'`, s, until.UnixMilli())
}

// SettleSlot writes down what became of a slot: its state, campaign and detail. A
// due one waits for another try until a time. It reports false where somebody
// else has taken or settled the slot meanwhile.
func (l *Ledger) SettleSlot(ctx context.Context, s campaign.Slot, until time.Time) (bool, error) {
	var made any
	if s.Campaign != 0 {
		made = int64(s.Campaign)
	}
	return l.updateSlot(ctx, `
		UPDATE slots SET state = $4, campaign_id = $5, detail = $6, until = $7
		WHERE schedule = $1 AND at = $2 AND tries = $3 AND state IN ('due', 'running')`,
		s, string(s.State), made, s.Detail, until.UnixMilli())
}

// updateSlot runs a statement on a slot that nobody has taken since it was read:
// schedule, time and tries are its first parameters.
func (l *Ledger) updateSlot(ctx context.Context, query string, s campaign.Slot, more ...any) (bool, error) {
	var n int64
	err := l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		done, err := t.ExecContext(ctx, query, append([]any{s.Schedule, s.At.UnixMilli(), s.Tries}, more...)...)
		if err != nil {
			return fmt.Errorf("ledger: slot %s: %w", s.Key(), err)
		}
		n, err = done.RowsAffected()
		return err
	})
	return n == 1, err
}

// Slots is a schedule's history, the newest first, at most limit of them, before
// a time (the zero time: all).
func (l *Ledger) Slots(ctx context.Context, schedule string, before time.Time, limit int) ([]campaign.Slot, error) {
	if before.IsZero() {
		return readSlots(ctx, l.read, `WHERE schedule = $1 ORDER BY at DESC LIMIT $2`, schedule, limit)
	}
	return readSlots(ctx, l.read, `WHERE schedule = $1 AND at < $2 ORDER BY at DESC LIMIT $3`, schedule, before.UnixMilli(), limit)
}

// LastSlots is the newest slot of each schedule that has one, by its name.
func (l *Ledger) LastSlots(ctx context.Context) (map[string]campaign.Slot, error) {
	found, err := readSlots(ctx, l.read, `
		WHERE (schedule, at) IN (SELECT name, (SELECT MAX(at) FROM slots WHERE schedule = name) FROM schedules)`)
	last := map[string]campaign.Slot{}
	for _, s := range found {
		last[s.Schedule] = s
	}
	return last, err
}

const slotColumns = `schedule, at, state, campaign_id, detail, asked_by, tries, caught_up`

func readSlots(ctx context.Context, from querier, where string, args ...any) ([]campaign.Slot, error) {
	rows, err := from.QueryContext(ctx, `SELECT `+slotColumns+` FROM slots `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("ledger: slots: %w", err)
	}
	defer rows.Close()
	var found []campaign.Slot
	for rows.Next() {
		s, err := scanSlot(rows.Scan)
		if err != nil {
			return nil, err
		}
		found = append(found, s)
	}
	return found, rows.Err()
}

// scanSlot reads slotColumns and what follows them.
func scanSlot(scan func(...any) error, more ...any) (campaign.Slot, error) {
	var s campaign.Slot
	var at int64
	var made sql.NullInt64
	if err := scan(append([]any{&s.Schedule, &at, &s.State, &made, &s.Detail, &s.By, &s.Tries, &s.CaughtUp}, more...)...); err != nil {
		return s, fmt.Errorf("ledger: slots: %w", err)
	}
	s.At, s.Campaign = time.UnixMilli(at).UTC(), campaign.ID(made.Int64)
	return s, nil
}

// Keyed is the campaign that was made with an idempotency key, once its list is
// in; the error wraps ErrNotFound where there is none.
func (l *Ledger) Keyed(ctx context.Context, key string) (campaign.ID, error) {
	var id campaign.ID
	err := l.read.QueryRowContext(ctx, `SELECT id FROM campaigns WHERE idempotency_key = $1 AND state <> 'importing'`, key).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("campaign of %s %w", key, ErrNotFound)
	}
	if err != nil {
		return 0, fmt.Errorf("ledger: campaign of %s: %w", key, err)
	}
	return id, nil
}
