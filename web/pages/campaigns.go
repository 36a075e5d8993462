package pages

import (
	"net/http"
	"strings"
	"time"

	"carillon/api"
	"carillon/campaign"
)

// listPage is how many campaigns a page shows.
const listPage = 25

// campaignsView is the list of campaigns.
type campaignsView struct {
	Items []campaignLine
	// Search is what the names have in them.
	Search string
	// Older is the address of the page behind, empty for none.
	Older string
	First bool
}

// campaignLine is a campaign in the list.
type campaignLine struct {
	api.Campaign
	Sent, Delivered, Failed int64
	// Left is about how long what may go out now still takes, empty where that is
	// not known.
	Left string
}

func lineOf(c api.Campaign) campaignLine {
	return campaignLine{
		c, sentOf(c.Counts), c.Counts[campaign.Delivered] + c.Counts[campaign.Read], c.Counts[campaign.Failed] + c.Counts[campaign.Undelivered], left(c),
	}
}

// left is how long what may go out now takes at the rate of late.
func left(c api.Campaign) string {
	if now := c.Counts[campaign.Pending] + c.Counts[campaign.Posting]; c.State == campaign.Running && c.Rate > 0 && now > 0 {
		return about(time.Duration(float64(now) / c.Rate * float64(time.Second)))
	}
	return ""
}

// sentOf counts the messages that a provider has taken.
func sentOf(counts campaign.Counts) int64 {
	var n int64
	for _, status := range []campaign.Status{campaign.Accepted, campaign.Held, campaign.Sent, campaign.Delivered, campaign.Read, campaign.Undelivered} {
		n += counts[status]
	}
	return n
}

// campaigns shows the list, the newest first.
func (p *Pages) campaigns(w http.ResponseWriter, r *http.Request, v Visitor) error {
	api, err := p.client(r)
	if err != nil {
		return err
	}
	cursor, search := r.URL.Query().Get("before"), strings.TrimSpace(r.URL.Query().Get("q"))
	page, err := api.CampaignsPage(r.Context(), cursor, search, listPage)
	if err != nil {
		return err
	}
	view := campaignsView{Search: search, First: cursor == ""}
	for _, c := range page.Items {
		view.Items = append(view.Items, lineOf(c))
	}
	if page.Next != nil {
		view.Older = "/?" + query("before", *page.Next, "q", search)
	}
	return p.show(w, http.StatusOK, "campaigns", frame{Visitor: v, Here: "campaigns", Data: view})
}
