package pages

import (
	"net/http"

	"carillon/api"
)

// auditPage is how many deeds a page shows, lastDeeds how many a campaign's page
// does.
const (
	auditPage = 50
	lastDeeds = 10
)

// auditView is a part of the audit log.
type auditView struct {
	Items []api.Deed
	// Campaign is whose deeds they are; empty for all.
	Campaign string
	// Older is the address of the page behind, empty for none.
	Older string
	First bool
}

// audit shows who did what, the newest first.
func (p *Pages) audit(w http.ResponseWriter, r *http.Request, v Visitor) error {
	c, err := p.client(r)
	if err != nil {
		return err
	}
	cursor, campaign := r.URL.Query().Get("before"), r.URL.Query().Get("campaign")
	page, err := c.Audit(r.Context(), cursor, campaign, auditPage)
	if err != nil {
		return err
	}
	view := auditView{Items: page.Items, Campaign: campaign, First: cursor == ""}
	if page.Next != nil {
		view.Older = "/audit?" + query("before", *page.Next, "campaign", campaign)
	}
	return p.show(w, http.StatusOK, "audit", frame{Visitor: v, Here: "audit", Data: view})
}

// deed says what was done in a word or two.
func deed(d api.Deed) string {
	switch d.Action {
	case "plan":
		return "planned to start"
	case "suppress":
		return "opted out"
	case "import":
		return "imported opt-outs"
	case "unsuppress":
		return "removed an opt-out"
	case "forget":
		return "erased a person"
	case "create":
		return "created"
	case "start":
		return "started"
	case "pause":
		return "paused"
	case "resume":
		return "resumed"
	case "cancel":
		return "cancelled"
	case "retry":
		return "retried"
	case "resolve":
		return "decided about unknown messages"
	case "add":
		return "added"
	case "run":
		return "ran out of turn"
	case "remove":
		return "removed"
	}
	return d.Action
}

// way says by what way something was done.
func way(d api.Deed) string {
	switch d.Way {
	case "page":
		return "on a page"
	case "cli":
		return "by command"
	case "own":
		return "by itself"
	}
	return "by the API"
}
