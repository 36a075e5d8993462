package dialog360

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/whatsapptest"
)

// recorded is a file of requests, answers and webhooks.
func recorded(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "v1", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func openV1(t *testing.T, s *V1Settings) whatsapp.Provider {
	t.Helper()
	channel, err := s.Open(whatsapp.Opening{Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(channel.Close)
	return channel
}

// asked is a request as the API saw it.
type asked struct{ line, key, body string }

// api answers requests by their path, and writes them down.
func api(t *testing.T, status int, answers map[string]string) (base string, seen *[]asked) {
	t.Helper()
	seen = new([]asked)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		*seen = append(*seen, asked{r.Method + " " + r.URL.EscapedPath(), r.Header.Get(keyHeader), string(body)})
		answer, found := answers[r.URL.Path]
		if !found {
			http.NotFound(w, r)
			return
		}
		if strings.HasSuffix(r.URL.Path, "/messages") {
			w.WriteHeader(status)
		}
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	return server.URL, seen
}

func same(t *testing.T, want, got string) {
	t.Helper()
	var a, b any
	if err := errors.Join(json.Unmarshal([]byte(want), &a), json.Unmarshal([]byte(got), &b)); err != nil {
		t.Fatalf("%v in %s or %s", err, want, got)
	}
	if diff := cmp.Diff(a, b); diff != "" {
		t.Error(diff)
	}
}

// rendered is the message of a campaign's step.
func rendered(t *testing.T, step string) whatsapp.Message {
	t.Helper()
	definition, err := campaign.Parse([]byte("name: test\nchannel: main\nsteps: [{" + step + "}]"))
	if err != nil {
		t.Fatal(err)
	}
	renderer, err := definition.Compile(nil)
	if err != nil {
		t.Fatal(err)
	}
	m := whatsapp.Message{To: "+447700900123", Reference: "7.1"}
	if definition.Steps[0].FreeForm() {
		free, err := renderer.RenderFree(0, nil)
		if err != nil {
			t.Fatal(err)
		}
		m.Free = &free
		return m
	}
	if m.Template, err = renderer.Render(0, nil); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestV1Examples sends the examples of the documentation from steps of a campaign.
func TestV1Examples(t *testing.T) {
	for file, step := range map[string]string{
		"template":       `template: template_name, language: en`,
		"text":           `text: "Hello, dear customer!"`,
		"media_template": `template: template_name, language: de, header: {image: {id: "1037000000000001"}}, body: [Ana, "10 %"]`,
	} {
		t.Run(file, func(t *testing.T) {
			base, seen := api(t, http.StatusCreated, map[string]string{"/v1/contacts": recorded(t, "checked"), "/v1/messages": recorded(t, "accepted")})
			s := v1Settings(base + "/v1/")
			s.ContactsCheck = true
			accepted, err := openV1(t, s).Send(t.Context(), rendered(t, step))
			if err != nil || accepted.ID != "gBEGkYiEB1VXAglK1ZEqA1YKPrU" || accepted.Recipient.Phone != "447700900123" {
				t.Errorf("got %+v, %v", accepted, err)
			}
			if len(*seen) != 2 || (*seen)[0].line != "POST /v1/contacts" || (*seen)[1].line != "POST /v1/messages" || (*seen)[1].key != "key" {
				t.Fatalf("asked %+v", *seen)
			}
			same(t, recorded(t, "check"), (*seen)[0].body)
			same(t, recorded(t, file), (*seen)[1].body)
		})
	}
	t.Run("language", func(t *testing.T) {
		var want, got struct{ Language any }
		sent := struct{ Template any }{&got}
		m := rendered(t, "template: template_name, language: en")
		body := v1Body("447700900123", "ns", &m)
		if err := errors.Join(json.Unmarshal([]byte(recorded(t, "language")), &want), json.Unmarshal(body, &sent)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// TestV1FreeForm holds what is no template to the forms of the on-premises API.
func TestV1FreeForm(t *testing.T) {
	for step, want := range map[string]string{
		`text: {body: "https://example.com", preview_url: true}, reply: true`: `"type":"text","preview_url":true,"text":{"body":"https://example.com"},"context":{"message_id":"ABGG1"}}`,
		`location: {latitude: 37.50, longitude: "-122", name: Shop}`:          `"type":"location","location":{"latitude":37.5,"longitude":-122,"name":"Shop"}}`,
		`image: {id: "7", caption: A}`:                                        `"type":"image","image":{"id":"7","caption":"A"}}`,
		`reaction: 👍`:                                                         `"type":"reaction","reaction":{"message_id":"ABGG1","emoji":"👍"}}`,
	} {
		m := rendered(t, step)
		if strings.Contains(step, "reply") || m.Free.Kind == campaign.KindReaction {
			m.Free.Answers = "ABGG1"
		}
		same(t, `{"recipient_type":"individual","to":"447700900123",`+want, string(v1Body("447700900123", "ns", &m)))
	}
}

// TestV1Contacts holds what a check says to what is sent after it.
func TestV1Contacts(t *testing.T) {
	for name, test := range map[string]struct {
		answer, to, refusal string
	}{
		"valid":           {`{"contacts":[{"input":"+5511987654321","status":"valid","wa_id":"551187654321"}]}`, "551187654321", ""},
		"a number":        {`{"contacts":[{"status":"VALID","wa_id":551187654321}]}`, "551187654321", ""},
		"no status":       {`{"contacts":[{"wa_id":"551187654321"}]}`, "551187654321", ""},
		"no wa_id":        {`{"contacts":[{"input":"+5511987654321","status":"valid"}]}`, "5511987654321", ""},
		"an odd wa_id":    {`{"contacts":[{"status":"valid","wa_id":"BR.77"}]}`, "5511987654321", ""},
		"invalid":         {`{"contacts":[{"input":"+5511987654321","status":"invalid"}]}`, "", "drop undeliverable suppress=soft"},
		"failed":          {`{"contacts":[{"input":"+5511987654321","status":"failed"}]}`, "", "retry_soon contacts_check_failed wait=5s"},
		"processing":      {`{"contacts":[{"status":"processing"}]}`, "", "retry_soon contacts_check_failed wait=5s"},
		"nothing":         {`{"contacts":[]}`, "", "retry_soon contacts_check_failed wait=5s"},
		"no such request": {"", "5511987654321", ""},
	} {
		t.Run(name, func(t *testing.T) {
			answers := map[string]string{"/v1/messages": recorded(t, "accepted")}
			if test.answer != "" {
				answers["/v1/contacts"] = test.answer
			}
			base, seen := api(t, http.StatusOK, answers)
			s := v1Settings(base)
			s.ContactsCheck = true
			m := rendered(t, "template: template_name, language: en")
			m.To = "+5511987654321"
			_, err := openV1(t, s).Send(t.Context(), m)
			var refusal *whatsapp.Error
			if errors.As(err, &refusal); (refusal != nil) != (test.refusal != "") || refusal != nil && whatsapptest.Summary(refusal) != test.refusal {
				t.Errorf("got %v", err)
			}
			last := (*seen)[len(*seen)-1]
			if sent := strings.HasSuffix(last.line, "/messages"); sent != (test.to != "") || sent && !strings.Contains(last.body, `{"to":"`+test.to+`",`) {
				t.Errorf("asked %+v", *seen)
			}
		})
	}
}

func TestV1MarkRead(t *testing.T) {
	for _, answer := range []string{"null", "{}", ""} {
		base, seen := api(t, http.StatusOK, map[string]string{"/v1/messages/ABGG/1=": answer})
		marker := openV1(t, v1Settings(base+"/v1")).(whatsapp.Marker)
		if err := marker.MarkRead(t.Context(), "ABGG/1="); err != nil {
			t.Errorf("%q: %v", answer, err)
		}
		if got := (*seen)[0]; got.line != "PUT /v1/messages/ABGG%2F1=" || got.key != "key" {
			t.Errorf("asked %+v", got)
		}
		same(t, recorded(t, "read"), (*seen)[0].body)
		var refusal *whatsapp.Error
		if err := marker.MarkRead(t.Context(), "none"); !errors.As(err, &refusal) || refusal.HTTPStatus != http.StatusNotFound {
			t.Errorf("a message that is not there: %v", err)
		}
	}
}

// TestV1Codes holds the error scenarios of the documentation to what they mean, by
// answer and by webhook.
func TestV1Codes(t *testing.T) {
	for name, test := range map[string]struct {
		code, title string
		answer      string
		receipt     string // empty where it is the same
	}{
		"malformed":         {`400`, "Bad Request", "bad_request invalid_request", "bad_request media_download"},
		"payment":           {`402`, "Message failed to send because there were one or more errors related to your payment", "pause payment_problem scope=account", ""},
		"timeout":           {`408`, "Message failed to send because it was pending for too long", "retry_soon request_timeout wait=5s", ""},
		"no session":        {`470`, "Message failed to send because more than 24 hours have passed since the customer last replied to this number", "bad_request outside_window", ""},
		"storage":           {`1000`, "Failed to generate processed file path", "pause storage_full scope=number", ""},
		"format":            {`1000`, "Image file format (audio/mpeg) is not supported", "bad_request media_type", ""},
		"no audio":          {`"1000"`, "Video file format (video/mp4/h264/NONE) is not supported", "bad_request media_type", ""},
		"generic":           {`1000`, "Generic error", "retry_soon something_went_wrong wait=5s retries=1", ""},
		"latitude":          {`1009`, "Invalid latitude", "bad_request invalid_parameter", ""},
		"no account":        {`1013`, "User is not valid", "drop undeliverable suppress=soft", ""},
		"file":              {`1014`, "Request for https://example.com/a.jpg failed", "bad_request media_download", ""},
		"internal":          {`1014`, "Internal error", "retry_soon internal_error wait=5s", ""},
		"translation":       {`2001`, "Template name does not exist in the translation", "pause template_missing scope=template", ""},
		"structure":         {`500`, "structure unavailable: Client could not display the highly structured message (hsm)", "bad_request template_not_understood", ""},
		"another 500":       {`500`, "Internal server error", "retry_soon something_went_wrong wait=5s retries=1", ""},
		"receiver":          {`1026`, "Receiver Incapable", "drop receiver_incapable", ""},
		"blocked":           {`1007`, "Recipient blocked to receive message", "drop blocked_by_user suppress=all", ""},
		"no paused (Cloud)": {`2015`, "Sections", "bad_request parameter_format", ""},
		"paused":            {`2061`, "Template is paused", "pause template_paused scope=template", ""},
	} {
		t.Run(name, func(t *testing.T) {
			failure := `"errors":[{"code":` + test.code + `,"title":"` + test.title + `","href":"https://developers.facebook.com/docs/whatsapp/api/errors/"}]`
			base, _ := api(t, http.StatusBadRequest, map[string]string{"/v1/messages": `{` + failure + `}`})
			_, err := openV1(t, v1Settings(base)).Send(t.Context(), rendered(t, "template: template_name, language: en"))
			var refusal *whatsapp.Error
			if !errors.As(err, &refusal) || whatsapptest.Summary(refusal) != test.answer || refusal.Message != test.title {
				t.Errorf("by answer: %v", err)
			}
			told := receiveV1(t, `{"statuses":[{"id":"gBEG","status":"failed",`+failure+`}]}`).Receipts
			want := test.receipt
			if want == "" {
				want = test.answer
			}
			if len(told) != 1 || told[0].Err == nil || whatsapptest.Summary(told[0].Err) != want {
				t.Errorf("by webhook: %+v", told)
			}
		})
	}
}

func TestV1RefusalsOf360dialogItself(t *testing.T) {
	for body, test := range map[string]struct {
		status int
		want   string
	}{
		`{"meta":{"httpCode":400,"developerMessage":"You have exceeded the limit of 1 request every 25 seconds","success":false}}`: {400, "retry_slow relay_rate_limit budget=number wait=25s asked"},
		`{"meta":{"http_code":404,"developer_message":"Invalid api key"}}`:                                                         {401, "pause api_key_rejected scope=account"},
		`{"meta":{"http_code":503,"developer_message":"Too many messages are waiting"}}`:                                           {503, "retry_slow overloaded budget=number wait=10s"},
		`{"meta":{"http_code":500,"developer_message":"Server Error"}}`:                                                            {500, "retry_soon relay_restarting wait=30s"},
		``: {500, "ambiguous server_error"},
	} {
		base, _ := api(t, test.status, map[string]string{"/v1/messages": body})
		_, err := openV1(t, v1Settings(base)).Send(t.Context(), rendered(t, "template: template_name, language: en"))
		var refusal *whatsapp.Error
		if !errors.As(err, &refusal) || whatsapptest.Summary(refusal) != test.want {
			t.Errorf("%s: %v, want %s", body, err, test.want)
		}
	}
}

// receiveV1 is what a channel makes of a proven webhook.
func receiveV1(t *testing.T, body string) whatsapp.Events {
	t.Helper()
	events, reply, err := openV1(t, v1Settings("https://waba.example.com/v1")).(whatsapp.Hook).Receive(whatsapp.Request{
		Method: http.MethodPost, Header: http.Header{"X-Webhook-Secret": {"word"}}, Body: []byte(body),
	})
	if err != nil || reply != nil {
		t.Fatalf("%v, %v", reply, err)
	}
	return events
}

func TestV1Webhooks(t *testing.T) {
	at := func(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }
	to := func(phone string) whatsapp.Who { return whatsapp.Who{Phone: phone} }
	var summaries []string
	got := receiveV1(t, recorded(t, "receipts"))
	for i := range got.Receipts {
		if e := got.Receipts[i].Err; e != nil {
			summaries = append(summaries, whatsapptest.Summary(e))
		}
		got.Receipts[i].Err = nil
	}
	if diff := cmp.Diff(whatsapp.Events{Receipts: []whatsapp.Receipt{
		{ID: "gBEG1", Status: campaign.Failed, At: at(1767000009), Recipient: to("447700900124")},
		{ID: "gBEG2", Status: campaign.Delivered, At: at(1767000010), Recipient: to("447700900123")},
		{ID: "gBEG3", Status: campaign.Sent, At: at(1767000011), Recipient: to("447700900123")},
		{ID: "3", Status: campaign.Read, At: at(1767000012), Recipient: to("447700900123")},
	}}, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"bad_request outside_window"}, summaries); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]whatsapp.Inbound{
		{ID: "ABGG1", From: to("447700900123"), At: at(1767000020), Type: "text", Text: "STOP"},
		{ID: "ABGG2", From: to("447700900123"), At: at(1767000021), Type: "button", Text: "Yes", Payload: "yes-7", ReplyTo: "gBEG2"},
	}, receiveV1(t, recorded(t, "inbound")).Inbound); diff != "" {
		t.Error(diff)
	}
	notices := receiveV1(t, recorded(t, "errors")).Notices
	if len(notices) != 1 || notices[0].Err == nil || whatsapptest.Summary(notices[0].Err) != "retry_soon service_unavailable wait=5s" {
		t.Errorf("got %+v", notices)
	}
}

// TestTheAddressOfV1: an address without a path is a server, whose API is below
// /v1; any other is taken as it stands.
func TestTheAddressOfV1(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{"": "/v1/messages", "/": "/v1/messages", "/v1": "/v1/messages", "/v1/": "/v1/messages", "/waba": "/waba/messages"} {
		base, seen := api(t, http.StatusOK, map[string]string{want: `{"messages":[{"id":"gBE1"}]}`})
		channel := openV1(t, &V1Settings{BaseURL: base + path, APIKey: "key", Namespace: "n"})
		if _, err := channel.Send(t.Context(), whatsapp.Message{To: "+4915112345678", Template: campaign.Template{Name: "t", Language: "en"}}); err != nil {
			t.Errorf("base_url with path %q: %v; it asked %v", path, err, *seen)
		}
	}
}
