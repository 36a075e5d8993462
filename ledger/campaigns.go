package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"carillon/campaign"
)

// importing is the state of a campaign whose list is not in yet. Nobody sees
// it.
const importing = "importing"

// Campaign is a campaign as it stands.
type Campaign struct {
	ID     campaign.ID
	Name   string
	State  campaign.State
	Reason string
	// Stopped are the numbers that do not send for it, by their position, where
	// it has several.
	Stopped    map[int]Stop
	Definition *campaign.Definition
	// Columns are the names of the list's columns.
	Columns []string
	// The zero time stands for "not yet" and "never".
	Created, StartAt, Started, Finished, Expires time.Time
	// MostLate is by how much StartAt may be missed; 0 means by however much.
	MostLate time.Duration
	// Verdicts says how many rows of the list got which verdict.
	Verdicts map[campaign.Verdict]int64
	// Counts are by status over all steps, Steps per step.
	Counts campaign.Counts
	Steps  []campaign.Counts
	// Open is how many messages can still cause a request to the provider.
	Open int64
	// Changes counts what starts its sending anew or stops it: actions, pauses,
	// retries. What was fed before the last of them is fed again.
	Changes int64
}

const campaignColumns = `
	id, name, state, reason, definition, columns, created_at, start_at, started_at, finished_at, expires_at, changes, most_late`

func parseDefinition(id campaign.ID, text string) (*campaign.Definition, error) {
	definition := &campaign.Definition{}
	if err := json.Unmarshal([]byte(text), definition); err != nil {
		return nil, fmt.Errorf("ledger: definition of campaign %s: %w", id, err)
	}
	return definition, nil
}

func scanCampaign(scan func(...any) error) (Campaign, error) {
	var c Campaign
	var definition string
	var columns []byte
	var created int64
	var startAt, started, finished, expires, late sql.NullInt64
	err := scan(&c.ID, &c.Name, &c.State, &c.Reason, &definition, &columns, &created, &startAt, &started, &finished, &expires, &c.Changes, &late)
	if err != nil {
		return c, err
	}
	c.Created = time.UnixMilli(created).UTC()
	c.StartAt, c.Started, c.Finished, c.Expires = moment(startAt), moment(started), moment(finished), moment(expires)
	c.MostLate = time.Duration(late.Int64) * time.Millisecond
	if err := json.Unmarshal(columns, &c.Columns); err != nil {
		return c, fmt.Errorf("ledger: columns of campaign %s: %w", c.ID, err)
	}
	c.Definition, err = parseDefinition(c.ID, definition)
	return c, err
}

// Campaign returns one campaign; the error wraps ErrNotFound where there is
// none.
func (l *Ledger) Campaign(ctx context.Context, id campaign.ID) (Campaign, error) {
	found, err := l.campaigns(ctx, `WHERE id = $1 AND state <> 'importing'`, int64(id))
	if err != nil {
		return Campaign{}, err
	}
	if len(found) == 0 {
		return Campaign{}, fmt.Errorf("campaign %s %w", id, ErrNotFound)
	}
	return found[0], nil
}

// Unfinished returns the campaigns that have something left to do: those that
// run, are paused or scheduled, and cancelled ones whose rows have not all
// followed.
func (l *Ledger) Unfinished(ctx context.Context) ([]Campaign, error) {
	return l.campaigns(ctx, `
		WHERE state IN ('running', 'paused', 'scheduled')
		   OR (state = 'cancelled' AND finished_at IS NULL)
		ORDER BY created_at, id`)
}

func (l *Ledger) campaigns(ctx context.Context, where string, args ...any) ([]Campaign, error) {
	found, err := l.scanCampaigns(ctx, where, args...)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	ids := make([]campaign.ID, len(found))
	for i, c := range found {
		ids[i] = c.ID
	}
	if err := l.addStops(ctx, found); err != nil {
		return nil, err
	}
	tallies, err := l.tallies(ctx, ids)
	if err != nil {
		return nil, err
	}
	verdicts, err := l.verdicts(ctx, ids)
	if err != nil {
		return nil, err
	}
	for i := range found {
		c := &found[i]
		sums := tallies[c.ID]
		if sums == nil {
			sums = &tally{}
		}
		c.Counts, c.Steps, c.Open, c.Verdicts = sums.all(), sums.steps, sums.open, verdicts[c.ID]
	}
	return found, nil
}

func (l *Ledger) scanCampaigns(ctx context.Context, where string, args ...any) ([]Campaign, error) {
	rows, err := l.read.QueryContext(ctx, `SELECT `+campaignColumns+` FROM campaigns `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("ledger: campaigns: %w", err)
	}
	defer rows.Close()
	var found []Campaign
	for rows.Next() {
		c, err := scanCampaign(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("ledger: campaigns: %w", err)
		}
		found = append(found, c)
	}
	return found, rows.Err()
}

func (l *Ledger) verdicts(ctx context.Context, ids []campaign.ID) (map[campaign.ID]map[campaign.Verdict]int64, error) {
	rows, err := l.read.QueryContext(ctx, l.sql(`
		SELECT campaign_id, verdict, n FROM verdicts
		WHERE campaign_id IN (SELECT CAST(value AS BIGINT) FROM EACH($1))`), asJSON(ids))
	if err != nil {
		return nil, fmt.Errorf("ledger: verdicts: %w", err)
	}
	defer rows.Close()
	found := map[campaign.ID]map[campaign.Verdict]int64{}
	for rows.Next() {
		var id campaign.ID
		var verdict campaign.Verdict
		var n int64
		if err := rows.Scan(&id, &verdict, &n); err != nil {
			return nil, err
		}
		if found[id] == nil {
			found[id] = map[campaign.Verdict]int64{}
		}
		found[id][verdict] = n
	}
	return found, rows.Err()
}

// Act carries out what a person does to a campaign, and returns it as it is
// then. by is the person, who is named in the campaign's reason. A resume lets numbers
// that were stopped go on, too. The error wraps ErrNotFound, or ErrState where
// the campaign's state does not allow it.
func (l *Ledger) Act(ctx context.Context, id campaign.ID, action campaign.Action, by Actor, now time.Time) (Campaign, error) {
	err := l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		c, err := t.campaign(ctx, id)
		if err != nil {
			return err
		}
		next, allowed := c.State.Do(action)
		if !allowed {
			return fmt.Errorf("%s campaign %s: %w: it is %s", action, id, ErrState, c.State)
		}
		changed := next != c.State
		if action == campaign.Resume {
			cleared, err := t.clearStops(ctx, id)
			if err != nil {
				return err
			}
			changed = changed || cleared
		}
		if !changed {
			return nil
		}
		if action == campaign.Resume {
			if err := t.noteResume(ctx, id, now); err != nil {
				return err
			}
		}
		if err := t.setState(ctx, c, next, fmt.Sprintf("%s by %s", past(action), by.Name), now); err != nil {
			return err
		}
		return t.did(ctx, Action(action), id, by, "", now)
	})
	if err != nil {
		return Campaign{}, err
	}
	return l.Campaign(ctx, id)
}

// noteResume notes that a person has looked at what was known so far.
func (t *tx) noteResume(ctx context.Context, id campaign.ID, now time.Time) error {
	if _, err := t.ExecContext(ctx, `UPDATE campaigns SET resumed_at = $2 WHERE id = $1`, int64(id), now.UnixMilli()); err != nil {
		return fmt.Errorf("ledger: resume campaign %s: %w", id, err)
	}
	return nil
}

func past(a campaign.Action) string {
	switch a {
	case campaign.Start:
		return "started"
	case campaign.Pause:
		return "paused"
	case campaign.Resume:
		return "resumed"
	}
	return "cancelled"
}

// StartAt plans the start of a draft for a later time. late is by how much it may
// be missed at most, where nothing runs at that time; 0 means by however much.
func (l *Ledger) StartAt(ctx context.Context, id campaign.ID, at time.Time, late time.Duration, by Actor, now time.Time) error {
	var most any
	if late > 0 {
		most = late.Milliseconds()
	}
	return l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		done, err := t.ExecContext(ctx, `
			UPDATE campaigns SET state = 'scheduled', start_at = $2, most_late = $3 WHERE id = $1 AND state IN ('draft', 'scheduled')`,
			int64(id), at.UnixMilli(), most)
		if err != nil {
			return fmt.Errorf("ledger: schedule campaign %s: %w", id, err)
		}
		n, err := done.RowsAffected()
		if err != nil {
			return err
		}
		if n == 1 {
			return t.did(ctx, ActPlan, id, by, "for "+at.UTC().Format(time.RFC3339), now)
		}
		return fmt.Errorf("schedule campaign %s: %w: it has been started", id, ErrState)
	})
}

// theClock is who starts campaigns when their time has come.
const theClock = "the clock"

// StartDue starts a scheduled campaign whose time has come. One that comes later
// than it may is paused instead, so that a person decides; its reason says so.
// Whatever is not scheduled any more, or for later, stays as it is.
func (l *Ledger) StartDue(ctx context.Context, id campaign.ID, now time.Time) (Campaign, error) {
	err := l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		c, err := t.campaign(ctx, id)
		if err != nil || c.State != campaign.Scheduled || c.StartAt.After(now) {
			return err
		}
		if c.MostLate > 0 && now.Sub(c.StartAt) > c.MostLate {
			err := t.setState(ctx, c, campaign.Paused, fmt.Sprintf(
				"it was to start at %s, at most %s late, but no scheduler ran before %s; nothing was sent: resume it to send now, or cancel it",
				c.StartAt.Format(time.RFC3339), c.MostLate, now.UTC().Format(time.RFC3339)), now)
			if err != nil {
				return err
			}
			return t.did(ctx, ActPause, id, own(theClock), "too late to start", now)
		}
		if err := t.setState(ctx, c, campaign.Running, past(campaign.Start)+" by "+theClock, now); err != nil {
			return err
		}
		return t.did(ctx, ActStart, id, own(theClock), "", now)
	})
	if err != nil {
		return Campaign{}, err
	}
	return l.Campaign(ctx, id)
}

func (t *tx) campaign(ctx context.Context, id campaign.ID) (Campaign, error) {
	row := t.QueryRowContext(ctx, t.l.sql(`
		SELECT `+campaignColumns+` FROM campaigns WHERE id = $1 AND state <> 'importing' LOCKED`), int64(id))
	c, err := scanCampaign(row.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return c, fmt.Errorf("campaign %s %w", id, ErrNotFound)
	}
	return c, err
}

// setState moves a campaign; its clock starts with its first start.
func (t *tx) setState(ctx context.Context, c Campaign, next campaign.State, reason string, now time.Time) error {
	if next == campaign.Running && c.Started.IsZero() {
		c.Started = now
		if d := time.Duration(c.Definition.Expires); d > 0 {
			c.Expires = now.Add(d)
		}
	}
	_, err := t.ExecContext(ctx, `
		UPDATE campaigns SET state = $2, reason = $3, started_at = $4, expires_at = $5, changes = changes + 1 WHERE id = $1`,
		int64(c.ID), string(next), reason, millis(c.Started), millis(c.Expires))
	if err != nil {
		return fmt.Errorf("ledger: campaign %s to %s: %w", c.ID, next, err)
	}
	return nil
}

// State is where a campaign stands, without anything else of it.
func (l *Ledger) State(ctx context.Context, id campaign.ID) (campaign.State, error) {
	var state campaign.State
	err := l.read.QueryRowContext(ctx, `SELECT state FROM campaigns WHERE id = $1`, int64(id)).Scan(&state)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("campaign %s %w", id, ErrNotFound)
	}
	if err != nil {
		return "", fmt.Errorf("ledger: state of campaign %s: %w", id, err)
	}
	return state, nil
}

// Source is a campaign's definition as it was uploaded, word for word; empty where
// that was not kept. The error wraps ErrNotFound where there is no such campaign.
func (l *Ledger) Source(ctx context.Context, id campaign.ID) (source string, err error) {
	err = l.read.QueryRowContext(ctx, `SELECT source FROM campaigns WHERE id = $1 AND state <> 'importing'`, int64(id)).Scan(&source)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("campaign %s %w", id, ErrNotFound)
	}
	if err != nil {
		return "", fmt.Errorf("ledger: text of campaign %s: %w", id, err)
	}
	return source, nil
}

// reopen reports whether a campaign may attempt a message again. One that has
// finished runs again for it: a receipt that asks for another attempt may come
// after everything else is done.
func (t *tx) reopen(ctx context.Context, id campaign.ID, now time.Time) (bool, error) {
	var state campaign.State
	var expires sql.NullInt64
	err := t.QueryRowContext(ctx, t.l.sql(`SELECT state, expires_at FROM campaigns WHERE id = $1 LOCKED`), int64(id)).Scan(&state, &expires)
	if err != nil {
		return false, fmt.Errorf("ledger: state of campaign %s: %w", id, err)
	}
	switch {
	case state == campaign.Cancelled:
		return false, nil
	case state != campaign.Finished:
		return true, nil
	case expires.Valid && expires.Int64 <= now.UnixMilli():
		return false, nil
	}
	_, err = t.ExecContext(ctx, `
		UPDATE campaigns SET state = 'running', finished_at = NULL, changes = changes + 1, reason = 'a message is attempted again' WHERE id = $1`, int64(id))
	if err != nil {
		return false, fmt.Errorf("ledger: reopen campaign %s: %w", id, err)
	}
	return true, nil
}
