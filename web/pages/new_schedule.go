package pages

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"carillon/api"
	"carillon/campaign"
)

// The places that a schedule fetches its list from.
const (
	fromURL      = "url"
	fromDatabase = "database"
	fromFile     = "file"
)

// scheduledView asks when a campaign is to be sent again and again, and from which list.
type scheduledView struct {
	sentDraft
	// Asked is what was filled in. The secrets that an address may have are not shown
	// again.
	Asked api.NewSchedule
	From  string
	Where string
	Wrong *api.Problem
}

// Overlaps are the choices, the usual one first.
func (scheduledView) Overlaps() []campaign.Overlap {
	return []campaign.Overlap{campaign.OverlapSkip, campaign.OverlapQueue, campaign.OverlapParallel}
}

// CatchUps are the choices, the usual one first.
func (scheduledView) CatchUps() []campaign.CatchUp {
	return []campaign.CatchUp{campaign.CatchUpLast, campaign.CatchUpAll, campaign.CatchUpNone}
}

// scheduleNew asks for a schedule of the campaign, and adds it.
func (p *Pages) scheduleNew(w http.ResponseWriter, r *http.Request, v Visitor) error {
	c, draft, err := p.readDraft(w, r)
	if err != nil {
		return err
	}
	view := scheduledView{sentDraft: draft}
	if !r.PostForm.Has("cron") {
		view.From, view.Asked = fromURL, api.NewSchedule{Name: scheduleName(draft.Text), Cron: "0 9 * * 1-5"}
		return p.show(w, http.StatusOK, "new_schedule", frame{Visitor: v, Here: "new", Data: view})
	}
	view.From, view.Where = r.PostForm.Get("from"), strings.TrimSpace(r.PostForm.Get("where"))
	view.Asked = newSchedule(r.PostForm, view.From, view.Where)
	view.Asked.Campaign = draft.Text
	added, err := c.AddSchedule(r.Context(), view.Asked)
	if errors.As(err, &view.Wrong) && view.Wrong.Status < http.StatusInternalServerError {
		if view.Asked.Contacts.String() != view.Where {
			view.Where = ""
		}
		return p.show(w, view.Wrong.Status, "new_schedule", frame{Visitor: v, Here: "new", Data: view})
	}
	if err != nil {
		return err
	}
	SeeOther(w, "/schedules/"+added.Name)
	return nil
}

// newSchedule reads a schedule but for its campaign.
func newSchedule(form url.Values, from, where string) api.NewSchedule {
	s := api.NewSchedule{
		Name: strings.TrimSpace(form.Get("name")), Cron: strings.TrimSpace(form.Get("cron")), Zone: strings.TrimSpace(form.Get("zone")),
		Overlap: campaign.Overlap(form.Get("overlap")), CatchUp: campaign.CatchUp(form.Get("catch_up")),
	}
	switch from {
	case fromDatabase:
		s.Contacts.DSN, s.Contacts.Query = where, strings.TrimSpace(form.Get("query"))
	case fromFile:
		s.Contacts.File = where
	default:
		s.Contacts.URL = where
	}
	return s
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9]+`)

// scheduleName is a name for the schedule of a campaign, out of that of the campaign.
func scheduleName(text string) string {
	const most = 64
	d, err := readDraft(text)
	if err != nil {
		return ""
	}
	name, _ := d.scalar("name")
	name = strings.Trim(notInNames.ReplaceAllString(name, "-"), "-")
	return strings.ToLower(name[:min(len(name), most)])
}
