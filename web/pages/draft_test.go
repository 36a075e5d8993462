package pages

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carillon/api"
	"carillon/campaign"
)

const written = `# for the spring
name: spring # shown to us alone
channel: main
fallback: [second]
contacts: {phone: Phone, consent: Agreed}
steps:
  - template: spring_offer
    category: marketing
    language: "{{Language|en_US}}"
    header: {image: {link: "https://example.com/a.jpg"}}
    body: ["{{Name|there}}", "{{Town}}"]
    buttons:
      - {index: 0, sub_type: quick_reply, payload: "yes-{{Order}}"}
  - after: reply
    when: {button: "yes"}
    template: carousel_offer
    language: en_US
    components:
      - type: body
        parameters: [{type: text, text: "{{Name}}"}]
hours: {from: 09:00, to: "20:00", holidays: es}
rate: 20
`

// edited fills fields of a text's form in.
func edited(t *testing.T, text string, fill map[string]string) string {
	t.Helper()
	d, err := readDraft(text)
	if err != nil {
		t.Fatal(err)
	}
	values := url.Values{}
	for name, value := range fill {
		values.Set(name, value)
	}
	d.formOf(&aids{}).fill(values)
	got, err := d.text()
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// fieldsShown are the values of a text's form, by name.
func fieldsShown(t *testing.T, text string) map[string]string {
	t.Helper()
	d, err := readDraft(text)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	for _, g := range d.formOf(&aids{}).Groups {
		for _, i := range g.Inputs {
			if i.Kept {
				values[i.Name] = "kept"
			} else {
				values[i.Name] = i.Value
			}
		}
	}
	return values
}

// TestAFormAndATextAreOne: what was typed in one shows in the other, and what a form
// cannot show stays.
func TestAFormAndATextAreOne(t *testing.T) {
	t.Parallel()
	fill := map[string]string{
		"name": "summer: sale", "channels": "main, third", "rate": "", "expires": "3d", "hours.from": "", "hours.to": "",
		"steps.0.template": "summer_offer", "steps.0.category": "", "steps.0.header.kind": "text", "steps.0.header.value": "{{Town}}",
		"steps.0.body.1": "007", "steps.0.body.2": "", "steps.0.buttons.0.value": "no", "steps.0.buttons.1.kind": "url", "steps.0.buttons.1.index": "1", "steps.0.buttons.1.value": "{{Path}}",
		"steps.1.wait": "10m", "steps.1.otherwise": "send",
	}
	text := edited(t, written, fill)
	for _, kept := range []string{"# for the spring", "# shown to us alone", "fallback: [second]", "consent: Agreed", "button: \"yes\"", "holidays: es", "- type: body"} {
		if !strings.Contains(text, kept) {
			t.Errorf("%q is lost in\n%s", kept, text)
		}
	}
	got := fieldsShown(t, text)
	for name, want := range fill {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	def, err := campaign.Parse([]byte(strings.Replace(text, "hours: {holidays: es}\n", "", 1)))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if def.Name != "summer: sale" || def.Steps[0].Body[1].Text != "007" || def.Steps[0].Header.Text.Text != "{{Town}}" || def.Steps[0].Buttons[1].SubType != campaign.URLButton || len(def.Steps[1].Components) != 1 {
		t.Errorf("%+v", def)
	}
}

// TestAFormThatIsSentAsItIs changes nothing, whatever campaign it is of.
func TestAFormThatIsSentAsItIs(t *testing.T) {
	t.Parallel()
	texts := []string{written, `{"name": "x", "channels": ["a", "b"], "steps": [{"template": "t", "language": "en", "body": [{"text": "x", "name": "y"}], "buttons": [{"index": 0, "sub_type": "flow"}]}]}`}
	samples, err := filepath.Glob("../../configs/campaigns/*.yaml")
	if err != nil || len(samples) < 3 {
		t.Fatalf("%d samples, %v", len(samples), err)
	}
	for _, sample := range samples {
		text, err := os.ReadFile(sample)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	for _, text := range texts {
		before, err := campaign.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		fill := fieldsShown(t, text)
		for name, value := range fill {
			if value == "kept" {
				delete(fill, name)
			}
		}
		after, err := campaign.Parse([]byte(edited(t, text, fill)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, after, cmp.Comparer(func(a, b *campaign.Hours) bool {
			return (a == nil) == (b == nil) && (a == nil || a.From == b.From && a.To == b.To && a.Zone == b.Zone && a.Days == b.Days)
		})); diff != "" {
			t.Error(diff)
		}
	}
}

func TestStepsAreAddedAndRemoved(t *testing.T) {
	t.Parallel()
	d, err := readDraft("name: x\nsteps: [{template: a, language: de}]\n")
	if err != nil {
		t.Fatal(err)
	}
	d.addStep()
	if language, _ := d.scalar("steps", "1", "language"); language != "de" || d.formOf(&aids{}).Steps != 2 {
		t.Errorf("%q, %d steps", language, d.formOf(&aids{}).Steps)
	}
	d.removeStep()
	d.removeStep()
	d.removeStep()
	d.addStep()
	text, err := d.text()
	if err != nil || text != "name: x\nsteps:\n  - template: \"\"\n    language: en_US\n" {
		t.Errorf("%s, %v", text, err)
	}
}

func TestWhatNoFormCanShow(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"- a": errNoMapping.Error(), "a: &x {b: 1}\nc: *x\n": errAliases.Error(), "a: [": "yaml", "a: 1\na: 2\n": "", "": ""} {
		_, err := readDraft(text)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// TestMistakesStandAtTheirPlace, or above the form.
func TestMistakesStandAtTheirPlace(t *testing.T) {
	t.Parallel()
	d, err := readDraft(written)
	if err != nil {
		t.Fatal(err)
	}
	f := d.formOf(&aids{})
	f.tell([]api.Fault{
		{Path: "steps[0].body[1]", Detail: "body"}, {Path: "steps[0].header.image.link", Detail: "link"}, {Path: "channels[1]", Detail: "channel"},
		{Path: "steps[0].buttons[0].payload", Detail: "payload"}, {Path: "hours.to", Detail: "to"}, {Path: "fallback[0]", Detail: "fallback"}, {Detail: "all"}, {Path: "steps[1].when", Detail: "when"},
	})
	at := map[string]string{}
	for _, g := range f.Groups {
		for _, i := range g.Inputs {
			for _, fault := range i.Faults {
				at[fault] = i.Name
			}
		}
	}
	want := map[string]string{"body": "steps.0.body.1", "link": "steps.0.header.kind", "channel": "channels", "payload": "steps.0.buttons.0.value", "to": "hours.to"}
	if diff := cmp.Diff(want, at); diff != "" || len(f.Faults) != 3 {
		t.Errorf("%s%+v", diff, f.Faults)
	}
}

func FuzzDraft(f *testing.F) {
	f.Add(written)
	f.Add("steps: {0: x}")
	f.Add("steps: [[], 1, null]\nhours: 3")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := readDraft(text)
		if err != nil {
			return
		}
		shown := d.formOf(&aids{})
		fill := url.Values{}
		for _, g := range shown.Groups {
			for _, i := range g.Inputs {
				fill.Set(i.Name, "x")
			}
		}
		shown.fill(fill)
		d.addStep()
		if _, err := d.text(); err != nil && !strings.Contains(err.Error(), "yaml") {
			t.Error(err)
		}
	})
}
