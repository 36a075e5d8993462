package gateway

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
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

// The examples of the documentation, one test each.

func recorded(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// open is a channel at an API at base, that takes webhooks.
func open(t *testing.T, base string) *Client {
	t.Helper()
	return opened(t, &Settings{BaseURL: base, AccessToken: "YOUR_ACCESS_TOKEN", AppSecret: secret, VerifyToken: "YOUR_VERIFY_TOKEN"})
}

func opened(t *testing.T, settings *Settings) *Client {
	t.Helper()
	channel, err := settings.Open(whatsapp.Opening{Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(channel.Close)
	return channel.(*Client)
}

// asked is a request as it is recorded.
type asked struct {
	Line, Authorization, ContentType string
	Body                             any
}

func readRequest(t *testing.T, text string) (r asked) {
	t.Helper()
	head, body, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	r.Line = lines[0]
	for _, line := range lines[1:] {
		if value, ok := strings.CutPrefix(line, "Authorization: "); ok {
			r.Authorization = value
		}
		if value, ok := strings.CutPrefix(line, "Content-Type: "); ok {
			r.ContentType = value
		}
	}
	r.Body = document(t, []byte(body))
	return r
}

func document(t *testing.T, text []byte) (value any) {
	t.Helper()
	if len(text) == 0 {
		return nil
	}
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return value
}

// answering is an API below /v2 that gives one answer and wants one request.
func answering(t *testing.T, request string, status int, answer string) *Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got := asked{r.Method + " " + r.URL.RequestURI(), r.Header.Get("Authorization"), r.Header.Get("Content-Type"), document(t, body)}
		if request != "" {
			if diff := cmp.Diff(readRequest(t, request), got); diff != "" {
				t.Error(diff)
			}
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	return open(t, server.URL+"/v2")
}

var took = whatsapp.Accepted{ID: "wamid.ABGS...", Recipient: whatsapp.Who{Phone: "14155552671"}}

func TestSendMessageExample(t *testing.T) {
	channel := answering(t, recorded(t, "send_message.http"), http.StatusOK, recorded(t, "sent.json"))
	got, err := channel.Send(t.Context(), freeStep(t, `text: {body: "Hello! This is an *important message*.", preview_url: true}`))
	if err != nil || got != took {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestSendMediaExample(t *testing.T) {
	channel := answering(t, recorded(t, "send_media.http"), http.StatusOK, recorded(t, "sent.json"))
	got, err := channel.Send(t.Context(), freeStep(t, `image: {link: "https://example.com/image.jpg", caption: "This is our *new product*"}`))
	if err != nil || got != took {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestErrorExample(t *testing.T) {
	for _, status := range []int{http.StatusOK, http.StatusBadRequest} { // which of them is not said
		_, err := answering(t, "", status, recorded(t, "refused.json")).Send(t.Context(), step(t, "language: en"))
		var refused *whatsapp.Error
		if !errors.As(err, &refused) || whatsapptest.Summary(refused) != "bad_request invalid_request" || refused.Code != 400 {
			t.Fatalf("got %v", err)
		}
		if refused.Message != "Invalid phone number format: Phone number must include country code" {
			t.Errorf("it says %q", refused.Message)
		}
	}
}

// freeStep is a message of a campaign's step that has no template.
func freeStep(t *testing.T, text string) whatsapp.Message {
	t.Helper()
	definition, err := campaign.Parse([]byte("name: test\nchannel: main\nsteps: [{" + text + "}]"))
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
	rendered, err := renderer.RenderFree(0, nil)
	if err != nil {
		t.Fatal(err)
	}
	return whatsapp.Message{To: "+14155552671", Free: &rendered}
}

// step is a message of a campaign's step to the number of the examples.
func step(t *testing.T, text string) whatsapp.Message {
	t.Helper()
	definition, err := campaign.Parse([]byte("name: test\nchannel: main\nsteps: [{template: order_confirmation, " + text + "}]"))
	if err != nil {
		t.Fatal(err)
	}
	renderer, err := definition.Compile(nil)
	if err != nil {
		t.Fatal(err)
	}
	template, err := renderer.Render(0, nil)
	if err != nil {
		t.Fatal(err)
	}
	return whatsapp.Message{To: "+15555551234", Reference: "4503599627370512.1", Template: template}
}

// The usage example, and the message that the definition in the text template
// example asks for, whose button has a payload.
func TestTemplateExamples(t *testing.T) {
	for name, text := range map[string]string{
		"template.http":        `language: en, body: [John, "12345", 04/28/2025]`,
		"template_button.http": `language: en, body: [John, "12345", 04/28/2025], buttons: [{index: 0, sub_type: quick_reply, payload: track_order_12345}]`,
	} {
		for _, answer := range []string{recorded(t, "sent.json"), `{"messages":[{"id":"wamid.ABGS..."}],"contacts":[{"input":"14155552671","wa_id":"14155552671"}]}`} {
			got, err := answering(t, recorded(t, name), http.StatusOK, answer).Send(t.Context(), step(t, text))
			if err != nil || got != took {
				t.Errorf("%s: got %+v, %v", name, got, err)
			}
		}
	}
}

func TestMessageStatusExample(t *testing.T) {
	channel := answering(t, recorded(t, "message_status.http"), http.StatusOK, recorded(t, "delivered.json"))
	got, ok, err := channel.Poll(t.Context(), "wamid.ABGS...")
	want := whatsapp.Receipt{
		ID: "wamid.ABGS...", Status: campaign.Delivered, Recipient: whatsapp.Who{Phone: "14155552671"},
		At: time.Date(2025, 4, 27, 12, 5, 0, 0, time.UTC),
	}
	if diff := cmp.Diff(want, got); diff != "" || !ok || err != nil {
		t.Errorf("%s%v, %v", diff, ok, err)
	}
}

func TestVerificationExample(t *testing.T) {
	r := whatsapp.Request{Method: http.MethodGet, Query: url.Values{
		"hub.mode": {"subscribe"}, "hub.verify_token": {"YOUR_VERIFY_TOKEN"}, "hub.challenge": {"RANDOM_STRING"},
	}}
	if _, reply, err := open(t, "https://example.com").Receive(r); err != nil || reply == nil || reply.Text != "RANDOM_STRING" {
		t.Errorf("replied %v, %v", reply, err)
	}
	polled := opened(t, &Settings{BaseURL: "https://example.com", AccessToken: "token", VerifyToken: "YOUR_VERIFY_TOKEN"})
	if _, reply, err := polled.Receive(r); !errors.Is(err, whatsapp.ErrRefused) || reply != nil {
		t.Errorf("a channel that takes no webhooks replied %v, %v", reply, err)
	}
}

// signed is a webhook as the signature example has it, over the bytes as they come.
func signed(body string) whatsapp.Request {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	header := http.Header{"X-Hub-Signature-256": {"sha256=" + hex.EncodeToString(mac.Sum(nil))}}
	return whatsapp.Request{Method: http.MethodPost, Header: header, Body: []byte(body)}
}

func receive(t *testing.T, body string) whatsapp.Events {
	t.Helper()
	events, _, err := open(t, "https://example.com").Receive(signed(body))
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func TestWebhookExample(t *testing.T) {
	want := whatsapp.Events{Inbound: []whatsapp.Inbound{{
		ID: "wamid.ID", From: whatsapp.Who{Phone: "15555551234"}, At: time.Unix(1520383572, 0).UTC(), Type: "text", Text: "Hello!",
	}}}
	if diff := cmp.Diff(want, receive(t, recorded(t, "inbound.json"))); diff != "" {
		t.Error(diff)
	}
}

// The signature example hashes what it has read and written again. What is signed
// is what came: written again, the escapes would be gone and the signature wrong.
func TestSignatureExample(t *testing.T) {
	body := recorded(t, "inbound_escaped.json")
	if got := receive(t, body).Inbound; len(got) != 1 || got[0].Text != "Adiós 👋 https://example.com" {
		t.Errorf("got %+v", got)
	}
	again, err := json.Marshal(document(t, []byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	r := signed(string(again))
	r.Body = []byte(body)
	if _, _, err := open(t, "https://example.com").Receive(r); !errors.Is(err, whatsapp.ErrRefused) {
		t.Errorf("got %v", err)
	}
}

// The events of the documentation by their names, whose form is not shown.
func TestEventNames(t *testing.T) {
	who := whatsapp.Who{Phone: "15555551234"}
	at := time.Date(2025, 4, 27, 12, 5, 0, 0, time.UTC)
	delivered := whatsapp.Receipt{ID: "wamid.1", Recipient: who, Status: campaign.Delivered, At: at}
	failed := whatsapp.Receipt{ID: "wamid.2", Recipient: who, Status: campaign.Failed, At: at}
	for name, want := range map[string][]whatsapp.Receipt{
		"message_status.json": {delivered, failed}, "message_status_flat.json": {delivered}, "contact_update.json": nil,
	} {
		got := receive(t, recorded(t, name)).Receipts
		for i := range got {
			if got[i].Err != nil && whatsapptest.Summary(got[i].Err) != "bad_request invalid_number" {
				t.Errorf("%s: failed for %s", name, whatsapptest.Summary(got[i].Err))
			}
			got[i].Err = nil
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if got := receive(t, recorded(t, "inbound_escaped.json")).Inbound; len(got) != 1 { // its field is message
		t.Errorf("message: got %+v", got)
	}
}
