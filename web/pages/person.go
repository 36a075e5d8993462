package pages

import (
	"net/http"

	"carillon/api"
)

// personView is what is on record of one row of a list.
type personView struct {
	// ID and Name are the campaign's.
	ID, Name string
	api.History
}

// person shows what has become of everything that one person gets of a campaign.
func (p *Pages) person(w http.ResponseWriter, r *http.Request, v Visitor) error {
	c, err := p.client(r)
	if err != nil {
		return err
	}
	of, err := c.Campaign(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	h, err := c.History(r.Context(), of.ID, r.PathValue("row"))
	if err != nil {
		return err
	}
	return p.show(w, http.StatusOK, "person", frame{Visitor: v, Here: "campaigns", Data: personView{ID: of.ID, Name: of.Name, History: h}})
}

// outcome says how an attempt ended.
func outcome(a api.Attempt) string {
	switch a.Outcome {
	case "":
		return "in the air"
	case "held":
		return "accepted, paced"
	case "released":
		return "not sent"
	case "failed":
		return "failed after it was accepted"
	}
	return a.Outcome
}
