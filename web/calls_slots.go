package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"carillon/api"
	"carillon/campaign"
	"carillon/ledger"
)

func viewSlot(slot campaign.Slot) api.Slot {
	v := api.Slot{At: slot.At, State: slot.State, Detail: slot.Detail, By: slot.By, Tries: slot.Tries}
	if slot.Campaign != 0 {
		id := slot.Campaign.String()
		v.CampaignID = &id
	}
	return v
}

// runSchedule has a slot tried that waits for that, or makes one out of turn. Where
// slots are passed over while another one's campaign runs, whoever asks is told
// so at once.
func (s *Server) runSchedule(w http.ResponseWriter, r *http.Request) error {
	name, by, now := r.PathValue("name"), actorOf(r), s.now()
	of, err := s.ledger.Schedule(r.Context(), name)
	if err != nil {
		return noSchedule(name, err)
	}
	if of.Unusable != nil {
		return unusable(of)
	}
	slot, waited, err := s.ledger.TryNow(r.Context(), name, by, now)
	if err != nil {
		return noSchedule(name, err)
	}
	open, err := s.ledger.OpenSlots(r.Context())
	if err != nil {
		return err
	}
	if !waited {
		next := campaign.Slot{Schedule: name, At: now.UTC().Truncate(time.Second)}
		if before := ledger.Before(open, next); of.Overlap == campaign.OverlapSkip && len(before) > 0 {
			return refuse(wrongState, "try again when that is over, or set overlap to queue or parallel",
				"schedule %s skips overlapping slots, and %s", name, before[0])
		}
		if slot, err = s.ledger.RunNow(r.Context(), name, by, now); err != nil {
			return noSchedule(name, err)
		}
	}
	slot.Detail += begins(of, slot, open, now)
	return answer(w, http.StatusAccepted, viewSlot(slot))
}

// begins is added to the detail of a slot that somebody asked for: when it is
// begun, where it is not yet and its detail does not say so.
func begins(of ledger.Schedule, slot campaign.Slot, open []ledger.OpenSlot, now time.Time) string {
	putOff := slices.ContainsFunc(open, func(o ledger.OpenSlot) bool { return o.Key() == slot.Key() && o.Until.After(now) })
	if slot.State != campaign.SlotDue || putOff {
		return ""
	}
	return cmp.Or(waits(of, slot, open), "; it starts within a second")
}

// waits is added to the detail of a slot that is due: what it waits for, which
// changes too often to be written down.
func waits(of ledger.Schedule, slot campaign.Slot, open []ledger.OpenSlot) string {
	before := ledger.Before(open, slot)
	switch {
	case slot.State != campaign.SlotDue, len(before) == 0, !of.Queues(slot):
		return ""
	case len(before) == 1:
		return fmt.Sprintf("; it waits, because %s", before[0])
	}
	return fmt.Sprintf("; it waits behind %d others, because %s", len(before), before[0])
}

// listSlots gives a schedule's history, also that of one that was removed.
func (s *Server) listSlots(w http.ResponseWriter, r *http.Request) error {
	const usual, most = 20, 100
	name, query := r.PathValue("name"), r.URL.Query()
	limit, err := pageLimit(query, usual, most)
	if err != nil {
		return err
	}
	var before time.Time
	if cursor := query.Get("cursor"); cursor != "" {
		at, err := strconv.ParseInt(cursor, 10, 64)
		if err != nil {
			return refuse(badRequest, "take the cursor from the previous page", "%q is not a cursor", cursor)
		}
		before = time.UnixMilli(at)
	}
	found, err := s.ledger.Slots(r.Context(), name, before, limit+1)
	if err != nil {
		return err
	}
	of, err := s.ledger.Schedule(r.Context(), name)
	outlived := errors.Is(err, ledger.ErrNotFound) && (len(found) > 0 || !before.IsZero())
	if err != nil && !outlived {
		return noSchedule(name, err)
	}
	open, err := s.ledger.OpenSlots(r.Context())
	if err != nil {
		return err
	}
	list := api.Page[api.Slot]{Items: []api.Slot{}}
	for i, slot := range found {
		if i == limit {
			cursor := strconv.FormatInt(found[i-1].At.UnixMilli(), 10)
			list.Next = &cursor
			break
		}
		slot.Detail += waits(of, slot, open)
		list.Items = append(list.Items, viewSlot(slot))
	}
	return answer(w, http.StatusOK, list)
}
