package service4u

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/whatsapptest"
)

// The examples of the documentation. Where it has a placeholder that is no value
// (NUMBER, https://URL, PHONE_NUMBER, an upper-case name of a template), the
// recorded one has a made-up value; where a sample is no JSON as printed, it is
// completed, and the test says so.

func recorded(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

type object = map[string]any

func document(t *testing.T, text string) (value object) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return value
}

// render makes the message of the first step of a campaign.
func render(t *testing.T, text string) whatsapp.Message {
	t.Helper()
	definition, err := campaign.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := Spec().Refuses(&definition.Steps[0]); err != nil {
		t.Error(err)
	}
	renderer, err := definition.Compile(nil)
	if err != nil {
		t.Fatal(err)
	}
	if definition.Steps[0].FreeForm() {
		free, err := renderer.RenderFree(0, nil)
		if err != nil {
			t.Fatal(err)
		}
		return whatsapp.Message{Free: &free}
	}
	template, err := renderer.Render(0, nil)
	if err != nil {
		t.Fatal(err)
	}
	return whatsapp.Message{Template: template}
}

const reference = "4503599627370512.1"

// asked is the body of the request that sends a message. It has our reference,
// which no example shows; it is taken out.
func asked(t *testing.T, to string, m whatsapp.Message) (body object) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		body = document(t, string(text))
		_, _ = io.WriteString(w, recorded(t, "answers/completed.json"))
	}))
	defer server.Close()
	m.To, m.Reference = to, reference
	if _, err := open(t, server.URL).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if body["biz_opaque_callback_data"] != reference {
		t.Errorf("it has the reference %v", body["biz_opaque_callback_data"])
	}
	delete(body, "biz_opaque_callback_data")
	return body
}

// international gives a body its recipient as we write it: the documentation asks
// for the plus sign that its examples leave out.
func international(body object) (to string) {
	to = "+" + body["to"].(string)
	body["to"] = to
	return to
}

func components(body object) []any { return body["template"].(object)["components"].([]any) }

// textIndex has the indexes of buttons as texts: the examples write both, and we
// write texts.
func textIndex(components []any) {
	for _, component := range components {
		if index, ok := component.(object)["index"].(float64); ok {
			component.(object)["index"] = strconv.Itoa(int(index))
		}
	}
}

// examples are the names of the examples in a folder of testdata.
func examples(t *testing.T, folder string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", folder, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".json"))
	}
	return names
}

func TestTemplateExamples(t *testing.T) {
	for _, name := range examples(t, "templates") {
		t.Run(name, func(t *testing.T) {
			want := document(t, recorded(t, "templates/"+name+".json"))
			to := international(want)
			textIndex(components(want))
			got := asked(t, to, render(t, recorded(t, "templates/"+name+".yaml")))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The free-form examples. Some leave out recipient_type, which is then the same, and
// write a preview that is not wanted; both are told the way we write them. What a
// reply quotes is a placeholder there.
func TestMessageExamples(t *testing.T) {
	for _, name := range examples(t, "messages") {
		t.Run(name, func(t *testing.T) {
			want := document(t, recorded(t, "messages/"+name+".json"))
			to := international(want)
			want["recipient_type"] = "individual"
			if text, _ := want["text"].(object); text["preview_url"] == false {
				delete(text, "preview_url")
			}
			m := render(t, recorded(t, "messages/"+name+".yaml"))
			if context, ok := want["context"].(object); ok {
				m.Free.Answers = context["message_id"].(string)
			}
			if reaction, ok := want["reaction"].(object); ok {
				m.Free.Answers = reaction["message_id"].(string)
			}
			if diff := cmp.Diff(want, asked(t, to, m)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The documentation's last example asks a number of the United States for an address
// in Singapore, which it says elsewhere cannot be done: such a row is refused.
func TestAddressExampleToAnotherCountry(t *testing.T) {
	definition, err := campaign.Parse([]byte(recorded(t, "messages/errors_singapore.yaml")))
	if err != nil {
		t.Fatal(err)
	}
	renderer, err := definition.Compile(nil)
	if err != nil {
		t.Fatal(err)
	}
	for phone, verdict := range map[string]campaign.Verdict{"+12065550107": campaign.BadValue, "+6581234567": campaign.OK} {
		if row := renderer.Judge(campaign.Row{Phone: phone, Verdict: campaign.OK}); row.Verdict != verdict {
			t.Errorf("%s is %s: %s", phone, row.Verdict, row.Detail)
		}
	}
}

// A step may have the components of an example word for word.
func TestTemplateExamplesWordForWord(t *testing.T) {
	for _, name := range examples(t, "templates") {
		t.Run(name, func(t *testing.T) {
			want := document(t, recorded(t, "templates/"+name+".json"))
			to := international(want)
			definition, err := json.Marshal(object{"name": "example", "channel": "main", "steps": []any{object{
				"template": want["template"].(object)["name"], "language": "en_US", "components": components(want),
			}}})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, asked(t, to, render(t, string(definition)))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What the documentation tells of templates in words alone: media by link and by
// id, and call-to-action buttons, of which only an address has something to fill.
func TestComponentsToldInWords(t *testing.T) {
	const payload = `{"type":"header","parameters":[{"type":%kind,%kind:%media}]}`
	media := func(kind, media string) string {
		return strings.NewReplacer("%kind", strconv.Quote(kind), "%media", media).Replace(payload)
	}
	for step, want := range map[string]string{
		`header: {image: {id: "1037000000000001"}}`:                                media("image", `{"id":"1037000000000001"}`),
		`header: {video: {id: "1037000000000001"}}`:                                media("video", `{"id":"1037000000000001"}`),
		`header: {video: {link: "https://example.com/v.mp4"}}`:                     media("video", `{"link":"https://example.com/v.mp4"}`),
		`header: {document: {id: "1037000000000001"}}`:                             media("document", `{"id":"1037000000000001"}`),
		`header: {document: {link: "https://example.com/a.pdf", filename: A.pdf}}`: media("document", `{"link":"https://example.com/a.pdf","filename":"A.pdf"}`),
		`buttons: [{index: 1, sub_type: url, text: orders/566701}]`: `{"type":"button","sub_type":"url","index":"1",
			"parameters":[{"type":"text","text":"orders/566701"}]}`,
	} {
		t.Run(step, func(t *testing.T) {
			m := render(t, "name: example\nchannel: main\nsteps: [{template: template_name, language: en_US, "+step+"}]")
			got := components(asked(t, "+16315551234", m))
			if diff := cmp.Diff([]any{document(t, want)}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// answering is a channel at an API that gives one answer.
func answering(t *testing.T, answer string) whatsapp.Provider {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	return open(t, server.URL)
}

// The answers of the documentation. The one below most examples lacks a comma and
// has two too many; it is completed.
func TestAnswerExamples(t *testing.T) {
	for name, want := range map[string]whatsapp.Accepted{
		"completed": {ID: "wamid.ID", Recipient: whatsapp.Who{Phone: "16315551234"}},
		"code":      {ID: "wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI4Qzc5QkNGNTc5NTMyMDU5QzEA", Recipient: whatsapp.Who{Phone: "12015553931"}},
		"products":  {ID: "wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBJDOEI3ODgxNzQzMjJBQTdEQTcA", Recipient: whatsapp.Who{Phone: "16505551234"}},
	} {
		got, err := answering(t, recorded(t, "answers/"+name+".json")).Send(t.Context(), whatsapp.Message{To: "+16315551234"})
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

// An API that answered as the documentation is printed would have taken the
// message. Whoever cannot read its identifier must not send it again.
func TestAnswerAsPrinted(t *testing.T) {
	_, err := answering(t, recorded(t, "answers/printed.txt")).Send(t.Context(), whatsapp.Message{To: "+16315551234"})
	var refusal *whatsapp.Error
	if !errors.As(err, &refusal) || whatsapptest.Summary(refusal) != "ambiguous no_message_id" {
		t.Errorf("got %v", err)
	}
}

// The two webhooks of address messages. The first has curly quotes, a comma too
// many, one too few and a brace too few, and the word Interactive with a capital;
// all but the capital is mended.
func TestAddressExamples(t *testing.T) {
	person := whatsapp.Who{Phone: "919876543210"}
	for name, want := range map[string]whatsapp.Inbound{
		"address": {
			ID: "gBGGFlAwCWFvAgmrzrKijase8yA", From: person, At: time.Unix(1670394125, 0).UTC(), Type: "interactive",
			Text: "<body text from client>", Payload: "<response_json from client>",
		},
		"saved_address": {
			ID:   "wamid.HBgLMTIwNjU1NTAxMDcVAgASGCA5RDhBNENEMEQ3RENEOEEzMEI0RUExRDczN0I1NThFQwA=",
			From: person, At: time.Unix(1671498855, 0).UTC(), Type: "interactive",
			ReplyTo: "wamid.HBgLMTIwNjU1NTAxMDcVAgARGBI3NjNFN0U5QzMzNDlCQjY0M0QA",
			Text:    "CUSTOMER_NAME\n +91xxxxxxxxxx\n 400063, Goregaon, Wing A, Cello Triumph,IB Patel Rd, Mumbai, 8",
			Payload: `{"saved_address_id":"address1","values":{"in_pin_code":"400063","building_name":"","landmark_area":"Goregaon",` +
				`"address":"Wing A, Cello Triumph, IB Patel Rd","city":"Mumbai","name":"CUSTOMER_NAME","phone_number":"+91xxxxxxxxxx","floor_number":"8"}}`,
		},
	} {
		got := receive(t, recorded(t, "webhooks/"+name+".json"))
		if diff := cmp.Diff(whatsapp.Events{Inbound: []whatsapp.Inbound{want}}, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// The receipt of a message that the person's WhatsApp cannot show.
func TestFeatureNotSupportedExample(t *testing.T) {
	got := receive(t, recorded(t, "webhooks/incapable.json"))
	if len(got.Receipts) != 1 || got.Receipts[0].Err == nil {
		t.Fatalf("got %+v", got)
	}
	refusal := got.Receipts[0].Err
	if whatsapptest.Summary(refusal) != "drop receiver_incapable" || refusal.Code != 1026 || refusal.Message != "Receiver Incapable" {
		t.Errorf("got %s, %+v", whatsapptest.Summary(refusal), refusal)
	}
	got.Receipts[0].Err = nil
	want := whatsapp.Events{Receipts: []whatsapp.Receipt{{
		ID: "gBGGFlAwCWFvAgkyHMGKnRu4JeA", Recipient: whatsapp.Who{Phone: "919876543210"},
		Status: campaign.Failed, At: time.Unix(1670394125, 0).UTC(),
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
