package pages

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"carillon/api"
	"carillon/campaign"
	"carillon/client"
)

// campaignView is one campaign.
type campaignView struct {
	campaignLine
	Funnel  []funnelStep
	Actions []action
	// Rows is how long the list is, People how many of it are written to.
	Rows, People int64
	// Waits says that something can still change.
	Waits bool
	// Chart is how fast it has sent; nil where nothing has gone out.
	Chart *chart
	// Deeds are the last that were done to it.
	Deeds []api.Deed
}

// funnelStep is how far the messages of one step have come.
type funnelStep struct {
	api.Step
	Total int64
	Bars  []bar
}

// bar is one status of a step.
type bar struct {
	Status  campaign.Status
	Count   int64
	Percent int64
}

// funnelOrder is the statuses in the order in which a message may reach them.
func funnelOrder() []campaign.Status {
	return []campaign.Status{
		campaign.Read, campaign.Delivered, campaign.Sent, campaign.Held, campaign.Accepted, campaign.Posting, campaign.Pending,
		campaign.Waiting, campaign.Unknown, campaign.Undelivered, campaign.Failed, campaign.Expired, campaign.Skipped,
	}
}

func funnelOf(step api.Step) funnelStep {
	f := funnelStep{Step: step, Total: step.Counts.Total()}
	for _, status := range funnelOrder() {
		f.Bars = append(f.Bars, bar{status, step.Counts[status], share(step.Counts[status], f.Total)})
	}
	return f
}

// campaign shows one campaign.
func (p *Pages) campaign(w http.ResponseWriter, r *http.Request, v Visitor) error {
	asks, err := p.client(r)
	if err != nil {
		return err
	}
	c, err := asks.Campaign(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	deeds, err := asks.Audit(r.Context(), "", c.ID, lastDeeds)
	if err != nil {
		return err
	}
	view := campaignView{campaignLine: lineOf(c.Campaign), Deeds: deeds.Items, Waits: !c.State.Ended() || c.Open > 0}
	rates, err := asks.Rates(r.Context(), c.ID)
	if err != nil {
		return err
	}
	view.Chart = chartOf(rates, p.sends(c.Campaign))
	for _, n := range c.Verdicts {
		view.Rows += n
	}
	view.People = view.Rows - c.Counts[campaign.Rejected]
	for _, step := range c.Steps {
		view.Funnel = append(view.Funnel, funnelOf(step))
	}
	if v.Operates {
		view.Actions = actionsOf(c.Campaign, v)
	}
	f := frame{Visitor: v, Here: "campaigns", Data: view}
	if view.Waits {
		f.Live = "/api/campaigns/" + c.ID + "/events"
	}
	return p.show(w, http.StatusOK, "campaign", f)
}

// sends is when a campaign could send until now.
func (p *Pages) sends(c api.Campaign) span {
	s := span{until: p.now()}
	if c.StartedAt != nil {
		s.from = *c.StartedAt
	}
	if c.FinishedAt != nil {
		s.until = *c.FinishedAt
	}
	return s
}

// peopleView is a part of a campaign's people.
type peopleView struct {
	api.Campaign
	Items    []api.Recipient
	Statuses []campaign.Status
	Status   string
	Search   string
	// Reason is why those failed who are shown; empty for whatever reason.
	Reason string
	Next   string
	// Continued says that it follows another page.
	Continued bool
	// SearchedTo is the row up to which the list has been read for it, LastRow the
	// last one.
	SearchedTo, LastRow int64
}

// Searches reports whether it is asked for some of the people alone.
func (v peopleView) Searches() bool { return v.Status != "" || v.Reason != "" || v.Search != "" }

// people shows who gets what of a campaign.
func (p *Pages) people(w http.ResponseWriter, r *http.Request, v Visitor) error {
	api, err := p.client(r)
	if err != nil {
		return err
	}
	c, err := api.Campaign(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	asked := r.URL.Query()
	view := peopleView{Campaign: c.Campaign, Status: asked.Get("status"), Search: strings.TrimSpace(asked.Get("q")), Reason: asked.Get("reason"), Statuses: campaign.Statuses()}
	view.Continued = asked.Get("after") != ""
	page, err := api.FindRecipients(r.Context(), c.ID, client.RecipientQuery{Cursor: asked.Get("after"), Status: view.Status, Reason: view.Reason, Text: view.Search})
	if err != nil {
		return err
	}
	view.Items, view.SearchedTo, view.LastRow = page.Items, int64(page.SearchedTo), int64(page.LastRow)
	if page.Next != nil {
		view.Next = "?" + query("after", *page.Next, "status", view.Status, "reason", view.Reason, "q", view.Search)
	}
	return p.show(w, http.StatusOK, "people", frame{Visitor: v, Here: "campaigns", Data: view})
}

// query writes the pairs whose values are not empty.
func query(pairs ...string) string {
	values := url.Values{}
	for pair := range slices.Chunk(pairs, 2) {
		if pair[1] != "" {
			values.Set(pair[0], pair[1])
		}
	}
	return values.Encode()
}
