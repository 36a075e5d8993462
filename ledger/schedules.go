package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"carillon/campaign"
)

// Origin says where a schedule comes from, and so who may change it.
type Origin string

const (
	// FromConfig: it stands in the configuration.
	FromConfig Origin = "config"
	// FromAPI: somebody has added it to a running server.
	FromAPI Origin = "api"
)

// Schedule is a schedule as it stands.
type Schedule struct {
	campaign.Schedule
	Origin Origin
	// Paused: it makes no slots.
	Paused bool
	// NextAt is its next slot by the clock; the zero time while it is paused.
	NextAt time.Time
	// Changes counts how often the schedule has changed, its next slot included.
	Changes int64
	// Secrecy says where the secrets of its source are kept.
	Secrecy Secrecy
	// Unusable says why the definition is not whole, and what to do; nil where it
	// is. It wraps ErrLocked or ErrUndefined.
	Unusable error
}

// scheduleRow is a schedule as its row has it.
type scheduleRow struct {
	Schedule
	sealed string
}

// ErrTaken says that another schedule has the name.
var ErrTaken = errors.New("the name is taken")

// NewSchedule is a schedule with its first slot.
type NewSchedule struct {
	campaign.Schedule
	Next time.Time
}

// SyncSchedules makes the schedules of the configuration what it says now. Those
// that are there no more are removed. One that has its times as before keeps
// its next slot, so that what was missed meanwhile is known, and whoever is
// paused stays so. One of the same name that was added by the API is replaced.
// The rows hold the name and the times alone; the definitions are kept in
// memory, as DefineSchedules does.
func (l *Ledger) SyncSchedules(ctx context.Context, wanted []NewSchedule, now time.Time) error {
	definitions := make([]campaign.Schedule, len(wanted))
	for i, w := range wanted {
		definitions[i] = w.Schedule
	}
	l.DefineSchedules(definitions)
	return l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		known, err := readSchedules(ctx, t, t.l.sql(`ORDER BY name LOCKED`))
		if err != nil {
			return err
		}
		for _, k := range known {
			named := slices.ContainsFunc(wanted, func(w NewSchedule) bool { return w.Name == k.Name })
			if k.Origin == FromConfig && !named {
				if err := t.deleteSchedule(ctx, k.Schedule); err != nil {
					return err
				}
			}
		}
		for _, w := range wanted {
			at := slices.IndexFunc(known, func(k scheduleRow) bool { return k.Name == w.Name })
			switch {
			case at < 0:
				_, err = t.insertSchedule(ctx, NewSchedule{times(w.Schedule), w.Next}, "", FromConfig, now)
			default:
				err = t.updateSchedule(ctx, known[at].Schedule, w)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// AddSchedule adds a schedule for the API, and returns it. It reports false where
// the same one is there already. The error wraps ErrTaken where another one has
// the name, and seal.ErrNoKey where there is no key for its secrets.
func (l *Ledger) AddSchedule(ctx context.Context, s NewSchedule, by Actor, now time.Time) (Schedule, bool, error) {
	s.Schedule = s.WithDefaults()
	stored, sealed, err := l.conceal(s.Schedule)
	if err != nil {
		return Schedule{}, false, err
	}
	added := false
	err = l.do(ctx, urgent, func(ctx context.Context, t *tx) (err error) {
		if added, err = t.insertSchedule(ctx, NewSchedule{stored, s.Next}, sealed, FromAPI, now); err != nil || !added {
			return err
		}
		return t.scheduled(ctx, ActAdd, s.Name, by, now)
	})
	if err != nil {
		return Schedule{}, false, err
	}
	found, err := l.Schedule(ctx, s.Name)
	if err == nil && !added && (asJSON(found.Schedule) != asJSON(s.Schedule) || found.Origin != FromAPI) {
		err = fmt.Errorf("schedule %s: %w by another schedule", s.Name, ErrTaken)
	}
	return found, added, err
}

// insertSchedule reports whether the name was free.
func (t *tx) insertSchedule(ctx context.Context, s NewSchedule, sealed string, origin Origin, now time.Time) (bool, error) {
	done, err := t.ExecContext(ctx, `
		INSERT INTO schedules (name, definition, sealed, origin, next_at, created_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (name) DO NOTHING`, s.Name, asJSON(s.Schedule), sealed, string(origin), millis(s.Next), now.UnixMilli())
	if err != nil {
		return false, fmt.Errorf("ledger: add schedule %s: %w", s.Name, err)
	}
	n, err := done.RowsAffected()
	return n == 1, err
}

func (t *tx) updateSchedule(ctx context.Context, known Schedule, wanted NewSchedule) error {
	s := times(wanted.Schedule)
	next := wanted.Next
	switch {
	case known.Paused:
		next = time.Time{}
	case known.Cron == s.Cron && known.Zone == s.Zone && !known.NextAt.IsZero():
		next = known.NextAt
	}
	if known.Origin == FromConfig && asJSON(known.Schedule) == asJSON(s) && next.Equal(known.NextAt) {
		return nil
	}
	_, err := t.ExecContext(ctx, `
		UPDATE schedules SET definition = $2, sealed = '', origin = $3, next_at = $4, changes = changes + 1 WHERE name = $1`,
		s.Name, asJSON(s), string(FromConfig), millis(next))
	if err != nil {
		return fmt.Errorf("ledger: change schedule %s: %w", s.Name, err)
	}
	if hasSecrets(known.Contacts) { // which were not sealed
		return t.leaveRemnants(ctx)
	}
	return nil
}

func (t *tx) deleteSchedule(ctx context.Context, s Schedule) error {
	if _, err := t.ExecContext(ctx, `DELETE FROM schedules WHERE name = $1`, s.Name); err != nil {
		return fmt.Errorf("ledger: remove schedule %s: %w", s.Name, err)
	}
	if hasSecrets(s.Contacts) { // which were not sealed
		return t.leaveRemnants(ctx)
	}
	return nil
}

// PauseSchedule makes a schedule make no slots. Pausing it again changes nothing.
// The error wraps ErrNotFound where there is none.
func (l *Ledger) PauseSchedule(ctx context.Context, name string, by Actor, now time.Time) error {
	return l.changeSchedule(ctx, name, func(ctx context.Context, t *tx, s Schedule) error {
		if s.Paused {
			return nil
		}
		if _, err := t.ExecContext(ctx, `
			UPDATE schedules SET paused = 1, next_at = NULL, changes = changes + 1 WHERE name = $1`, name); err != nil {
			return err
		}
		return t.scheduled(ctx, ActPause, name, by, now)
	})
}

// ResumeSchedule lets a paused schedule make slots again, from next on: what the
// pause has swallowed is not caught up. One that is not paused stays as it is.
// The error wraps ErrNotFound where there is none.
func (l *Ledger) ResumeSchedule(ctx context.Context, name string, next time.Time, by Actor, now time.Time) error {
	return l.changeSchedule(ctx, name, func(ctx context.Context, t *tx, s Schedule) error {
		if !s.Paused {
			return nil
		}
		if _, err := t.ExecContext(ctx, `
			UPDATE schedules SET paused = 0, next_at = $2, changes = changes + 1 WHERE name = $1`, name, millis(next)); err != nil {
			return err
		}
		return t.scheduled(ctx, ActResume, name, by, now)
	})
}

// RemoveSchedule removes a schedule; its slots stay as its history. The error
// wraps ErrNotFound where there is none, and ErrState where it stands in the
// configuration, which would bring it back.
func (l *Ledger) RemoveSchedule(ctx context.Context, name string, by Actor, now time.Time) error {
	return l.changeSchedule(ctx, name, func(ctx context.Context, t *tx, s Schedule) error {
		if s.Origin == FromConfig {
			return fmt.Errorf("%w: it is in the configuration", ErrState)
		}
		if err := t.deleteSchedule(ctx, s); err != nil {
			return err
		}
		return t.scheduled(ctx, ActRemove, name, by, now)
	})
}

// scheduled records what was done to a schedule.
func (t *tx) scheduled(ctx context.Context, action Action, name string, by Actor, now time.Time) error {
	_, err := t.record(ctx, Deed{At: now, By: by, Action: action, Schedule: name}, "")
	return err
}

// changeSchedule does something to a schedule that exists.
func (l *Ledger) changeSchedule(ctx context.Context, name string, change func(context.Context, *tx, Schedule) error) error {
	return l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		found, err := readSchedules(ctx, t, t.l.sql(`WHERE name = $1 LOCKED`), name)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return fmt.Errorf("schedule %s %w", name, ErrNotFound)
		}
		if err := change(ctx, t, found[0].Schedule); err != nil {
			return fmt.Errorf("schedule %s: %w", name, err)
		}
		return nil
	})
}

// Schedules are all there are, by name.
func (l *Ledger) Schedules(ctx context.Context) ([]Schedule, error) {
	found, err := readSchedules(ctx, l.read, `ORDER BY name`)
	all := make([]Schedule, len(found))
	for i, row := range found {
		all[i] = l.complete(row)
	}
	return all, err
}

// Schedule is the one of a name; the error wraps ErrNotFound where there is none.
func (l *Ledger) Schedule(ctx context.Context, name string) (Schedule, error) {
	found, err := readSchedules(ctx, l.read, `WHERE name = $1`, name)
	if err != nil {
		return Schedule{}, err
	}
	if len(found) == 0 {
		return Schedule{}, fmt.Errorf("schedule %s %w", name, ErrNotFound)
	}
	return l.complete(found[0]), nil
}

// readSchedules reads schedules as their rows have them.
func readSchedules(ctx context.Context, from querier, where string, args ...any) ([]scheduleRow, error) {
	rows, err := from.QueryContext(ctx, `SELECT name, definition, sealed, origin, paused, next_at, changes FROM schedules `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("ledger: schedules: %w", err)
	}
	defer rows.Close()
	var found []scheduleRow
	for rows.Next() {
		var s scheduleRow
		var name string
		var definition []byte
		var next sql.NullInt64
		if err := rows.Scan(&name, &definition, &s.sealed, &s.Origin, &s.Paused, &next, &s.Changes); err != nil {
			return nil, fmt.Errorf("ledger: schedules: %w", err)
		}
		if err := json.Unmarshal(definition, &s.Schedule.Schedule); err != nil {
			return nil, fmt.Errorf("ledger: definition of schedule %s: %w", name, err)
		}
		s.NextAt = moment(next)
		found = append(found, s)
	}
	return found, rows.Err()
}
