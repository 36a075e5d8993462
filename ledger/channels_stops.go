package ledger

import (
	"context"
	"fmt"
	"strings"
	"time"

	"carillon/campaign"
)

// Stop says why one of several numbers of a campaign does not send for it.
type Stop struct {
	Reason string
	Since  time.Time
	// Handed says that what the number had not begun is with the others.
	Handed bool
}

// StopBecause stops the number at a position of a running campaign until a
// person has acted. Where there is no other that goes on, the campaign is
// paused.
func (l *Ledger) StopBecause(ctx context.Context, id campaign.ID, position int, reason string, now time.Time) error {
	return l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		c, err := t.campaign(ctx, id)
		if err != nil {
			return err
		}
		if len(c.Definition.AllChannels()) == 1 {
			return t.pause(ctx, []campaign.ID{id}, reason, "", now)
		}
		return t.stop(ctx, id, []int{position}, reason, now)
	})
}

// stop stops some of a campaign's numbers, where it runs and they are not
// stopped already. The transaction has locked the campaign.
func (t *tx) stop(ctx context.Context, id campaign.ID, positions []int, reason string, now time.Time) error {
	done, err := t.ExecContext(ctx, t.l.sql(`
		INSERT INTO campaign_channels (campaign_id, position, stopped, reason)
		SELECT c.id, CAST(value AS SMALLINT), CAST($3 AS BIGINT), CAST($4 AS TEXT)
		FROM EACH($2) CROSS JOIN campaigns c WHERE c.id = $1 AND c.state = 'running'
		ON CONFLICT (campaign_id, position) DO NOTHING`), int64(id), asJSON(positions), now.UnixMilli(), reason)
	if err != nil {
		return fmt.Errorf("ledger: stop numbers of campaign %s: %w", id, err)
	}
	if err := t.halt(done); err != nil {
		return err
	}
	definition, err := t.definition(ctx, id)
	if err != nil {
		return err
	}
	stops, err := t.stops(ctx, id)
	numbers := definition.AllChannels()
	if err != nil || len(stops) < len(numbers) {
		return err
	}
	reasons := make([]string, len(numbers))
	for position, number := range numbers {
		reasons[position] = number + ": " + stops[position].Reason
	}
	return t.pause(ctx, []campaign.ID{id}, strings.Join(reasons, "; "), "all of its numbers are stopped", now)
}

// clearStops lets all numbers of a campaign send again, and reports whether one
// of them did not.
func (t *tx) clearStops(ctx context.Context, id campaign.ID) (bool, error) {
	done, err := t.ExecContext(ctx, `DELETE FROM campaign_channels WHERE campaign_id = $1`, int64(id))
	if err != nil {
		return false, fmt.Errorf("ledger: let the numbers of campaign %s go on: %w", id, err)
	}
	n, err := done.RowsAffected()
	return n > 0, err
}

// stops are a campaign's stopped numbers, by position.
func (t *tx) stops(ctx context.Context, id campaign.ID) (map[int]Stop, error) {
	found, err := scanStops(ctx, t, t.l.sql(stopsSQL), []campaign.ID{id})
	return found[id], err
}

const stopsSQL = `
	SELECT campaign_id, position, stopped, reason, handed FROM campaign_channels
	WHERE campaign_id IN (SELECT CAST(value AS BIGINT) FROM EACH($1))`

// addStops puts the stopped numbers into campaigns. Most have one number, and
// for them nothing is asked.
func (l *Ledger) addStops(ctx context.Context, all []Campaign) error {
	var ids []campaign.ID
	for _, c := range all {
		if len(c.Definition.AllChannels()) > 1 {
			ids = append(ids, c.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	found, err := scanStops(ctx, l.read, l.sql(stopsSQL), ids)
	for i := range all {
		all[i].Stopped = found[all[i].ID]
	}
	return err
}

// scanStops reads the stopped numbers of some campaigns, by position.
func scanStops(ctx context.Context, q querier, query string, ids []campaign.ID) (map[campaign.ID]map[int]Stop, error) {
	rows, err := q.QueryContext(ctx, query, asJSON(ids))
	if err != nil {
		return nil, fmt.Errorf("ledger: stopped numbers: %w", err)
	}
	defer rows.Close()
	found := map[campaign.ID]map[int]Stop{}
	for rows.Next() {
		var id campaign.ID
		var position, handed int
		var since int64
		var stop Stop
		if err := rows.Scan(&id, &position, &since, &stop.Reason, &handed); err != nil {
			return nil, fmt.Errorf("ledger: stopped numbers: %w", err)
		}
		stop.Since, stop.Handed = time.UnixMilli(since).UTC(), handed == 1
		if found[id] == nil {
			found[id] = map[int]Stop{}
		}
		found[id][position] = stop
	}
	return found, rows.Err()
}
