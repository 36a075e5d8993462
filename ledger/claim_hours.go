package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"carillon/campaign"
)

// lookAgain is when a message is looked at again for which no hour suits.
const lookAgain = 24 * time.Hour

// lookAtHours notes of claims that come outside their campaign's hours when
// these begin. A recipient's zones and a campaign's hours never change.
func (t *tx) lookAtHours(ctx context.Context, claims []*claim) error {
	var limited []*claim
	var ids []campaign.MessageID
	hours := map[campaign.ID]*campaign.Hours{}
	for _, c := range claims {
		c.opens = time.Time{}
		id := c.task.Message.Campaign()
		if _, known := hours[id]; !known {
			definition, err := t.definitionOfTask(ctx, id)
			if err != nil {
				return err
			}
			hours[id] = definition.Hours
		}
		if hours[id] != nil {
			limited, ids = append(limited, c), append(ids, c.task.Message)
		}
	}
	if len(limited) == 0 {
		return nil
	}
	zones, err := scanZones(ctx, t, t.l, ids)
	if err != nil {
		return err
	}
	for _, c := range limited {
		opens, ok := hours[c.task.Message.Campaign()].Next(zones[c.task.Message], c.now)
		switch {
		case !ok:
			c.opens = c.now.Add(lookAgain)
		case opens.After(c.now):
			c.opens = opens
		}
	}
	return nil
}

// definitionOfTask is the definition of a campaign that a task is about, an empty
// one where a stray task's campaign is gone.
func (t *tx) definitionOfTask(ctx context.Context, id campaign.ID) (*campaign.Definition, error) {
	definition, err := t.definition(ctx, id)
	if errors.Is(err, sql.ErrNoRows) {
		return &campaign.Definition{}, nil
	}
	return definition, err
}

// Zones returns the time zones of the people that messages are for, as
// campaign.Row.Zone has them.
func (l *Ledger) Zones(ctx context.Context, ids []campaign.MessageID) (map[campaign.MessageID]string, error) {
	return scanZones(ctx, l.read, l, ids)
}

func scanZones(ctx context.Context, from querier, l *Ledger, ids []campaign.MessageID) (map[campaign.MessageID]string, error) {
	rows, err := from.QueryContext(ctx, l.sql(`
		SELECT CAST(value AS BIGINT), (SELECT r.zone FROM recipients r WHERE r.id = (CAST(value AS BIGINT) >> 4))
		FROM EACH($1)`), asJSON(ids))
	if err != nil {
		return nil, fmt.Errorf("ledger: zones: %w", err)
	}
	defer rows.Close()
	found := make(map[campaign.MessageID]string, len(ids))
	for rows.Next() {
		var id campaign.MessageID
		var zone *string // none where the row is gone
		if err := rows.Scan(&id, &zone); err != nil {
			return nil, fmt.Errorf("ledger: zones: %w", err)
		}
		if zone != nil {
			found[id] = *zone
		}
	}
	return found, rows.Err()
}
