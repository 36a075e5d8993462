package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"time"

	"carillon/campaign"
)

// PauseBecause pauses a campaign that cannot go on until a person has acted. It
// reports whether the campaign ran.
func (l *Ledger) PauseBecause(ctx context.Context, id campaign.ID, reason string) (ran bool, err error) {
	err = l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		err := t.pause(ctx, []campaign.ID{id}, reason)
		ran = t.halted > 0
		return err
	})
	return ran, err
}

// stopAll stops what a trouble makes unusable, and returns how many campaigns that
// concerns. Of one that has other numbers only those are stopped that it concerns.
func (t *tx) stopAll(ctx context.Context, all []stopped, reason string, now time.Time) (n int, err error) {
	var whole []campaign.ID
	for _, s := range all {
		if s.all {
			whole = append(whole, s.id)
			continue
		}
		if err := t.stop(ctx, s.id, s.positions, reason, now); err != nil {
			return 0, err
		}
	}
	return len(all), t.pause(ctx, whole, reason)
}

// stoppedBy locks the campaigns that a failure of the message stops, and
// returns them: that of the message, and others that run. They are locked in
// the order of their ids before anything else of theirs is, for one trouble
// strikes many messages at once, and their transactions must not wait for each
// other in a circle.
func (t *tx) stoppedBy(ctx context.Context, m *message, f campaign.Failure) ([]stopped, error) {
	if f.Pause == campaign.PauseNothing {
		return nil, nil
	}
	own := m.id.Campaign()
	met, err := t.definition(ctx, own)
	if err != nil {
		return nil, err
	}
	number, err := t.number(ctx, m)
	if err != nil {
		return nil, err
	}
	trouble := campaign.Trouble{Scope: f.Pause, Step: met.Steps[m.id.Step()], Number: number, Account: f.Account}
	if trouble.Scope == campaign.PauseTemplate && trouble.Step.TemplatePart() == nil { // it speaks of none: whatever it means is the number's
		trouble.Scope = campaign.PauseChannel
	}
	return t.concerned(ctx, trouble, own, time.Time{})
}

// concerned locks the campaigns that run, and one more whatever its state, and
// returns those that a trouble stops. Where its time is known, those that a person
// has resumed since are left alone.
func (t *tx) concerned(ctx context.Context, trouble campaign.Trouble, also campaign.ID, at time.Time) ([]stopped, error) {
	candidates, err := t.lockRunning(ctx, also, at)
	if err != nil {
		return nil, err
	}
	var all []stopped
	for _, id := range candidates {
		definition, err := t.definition(ctx, id)
		if err != nil {
			return nil, err
		}
		if positions := trouble.Stops(definition); len(positions) > 0 {
			all = append(all, stopped{id, positions, len(positions) == len(definition.AllChannels())})
		}
	}
	return all, nil
}

// stopped is what a trouble stops of a campaign.
type stopped struct {
	id        campaign.ID
	positions []int // of its numbers
	all       bool  // there are no others
}

// lockRunning locks the campaigns that run, and one more whatever its state. Where
// a time is given it leaves those out that were resumed after it.
func (t *tx) lockRunning(ctx context.Context, also campaign.ID, at time.Time) ([]campaign.ID, error) {
	latest := int64(math.MaxInt64)
	if !at.IsZero() {
		latest = at.Add(exactness).UnixMilli()
	}
	rows, err := t.QueryContext(ctx, t.l.sql(`
		SELECT id FROM campaigns WHERE state = 'running' AND (resumed_at IS NULL OR resumed_at < $2) OR id = $1 ORDER BY id LOCKED`), int64(also), latest)
	if err != nil {
		return nil, fmt.Errorf("ledger: campaigns that run: %w", err)
	}
	defer rows.Close()
	var ids []campaign.ID
	for rows.Next() {
		var id campaign.ID
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("ledger: campaigns that run: %w", err)
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// pauseFor pauses the campaigns that a failure stops, and of those with other
// numbers the numbers alone that it concerns. The reason of those that did not
// meet it themselves says which one did.
func (t *tx) pauseFor(ctx context.Context, all []stopped, met campaign.ID, f campaign.Failure, now time.Time) error {
	var others []campaign.ID
	elsewhere := fmt.Sprintf("%s (met by campaign %s)", f, met)
	for _, s := range all {
		reason := elsewhere
		if s.id == met {
			reason = f.String()
		}
		var err error
		switch {
		case !s.all:
			err = t.stop(ctx, s.id, s.positions, reason, now)
		case s.id == met:
			err = t.pause(ctx, []campaign.ID{met}, reason)
		default:
			others = append(others, s.id)
		}
		if err != nil {
			return err
		}
	}
	return t.pause(ctx, others, elsewhere)
}

// pause pauses those of the campaigns that run.
func (t *tx) pause(ctx context.Context, ids []campaign.ID, reason string) error {
	if len(ids) == 0 {
		return nil
	}
	done, err := t.ExecContext(ctx, t.l.sql(`
		UPDATE campaigns SET state = 'paused', reason = $2, changes = changes + 1
		WHERE state = 'running' AND id IN (SELECT CAST(value AS BIGINT) FROM EACH($1))`), asJSON(ids), reason)
	if err != nil {
		return fmt.Errorf("ledger: pause campaigns: %w", err)
	}
	return t.halt(done)
}

// halt counts what a statement has stopped.
func (t *tx) halt(done sql.Result) error {
	n, err := done.RowsAffected()
	t.halted += n
	return err
}
