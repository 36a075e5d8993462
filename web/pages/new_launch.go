package pages

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"carillon/api"
	"carillon/campaign"
	"carillon/client"
)

// timeField is how a browser sends the time of a field; it is meant in UTC, unless the
// script has made it one with a zone.
const timeField = "2006-01-02T15:04"

// preview shows what the campaign would do.
func (p *Pages) preview(w http.ResponseWriter, r *http.Request, v Visitor) error {
	c, draft, err := p.readDraft(w, r)
	if err != nil {
		return err
	}
	return p.showDraft(w, r, v, c, draft)
}

// readDraft reads the campaign that a form brings along.
func (p *Pages) readDraft(w http.ResponseWriter, r *http.Request) (*client.Client, sentDraft, error) {
	c, err := p.client(r)
	if err == nil {
		err = readForm(w, r)
	}
	return c, draftOf(r, r.PostForm.Get("campaign"), r.PostForm.Get("row")), err
}

// lead is what becomes of the campaign.
type lead struct {
	How string // now, at or draft
	At  time.Time
}

func readLead(r *http.Request) (lead, error) {
	l := lead{How: r.PostForm.Get("how")}
	if l.How != "at" {
		return l, nil
	}
	text := r.PostForm.Get("at")
	var err error
	for _, layout := range []string{time.RFC3339, timeField} {
		if l.At, err = time.Parse(layout, text); err == nil {
			return l, nil
		}
	}
	return l, &api.Problem{
		Type: api.BadRequest.Type(), Title: "The time cannot be understood", Status: http.StatusBadRequest,
		Detail: fmt.Sprintf("%q is not a time", text), Hint: "go back and write it like 2030-03-01T09:00, in UTC",
	}
}

// confirmNew says what starting the campaign will do, and offers it.
func (p *Pages) confirmNew(w http.ResponseWriter, r *http.Request, v Visitor) error {
	c, draft, err := p.readDraft(w, r)
	if err != nil {
		return err
	}
	l, err := readLead(r)
	if err != nil {
		return err
	}
	checked, def, err := checkDraft(r, c, draft, client.Check{})
	if draftProblem(err) != nil {
		return p.showForm(w, r, v, c, draftView{sentDraft: draft, Checked: true})
	}
	if err != nil {
		return err
	}
	q := question{
		Label: map[string]string{"at": "Schedule", "draft": "Save"}[l.How], About: def.Name, Effects: p.launchEffects(l, checked, def),
		To: draft.At("launch"), Back: draft.At("preview"), Return: true,
		Fields: url.Values{"campaign": {draft.Text}, "how": {l.How}, "key": {rand.Text()}},
	}
	if q.Label == "" {
		q.Label = "Start"
	}
	if l.How == "at" {
		q.Fields.Set("at", l.At.Format(time.RFC3339))
	}
	return p.ask(w, v, "new", q)
}

// checkDraft has a draft held against its list, and reads it.
func checkDraft(r *http.Request, c *client.Client, draft sentDraft, what client.Check) (checked api.Checked, def *campaign.Definition, err error) {
	what.Kept, what.KeptMedia, what.Campaign = draft.Upload, draft.ids(), draft.campaign()
	if checked, err = c.Check(r.Context(), what); err != nil {
		return checked, nil, err
	}
	def, err = campaign.Parse([]byte(draft.Text))
	return checked, def, err
}

// launchEffects say to how many people it goes, and until when.
func (p *Pages) launchEffects(l lead, checked api.Checked, def *campaign.Definition) []string {
	people := several(int(checked.Recipients), "person", "people")
	e, begins := checked.Estimate, p.now()
	switch l.How {
	case "draft":
		return []string{"Nothing is sent. The campaign is for " + people + ", and can be started from its page.", e.Text + "."}
	case "at":
		begins = l.At
	}
	sends := "It sends to " + people
	if e.Rate > 0 {
		takes := max(time.Duration(e.Seconds*float64(time.Second)).Round(time.Second), time.Second)
		sends += fmt.Sprintf(", about %s at %s", takes, rate(e.Rate))
		if e.Days == 0 && e.LastAt == nil {
			sends += ", until " + begins.Add(takes).UTC().Format("15:04 UTC")
		}
	}
	effects := []string{sends + ".", e.Text + "."}
	if l.How == "at" {
		effects = append(effects, "It starts on "+l.At.UTC().Format("2 Jan 2006, 15:04 UTC")+".")
	}
	if checked.Hours != "" {
		effects = append(effects, sentence(checked.Hours))
	}
	if def.Expires > 0 {
		effects = append(effects, fmt.Sprintf("What has not gone out %s after the start never will.", def.Expires))
	}
	if checked.Barred > 0 {
		effects = append(effects, fmt.Sprintf("%s left out: their recipients may not get them.", plural(checked.Barred, "message")))
	}
	return effects
}

// launchNew makes the campaign, once however often the form is sent.
func (p *Pages) launchNew(w http.ResponseWriter, r *http.Request, _ Visitor) error {
	c, draft, err := p.readDraft(w, r)
	if err != nil {
		return err
	}
	l, err := readLead(r)
	if err != nil {
		return err
	}
	made, err := c.Launch(r.Context(), client.Upload{
		Campaign: draft.campaign(), Kept: draft.Upload, KeptMedia: draft.ids(), At: l.At, Draft: l.How == "draft", Key: r.PostForm.Get("key"),
	})
	if err != nil {
		return err
	}
	SeeOther(w, "/campaigns/"+made.ID)
	return nil
}

// testNew sends one message of the campaign to the visitor's own number, with the
// values of a row.
func (p *Pages) testNew(w http.ResponseWriter, r *http.Request, v Visitor) error {
	c, draft, err := p.readDraft(w, r)
	if err != nil {
		return err
	}
	checked, def, err := checkDraft(r, c, draft, client.Check{Rows: rowsOf(draft.Row), Quick: true})
	if draftProblem(err) != nil {
		return p.showForm(w, r, v, c, draftView{sentDraft: draft, Checked: true})
	}
	if err != nil {
		return err
	}
	step, err := strconv.Atoi(r.PostForm.Get("step"))
	if err != nil || step < 1 || step > len(def.Steps) || len(checked.Preview) == 0 {
		return badForm()
	}
	text, list, err := testFiles(def.Test(step), checked, draft.Row, r.PostForm.Get("phone"))
	if err != nil {
		return err
	}
	made, err := c.Launch(r.Context(), client.Upload{Campaign: client.Text("campaign.json", text), Contacts: client.Text("contacts.csv", list), KeptMedia: draft.ids(), Key: testKey(r.PostForm.Get("key"), text, list)})
	if err != nil {
		return err
	}
	SeeOther(w, "/campaigns/"+made.ID+"/people")
	return nil
}

// testKey is the same for a test that is sent again from the same page.
func testKey(page string, files ...[]byte) string {
	if page == "" {
		return ""
	}
	sum := sha256.Sum256(bytes.Join(files, nil))
	return page + hex.EncodeToString(sum[:])
}

// testFiles are a campaign of one step and its list of one row: the number that is
// tested, and the values of a recipient.
func testFiles(one *campaign.Definition, checked api.Checked, row, number string) (text, list []byte, err error) {
	shown := checked.Preview[0]
	for _, preview := range checked.Preview {
		if strconv.Itoa(preview.Row) == strings.TrimSpace(row) {
			shown = preview
		}
	}
	phone := checked.Layout.Columns[checked.Layout.Phone]
	columns, cells := []string{phone}, []string{strings.TrimSpace(number)}
	for _, column := range checked.Layout.Columns {
		if value, used := shown.Values[column]; used && !slices.Contains(columns, column) {
			columns, cells = append(columns, column), append(cells, value)
		}
	}
	one.Contacts = campaign.ContactOptions{Phone: phone, Encoding: "utf-8", Delimiter: ","}
	if text, err = json.Marshal(one); err != nil {
		return nil, nil, err
	}
	var written bytes.Buffer
	err = csv.NewWriter(&written).WriteAll([][]string{columns, cells})
	return text, written.Bytes(), err
}

// backToList leads whoever reloads a later step to where their list is.
func (p *Pages) backToList(w http.ResponseWriter, r *http.Request, _ Visitor) error {
	SeeOther(w, "/new/"+r.PathValue("upload"))
	return nil
}
