package pages

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"

	"carillon/api"
	"carillon/campaign"
	"carillon/client"
)

// newView is the first step: a list.
type newView struct{ Text string }

// newCampaign asks for a list.
func (p *Pages) newCampaign(w http.ResponseWriter, r *http.Request, v Visitor) error {
	var view newView
	if id := r.URL.Query().Get("campaign"); id != "" {
		c, err := p.client(r)
		if err != nil {
			return err
		}
		text, err := c.Definition(r.Context(), id)
		if err != nil {
			return err
		}
		view.Text = string(text)
	}
	return p.show(w, http.StatusOK, "new", frame{Visitor: v, Here: "new", Data: view})
}

// takeList keeps a list. With the text of a campaign it goes on where that was.
func (p *Pages) takeList(w http.ResponseWriter, r *http.Request, v Visitor) error {
	c, err := p.client(r)
	if err != nil {
		return err
	}
	kept, form, err := takeFile(r, c, "list")
	if err != nil {
		return err
	}
	text := form.Get("campaign")
	if text == "" {
		SeeOther(w, "/new/"+kept.ID)
		return nil
	}
	draft := draftOf(r, text, "")
	draft.Upload = kept.ID
	return p.showDraft(w, r, v, c, draft)
}

// takeFile keeps the file of a form, in which it stands last, and returns the fields
// before it.
func takeFile(r *http.Request, c *client.Client, name string) (kept api.Upload, form url.Values, err error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return kept, nil, badForm()
	}
	form = url.Values{}
	for room := int64(maxForm); ; {
		part, err := parts.NextPart()
		if err != nil {
			return kept, nil, badForm()
		}
		if part.FormName() == name {
			kept, err = c.KeepFile(r.Context(), part.FileName(), part)
			return kept, form, err
		}
		text, err := io.ReadAll(io.LimitReader(part, room+1))
		if room -= int64(len(text)); err != nil || room < 0 {
			return kept, nil, badForm()
		}
		form.Add(part.FormName(), string(text))
	}
}

// listView is the second step: how the list is read.
type listView struct {
	api.Upload
	Options campaign.ContactOptions
	// BadRows is the address of the file of bad rows.
	BadRows string
	// Wrong is why the list cannot be read so, nil where it can; Checked is then empty.
	Wrong    *api.Problem
	Checked  api.Checked
	Verdicts []verdictLine
	// Guesses are the columns that are guessed where they are not told.
	Guesses []guessField
	// Fields are the options that are set, to be sent along.
	Fields map[string]string
	// Encodings and Delimiters are choices.
	Encodings, Delimiters []string
}

// guessField is a field for one of a list's columns.
type guessField struct{ Name, Label, Value string }

// verdictLine counts the rows of one verdict.
type verdictLine struct {
	campaign.Verdict
	Rows  int64
	Means string
}

// showList shows how the list is read and which rows are sent to.
func (p *Pages) showList(w http.ResponseWriter, r *http.Request, v Visitor) error {
	c, err := p.client(r)
	if err != nil {
		return err
	}
	view := listView{Options: optionsOf(r.URL.Query()), Encodings: encodings(), Delimiters: []string{",", ";", "\t", "|"}}
	view.Fields = fieldsOf(view.Options)
	view.Guesses = []guessField{{"phone", "Phone numbers in", view.Options.Phone}, {"name", "Names in", view.Options.FullName}, {"language", "Languages in", view.Options.Language}}
	view.Upload, err = c.KeptList(r.Context(), r.PathValue("upload"), view.Options)
	if err == nil {
		view.Checked, err = c.Check(r.Context(), client.Check{Kept: view.ID, Options: view.Options})
		view.Verdicts = verdictsOf(view.Checked)
	}
	if view.Wrong = listProblem(err); err != nil && view.Wrong == nil {
		return err
	}
	view.ID = r.PathValue("upload")
	view.BadRows = "/api/check/bad-rows.csv?" + queryOf(view.Fields, view.ID)
	return p.show(w, http.StatusOK, "new_list", frame{Visitor: v, Here: "new", Data: view})
}

// listProblem is what is wrong with a list, where it is that.
func listProblem(err error) *api.Problem {
	var told *api.Problem
	if errors.As(err, &told) && told.Kind() == api.BadContacts {
		return told
	}
	return nil
}

// verdictsOf are the verdicts that rows got, in their order.
func verdictsOf(checked api.Checked) []verdictLine {
	var lines []verdictLine
	for _, verdict := range campaign.Verdicts() {
		if n := checked.Counts[verdict]; n > 0 {
			lines = append(lines, verdictLine{verdict, n, verdictMeaning(verdict)})
		}
	}
	return lines
}

// encodings are the choices for texts; any other IANA name may be typed into the campaign.
func encodings() []string {
	return []string{
		"utf-8", "utf-16le", "utf-16be", "windows-1252", "iso-8859-15", "windows-1250", "windows-1251", "koi8-r", "windows-1253", "windows-1254",
		"windows-1255", "windows-1256", "macintosh", "shift_jis", "euc-kr", "gb18030", "big5",
	}
}

// optionsOf reads how a list is to be read.
func optionsOf(asked url.Values) campaign.ContactOptions {
	return campaign.ContactOptions{
		Phone: asked.Get("phone"), FullName: asked.Get("name"), Language: asked.Get("language"), DefaultRegion: strings.ToUpper(strings.TrimSpace(asked.Get("default_region"))),
		Encoding: asked.Get("encoding"), Delimiter: asked.Get("delimiter"), Sheet: asked.Get("sheet"), IncludeHidden: asked.Get("include_hidden") != "",
	}
}

// fieldsOf are the options that are set, by their keys.
func fieldsOf(o campaign.ContactOptions) map[string]string {
	fields := map[string]string{
		"phone": o.Phone, "name": o.FullName, "language": o.Language, "default_region": o.DefaultRegion, "encoding": o.Encoding,
		"delimiter": o.Delimiter, "sheet": o.Sheet,
	}
	for key, value := range fields {
		if value == "" {
			delete(fields, key)
		}
	}
	if o.IncludeHidden {
		fields["include_hidden"] = "true"
	}
	return fields
}

// queryOf is how an upload and its options stand in an address.
func queryOf(fields map[string]string, upload string) string {
	values := url.Values{"upload": {upload}}
	for key, value := range fields {
		values.Set(key, value)
	}
	return values.Encode()
}

// firstDraft is a campaign to begin with: the options of its list and one step.
func firstDraft(kept api.Upload, options map[string]string, channel string) (string, error) {
	d, err := readDraft("")
	if err != nil {
		return "", err
	}
	name := strings.TrimSuffix(kept.Name, path.Ext(kept.Name))
	d.set(textNode(cmp.Or(name, "campaign")), "name")
	d.set(textNode(channel), "channel")
	for key, value := range options {
		node := textNode(value)
		if key == "include_hidden" {
			node = boolNode(true)
		}
		d.set(node, "contacts", key)
	}
	d.addStep()
	return d.text()
}

// rowsOf reads which rows are to be shown.
func rowsOf(text string) []int {
	if n, err := strconv.Atoi(strings.TrimSpace(text)); err == nil && n > 0 {
		return []int{n}
	}
	return nil
}
