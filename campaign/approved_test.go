package campaign

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// library is an account's list for these tests, of templates by name and language.
func library(templates ...Approved) TemplateList {
	return TemplateList{Channel: "main", Templates: templates, Fetched: time.Unix(1767000000, 0)}
}

func approved(name, language, components string) Approved {
	return Approved{
		TemplateName: TemplateName{name, language}, Category: Utility, Status: StatusApproved, Components: json.RawMessage(components),
	}
}

// The definitions that steps are held against.
const (
	plainText = `[{"type":"BODY","text":"Hi {{1}}, order {{2}} is on its way."}]`
	namedText = `[{"type":"BODY","text":"Hi {{first_name}}, order {{order}} is on its way."}]`
	rich      = `[{"type":"HEADER","format":"IMAGE"},{"type":"BODY","text":"Hi {{1}}"},{"type":"FOOTER","text":"Reply STOP"},
		{"type":"BUTTONS","buttons":[{"type":"QUICK_REPLY","text":"Yes"},{"type":"URL","text":"Track","url":"https://example.com/t/{{1}}"},
		{"type":"URL","text":"Shop","url":"https://example.com"},{"type":"PHONE_NUMBER","text":"Call","phone_number":"+33"},{"type":"COPY_CODE","text":"Copy"}]}]`
	headed = `[{"type":"HEADER","format":"TEXT","text":"News for {{1}}"},{"type":"BODY","text":"All is well."}]`
	fixed  = `[{"type":"HEADER","format":"TEXT","text":"News"},{"type":"BODY","text":"All is well."}]`
	code   = `[{"type":"BODY","text":"*{{1}}* is your code."},{"type":"BUTTONS","buttons":[{"type":"OTP","otp_type":"COPY_CODE","text":"Copy"}]}]`
	offer  = `[{"type":"LIMITED_TIME_OFFER","limited_time_offer":{"text":"Ends soon","has_expiration":true}},{"type":"BODY","text":"Hi"}]`
	cards  = `[{"type":"BODY","text":"Look, {{1}}"},{"type":"CAROUSEL","cards":[
		{"components":[{"type":"HEADER","format":"IMAGE"},{"type":"BODY","text":"{{1}} off"}]},
		{"components":[{"type":"HEADER","format":"IMAGE"},{"type":"BODY","text":"{{1}} off"}]}]}]`
	goods = `[{"type":"BODY","text":"Hi"},{"type":"CAROUSEL","cards":[{"components":[{"type":"HEADER","format":"PRODUCT"}]},{"components":[{"type":"HEADER","format":"PRODUCT"}]}]}]`
)

// richStep is what rich expects.
const richStep = `header: {image: {id: "1"}}, body: [Ana], buttons: [{index: 1, sub_type: url, text: a}, {index: 4, sub_type: copy_code, coupon_code: A1}]`

func TestCheckAgainstDefinition(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		definition, step string
		want             []string
	}{
		"all is given":                          {plainText, `body: [Ana, A-1]`, nil},
		"names in any order":                    {namedText, `body: [{name: order, text: A-1}, {name: first_name, text: Ana}]`, nil},
		"everything at once":                    {rich, richStep, nil},
		"a reply's payload is one's own choice": {rich, richStep[:len(richStep)-1] + `, {index: 0, sub_type: quick_reply, payload: y}]`, nil},
		"a code":                                {code, `category: authentication, buttons: [{index: 0, sub_type: otp, code: "123456"}]`, nil},
		"an offer":                              {offer, `limited_time_offer: {expiration_time_ms: 1767139200000}`, nil},
		"a carousel":                            {cards, `body: [Ana], carousel: [{header: {image: {id: "1"}}, body: [a]}, {header: {image: {id: "2"}}, body: [b]}]`, nil},
		"more products than there were":         {goods, `carousel: [{header: {product: {product_retailer_id: a, catalog_id: c}}}, {header: {product: {product_retailer_id: b, catalog_id: c}}}, {header: {product: {product_retailer_id: d, catalog_id: c}}}]`, nil},
		"word for word":                         {plainText, `components: [{type: BODY, parameters: [{type: text, text: Ana}, {type: currency, currency: {fallback_value: "1", code: EUR, amount_1000: 1000}}]}]`, nil},
		"unknown parts":                         {`[{"type":"HOLOGRAM"},{"type":"HEADER","format":"SMELL"},{"type":"BODY","text":"Hi"},{"type":"BUTTONS","buttons":[{"type":"TELEPORT","text":"Go"}]}]`, `buttons: [{index: 0, sub_type: quick_reply, payload: y}]`, nil},
		"a definition that is none":             {`{"no":"list"}`, `body: [Ana]`, nil},

		"too few":          {plainText, `body: [Ana]`, []string{`body: gives 1 value, but the body of t (en) expects 2 values: "Hi {{1}}, order {{2}} is on its way."`}},
		"too many":         {plainText, `body: [Ana, A-1, x]`, []string{`body: gives 3 values, but the body of t (en) expects 2 values: "Hi {{1}}, order {{2}} is on its way."`}},
		"none":             {plainText, ``, []string{`body: gives no value, but the body of t (en) expects 2 values: "Hi {{1}}, order {{2}} is on its way."`}},
		"none is expected": {fixed, `body: [Ana]`, []string{`body: gives 1 value, but the body of t (en) expects no value`}},
		"a wrong name":     {namedText, `body: [{name: name, text: Ana}, {name: order, text: A-1}]`, []string{`body[0].name: is "name", but t (en) expects first_name, order`}},
		"no names": {namedText, `body: [Ana, A-1]`, []string{
			`body[0]: has no name, but the variables of t (en) have names: write {name: first_name, text: …} for one of first_name, order`,
			`body[1]: has no name, but the variables of t (en) have names: write {name: order, text: …} for one of first_name, order`}},
		"names for numbers": {plainText, `body: [{name: a, text: Ana}, {name: b, text: A-1}]`, []string{
			`body[0].name: is "a", but the variables of t (en) have no names; remove it`, `body[1].name: is "b", but the variables of t (en) have no names; remove it`}},
		"another header":              {rich, strings.Replace(richStep, "image", "video", 1), []string{`header: is a video, but t (en) expects an image`}},
		"a text for a picture":        {rich, strings.Replace(richStep, `{image: {id: "1"}}`, "Ana", 1), []string{`header: is a text, but t (en) expects an image`}},
		"no header":                   {rich, strings.Replace(richStep, `header: {image: {id: "1"}}, `, "", 1), []string{`header: is missing; t (en) expects an image`}},
		"a header too many":           {plainText, `header: Ana, body: [Ana, A-1]`, []string{`header: gives a text, but t (en) has no header; remove it`}},
		"a header that is fixed":      {fixed, `header: Ana`, []string{`header: gives a text, but the header of t (en) takes nothing: it is always "News"; remove it`}},
		"a button of another kind":    {rich, strings.Replace(richStep, `index: 1, sub_type: url, text`, `index: 1, sub_type: quick_reply, payload`, 1), []string{`buttons[0].sub_type: is quick_reply, but button 1 of t (en) is url`}},
		"a button that is not there":  {rich, richStep[:len(richStep)-1] + `, {index: 7, sub_type: url, text: b}]`, []string{`buttons[2].index: is 7, but t (en) has 5 buttons, counted from 0`}},
		"a button too few":            {rich, `header: {image: {id: "1"}}, body: [Ana], buttons: [{index: 4, sub_type: copy_code, coupon_code: A1}]`, []string{`buttons: is missing {index: 1, sub_type: url, …}; button 1 of t (en) expects it`}},
		"a button that takes nothing": {rich, richStep[:len(richStep)-1] + `, {index: 2, sub_type: url, text: b}]`, []string{`buttons[2]: gives something for button 2 of t (en), which takes nothing: it is the link https://example.com; remove it`}},
		"no offer":                    {offer, ``, []string{`limited_time_offer: is missing; t (en) expects the end of its offer`}},
		"an offer too many":           {fixed, `limited_time_offer: {expiration_time_ms: 1767139200000}`, []string{`limited_time_offer: is given, but t (en) has no limited time offer; remove it`}},
		"a card too many":             {cards, `body: [Ana], carousel: [{header: {image: {id: "1"}}, body: [a]}, {header: {image: {id: "1"}}, body: [a]}, {header: {image: {id: "1"}}, body: [a]}]`, []string{`carousel: has 3 cards, but t (en) expects 2 cards`}},
		"a card without its value": {cards, `body: [Ana], carousel: [{header: {image: {id: "1"}}}, {header: {image: {id: "2"}}}]`, []string{
			`carousel[0].body: gives no value, but the body of t (en) expects 1 value: "{{1}} off"`, `carousel[1].body: gives no value, but the body of t (en) expects 1 value: "{{1}} off"`}},
		"no carousel":          {fixed, `carousel: [{header: {image: {id: "1"}}}, {header: {image: {id: "2"}}}]`, []string{`carousel: has 2 cards, but t (en) has no carousel; remove it`}},
		"another category":     {plainText, `category: marketing, body: [Ana, A-1]`, []string{`category: is marketing, but t (en) is a template for utility; write utility`}},
		"word for word, wrong": {plainText, `components: [{type: body, parameters: [{type: text, text: Ana}]}]`, []string{`components[0]: gives 1 value, but the body of t (en) expects 2 values: "Hi {{1}}, order {{2}} is on its way."`}},
		"a header too long":    {headed, `header: ` + strings.Repeat("n", 52), []string{`header.text: the template's text has 61 characters with the values, 60 are allowed; shorten them`}},
		"a body too long":      {strings.Replace(rich, "Hi {{1}}", strings.Repeat("n", 1022)+"{{1}}", 1), richStep, []string{`body: the template's text has 1025 characters with the values, 1024 are allowed; shorten them`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := approved("t", "en", test.definition)
			if strings.Contains(test.step, "authentication") {
				a.Category = Authentication
			}
			list := library(a)
			var got []string
			for _, m := range list.Check(stepOf(t, "template: t, language: en, "+test.step)) {
				got = append(got, m.Error())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func stepOf(t *testing.T, text string) *Step {
	t.Helper()
	d, err := Parse([]byte("name: n\nchannel: main\nsteps: [{" + strings.TrimSuffix(text, ", ") + "}]"))
	if err != nil {
		t.Fatal(err)
	}
	return &d.Steps[0]
}

func TestCheckWhichTemplate(t *testing.T) {
	t.Parallel()
	with := func(status string) Approved {
		a := approved("t", "en", fixed)
		a.Status = status
		return a
	}
	for name, test := range map[string]struct {
		list TemplateList
		step string
		want string
	}{
		"nothing is known":  {TemplateList{Trouble: "no answer"}, "template: x, language: en", ""},
		"it is there":       {library(with("approved")), "template: t, language: en", ""},
		"no status is told": {library(with("")), "template: t, language: en", ""},
		"another name":      {library(with("approved")), "template: x, language: en", `template: the account has no template "x"; it has t`},
		"none at all":       {library(), "template: x, language: en", `template: the account has no template "x"; it has none at all; create it, and wait until it is approved`},
		"another language":  {library(with("approved"), approved("t", "pt_BR", fixed)), "template: t, language: de", `language: template t has no language de; it has en, pt_BR`},
		"paused":            {library(with("paused")), "template: t, language: en", "template: t (en) is paused, and only an approved template is sent; wait until the provider releases it, or edit it there"},
		"rejected":          {library(with("rejected")), "template: t, language: en", "template: t (en) is rejected, and only an approved template is sent; edit it at the provider and have it approved, or use another one"},
		"pending":           {library(with("pending")), "template: t, language: en", "template: t (en) is pending, and only an approved template is sent; wait until it is approved"},
		"the list has the language, and one will do": {library(with("paused"), approved("t", "fr", fixed)), `template: t, language: "{{L}}"`, ""},
		"the list has the language, and none will do": {library(with("paused"), approved("t", "fr", plainText)), `template: t, language: "{{L}}"`,
			"template: t (en) is paused, and only an approved template is sent; wait until the provider releases it, or edit it there"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, m := range test.list.Check(stepOf(t, test.step)) {
				got = append(got, m.Error())
			}
			if text := strings.Join(got, "\n"); text != test.want {
				t.Errorf("got  %s\nwant %s", text, test.want)
			}
		})
	}
}

func TestJudgeAgainstTemplates(t *testing.T) {
	t.Parallel()
	d, err := Parse([]byte(`{"name": "n", "channel": "main", "steps": [{"template": "t", "language": "{{L}}", "body": ["{{Name}}", "{{Order}}"],
		"header": "{{Name}}"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	r, err := d.Compile([]string{"L", "Name", "Order"})
	if err != nil {
		t.Fatal(err)
	}
	long := `[{"type":"HEADER","format":"TEXT","text":"Dear {{1}}!"},{"type":"BODY","text":"` + strings.Repeat("é", 1000) + ` {{1}}, {{2}} and {{1}}"}]`
	paused := approved("t", "de", long)
	paused.Status = "paused"
	r = r.Against(d.Steps, []TemplateList{library(approved("t", "en_GB", long), paused, approved("t", "fr", plainText)), {Channel: "other"}})
	for name, test := range map[string]struct {
		values []string
		want   string
	}{
		"fits":        {[]string{"en-gb", "Ana", "A-1"}, ""},
		"just fits":   {[]string{"en_GB", "Ana", "A-12345678"}, ""},
		"too long":    {[]string{"en_GB", "Ana", "A-123456789"}, `step 1, body, column "Name, Order": the template's text has 1025 characters with the values, 1024 are allowed; shorten them`},
		"no language": {[]string{"pt", "Ana", "A-1"}, `step 1, language, column "L": template t has no language pt; it has de, en_GB, fr`},
		"paused":      {[]string{"de", "Ana", "A-1"}, `step 1, language, column "L": template: t (de) is paused, and only an approved template is sent; wait until the provider releases it, or edit it there`},
		"other parts": {[]string{"fr", "Ana", "A-1"}, `step 1, language, column "L": header: gives a text, but t (fr) has no header; remove it`},
		"empty":       {[]string{"", "Ana", "A-1"}, `step 1, language, column "L": is empty; write {{L|something}} to send something instead`},
	} {
		row := r.Judge(Row{Number: 1, Person: "+33", Verdict: OK, Values: test.values})
		if row.Detail != test.want {
			t.Errorf("%s: got  %s\nwant %s", name, row.Detail, test.want)
		}
	}
}

func TestTextOfTemplate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ definition, step, want string }{
		"rich":     {rich, richStep, "[image]\nHi Ana\nReply STOP\n[Yes]\n[Track: https://example.com/t/a]\n[Shop: https://example.com]\n[Call]\n[Copy]"},
		"named":    {namedText, `body: [{name: order, text: A-1}, {name: first_name, text: Ana}]`, "Hi Ana, order A-1 is on its way."},
		"headed":   {headed, `header: Ana`, "News for Ana\nAll is well."},
		"carousel": {cards, `body: [Ana], carousel: [{header: {image: {id: "1"}}, body: [5]}, {header: {image: {id: "2"}}, body: [6]}]`, "Look, Ana\n| [image]\n| 5 off\n| [image]\n| 6 off"},
		"too few":  {plainText, `body: [Ana]`, "Hi Ana, order {{2}} is on its way."},
		"nothing":  {`"x"`, ``, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := Definition{Steps: []Step{*stepOf(t, "template: t, language: en, "+test.step)}}
			r, err := d.Compile(nil)
			if err != nil {
				t.Fatal(err)
			}
			rendered, err := r.Render(0, nil)
			if err != nil {
				t.Fatal(err)
			}
			a := approved("t", "en", test.definition)
			if got := a.Text(rendered.Components); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestNoteOfList(t *testing.T) {
	t.Parallel()
	now := time.Unix(1767000090, 0)
	list := library()
	if note := list.Note(now); note != "" {
		t.Errorf("got %q", note)
	}
	list.Trouble = "no answer"
	if note, want := list.Note(now), `channel "main": the templates were checked against the list of 1m30s ago: no answer`; note != want {
		t.Errorf("got %q", note)
	}
	list.Fetched = time.Time{}
	if note, want := list.Note(now), `channel "main": the templates were not checked: no answer`; note != want {
		t.Errorf("got %q", note)
	}
}
