package pages

import (
	"fmt"
	"net/http"
	"time"

	"carillon/api"
	"carillon/campaign"
	"carillon/client"
)

// action is something that a visitor may do to a campaign in its state.
type action struct {
	// Name is the last part of the address.
	Name string
	// Label is what the button says.
	Label string
	// Grave says that it cannot be taken back.
	Grave bool
}

// actionsOf are the actions that a campaign's state allows to a visitor, and that
// change something.
func actionsOf(c api.Campaign, v Visitor) []action {
	var list []action
	offer := func(a campaign.Action, label string, grave bool) {
		next, allowed := c.State.Do(a)
		lets := a == campaign.Resume && len(c.Stopped) > 0 // numbers go on
		if allowed && (next != c.State || lets) {
			list = append(list, action{string(a), label, grave})
		}
	}
	offer(campaign.Start, "Start", false)
	offer(campaign.Pause, "Pause", false)
	offer(campaign.Resume, "Resume", false)
	if n := c.Counts[campaign.Failed] + c.Counts[campaign.Expired]; n > 0 && c.State != campaign.Cancelled {
		list = append(list, action{"retry", "Retry the failed", false})
	}
	offer(campaign.Cancel, "Cancel", true)
	if c.Counts[campaign.Unknown] > 0 && v.Administers {
		if c.State != campaign.Cancelled {
			list = append(list, action{resend, "Send the unknown again", true})
		}
		list = append(list, action{drop, "Give the unknown up", true})
	}
	return list
}

// What is made of messages of which nobody knows whether they were accepted.
const (
	resend = string(api.Resend)
	drop   = string(api.Drop)
)

// confirm says what an action will do, and offers it.
func (p *Pages) confirm(w http.ResponseWriter, r *http.Request, v Visitor) error {
	api, err := p.client(r)
	if err != nil {
		return err
	}
	c, err := api.Campaign(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	for _, a := range actionsOf(c.Campaign, v) {
		if a.Name == r.PathValue("action") {
			q := question{Label: a.Label, Grave: a.Grave, About: c.Name, Effects: p.effects(a, c.Campaign), Back: "/campaigns/" + c.ID}
			return p.ask(w, v, "campaigns", q)
		}
	}
	SeeOther(w, "/campaigns/"+c.ID) // its state has changed since the button was drawn
	return nil
}

// effects are what an action will do to a campaign as it stands.
func (p *Pages) effects(a action, c api.Campaign) []string {
	switch a.Name {
	case string(campaign.Start), string(campaign.Resume):
		return p.sendingEffects(c)
	case string(campaign.Pause):
		return []string{fmt.Sprintf("%s that have not gone out stay where they are. Nothing more leaves after half a second.", plural(c.Open, "message")), "Clocks run on: hours, expiry, patience."}
	case string(campaign.Cancel):
		return []string{fmt.Sprintf("%s that have not gone out never will.", plural(c.Open, "message")), "This cannot be taken back."}
	case "retry":
		failed := c.Counts[campaign.Failed] + c.Counts[campaign.Expired]
		return []string{
			fmt.Sprintf("%s that failed or expired are attempted again, as far as another attempt can help.", plural(failed, "message")),
			"People who have opted out since are left out.",
		}
	case resend:
		return []string{
			fmt.Sprintf("%s may have been accepted or not; each is sent again.", plural(c.Counts[campaign.Unknown], "message")),
			"Whoever has got one gets it twice.",
		}
	case drop:
		return []string{
			fmt.Sprintf("%s may have been accepted or not; none is sent again.", plural(c.Counts[campaign.Unknown], "message")),
			"They count as failed. One that did arrive counts as delivered once a receipt tells.",
		}
	}
	return nil
}

// sendingEffects say how much goes out and about how long that takes, where the
// campaign's own rate tells.
func (p *Pages) sendingEffects(c api.Campaign) []string {
	first := c.Counts[campaign.Pending]
	effects := []string{fmt.Sprintf("%s may go out now.", plural(first, "message"))}
	if later := c.Counts[campaign.Waiting]; later > 0 {
		effects = append(effects, fmt.Sprintf("%s follow, each when the one before has got where its step asks for.", plural(later, "message")))
	}
	if c.RateLimit > 0 {
		takes := time.Duration(float64(first) / c.RateLimit * float64(time.Second)).Round(time.Second)
		effects = append(effects, fmt.Sprintf("At %s that takes about %s, until %s.", rate(c.RateLimit), takes, p.now().Add(takes).UTC().Format("15:04 UTC")))
	}
	if c.Hours != nil {
		effects = append(effects, fmt.Sprintf("Only between %s and %s, %s.", c.Hours.From, c.Hours.To, zoneText(c.Hours.Zone)))
	}
	return effects
}

func zoneText(zone string) string {
	if zone == campaign.RecipientZone {
		return "by each person's own clock"
	}
	return "by the clock of " + zone
}

// act does what was confirmed.
func (p *Pages) act(w http.ResponseWriter, r *http.Request, _ Visitor) error {
	api, err := p.client(r)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	if err := do(r, api, id, r.PathValue("action")); err != nil {
		return err
	}
	SeeOther(w, "/campaigns/"+id)
	return nil
}

func do(r *http.Request, c *client.Client, id, name string) error {
	var err error
	switch name {
	case "retry":
		_, err = c.Retry(r.Context(), id, api.Retry{Statuses: []campaign.Status{campaign.Failed, campaign.Expired}})
	case resend, drop:
		_, err = c.Resolve(r.Context(), id, api.Decision(name))
	default:
		_, err = c.Act(r.Context(), id, name)
	}
	return err
}
