package campaign

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOutline(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		components string
		want       Outline
		known      bool
	}{
		"a text":               {`[{"type":"BODY","text":"Hi"}]`, Outline{Text: "Hi"}, true},
		"a header that stands": {`[{"type":"HEADER","text":"News"},{"type":"BODY","text":"Hi {{1}} {{1}}"}]`, Outline{Text: "Hi {{1}} {{1}}", Body: []string{"1"}}, true},
		"a header that varies": {`[{"type":"HEADER","text":"{{1}}"},{"type":"BODY","text":"Hi {{who}}"}]`, Outline{Header: "text", Text: "Hi {{who}}", Body: []string{"who"}, Named: true}, true},
		"a document":           {`[{"type":"HEADER","format":"DOCUMENT"}]`, Outline{Header: "document"}, true},
		"buttons": {
			`[{"type":"BUTTONS","buttons":[{"type":"PHONE_NUMBER","text":"Call"},{"type":"QUICK_REPLY","text":"Yes"},{"type":"URL","text":"Shop","url":"https://example.com"},
				{"type":"URL","text":"Order","url":"https://example.com/{{1}}"},{"type":"COPY_CODE","text":"Copy"},{"type":"FLOW","text":"Book"}]}]`,
			Outline{Buttons: []OutlineButton{{1, QuickReply, "Yes", false}, {3, URLButton, "Order", true}, {4, CopyCode, "Copy", true}}}, true,
		},
		"a code":     {`[{"type":"BODY","text":"{{1}} is it"},{"type":"BUTTONS","buttons":[{"type":"OTP","text":"Copy"}]}]`, Outline{Text: "{{1}} is it", Buttons: []OutlineButton{{0, OTP, "Copy", true}}}, true},
		"unreadable": {`{`, Outline{}, false},
	} {
		a := Approved{TemplateName: TemplateName{Name: "t", Language: "en"}, Components: json.RawMessage(test.components)}
		got, known := a.Outline()
		if diff := cmp.Diff(test.want, got); diff != "" || known != test.known {
			t.Errorf("%s: known %t\n%s", name, known, diff)
		}
	}
}
