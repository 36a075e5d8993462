package vonage

import (
	"net/http"
	"testing"

	"carillon/campaign"
)

// What is no template is written in Vonage's own form where that has everything, and
// in Meta's words otherwise.
func TestFreeForm(t *testing.T) {
	const (
		envelope = `{"channel":"whatsapp","from":"447700900001","to":"447700900123","client_ref":"4503599627370512.1",`
		beta     = `{"from":{"type":"whatsapp","number":"447700900001"},"to":{"type":"whatsapp","number":"447700900123"},"client_ref":"4503599627370512.1",
			"message":{"content":`
	)
	for _, test := range []struct{ step, v1, beta string }{
		{`text: Hello`, `"message_type":"text","text":"Hello"}`, `{"type":"text","text":"Hello"}`},
		{`text: {body: Hello, preview_url: true}`, `"message_type":"custom","custom":{"type":"text","text":{"body":"Hello","preview_url":true}}}`, ""},
		{`text: Hello, reply: true`, `"message_type":"text","text":"Hello","context":{"message_uuid":"id-7"}}`, ""},
		{
			`image: {link: "https://example.com/a.jpg", caption: A}`,
			`"message_type":"image","image":{"url":"https://example.com/a.jpg","caption":"A"}}`,
			`{"type":"image","image":{"url":"https://example.com/a.jpg","caption":"A"}}`,
		},
		{`video: {id: "7"}`, `"message_type":"custom","custom":{"type":"video","video":{"id":"7"}}}`, ""},
		{
			`document: {link: "https://example.com/a.pdf"}`,
			`"message_type":"file","file":{"url":"https://example.com/a.pdf"}}`, `{"type":"file","file":{"url":"https://example.com/a.pdf"}}`,
		},
		{
			`document: {link: "https://example.com/a.pdf", filename: A.pdf}`,
			`"message_type":"custom","custom":{"type":"document","document":{"link":"https://example.com/a.pdf","filename":"A.pdf"}}}`, "",
		},
		{`sticker: {link: "https://example.com/a.webp"}`, `"message_type":"sticker","sticker":{"url":"https://example.com/a.webp"}}`, ""},
		{
			`location: {latitude: 37.5, longitude: 122}`,
			`"message_type":"custom","custom":{"type":"location","location":{"latitude":"37.5","longitude":"122"}}}`,
			`{"type":"location","location":{"latitude":"37.5","longitude":"122"}}`,
		},
		{`reaction: 👍`, `"message_type":"reaction","reaction":{"action":"react","emoji":"👍"},"context":{"message_uuid":"id-7"}}`, ""},
		{
			`interactive: {type: button, body: {text: Well}, action: {buttons: [{type: reply, reply: {id: yes-7, title: Good}}]}}`,
			`"message_type":"custom","custom":{"type":"interactive","interactive":{"type":"button","body":{"text":"Well"},
				"action":{"buttons":[{"type":"reply","reply":{"id":"yes-7","title":"Good"}}]}}}}`, "",
		},
	} {
		t.Run(test.step, func(t *testing.T) {
			r, body := sentStep(t, Name, test.step)
			if r.Method != http.MethodPost || r.URL.Path != "/v1/messages" {
				t.Errorf("%s %s", r.Method, r.URL)
			}
			sameJSON(t, []byte(envelope+test.v1), body)
			definition, err := campaign.Parse([]byte("name: test\nchannel: main\nsteps: [{" + test.step + "}]"))
			if err != nil {
				t.Fatal(err)
			}
			if refusal := BetaSpec().Refuses(&definition.Steps[0]); (refusal != nil) != (test.beta == "") {
				t.Fatalf("the beta says %v", refusal)
			}
			if test.beta != "" {
				_, body = sentStep(t, BetaName, test.step)
				sameJSON(t, []byte(beta+test.beta+`}}`), body)
			}
		})
	}
}
