package web

import (
	"net/http"
	"strconv"
	"strings"

	"carillon/api"
	"carillon/campaign"
	"carillon/ledger"
	"carillon/web/pages"
)

// actorOf is who sends a request, and by what way. That a page does is known to this
// process alone; that our own command does is its own word.
func actorOf(r *http.Request) ledger.Actor {
	by := ledger.Actor{Name: visitOf(r).caller.name, Way: ledger.WayAPI}
	switch {
	case pages.Asked(r):
		by.Way = ledger.WayPage
	case strings.HasPrefix(r.UserAgent(), api.AgentCLI+"/"):
		by.Way = ledger.WayCLI
	}
	return by
}

// audit pages through who did what, the newest first.
func (s *Server) audit(w http.ResponseWriter, r *http.Request) error {
	const usual, most = 50, 500
	query := r.URL.Query()
	limit, err := pageLimit(query, usual, most)
	if err != nil {
		return err
	}
	q := ledger.AuditQuery{Limit: limit + 1}
	if cursor := query.Get("cursor"); cursor != "" {
		if q.Before, err = strconv.ParseInt(cursor, 10, 64); err != nil || q.Before < 1 {
			return refuse(badRequest, "take the cursor from the previous page", "%q is not a cursor", cursor)
		}
	}
	if id := query.Get("campaign"); id != "" {
		if q.Campaign, err = campaign.ParseID(id); err != nil {
			return refuse(badRequest, "write a campaign's id, or leave it out", "%q is not a campaign's id", id)
		}
	}
	found, err := s.ledger.Audit(r.Context(), q)
	if err != nil {
		return err
	}
	list := api.Page[api.Deed]{Items: []api.Deed{}}
	for i, d := range found {
		if i == limit {
			cursor := strconv.FormatInt(found[i-1].ID, 10)
			list.Next = &cursor
			break
		}
		list.Items = append(list.Items, viewDeed(d))
	}
	return answer(w, http.StatusOK, list)
}

func viewDeed(d ledger.Deed) api.Deed {
	v := api.Deed{
		At: d.At, Who: d.By.Name, Way: string(d.By.Way), Action: string(d.Action),
		Schedule: d.Schedule, Person: d.Person, Count: d.Count, Detail: d.Detail,
	}
	if d.Campaign != 0 {
		id := d.Campaign.String()
		v.CampaignID = &id
	}
	return v
}
