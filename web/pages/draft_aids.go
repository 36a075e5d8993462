package pages

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"carillon/api"
	"carillon/campaign"
	"carillon/client"
)

// aids are what a form has to offer, and what was sent by it.
type aids struct {
	// channels are all there are.
	channels []string
	// templates are those of the campaign's first channel.
	templates campaign.TemplateList
	// files are the names of those that messages may have.
	files []string
	// sent is what was filled in; nil where the form is only shown.
	sent url.Values
}

// channelNames are the channels of the configuration, sorted.
func channelNames(ctx context.Context, c *client.Client) ([]string, error) {
	all, err := c.Channels(ctx)
	names := make([]string, len(all))
	for i, channel := range all {
		names[i] = channel.Name
	}
	return names, err
}

// aidsFor gathers them for a campaign. The templates of a channel that there is not
// are not known.
func aidsFor(ctx context.Context, c *client.Client, d *draft) (a aids, err error) {
	if a.channels, err = channelNames(ctx, c); err != nil {
		return a, err
	}
	channel, _ := d.scalar("channel")
	if several, _ := d.texts(d.at("channels")); len(several) > 0 {
		channel = several[0]
	}
	if channel == "" {
		return a, nil
	}
	known, err := c.Templates(ctx, channel)
	var refused *api.Problem
	if errors.As(err, &refused) && refused.Status == http.StatusNotFound {
		return a, nil
	}
	a.templates = known.List()
	return a, err
}

// mostChoices is how many templates a field offers; it would be too long a list with
// more, and a page too large.
const mostChoices = 200

// choices are the names of the templates that may be sent, none where they are not
// known or are too many.
func (a *aids) choices() []string {
	var names []string
	for i := range a.templates.Templates {
		if t := &a.templates.Templates[i]; t.Sendable() {
			names = append(names, t.Name)
		}
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) > mostChoices {
		return nil
	}
	return names
}

// languages are those in which a template may be sent.
func (a *aids) languages(name string) []string {
	var all []string
	for i := range a.templates.Templates {
		if t := &a.templates.Templates[i]; t.Name == name && t.Sendable() {
			all = append(all, t.Language)
		}
	}
	slices.Sort(all)
	return all
}

// template is one of a name, in the language where there is one in it; nil where it
// is not known.
func (a *aids) template(name, language string) *campaign.Approved {
	languages := a.languages(name)
	if len(languages) == 0 {
		return nil
	}
	if !slices.Contains(languages, language) {
		language = languages[0]
	}
	return a.templates.Find(campaign.TemplateName{Name: name, Language: language})
}

// outline is what a step's template needs; known is false where that is not known.
func (a *aids) outline(d *draft, step string) (o campaign.Outline, known bool) {
	name, _ := d.scalar("steps", step, "template")
	language, _ := d.scalar("steps", step, "language")
	found := a.template(name, language)
	if found == nil {
		return o, false
	}
	return found.Outline()
}
