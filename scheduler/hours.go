package scheduler

import (
	"context"
	"slices"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// lookAgain is when a message is looked at again for which no hour suits.
const lookAgain = 24 * time.Hour

// shut is when a campaign's hours begin whose clock is the same for all; now
// within them, and where there are none or each recipient has hours of their own.
func shut(hours *campaign.Hours, now time.Time) time.Time {
	if hours == nil || hours.ByRecipient() {
		return now
	}
	return next(hours, "", now)
}

func next(hours *campaign.Hours, zones string, now time.Time) time.Time {
	opens, ok := hours.Next(zones, now)
	if !ok {
		return now.Add(lookAgain)
	}
	return opens
}

// holdBack finds out which of the candidates must wait: for the hours of their
// recipients, or for a limit.
func (f *feeder) holdBack(ctx context.Context, c ledger.Campaign, candidates []ledger.Feedable, now time.Time) (map[campaign.MessageID]holding, error) {
	asleep, err := f.limitHours(ctx, c, candidates, now)
	if err != nil {
		return nil, err
	}
	awake := slices.DeleteFunc(slices.Clone(candidates), func(m ledger.Feedable) bool { return asleep[m.ID] })
	held, err := f.limit(ctx, c, awake, now)
	if err != nil {
		return nil, err
	}
	for id := range asleep {
		held[id] = putOff
	}
	return held, nil
}

// limitHours puts off the messages to people whose hours have not begun, or are
// over. Somebody without a zone was erased: the claim ends the message.
func (f *feeder) limitHours(ctx context.Context, c ledger.Campaign, candidates []ledger.Feedable, now time.Time) (map[campaign.MessageID]bool, error) {
	hours := c.Definition.Hours
	if hours == nil || !hours.ByRecipient() || len(candidates) == 0 {
		return nil, nil
	}
	ids := make([]campaign.MessageID, len(candidates))
	for i, m := range candidates {
		ids[i] = m.ID
	}
	zones, err := f.ledger.Zones(ctx, ids)
	if err != nil {
		return nil, err
	}
	asleep, later := map[campaign.MessageID]bool{}, map[campaign.MessageID]time.Time{}
	for _, id := range ids {
		if zones[id] == "" {
			continue
		}
		if opens := next(hours, zones[id], now); opens.After(now) {
			asleep[id], later[id] = true, opens
		}
	}
	if len(later) == 0 {
		return nil, nil
	}
	return asleep, f.ledger.Postpone(ctx, later, campaign.ReasonHours, now)
}
