package pages

import (
	"net/http"

	"carillon/api"
)

// schedulesView is the list of schedules.
type schedulesView struct{ Items []api.Schedule }

// schedules shows every schedule.
func (p *Pages) schedules(w http.ResponseWriter, r *http.Request, v Visitor) error {
	c, err := p.client(r)
	if err != nil {
		return err
	}
	items, err := c.Schedules(r.Context())
	if err != nil {
		return err
	}
	return p.show(w, http.StatusOK, "schedules", frame{Visitor: v, Here: "schedules", Data: schedulesView{items}})
}

// scheduleView is one schedule with its newest slots.
type scheduleView struct {
	api.Schedule
	Slots []api.Slot
}

// shownSlots is how many slots a schedule's page shows.
const shownSlots = 50

// schedule shows one schedule.
func (p *Pages) schedule(w http.ResponseWriter, r *http.Request, v Visitor) error {
	c, err := p.client(r)
	if err != nil {
		return err
	}
	one, err := c.Schedule(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	slots, err := c.Slots(r.Context(), one.Name, shownSlots)
	if err != nil {
		return err
	}
	return p.show(w, http.StatusOK, "schedule", frame{Visitor: v, Here: "schedules", Data: scheduleView{one, slots}})
}

// scheduleQuestion is what an action will do to a schedule.
func scheduleQuestion(action string) (q question, known bool) {
	switch action {
	case "pause":
		return question{Label: "Pause", Effects: []string{"It starts nothing until it is resumed. Campaigns that it has started go on."}}, true
	case "resume":
		return question{Label: "Resume", Effects: []string{"It starts its campaign again at its next time. What it missed is not made up for."}}, true
	case "run":
		return question{Label: "Run now", Effects: []string{"It fetches its list and sends the campaign to everybody on it, now and out of turn."}}, true
	case "remove":
		return question{Label: "Remove", Grave: true, Effects: []string{"The schedule is gone for good. Campaigns that it has started go on."}}, true
	}
	return question{}, false
}

// askSchedule asks before a schedule is changed.
func (p *Pages) askSchedule(w http.ResponseWriter, r *http.Request, v Visitor) error {
	name := r.PathValue("name")
	q, known := scheduleQuestion(r.PathValue("action"))
	if !known {
		SeeOther(w, "/schedules")
		return nil
	}
	q.About, q.Back = name, "/schedules"
	return p.ask(w, v, "schedules", q)
}

// actSchedule does what was confirmed.
func (p *Pages) actSchedule(w http.ResponseWriter, r *http.Request, _ Visitor) error {
	c, err := p.client(r)
	if err != nil {
		return err
	}
	name := r.PathValue("name")
	switch action := r.PathValue("action"); action {
	case "run":
		_, err = c.RunSchedule(r.Context(), name)
	case "remove":
		err = c.RemoveSchedule(r.Context(), name)
	default:
		_, err = c.ActSchedule(r.Context(), name, action)
	}
	if err != nil {
		return err
	}
	SeeOther(w, "/schedules")
	return nil
}
