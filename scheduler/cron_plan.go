package scheduler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

const (
	// onTime is how late a slot may be looked at and still counts as on time. Ours;
	// another scheduler takes over within five seconds.
	onTime = time.Minute
	// mostMissed is how many slots that were missed are written down, and so how
	// many are caught up; ours.
	mostMissed = 1000
)

// planSlots makes the slots whose time has come.
func (s *Scheduler) planSlots(ctx context.Context, all []ledger.Schedule, now time.Time) error {
	var errs []error
	for _, of := range all {
		if of.NextAt.IsZero() || of.NextAt.After(now) {
			continue
		}
		if errors.Is(of.Unusable, ledger.ErrUndefined) { // whoever has its configuration plans what is missed
			errs = append(errs, fmt.Errorf("schedule %s cannot run: %w", of.Name, of.Unusable))
			continue
		}
		cron, err := ParseCron(of.Cron, of.Zone)
		if err != nil { // by a version that could read more, or a system with more zones
			errs = append(errs, fmt.Errorf("schedule %s cannot run: %w", of.Name, err))
			continue
		}
		slots, next := comeDue(of, cron, now)
		planned, err := s.Ledger.PlanSlots(ctx, of, slots, next)
		errs = append(errs, err)
		missed := slices.DeleteFunc(slices.Clone(slots), func(slot campaign.Slot) bool { return slot.State != campaign.SlotMissed })
		if n := len(missed); planned && n > 0 {
			s.slots.WithLabelValues(string(campaign.SlotMissed)).Add(float64(n))
			s.Log.Warn("slots were missed", "schedule", of.Name, "first", missed[0].At, "last", missed[n-1].At, "catch_up", of.CatchUp)
		}
	}
	return errors.Join(errs...)
}

// comeDue are the slots of a schedule from its next one until now, in order, and
// the next one then.
func comeDue(of ledger.Schedule, cron Cron, now time.Time) (slots []campaign.Slot, next time.Time) {
	first, left := of.NextAt, 0
	for next = first; !next.IsZero() && !next.After(now); next = cron.Next(next) {
		slots = append(slots, campaign.Slot{Schedule: of.Name, At: next.UTC(), State: campaign.SlotDue, Detail: "it is due"})
		if len(slots) > 2*mostMissed { // cut now and then, not each time
			left += len(slots) - mostMissed
			slots = slices.Clone(slots[len(slots)-mostMissed:])
		}
	}
	if n := len(slots) - mostMissed; n > 0 {
		left += n
		slots = slots[n:]
	}
	policy := of.WithDefaults().CatchUp
	for i := range slots {
		late := now.Sub(slots[i].At)
		switch last := i == len(slots)-1; {
		case late <= onTime:
		case policy == campaign.CatchUpAll, policy == campaign.CatchUpLast && last:
			slots[i].CaughtUp = true
			slots[i].Detail = fmt.Sprintf("caught up %s late: no scheduler ran at its time", late.Round(time.Second))
		default:
			slots[i].State = campaign.SlotMissed
			slots[i].Detail = fmt.Sprintf("no scheduler ran at its time or until %s later, and catch_up is %s; "+
				"to make it anyway, run the schedule now", late.Round(time.Second), policy)
		}
	}
	if left > 0 {
		slots = append([]campaign.Slot{{
			Schedule: of.Name, At: first.UTC(), State: campaign.SlotMissed,
			Detail: fmt.Sprintf("no scheduler ran for so long that %d slots were missed from this one on, before %s; at most %d are caught up",
				left, slots[0].At.Format(time.RFC3339), mostMissed),
		}}, slots...)
	}
	return slots, next
}
