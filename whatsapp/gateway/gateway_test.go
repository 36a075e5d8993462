package gateway

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/cloud"
	"carillon/whatsapp/codes"
	"carillon/whatsapp/whatsapptest"
)

// What the codes of the documentation mean, beside what Meta means by the same
// numbers.
func TestCodesAreItsOwn(t *testing.T) {
	for code, want := range map[int]string{
		131030: "pause token_rejected scope=account",
		132000: "bad_request invalid_number",
		133000: "retry_slow rate_limited budget=number wait=1s",
		134000: "pause template_unusable scope=template",
		400:    "bad_request invalid_request",
		401:    "pause unauthorized scope=account",
		408:    "retry_soon request_timeout wait=5s",
		500:    "ambiguous server_error",
		503:    "retry_soon service_unavailable wait=5s",
		131026: "bad_request refused", // Meta's
		987654: "bad_request refused",
	} {
		f := codes.Fault{Mode: codes.InAnswer, Code: code, Status: http.StatusBadRequest}
		if got := whatsapptest.Summary(Book().Judge(f)); got != want {
			t.Errorf("%d: got %q, want %q", code, got, want)
		}
		if meta := whatsapptest.Summary(cloud.Book().Judge(f)); meta == want {
			t.Errorf("%d: Meta means the same, %q", code, meta)
		}
	}
}

// An unknown code goes by HTTP's status.
func TestUnknownCodeGoesByStatus(t *testing.T) {
	for status, want := range map[int]string{
		401: "pause unauthorized scope=account", 403: "pause unauthorized scope=account", 408: "retry_soon request_timeout wait=5s",
		429: "retry_slow rate_limited budget=number wait=1s", 500: "ambiguous server_error", 200: "bad_request unknown_code",
	} {
		_, err := answering(t, "", status, `{"status":"error","code":"987654"}`).Send(t.Context(), step(t, "language: en"))
		var refused *whatsapp.Error
		if !errors.As(err, &refused) || whatsapptest.Summary(refused) != want || refused.Code != 987654 {
			t.Errorf("HTTP %d: got %v, want %s", status, err, want)
		}
	}
}

// Which form a refusal of a template has is not shown.
func TestRefusalInTheCloudAPIsForm(t *testing.T) {
	_, err := answering(t, "", 400, `{"error":{"code":133000,"message":"Too fast","error_data":{"details":"Wait"}}}`).Send(t.Context(), step(t, "language: en"))
	var refused *whatsapp.Error
	if !errors.As(err, &refused) || whatsapptest.Summary(refused) != "retry_slow rate_limited budget=number wait=1s" || refused.Message != "Too fast: Wait" {
		t.Errorf("got %v", err)
	}
}

// A yes and a no at once says nothing.
func TestContradictions(t *testing.T) {
	for status, body := range map[int]string{
		400: `{"status":"success","message_id":"wamid.1"}`, 500: `{"messages":[{"id":"wamid.1"}]}`, 200: `{"status":"success"}`,
	} {
		_, err := answering(t, "", status, body).Send(t.Context(), step(t, "language: en"))
		var refused *whatsapp.Error
		if !errors.As(err, &refused) || refused.Class != whatsapp.Ambiguous {
			t.Errorf("HTTP %d %s: got %v", status, body, err)
		}
	}
}

// The form of the error field of a message that failed is not shown.
func TestErrorFieldOfAFailedMessage(t *testing.T) {
	for field, want := range map[string]struct {
		code     int
		summary  string
		contains string
	}{
		`"error":{"code":132000,"message":"bad"}`:                                               {132000, "bad_request invalid_number", "bad"},
		`"error":{"code":"132000","title":"bad","details":"worse"}`:                             {132000, "bad_request invalid_number", "bad: worse"},
		`"error":[{"code":132000,"message":"bad","error_data":{"details":"worse"}},{"code":1}]`: {132000, "bad_request invalid_number", "bad: worse"},
		`"errors":[{"code":132000}]`:                                                            {132000, "bad_request invalid_number", ""},
		`"error":132000`:                                                                        {132000, "bad_request invalid_number", ""},
		`"code":132000,"message":"bad"`:                                                         {132000, "bad_request invalid_number", "bad"},
		`"error":{"code":408}`:                                                                  {408, "retry_soon request_timeout wait=5s", ""},
		`"error":{"code":502}`:                                                                  {502, "retry_soon service_unavailable wait=5s", ""},
		`"error":"the number is not on WhatsApp"`:                                               {0, "drop unexplained", "the number is not on WhatsApp"},
		`"error":{"code":"E7"}`:                                                                 {0, "bad_request unknown_code", "E7"},
		`"error":null`:                                                                          {0, "drop unexplained", ""},
		`"error":true`:                                                                          {0, "drop unexplained", ""},
		`"other":1`:                                                                             {0, "drop unexplained", ""},
	} {
		got, ok, err := answering(t, "", 200, `{"status":"failed","message_id":"wamid.1",`+field+`}`).Poll(t.Context(), "wamid.1")
		if err != nil || !ok || got.Status != campaign.Failed || got.Err == nil {
			t.Errorf("%s: got %+v, %v, %v", field, got, ok, err)
			continue
		}
		if summary := whatsapptest.Summary(got.Err); summary != want.summary || got.Err.Code != want.code || !strings.Contains(got.Err.Message, want.contains) {
			t.Errorf("%s: got %s, code %d, %q", field, summary, got.Err.Code, got.Err.Message)
		}
	}
}

// Texts and files up to their limits are sent, and beyond not.
func TestLimits(t *testing.T) {
	text := func(n int) whatsapp.Message {
		return whatsapp.Message{Free: free("text", object{"body": strings.Repeat("é", n)}, "")}
	}
	file := func(kind, link, caption string) whatsapp.Message {
		return whatsapp.Message{Free: free(kind, object{"link": link, "caption": caption}, "")}
	}
	caption := strings.Repeat("é", 1024)
	for name, test := range map[string]struct {
		m  whatsapp.Message
		ok bool
	}{
		"a long text": {text(4096), true}, "too long a text": {text(4097), false}, "no text": {text(0), false},
		"a long caption": {file("video", "https://example.com/a.mp4", caption), true}, "too long a caption": {file("video", "https://example.com/a.mp4", caption+"é"), false},
		"a document": {file("document", "https://example.com/A.PDF?x=1", "c"), true}, "a document without an ending": {file("document", "https://example.com/a", ""), false},
		"a document of another kind": {file("document", "https://example.com/a.exe", ""), false},
		"an audio":                   {file("audio", "https://example.com/a.ogg", ""), true}, "an audio with a caption": {file("audio", "https://example.com/a.ogg", "c"), false},
		"a sticker": {file("sticker", "https://example.com/a.webp", ""), true}, "a sticker with a caption": {file("sticker", "https://example.com/a.webp", "c"), false},
		"an insecure address": {file("image", "http://example.com/a.png", ""), false}, "no address": {file("image", "", ""), false},
		"another kind": {file("gif", "https://example.com/a.gif", ""), false},
	} {
		test.m.To = "+14155552671"
		_, err := answering(t, "", 200, recorded(t, "sent.json")).Send(t.Context(), test.m)
		var refused *whatsapp.Error
		switch {
		case (err == nil) != test.ok:
			t.Errorf("%s: got %v", name, err)
		case err == nil:
		case !errors.As(err, &refused) || refused.Class != whatsapp.BadRequest || refused.Message == "" || refused.HTTPStatus != 0:
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// FuzzWebhook reads whatever is proven.
func FuzzWebhook(f *testing.F) {
	for _, body := range []string{"{}", `{"status":"failed","message_id":"a","error":[]}`, `{"statuses":[{"id":"a","status":"sent"}]}`} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		events, _, err := open(t, "https://example.com").Receive(signed(string(body)))
		if err == nil {
			whatsapptest.Sound(t, Spec().Reasons, events)
		}
	})
}
