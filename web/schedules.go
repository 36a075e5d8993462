package web

import (
	"errors"
	"net/http"
	"path/filepath"
	"strconv"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// scheduleView is a schedule as the API gives it. It holds no secret: of its
// source it says what a person has to know.
type scheduleView struct {
	Name    string           `json:"name"`
	Cron    string           `json:"cron"`
	Zone    string           `json:"zone"`
	Overlap campaign.Overlap `json:"overlap"`
	CatchUp campaign.CatchUp `json:"catch_up"`
	// Contacts says where the list comes from, Campaign what the campaign is
	// called, or in which file it stands.
	Contacts string        `json:"contacts"`
	Campaign string        `json:"campaign"`
	Origin   ledger.Origin `json:"origin"`
	Paused   bool          `json:"paused"`
	NextAt   *time.Time    `json:"next_at"`
	Last     *slotView     `json:"last"`
}

// slotView is a slot as the API gives it.
type slotView struct {
	At       time.Time          `json:"at"`
	State    campaign.SlotState `json:"state"`
	Campaign *string            `json:"campaign_id"`
	Detail   string             `json:"detail"`
	By       string             `json:"by"`
	Tries    int                `json:"tries"`
}

func viewSchedule(of ledger.Schedule, last map[string]campaign.Slot) scheduleView {
	v := scheduleView{
		Name: of.Name, Cron: of.Cron, Zone: of.Zone, Overlap: of.Overlap, CatchUp: of.CatchUp,
		Contacts: of.Contacts.String(), Campaign: filepath.Base(of.CampaignFile),
		Origin: of.Origin, Paused: of.Paused, NextAt: moment(of.NextAt),
	}
	if of.CampaignFile == "" {
		if def, err := campaign.Parse([]byte(of.Campaign)); err == nil { // it was read before it was taken
			v.Campaign = def.Name
		}
	}
	if slot, there := last[of.Name]; there {
		shown := viewSlot(slot)
		v.Last = &shown
	}
	return v
}

func viewSlot(slot campaign.Slot) slotView {
	v := slotView{At: slot.At, State: slot.State, Detail: slot.Detail, By: slot.By, Tries: slot.Tries}
	if slot.Campaign != 0 {
		id := slot.Campaign.String()
		v.Campaign = &id
	}
	return v
}

func (s *Server) listSchedules(w http.ResponseWriter, r *http.Request) error {
	all, err := s.ledger.Schedules(r.Context())
	if err != nil {
		return err
	}
	last, err := s.ledger.LastSlots(r.Context())
	if err != nil {
		return err
	}
	list := struct {
		Items []scheduleView `json:"items"`
	}{[]scheduleView{}}
	for _, of := range all {
		list.Items = append(list.Items, viewSchedule(of, last))
	}
	return answer(w, http.StatusOK, list)
}

// addSchedule takes a schedule in. The same one again is no mistake.
func (s *Server) addSchedule(w http.ResponseWriter, r *http.Request) error {
	wanted, err := s.readSchedule(w, r)
	if err != nil {
		return err
	}
	_, added, err := s.ledger.AddSchedule(r.Context(), wanted, s.now())
	if errors.Is(err, ledger.ErrTaken) {
		return refuse(nameTaken, "remove that one first, or choose another name", "there is another schedule %s", wanted.Name)
	}
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/schedules/"+wanted.Name)
	status := http.StatusOK
	if added {
		status = http.StatusCreated
	}
	return s.answerSchedule(w, r, status, wanted.Name)
}

// answerSchedule answers with a schedule as it is now.
func (s *Server) answerSchedule(w http.ResponseWriter, r *http.Request, status int, name string) error {
	of, err := s.ledger.Schedule(r.Context(), name)
	if err != nil {
		return noSchedule(name, err)
	}
	last, err := s.ledger.Slots(r.Context(), name, time.Time{}, 1)
	if err != nil {
		return err
	}
	newest := map[string]campaign.Slot{}
	for _, slot := range last {
		newest[name] = slot
	}
	return answer(w, status, viewSchedule(of, newest))
}

// noSchedule says of a name that there is no such schedule, where that is what
// went wrong.
func noSchedule(name string, err error) error {
	if errors.Is(err, ledger.ErrNotFound) {
		return refuse(notFound, "GET /api/schedules lists the schedules there are", "there is no schedule %q", name)
	}
	return err
}

func (s *Server) showSchedule(w http.ResponseWriter, r *http.Request) error {
	return s.answerSchedule(w, r, http.StatusOK, r.PathValue("name"))
}

func (s *Server) pauseSchedule(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	if err := s.ledger.PauseSchedule(r.Context(), name); err != nil {
		return noSchedule(name, err)
	}
	return s.answerSchedule(w, r, http.StatusOK, name)
}

// resumeSchedule lets a schedule go on with the slot that comes next.
func (s *Server) resumeSchedule(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	of, err := s.ledger.Schedule(r.Context(), name)
	if err != nil {
		return noSchedule(name, err)
	}
	next, err := s.nextSlot(of.Schedule, s.now())
	if err != nil {
		return refuse(wrongState, "mend it, or remove it and add another", "%v", err)
	}
	if err := s.ledger.ResumeSchedule(r.Context(), name, next); err != nil {
		return noSchedule(name, err)
	}
	return s.answerSchedule(w, r, http.StatusOK, name)
}

func (s *Server) removeSchedule(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	err := s.ledger.RemoveSchedule(r.Context(), name)
	if errors.Is(err, ledger.ErrState) {
		return refuse(wrongState, "remove it from the configuration's file and restart, or pause it",
			"schedule %s stands in the configuration, which would bring it back", name)
	}
	if err != nil {
		return noSchedule(name, err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// runSchedule makes a slot out of turn. Where slots are passed over while another
// one's campaign runs, whoever asks is told so at once.
func (s *Server) runSchedule(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	of, err := s.ledger.Schedule(r.Context(), name)
	if err != nil {
		return noSchedule(name, err)
	}
	if of.Overlap == campaign.OverlapSkip {
		open, err := s.ledger.OpenSlots(r.Context())
		if err != nil {
			return err
		}
		second := s.now().UTC().Truncate(time.Second)
		for _, slot := range open {
			if slot.Schedule == name && slot.At.Before(second) {
				return refuse(wrongState, "resume or cancel what stands still, and ask again when it has ended",
					"schedule %s skips what overlaps, and %s", name, slot)
			}
		}
	}
	slot, err := s.ledger.RunNow(r.Context(), name, visitOf(r).caller.name, s.now())
	if err != nil {
		return noSchedule(name, err)
	}
	return answer(w, http.StatusAccepted, viewSlot(slot))
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
			return refuse(badRequest, "take the cursor from the page before", "%q is no cursor", cursor)
		}
		before = time.UnixMilli(at)
	}
	found, err := s.ledger.Slots(r.Context(), name, before, limit+1)
	if err != nil {
		return err
	}
	if len(found) == 0 && before.IsZero() {
		if _, err := s.ledger.Schedule(r.Context(), name); err != nil {
			return noSchedule(name, err)
		}
	}
	list := page[slotView]{Items: []slotView{}}
	for i, slot := range found {
		if i == limit {
			cursor := strconv.FormatInt(found[i-1].At.UnixMilli(), 10)
			list.Next = &cursor
			break
		}
		list.Items = append(list.Items, viewSlot(slot))
	}
	return answer(w, http.StatusOK, list)
}
