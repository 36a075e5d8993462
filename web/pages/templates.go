package pages

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"carillon/api"
	"carillon/campaign"
)

// templatesPage is how many templates a page shows.
const templatesPage = 100

// templatesView is a part of the templates of one channel.
type templatesView struct {
	api.Templates
	Channels []string
	Search   string
	Found    []templateLine
	// Next is the address of the page behind, empty for none.
	Next string
}

// templateLine is a template in the list.
type templateLine struct {
	*campaign.Approved
	Address string
}

// templates shows the templates of a channel by their names.
func (p *Pages) templates(w http.ResponseWriter, r *http.Request, v Visitor) error {
	c, err := p.client(r)
	if err != nil {
		return err
	}
	asked := r.URL.Query()
	view := templatesView{Search: strings.ToLower(strings.TrimSpace(asked.Get("q")))}
	if view.Channels, err = channelNames(r.Context(), c); err != nil {
		return err
	}
	channel := asked.Get("channel")
	if channel == "" && len(view.Channels) > 0 {
		channel = view.Channels[0]
	}
	if view.Templates, err = c.Templates(r.Context(), channel); err != nil {
		return err
	}
	after := campaign.TemplateName{Name: asked.Get("after"), Language: asked.Get("after_language")}
	found := view.List().Templates
	found = slices.DeleteFunc(found, func(t campaign.Approved) bool {
		return !strings.Contains(t.Name, view.Search) || t.Compare(after) <= 0
	})
	slices.SortFunc(found, func(a, b campaign.Approved) int { return a.Compare(b.TemplateName) })
	if len(found) > templatesPage {
		found = found[:templatesPage]
		last := found[templatesPage-1]
		view.Next = "/templates?" + query("channel", channel, "q", view.Search, "after", last.Name, "after_language", last.Language)
	}
	for i := range found {
		view.Found = append(view.Found, templateLine{&found[i], templatePath(channel, found[i].TemplateName)})
	}
	return p.show(w, http.StatusOK, "templates", frame{Visitor: v, Here: "templates", Data: view})
}

func templatePath(channel string, name campaign.TemplateName) string {
	return "/templates/" + url.PathEscape(channel) + "/" + url.PathEscape(name.Name) + "/" + url.PathEscape(name.Language)
}

// templateView is one template.
type templateView struct {
	*campaign.Approved
	Channel string
	// Says is what people read of it, with its variables.
	Says string
	// Step is a step of a campaign that sends it.
	Step string
}

// template shows one template.
func (p *Pages) template(w http.ResponseWriter, r *http.Request, v Visitor) error {
	c, err := p.client(r)
	if err != nil {
		return err
	}
	all, err := c.Templates(r.Context(), r.PathValue("channel"))
	if err != nil {
		return err
	}
	name := campaign.TemplateName{Name: r.PathValue("name"), Language: r.PathValue("language")}
	list := all.List()
	found := list.Find(name)
	if found == nil {
		return &api.Problem{
			Type: api.NotFound.Type(), Title: "Not found", Status: http.StatusNotFound,
			Detail: "the account of " + all.Channel + " has no template " + name.String(), Hint: "look for it in the list of templates",
		}
	}
	view := templateView{Approved: found, Channel: all.Channel, Says: found.Text(nil)}
	if view.Step, err = stepText(found); err != nil {
		return err
	}
	return p.show(w, http.StatusOK, "template", frame{Visitor: v, Here: "templates", Data: view})
}

// refreshTemplates has the provider asked for the templates of a channel.
func (p *Pages) refreshTemplates(w http.ResponseWriter, r *http.Request, _ Visitor) error {
	c, err := p.client(r)
	if err != nil {
		return err
	}
	list, err := c.RefreshTemplates(r.Context(), r.PathValue("channel"))
	if err != nil {
		return err
	}
	SeeOther(w, "/templates?"+query("channel", list.Channel))
	return nil
}
