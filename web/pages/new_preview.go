package pages

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"carillon/api"
	"carillon/client"
)

// previewView is the fourth step: what the campaign would do.
type previewView struct {
	api.Checked
	sentDraft
	Verdicts []verdictLine
	Phones   []phone
	// RowMissing says that nothing goes to the row that was asked for.
	RowMissing bool
	// Key keeps a test message from being sent twice.
	Key string
	// Until is when the last message would go out.
	Until time.Time
	Steps []int
	// Now is a time for the field in which a start is chosen.
	Now string
}

// phone is a telephone with the messages of one recipient.
type phone struct {
	Title    string
	To       string
	Messages []bubble
}

// bubble is a message as a telephone shows it.
type bubble struct {
	Step int
	// Title is the template, or the kind of a free-form message.
	Title string
	// Text is what the person reads, where that is known.
	Text    string
	Header  string
	Body    []string
	Buttons []string
}

// showDraft shows what a campaign would do, or its mistakes.
func (p *Pages) showDraft(w http.ResponseWriter, r *http.Request, v Visitor, c *client.Client, draft sentDraft) error {
	view := previewView{sentDraft: draft, Key: rand.Text()}
	rows := rowsOf(draft.Row)
	var err error
	view.Checked, err = c.Check(r.Context(), client.Check{Kept: draft.Upload, KeptMedia: draft.ids(), Campaign: draft.campaign(), Rows: rows})
	if draftProblem(err) != nil {
		return p.showForm(w, r, v, c, draftView{sentDraft: draft, Checked: true})
	}
	if err != nil {
		return err
	}
	view.Verdicts = verdictsOf(view.Checked)
	view.Phones, view.RowMissing = phonesOf(view.Checked, rows)
	if len(view.Preview) > 0 {
		for _, m := range view.Preview[0].Messages {
			view.Steps = append(view.Steps, m.Step)
		}
	}
	view.Until = untilOf(view.Estimate, p.now())
	view.Now = p.now().UTC().Add(time.Hour).Format(timeField)
	return p.show(w, http.StatusOK, "new_preview", frame{Visitor: v, Here: "new", Data: view})
}

// untilOf is when the last message would go out; the zero time where that is not
// known.
func untilOf(e api.Estimate, now time.Time) time.Time {
	switch {
	case e.LastAt != nil:
		return *e.LastAt
	case e.Rate == 0 || e.Days > 0:
		return time.Time{}
	}
	return now.Add(time.Duration(e.Seconds * float64(time.Second)))
}

// phonesOf are the telephones to show: the row that was asked for, the first
// recipients, and the one with the longest values.
func phonesOf(checked api.Checked, rows []int) (phones []phone, missing bool) {
	missing = len(rows) > 0
	shown := map[int]bool{}
	for _, preview := range checked.Preview {
		title := "Row " + count(int64(preview.Row))
		one := phoneOf(title, preview)
		shown[preview.Row] = true
		if len(rows) > 0 && preview.Row == rows[0] {
			missing = false
			phones = append([]phone{one}, phones...)
			continue
		}
		phones = append(phones, one)
	}
	if longest := checked.Longest; longest != nil {
		phones = append(phones, phoneOf("The longest values, row "+count(int64(longest.Row)), *longest))
	}
	return phones, missing
}

func phoneOf(title string, preview api.Preview) phone {
	one := phone{Title: title, To: preview.To}
	for _, message := range preview.Messages {
		one.Messages = append(one.Messages, bubbleOf(message))
	}
	return one
}

// component is what is shown of a message's component.
type component struct {
	Type       string `json:"type"`
	SubType    string `json:"sub_type"`
	Parameters []struct {
		Type string
		Text string
		Image, Video, Document,
		GIF media
		Currency struct {
			FallbackValue string `json:"fallback_value"`
		}
		DateTime struct {
			FallbackValue string `json:"fallback_value"`
		} `json:"date_time"`
		Location   struct{ Name, Address string }
		Payload    string
		CouponCode string `json:"coupon_code"`
	}
	Cards []json.RawMessage
}

// media is a file of a message.
type media struct{ Link, ID, File, Filename string }

// texts are what the parameters of a component say.
func (c component) texts() []string {
	var all []string
	for _, p := range c.Parameters {
		parts := []string{p.Text, p.Currency.FallbackValue, p.DateTime.FallbackValue, p.Location.Name, p.Location.Address, p.Payload, p.CouponCode}
		for _, m := range []media{p.Image, p.Video, p.Document, p.GIF} {
			parts = append(parts, m.Filename, m.Link, m.ID, m.File)
		}
		text := strings.Join(strings.Fields(strings.Join(parts, " ")), " ")
		if text == "" {
			text = p.Type
		}
		all = append(all, text)
	}
	return all
}

// nameMedia says which file the header of a text has, which tells its kind alone.
func (b *bubble) nameMedia(components []component) {
	for _, c := range components {
		kind, rest, found := strings.Cut(b.Text, "]\n")
		if strings.EqualFold(c.Type, "header") && found && strings.HasPrefix(kind, "[") {
			b.Header, b.Text = strings.Join(c.texts(), " "), rest
		}
	}
}

func bubbleOf(m api.PreviewMessage) bubble {
	b := bubble{Step: m.Step, Title: fmt.Sprintf("%s (%s)", m.Template, m.Language), Text: m.Text}
	if m.Kind != "" {
		b.Title, b.Text = string(m.Kind), contentText(m)
		return b
	}
	var components []component
	if err := json.Unmarshal(m.Components, &components); err != nil {
		return b // a template without parameters
	}
	if m.Text != "" {
		b.nameMedia(components)
		return b
	}
	for _, c := range components {
		switch strings.ToLower(c.Type) {
		case "header":
			b.Header = strings.Join(c.texts(), " ")
		case "body":
			b.Body = c.texts()
		case "button":
			b.Buttons = append(b.Buttons, strings.Join(append([]string{c.SubType}, c.texts()...), ": "))
		default:
			b.Body = append(b.Body, c.Type)
		}
	}
	return b
}

// contentText is what a person reads of a free-form message.
func contentText(m api.PreviewMessage) string {
	var content struct {
		Body    json.RawMessage `json:"body"`
		Caption string          `json:"caption"`
		Emoji   string          `json:"emoji"`
		Name    string          `json:"name"`
		Link    string          `json:"link"`
		File    string          `json:"file"`
	}
	_ = json.Unmarshal(m.Content, &content) // contacts are a list; they have no words of their own
	var text string
	var part struct {
		Text string `json:"text"`
	}
	if json.Unmarshal(content.Body, &text) != nil && json.Unmarshal(content.Body, &part) == nil {
		text = part.Text
	}
	return cmp.Or(text, content.Caption, content.Emoji, content.Name, content.Link, content.File, string(m.Kind))
}
