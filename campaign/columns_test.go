package campaign

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestColumnsOfADefinition(t *testing.T) {
	t.Parallel()
	const text = `name: x
channel: main
steps:
  - template: first
    language: "{{Language|en}}"
    body: ["{{Full  Name|there}} and {{{{ {{Order ID}}", "{{full name|you}}", "no column"]
    buttons: [{index: 0, sub_type: quick_reply, payload: "track-{{order id|none}}"}]
  - template: second
    language: en
    components: [{type: body, parameters: [{type: text, text: "{{Seat}}"}, {type: text, text: "{{LANGUAGE|en}}"}]}]
`
	d, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := []Column{{"Language", true}, {"Full  Name", true}, {"Order ID", false}, {"Seat", false}}
	if diff := cmp.Diff(want, d.Columns()); diff != "" {
		t.Error(diff)
	}
	if c := want[1]; !c.Is("FULL name ") || c.Is("name") {
		t.Error("a column is found by its name, regardless of case and spaces")
	}
	if got := (&Definition{Steps: []Step{{Template: "plain", Language: "en"}}}).Columns(); got != nil {
		t.Errorf("a plain template names %v", got)
	}
}
