package web

import (
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"carillon/api"
	"carillon/campaign"
	"carillon/ledger"
	"carillon/seal"
)

// viewSchedule shows a schedule with the newest of its slots; open are those that
// are not through.
func viewSchedule(of ledger.Schedule, last map[string]campaign.Slot, open []ledger.OpenSlot) api.Schedule {
	v := api.Schedule{
		Name: of.Name, Cron: of.Cron, Zone: of.Zone, Overlap: of.Overlap, CatchUp: of.CatchUp,
		Contacts: of.Contacts.String(), Origin: string(of.Origin), Paused: of.Paused, NextAt: moment(of.NextAt),
		Secrets: string(of.Secrecy), Problem: problemWith(of),
	}
	if of.CampaignFile != "" {
		v.Campaign = filepath.Base(of.CampaignFile)
	} else {
		if def, err := campaign.Parse([]byte(of.Campaign)); err == nil { // it was read before it was taken
			v.Campaign = def.Name
		}
	}
	if slot, there := last[of.Name]; there {
		slot.Detail += waits(of, slot, open)
		shown := viewSlot(slot)
		v.Last = &shown
	}
	return v
}

// problemWith says what is wrong with where a schedule's secrets are.
func problemWith(of ledger.Schedule) string {
	switch {
	case of.Unusable != nil:
		return of.Unusable.Error()
	case of.Secrecy == ledger.Plain:
		return "the ledger holds its secrets in plain text; " + howToSeal
	}
	return ""
}

// howToSeal is what to do where there is no key.
const howToSeal = "write a key under seal_keys in the configuration (make one with: openssl rand -hex 32) and restart"

func (s *Server) listSchedules(w http.ResponseWriter, r *http.Request) error {
	all, err := s.ledger.Schedules(r.Context())
	if err != nil {
		return err
	}
	last, err := s.ledger.LastSlots(r.Context())
	if err != nil {
		return err
	}
	open, err := s.ledger.OpenSlots(r.Context())
	if err != nil {
		return err
	}
	list := api.Schedules{Items: []api.Schedule{}}
	for _, of := range all {
		list.Items = append(list.Items, viewSchedule(of, last, open))
	}
	return answer(w, http.StatusOK, list)
}

// addSchedule takes a schedule in. The same one again is no mistake.
func (s *Server) addSchedule(w http.ResponseWriter, r *http.Request) error {
	wanted, err := s.readSchedule(w, r)
	if err != nil {
		return err
	}
	_, added, err := s.ledger.AddSchedule(r.Context(), wanted, actorOf(r), s.now())
	if errors.Is(err, seal.ErrNoKey) {
		_, secrets := wanted.Contacts.Part()
		return refuse(badSchedule, howToSeal, "contacts: the ledger would hold %s in plain text, because there is no key to seal it with; nothing was changed",
			strings.Join(secrets.Parts(), " and "))
	}
	if errors.Is(err, ledger.ErrTaken) {
		return refuse(nameTaken, "remove that schedule first, or choose another name", "there is another schedule named %s", wanted.Name)
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
	open, err := s.ledger.OpenSlots(r.Context())
	if err != nil {
		return err
	}
	newest := map[string]campaign.Slot{}
	for _, slot := range last {
		newest[name] = slot
	}
	v := viewSchedule(of, newest, open)
	v.Database, v.Query, v.AllowPrivate = of.Contacts.Database(), of.Contacts.Query, of.Contacts.AllowPrivate
	return answer(w, status, v)
}

// noSchedule says of a name that there is no such schedule, where that is what
// went wrong.
func noSchedule(name string, err error) error {
	if errors.Is(err, ledger.ErrNotFound) {
		return refuse(notFound, "look for it in the list of schedules", "there is no schedule %q", name)
	}
	return err
}

func (s *Server) showSchedule(w http.ResponseWriter, r *http.Request) error {
	return s.answerSchedule(w, r, http.StatusOK, r.PathValue("name"))
}

func (s *Server) pauseSchedule(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	if err := s.ledger.PauseSchedule(r.Context(), name, actorOf(r), s.now()); err != nil {
		return noSchedule(name, err)
	}
	return s.answerSchedule(w, r, http.StatusOK, name)
}

// unusable is the problem of a schedule whose definition is not whole.
func unusable(of ledger.Schedule) error {
	return refuse(wrongState, "try again when that is done", "schedule %s cannot run: %v", of.Name, of.Unusable)
}

// resumeSchedule lets a schedule go on with the slot that comes next.
func (s *Server) resumeSchedule(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	of, err := s.ledger.Schedule(r.Context(), name)
	if err != nil {
		return noSchedule(name, err)
	}
	if of.Unusable != nil {
		return unusable(of)
	}
	next, err := s.nextSlot(of, s.now())
	if err != nil {
		return refuse(wrongState, "correct it, or remove it and add another one", "%v", err)
	}
	if err := s.ledger.ResumeSchedule(r.Context(), name, next, actorOf(r), s.now()); err != nil {
		return noSchedule(name, err)
	}
	return s.answerSchedule(w, r, http.StatusOK, name)
}

func (s *Server) removeSchedule(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	err := s.ledger.RemoveSchedule(r.Context(), name, actorOf(r), s.now())
	if errors.Is(err, ledger.ErrState) {
		return refuse(wrongState, "remove it from the configuration's file and restart, or pause it",
			"schedule %s is in the configuration, which would add it again", name)
	}
	if err != nil {
		return noSchedule(name, err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
