package campaign

import (
	"strings"
	"testing"
	"time"
)

func TestEmoji(t *testing.T) {
	t.Parallel()
	for _, one := range []string{"👍", "👍🏽", "❤️", "❤", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇪🇸", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "1️⃣", "#⃣", "☺", "©️", "🧑🏾‍🚀", "🫶"} {
		if got, err := parseEmoji(one); err != nil || got != one {
			t.Errorf("%q: %v", one, err)
		}
	}
	for _, other := range []string{"ok", "👍👍", "1", "👍 ", "🇪", "🇪🇸🇪🇸", "👍!", ":)", "\u200d", "👍\u200d"} {
		if _, err := parseEmoji(other); err == nil {
			t.Errorf("%q is taken for one emoji", other)
		}
	}
}

func parseFree(t *testing.T, steps string) *Definition {
	t.Helper()
	d, err := Parse([]byte("name: test\nchannel: main\nsteps:\n" + steps))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// A free-form step has its template under otherwise_template, or none.
func TestTemplatePart(t *testing.T) {
	t.Parallel()
	d := parseFree(t, `  - text: Hello
  - text: Hello
    category: marketing
    otherwise_template: {template: hello, language: en}
  - {template: hello, language: en}
`)
	none, other, own := d.Steps[0], d.Steps[1], d.Steps[2]
	hello := TemplateName{"hello", "en"}
	if name, fixed := none.FixedTemplate(); name != (TemplateName{}) || !fixed {
		t.Errorf("the text sends %v, %v", name, fixed)
	}
	if name, fixed := other.FixedTemplate(); name != hello || !fixed {
		t.Errorf("otherwise %v, %v", name, fixed)
	}
	if none.MaySend(hello) || !other.MaySend(hello) || !own.MaySend(hello) || none.MaySend(TemplateName{}) {
		t.Error("MaySend goes by another template")
	}
	if got := other.OtherwiseTemplate.Category; got != Marketing {
		t.Errorf("the template's category is %q", got)
	}
	if none.Barred("+12015030326") != "" || other.Barred("+12015030326") == "" {
		t.Error("Barred goes by another template")
	}
	if none.TimeToLive() != 30*24*time.Hour+time.Hour {
		t.Errorf("the text lives for %v", none.TimeToLive())
	}
	r := compile(t, d, nil)
	names := r.Names()
	if names[0] != (TemplateName{}) || names[1] != hello || names[2] != hello {
		t.Errorf("names: %v", names)
	}
	if r.TemplateOf(0, nil) != (TemplateName{}) || r.TemplateOf(1, nil) != hello {
		t.Error("TemplateOf goes by another template")
	}
	if _, err := r.Render(0, nil); err == nil {
		t.Error("a text was rendered as a template")
	}
	if _, err := r.RenderFree(2, nil); err == nil {
		t.Error("a template was rendered as another message")
	}
	if _, err := r.RenderFree(3, nil); err == nil {
		t.Error("a step that is not there was rendered")
	}
	trouble := Trouble{Scope: PauseTemplate, Step: own, Number: "main"}
	if got := trouble.Stops(d); len(got) != 1 {
		t.Errorf("a paused template stops %v", got)
	}
	if got := trouble.Stops(parseFree(t, "  - text: Hello\n")); got != nil {
		t.Errorf("a paused template stops %v of a campaign that does not send it", got)
	}
}

// What a row makes too long, or of another kind, is found before it is sent, in
// the content as in what goes out otherwise.
func TestFreeFormRows(t *testing.T) {
	t.Parallel()
	const buttons = `  - interactive: {type: button, body: {text: "{{Body}}"}, action: {buttons: [{type: reply, reply: {id: a, title: "{{Title}}"}}]}}
    otherwise_template: {template: hello, language: en, body: ["{{Body}}"], header: "{{Title}}"}
`
	const address = `  - interactive: {type: address_message, body: {text: ok}, action: {name: address_message, parameters: {country: %s}}}
`
	for _, test := range []struct {
		name, steps, phone string
		body, title        string
		want               string
	}{
		{"fine", buttons, "+447700900123", "Hello", "Yes", ""},
		{"a long title", buttons, "+447700900123", "Hello", strings.Repeat("x", 21), `step 1, interactive.action.buttons[0].reply.title, column "Title": has 21 characters, 20 are allowed; shorten it`},
		{"a long body", buttons, "+447700900123", strings.Repeat("x", 1025), "Yes",
			`step 1, interactive.body.text, column "Body": has 1025 characters, 1024 are allowed; shorten it; ` +
				`step 1, otherwise_template.body[0], column "Body": has 1025 characters, 1024 are allowed; shorten it`},
		{"a long text", `  - text: "{{Body}}"` + "\n", "+447700900123", strings.Repeat("x", 4097), "Yes",
			`step 1, text.body, column "Body": has 4097 characters, 4096 are allowed; shorten it`},
		{"no emoji", `  - reaction: "{{Body}}"` + "\n", "+447700900123", "nice", "", `step 1, reaction.emoji, column "Body": "nice" is not one emoji; write one, such as 👍`},
		{"India", strings.Replace(address, "%s", "IN", 1), "+919820012345", "", "", ""},
		{"not India", strings.Replace(address, "%s", "IN", 1), "+6581234567", "", "",
			"step 1, interactive.action.parameters.country: asks for an address in India, and the number does not begin with +91; leave the row out, or write the country of the number"},
		{"Singapore by column", strings.Replace(address, "%s", `"{{Body}}"`, 1), "+6581234567", "sg", "", ""},
		{"not Singapore", strings.Replace(address, "%s", `"{{Body}}"`, 1), "+12065550107", "SG", "",
			`step 1, interactive.action.parameters.country, column "Body": asks for an address in Singapore, and the number does not begin with +65; leave the row out, or write the country of the number`},
		{"nowhere", strings.Replace(address, "%s", `"{{Body}}"`, 1), "+6581234567", "DE", "",
			`step 1, interactive.action.parameters.country, column "Body": "DE" is not IN or SG; people can be asked for an address in India and Singapore alone`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := compile(t, parseFree(t, test.steps), []string{"Body", "Title"})
			row := r.Judge(Row{Phone: test.phone, Verdict: OK, Values: []string{test.body, test.title}})
			if row.Detail != test.want || (row.Verdict == OK) != (test.want == "") {
				t.Errorf("%s: %s\nwant %s", row.Verdict, row.Detail, test.want)
			}
			if _, err := r.RenderFree(0, row.Values); err != nil && test.want == "" {
				t.Errorf("rendered: %v", err)
			}
		})
	}
}

// Columns are those of the content and of the template alike.
func TestFreeFormColumns(t *testing.T) {
	t.Parallel()
	d := parseFree(t, `  - text: "{{A}} {{B|b}}"
    otherwise_template: {template: hello, language: "{{C|en}}", body: ["{{A|a}}"]}
`)
	want := []Column{{"C", true}, {"A", false}, {"B", true}}
	got := d.Columns()
	if len(got) != len(want) {
		t.Fatalf("columns %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("columns %v, want %v", got, want)
		}
	}
	if _, err := d.Compile([]string{"A", "C"}); err == nil || !strings.Contains(err.Error(), `steps[0].text.body: the list has no column "B"`) {
		t.Errorf("a list without a column: %v", err)
	}
}

// A file of a free-form step is sent by the identifier that the provider gave it.
func TestFreeFormFiles(t *testing.T) {
	t.Parallel()
	d := parseFree(t, `  - image: {file: promo.jpg, caption: "For {{Name}}"}
  - document: {file: "{{File}}", filename: plan.pdf}
  - interactive: {type: cta_url, header: {type: image, image: {file: promo.jpg}}, body: {text: Look}, action: {name: cta_url, parameters: {display_text: Open, url: "https://example.com"}}}
`)
	r, err := d.Compile([]string{"Name", "File"})
	if err != nil {
		t.Fatal(err)
	}
	row := []string{"Ana", "a.pdf"}
	ids := map[string]string{"promo.jpg": "11", "a.pdf": "12"}
	for step, want := range []string{
		`{"id":"11","caption":"For Ana"}`, `{"id":"12","filename":"plan.pdf"}`,
		`"header":{"image":{"id":"11"},"type":"image"}`,
	} {
		free, err := r.RenderFreeWith(step, row, ids)
		if err != nil || !strings.Contains(string(free.Content), want) {
			t.Errorf("step %d: %s, %v; want %s", step+1, free.Content, err, want)
		}
		if _, err := r.RenderFreeWith(step, row, map[string]string{}); err == nil {
			t.Errorf("step %d goes out without its file", step+1)
		}
		if shown, err := r.RenderFree(step, row); err != nil || !strings.Contains(string(shown.Content), `"file":`) {
			t.Errorf("step %d is shown as %s, %v", step+1, shown.Content, err)
		}
	}
	if got := r.Files(1, row); len(got) != 1 || got[0] != "a.pdf" {
		t.Errorf("the row needs %v", got)
	}
}
