package pages

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
)

// shelf are templates of a provider.
func shelf(templates ...campaign.Approved) *aids {
	return &aids{channels: []string{"main", "second"}, files: []string{"promo.jpg"},
		templates: campaign.TemplateList{Channel: "main", Fetched: time.Unix(1, 0), Templates: templates}}
}

func approved(name, language, components string) campaign.Approved {
	return campaign.Approved{
		TemplateName: campaign.TemplateName{Name: name, Language: language}, Category: campaign.Marketing, Status: campaign.StatusApproved,
		Components: json.RawMessage(components),
	}
}

const (
	offer = `[{"type":"HEADER","format":"IMAGE"},{"type":"BODY","text":"Hi {{1}}, {{2}} off in {{3}}"},
		{"type":"BUTTONS","buttons":[{"type":"QUICK_REPLY","text":"Stop"},{"type":"URL","text":"Shop","url":"https://example.com/{{1}}"},{"type":"PHONE_NUMBER","text":"Call"}]}]`
	named = `[{"type":"HEADER","format":"TEXT","text":"News"},{"type":"BODY","text":"Hi {{who}}, see you in {{town}}"}]`
	code  = `[{"type":"BODY","text":"{{1}} is your code"},{"type":"BUTTONS","buttons":[{"type":"OTP","text":"Copy"}]}]`
)

// sentForm fills a text's form in, as a page does that knows some templates.
func sentForm(t *testing.T, text string, help *aids, fill map[string]string) string {
	t.Helper()
	d, err := readDraft(text)
	if err != nil {
		t.Fatal(err)
	}
	sent := *help
	sent.sent = url.Values{}
	for name, value := range fill {
		sent.sent.Set(name, value)
	}
	before := d.templates()
	d.formOf(&sent).fill(sent.sent)
	d.takeTemplates(before, &sent)
	if text, err = d.text(); err != nil {
		t.Fatal(err)
	}
	return text
}

// TestATemplateThatIsChosen brings its fields along, and what it takes of the one
// before stays.
func TestATemplateThatIsChosen(t *testing.T) {
	t.Parallel()
	help := shelf(approved("offer", "de", offer), approved("news", "en_US", named), approved("code", "en_US", code))
	start := "name: x\nchannel: main\nsteps:\n  - template: \"\"\n    language: en_US\n"
	text := sentForm(t, start, help, map[string]string{"steps.0.template": "offer"})
	def := "name: x\nchannel: main\nsteps:\n  - template: offer\n    language: de\n    category: marketing\n" +
		"    header:\n      image:\n        link: \"\"\n    buttons:\n      - {index: 1, sub_type: url, text: \"\"}\n"
	if diff := cmp.Diff(strings.Replace(def, `, text: ""`, "", 1), text); diff != "" {
		t.Error(diff)
	}
	text = sentForm(t, text, help, map[string]string{"steps.0.body.0": "{{Name}}", "steps.0.body.2": "Ulm", "steps.0.header.by": "file", "steps.0.header.value": "promo.jpg", "steps.0.buttons.0.value": "{{Path}}"})
	if want := `body: ["{{Name}}", "", Ulm]`; !strings.Contains(text, want) || !strings.Contains(text, "file: promo.jpg") {
		t.Errorf("an empty value has lost its place, or the file is not there:\n%s", text)
	}
	d, err := readDraft(text)
	if err != nil {
		t.Fatal(err)
	}
	step := d.formOf(help).Groups[1]
	if !strings.Contains(step.Says, "{{2}} off in {{3}}") || !strings.Contains(step.Says, "[1: Shop]") {
		t.Errorf("the template says %q", step.Says)
	}
	text = sentForm(t, text, help, map[string]string{"steps.0.template": "news"})
	for _, want := range []string{"template: news", "language: en_US", `body: [{name: who, text: "{{Name}}"}]`} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	for _, gone := range []string{"header", "buttons", "Ulm"} {
		if strings.Contains(text, gone) {
			t.Errorf("%q of the template before is still there:\n%s", gone, text)
		}
	}
	text = sentForm(t, text, help, map[string]string{"steps.0.body.1": "{{Town}}"})
	parsed, err := campaign.Parse([]byte(text))
	if err != nil || len(parsed.Steps[0].Body) != 2 || parsed.Steps[0].Body[1].Name != "town" {
		t.Errorf("%v in\n%s", err, text)
	}
	text = sentForm(t, text, help, map[string]string{"steps.0.template": "code"})
	if !strings.Contains(text, "sub_type: otp") || strings.Contains(text, "body") {
		t.Errorf("a code stands in its button alone:\n%s", text)
	}
}

// TestAFormWhoseTemplatesAreGone loses nothing that was filled in while they were known.
func TestAFormWhoseTemplatesAreGone(t *testing.T) {
	t.Parallel()
	text := "name: x\nchannel: main\nsteps:\n  - {template: offer, language: de}\n"
	fill := map[string]string{"steps.0.template": "offer"}
	for i := range 5 {
		fill[fmt.Sprintf("steps.0.body.%d", i)] = fmt.Sprint("v", i)
	}
	if text = sentForm(t, text, &aids{}, fill); !strings.Contains(text, "body: [v0, v1, v2, v3, v4]") {
		t.Errorf("%s", text)
	}
}

// TestEveryKindOfHeader is shown as it was filled in.
func TestEveryKindOfHeader(t *testing.T) {
	t.Parallel()
	for _, fill := range []map[string]string{
		{"kind": "text", "value": "{{Town}}"},
		{"kind": "image", "by": "link", "value": "https://example.com/{{Path}}"},
		{"kind": "video", "by": "file", "value": "promo.mp4"},
		{"kind": "gif", "by": "id", "value": "1234"},
		{"kind": "document", "by": "link", "value": "https://example.com/a.pdf", "filename": "Invoice {{No}}.pdf"},
		{"kind": "location", "latitude": "37.4", "longitude": "-3.7", "name": "Shop", "address": "{{Street}}"},
		{"kind": "product", "catalog_id": "1", "product_retailer_id": "{{SKU}}"},
	} {
		text := "name: x\nchannel: main\nsteps:\n  - {template: t, language: en}\n"
		for range 2 { // first its kind alone, whose fields are not there yet
			sent := map[string]string{}
			for key, value := range fill {
				sent["steps.0.header."+key] = value
			}
			text = sentForm(t, text, &aids{}, sent)
		}
		shown := fieldsShown(t, text)
		for key, want := range fill {
			if got := shown["steps.0.header."+key]; got != want {
				t.Errorf("%s: %s is %q, want %q:\n%s", fill["kind"], key, got, want, text)
			}
		}
		if _, err := campaign.Parse([]byte(text)); err != nil {
			t.Errorf("%s: %v in\n%s", fill["kind"], err, text)
		}
		if text = sentForm(t, text, &aids{}, map[string]string{"steps.0.header.kind": "none"}); strings.Contains(text, "header") {
			t.Errorf("%s is not gone:\n%s", fill["kind"], text)
		}
	}
}

// TestAsAStep writes a step that sends the template, and a campaign with it is one.
func TestAsAStep(t *testing.T) {
	t.Parallel()
	for _, components := range []string{offer, named, code, `[{"type":"BODY","text":"Hello"}]`} {
		one := approved("t", "de", components)
		text, err := stepText(&one)
		if err != nil || !strings.Contains(text, "template: t") || !strings.Contains(text, "language: de") {
			t.Errorf("%v:\n%s", err, text)
		}
		if strings.Contains(components, "{{1}}") && !strings.Contains(text, "…") && !strings.Contains(text, "otp") {
			t.Errorf("nothing is said of the body's values:\n%s", text)
		}
	}
}

// TestTooManyTemplatesForAField are typed and not chosen.
func TestTooManyTemplatesForAField(t *testing.T) {
	t.Parallel()
	var many []campaign.Approved
	for i := range mostChoices + 1 {
		many = append(many, approved(fmt.Sprintf("t%03d", i), "de", `[]`))
	}
	if n := len(shelf(many...).choices()); n != 0 {
		t.Errorf("%d are offered", n)
	}
	paused := approved("paused", "de", `[]`)
	paused.Status = "paused"
	if got := shelf(many[0], many[0], paused).choices(); !cmp.Equal(got, []string{"t000"}) {
		t.Errorf("%v", got)
	}
}
