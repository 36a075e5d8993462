package pages

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"carillon/api"
	"carillon/campaign"
	"carillon/client"
)

// draftView is the third step: the campaign, as a form and as text.
type draftView struct {
	Upload string
	Text   string
	// Row is the row that the preview shall show, as it was typed.
	Row string
	// Form is nil where the text cannot be shown in one; Why says the reason.
	Form *form
	Why  string
	// Faults are all mistakes, Wrong is what is wrong besides.
	Faults []api.Fault
	Wrong  *api.Problem
	// Columns are those of the list, Channels those that campaigns were sent from.
	Columns, Channels []string
	// Checked says that the mistakes are worth showing: something was written.
	Checked bool
}

// newDraft begins a campaign for a list.
func (p *Pages) newDraft(w http.ResponseWriter, r *http.Request, v Visitor) error {
	c, err := p.client(r)
	if err != nil {
		return err
	}
	options := optionsOf(r.URL.Query())
	kept, err := c.KeptList(r.Context(), r.PathValue("upload"), options)
	if err != nil {
		return err
	}
	var usual string
	if channels, err := knownChannels(r.Context(), c); err != nil {
		return err
	} else if len(channels) > 0 {
		usual = channels[0]
	}
	text, err := firstDraft(kept, fieldsOf(options), usual)
	if err != nil {
		return err
	}
	return p.showForm(w, r, v, c, draftView{Upload: kept.ID, Text: text})
}

// knownChannels are those of the newest campaigns, the newest first.
func knownChannels(ctx context.Context, c *client.Client) ([]string, error) {
	page, err := c.CampaignsPage(ctx, "", "", listPage)
	var known []string
	for _, one := range page.Items {
		for _, channel := range one.Channels {
			if !slices.Contains(known, channel) {
				known = append(known, channel)
			}
		}
	}
	return known, err
}

// editDraft takes a form or a text, and shows both again or goes on.
func (p *Pages) editDraft(w http.ResponseWriter, r *http.Request, v Visitor) error {
	c, err := p.client(r)
	if err != nil {
		return err
	}
	if err := readForm(w, r); err != nil {
		return err
	}
	view := draftView{Upload: r.PathValue("upload"), Text: r.PostForm.Get("campaign"), Checked: true}
	do := r.PostForm.Get("do")
	if d, err := readDraft(view.Text); err == nil && r.PostForm.Has("form") {
		d.formOf().fill(r.PostForm)
		switch do {
		case "add":
			d.addStep()
			view.Checked = false
		case "remove":
			d.removeStep()
		}
		if view.Text, err = d.text(); err != nil {
			return err
		}
	}
	if do == "preview" {
		return p.showDraft(w, r, v, c, view)
	}
	return p.showForm(w, r, v, c, view)
}

// showForm shows a campaign as a form and as text, with its mistakes.
func (p *Pages) showForm(w http.ResponseWriter, r *http.Request, v Visitor, c *client.Client, view draftView) error {
	d, err := readDraft(view.Text)
	if err == nil {
		view.Form = d.formOf()
	} else {
		view.Why = err.Error()
	}
	checked, err := c.Check(r.Context(), client.Check{Kept: view.Upload, Campaign: client.Text("campaign.yaml", []byte(view.Text)), Quick: true})
	if view.Wrong = draftProblem(err); err != nil && view.Wrong == nil {
		return err
	}
	if view.Columns = checked.Layout.Columns; err != nil {
		view.Columns = p.columnsOf(r.Context(), c, view)
	}
	if view.Wrong != nil && view.Checked {
		view.Faults = view.Wrong.Errors
		if view.Form != nil {
			view.Form.tell(view.Faults)
		}
	}
	if view.Channels, err = knownChannels(r.Context(), c); err != nil {
		return err
	}
	return p.show(w, http.StatusOK, "new_campaign", frame{Visitor: v, Here: "new", Data: view})
}

// draftProblem is what is wrong with a campaign or its list, where it is that.
func draftProblem(err error) *api.Problem {
	var told *api.Problem
	if errors.As(err, &told) && (told.Kind() == api.BadCampaign || told.Kind() == api.BadContacts || told.Kind() == api.BadRequest) {
		return told
	}
	return nil
}

// columnsOf are the columns of a list whose campaign has mistakes; none where they
// cannot be told.
func (p *Pages) columnsOf(ctx context.Context, c *client.Client, view draftView) []string {
	var options campaign.ContactOptions
	if d, err := readDraft(view.Text); err == nil {
		for key, to := range map[string]*string{"phone": &options.Phone, "encoding": &options.Encoding, "delimiter": &options.Delimiter, "sheet": &options.Sheet} {
			*to, _ = d.scalar("contacts", key)
		}
	}
	kept, err := c.KeptList(ctx, view.Upload, options)
	if err != nil {
		return nil
	}
	return kept.Layout.Columns
}
