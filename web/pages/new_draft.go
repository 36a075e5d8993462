package pages

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"carillon/api"
	"carillon/campaign"
	"carillon/client"
)

// draftView is the third step: the campaign, as a form and as text.
type draftView struct {
	sentDraft
	// Form is nil where the text cannot be shown in one; Why says the reason.
	Form *form
	Why  string
	// Faults are all mistakes, Wrong is what is wrong besides.
	Faults []api.Fault
	Wrong  *api.Problem
	// Columns are those of the list.
	Columns []string
	// Checked says that the mistakes are worth showing: something was written.
	Checked bool
}

// sentDraft is a campaign that is being written, as it travels with every request.
type sentDraft struct {
	Upload string
	Text   string
	// Row is the row that the preview shall show, as it was typed.
	Row string
	// Media are the files that its messages have.
	Media []keptFile
}

// keptFile is a file that was uploaded.
type keptFile struct{ ID, Name string }

// ids are what the API knows the files by.
func (d sentDraft) ids() []string {
	var all []string
	for _, f := range d.Media {
		all = append(all, f.ID)
	}
	return all
}

// At is the address of a step, which carries the files along.
func (d sentDraft) At(step string) string { return "/new/" + d.Upload + "/" + step + d.query() }

// BadRows is the address of the file of rows that are not sent to.
func (d sentDraft) BadRows() string {
	values := url.Values{"upload": {d.Upload}, "media": d.ids()}
	return "/api/check/bad-rows.csv?" + values.Encode()
}

// NewList is where another list is uploaded for the same campaign.
func (d sentDraft) NewList() string { return "/new" + d.query() }

func (d sentDraft) query() string {
	if len(d.Media) == 0 {
		return ""
	}
	values := url.Values{}
	for _, f := range d.Media {
		values.Add("media", f.ID+"/"+f.Name)
	}
	return "?" + values.Encode()
}

// campaign is the text as a file.
func (d sentDraft) campaign() client.File { return client.Text("campaign.yaml", []byte(d.Text)) }

// draftOf reads a draft from a request with its text and the row to show.
func draftOf(r *http.Request, text, row string) sentDraft {
	d := sentDraft{Upload: r.PathValue("upload"), Text: text, Row: row}
	for _, carried := range r.URL.Query()["media"] {
		id, name, _ := strings.Cut(carried, "/")
		d.Media = append(d.Media, keptFile{id, name})
	}
	return d
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
	usual, err := usualChannel(r.Context(), c)
	if err != nil {
		return err
	}
	text, err := firstDraft(kept, fieldsOf(options), usual)
	if err != nil {
		return err
	}
	return p.showForm(w, r, v, c, draftView{sentDraft: sentDraft{Upload: kept.ID, Text: text}})
}

// usualChannel is that of the newest campaign, or the one that there is.
func usualChannel(ctx context.Context, c *client.Client) (string, error) {
	page, err := c.CampaignsPage(ctx, "", "", 1)
	if err != nil {
		return "", err
	}
	if len(page.Items) > 0 {
		return page.Items[0].Channel, nil
	}
	names, err := channelNames(ctx, c)
	if len(names) == 0 {
		return "", err
	}
	return names[0], err
}

// editDraft takes a form or a text, and shows both again or goes on.
func (p *Pages) editDraft(w http.ResponseWriter, r *http.Request, v Visitor) error {
	c, draft, err := p.readDraft(w, r)
	if err != nil {
		return err
	}
	if draft.Text, err = fillIn(r.Context(), c, draft.Text, r.PostForm); err != nil {
		return err
	}
	if r.PostForm.Get("do") == "preview" {
		return p.showDraft(w, r, v, c, draft)
	}
	return p.showForm(w, r, v, c, draftView{sentDraft: draft, Checked: r.PostForm.Get("do") != "add"})
}

// fillIn writes what was sent into the text of a campaign. A text that was sent by
// itself, or that no form shows, stays.
func fillIn(ctx context.Context, c *client.Client, text string, sent url.Values) (string, error) {
	d, err := readDraft(text)
	if err != nil || !sent.Has("form") {
		return text, nil //nolint:nilerr // it is shown with the reason
	}
	help, err := aidsFor(ctx, c, d)
	if err != nil {
		return "", err
	}
	help.sent = sent
	before := d.templates()
	d.formOf(&help).fill(sent)
	d.takeTemplates(before, &help)
	switch sent.Get("do") {
	case "add":
		d.addStep()
	case "remove":
		d.removeStep()
	}
	return d.text()
}

// showForm shows a campaign as a form and as text, with its mistakes.
func (p *Pages) showForm(w http.ResponseWriter, r *http.Request, v Visitor, c *client.Client, view draftView) error {
	if d, err := readDraft(view.Text); err == nil {
		help, err := aidsFor(r.Context(), c, d)
		if err != nil {
			return err
		}
		for _, file := range view.Media {
			help.files = append(help.files, file.Name)
		}
		view.Form = d.formOf(&help)
	} else {
		view.Why = err.Error()
	}
	checked, err := c.Check(r.Context(), client.Check{Kept: view.Upload, KeptMedia: view.ids(), Campaign: view.campaign(), Quick: true})
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
