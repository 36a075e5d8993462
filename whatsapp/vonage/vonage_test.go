package vonage

import (
	"crypto/rsa"
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
	"carillon/whatsapp/codes"
	"carillon/whatsapp/whatsapptest"
	"carillon/whatsapp/wire"
)

const reference = "4503599627370512.1"

// recorded is a file of testdata.
func recorded(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// channel is an open channel of either kind to an API at base.
func channel(t *testing.T, provider, base string) (whatsapp.Provider, *rsa.PublicKey) {
	t.Helper()
	key, asPEM := newKey(t, 2048)
	common := Settings{
		BaseURL: base, ApplicationID: application, PrivateKey: whatsapp.Secret(strings.ReplaceAll(asPEM, "\n", `\n`)),
		Sender: sender, Namespace: namespace, SignatureSecret: secret,
	}
	var settings whatsapp.Settings = &common
	if provider == BetaName {
		beta := BetaSettings(common)
		settings = &beta
	}
	settings.Check(&whatsapp.Report{Fault: func(key, message string) { t.Errorf("%s %s", key, message) }})
	opened, err := settings.Open(whatsapp.Opening{Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(opened.Close)
	return opened, &key.PublicKey
}

// sent has a channel send a step of a template and gives the request.
func sent(t *testing.T, provider, step string) (r *http.Request, body []byte) {
	t.Helper()
	return sentStep(t, provider, "template: verify, language: en_GB, "+step)
}

func sentStep(t *testing.T, provider, step string) (r *http.Request, body []byte) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, got *http.Request) {
		r = got.Clone(got.Context())
		body, _ = io.ReadAll(got.Body)
		w.WriteHeader(http.StatusAccepted)
		_, _ = w.Write(recorded(t, "answers/accepted.json"))
	}))
	defer server.Close()
	definition, err := campaign.Parse([]byte("name: test\nchannel: main\nsteps: [{" + step + "}]"))
	if err != nil {
		t.Fatal(err)
	}
	renderer, err := definition.Compile(nil)
	if err != nil {
		t.Fatal(err)
	}
	m := whatsapp.Message{To: "+447700900123", Reference: reference}
	if first := definition.Steps[0]; first.FreeForm() {
		free, err := renderer.RenderFree(0, nil)
		if err != nil {
			t.Fatal(err)
		}
		if first.Reply || first.Reaction != nil {
			free.Answers = "id-7"
		}
		m.Free = &free
	} else if m.Template, err = renderer.Render(0, nil); err != nil {
		t.Fatal(err)
	}
	c, _ := channel(t, provider, server.URL)
	accepted, err := c.Send(t.Context(), m)
	if err != nil || accepted.ID != application {
		t.Fatalf("got %+v, %v", accepted, err)
	}
	return r, body
}

func sameJSON(t *testing.T, want, got []byte) {
	t.Helper()
	var a, b any
	if err := json.Unmarshal(want, &a); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(got, &b); err != nil {
		t.Fatalf("%v in %s", err, got)
	}
	if diff := cmp.Diff(a, b); diff != "" {
		t.Error(diff)
	}
}

const (
	verify = `body: [Nexmo Verification, "64873", "10"]`
	rich   = `header: {image: {link: "https://example.com/a.jpg"}}, body: [Ana], buttons: [{index: 0, sub_type: quick_reply, payload: yes-7}]`
)

// The example call of Vonage's tutorial on WhatsApp, made from a step of a
// campaign: address, headers and body. The body has our reference and the locale
// besides, which the tutorial leaves out and the specification requires.
func TestTheExampleOfTheTutorial(t *testing.T) {
	r, body := sent(t, BetaName, verify)
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if r.Method != http.MethodPost || r.URL.Path != "/beta/messages" || r.Header.Get("Content-Type") != "application/json" || !bearer || strings.Count(token, ".") != 2 {
		t.Errorf("%s %s, %v", r.Method, r.URL, r.Header)
	}
	var told map[string]any
	if err := json.Unmarshal(body, &told); err != nil {
		t.Fatal(err)
	}
	message := told["message"].(map[string]any)
	if diff := cmp.Diff(map[string]any{"policy": "deterministic", "locale": "en-GB"}, message["whatsapp"]); diff != "" || told["client_ref"] != reference {
		t.Errorf("%v %s", told["client_ref"], diff)
	}
	delete(message, "whatsapp")
	delete(told, "client_ref")
	sameJSON(t, recorded(t, "requests/example.json"), encoded(told))

	// The template of the tutorial, as a person reads it.
	text := "{{1}} code: {{2}}. Valid for {{3}} minutes."
	template := message["content"].(map[string]any)["template"].(map[string]any)
	if template["name"] != "whatsapp:hsm:technology:nexmo:verify" {
		t.Errorf("the template is %v", template["name"])
	}
	for i, parameter := range template["parameters"].([]any) {
		text = strings.Replace(text, "{{"+string(rune('1'+i))+"}}", parameter.(map[string]any)["default"].(string), 1)
	}
	if text != "Nexmo Verification code: 64873. Valid for 10 minutes." {
		t.Errorf("a person reads %q", text)
	}
}

func TestRequests(t *testing.T) {
	for file, c := range map[string]struct{ provider, path, step string }{
		"beta.json":        {BetaName, "/beta/messages", verify},
		"v1_template.json": {Name, "/v1/messages", verify},
		"v1_custom.json":   {Name, "/v1/messages", rich},
	} {
		t.Run(file, func(t *testing.T) {
			r, body := sent(t, c.provider, c.step)
			if r.URL.Path != c.path {
				t.Errorf("asked %s", r.URL)
			}
			sameJSON(t, recorded(t, "requests/"+file), body)
		})
	}
}

// TestTheBetaSaysWhatItLacks also sends what was not asked about before.
func TestTheBetaSaysWhatItLacks(t *testing.T) {
	for step, what := range map[string]string{
		rich: "a header",
		`buttons: [{index: 0, sub_type: quick_reply, payload: y}]`:                           "buttons",
		`body: [{text: "A/17", name: order_id}]`:                                             "order_id",
		`body: [{date_time: {fallback_value: "February 25"}}]`:                               "a date",
		`components: [{type: body, parameters: [{type: text, text: a, parameter_name: b}]}]`: "components",
		verify: "",
		`components: [{type: body, parameters: [{type: text, text: a}]}]`: "",
	} {
		definition, err := campaign.Parse([]byte("name: test\nchannel: main\nsteps: [{template: verify, language: en_GB, " + step + "}]"))
		if err != nil {
			t.Fatal(err)
		}
		err = BetaSpec().Supports(&definition.Steps[0])
		if (err == nil) != (what == "") || err != nil && !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", step, err)
		}
		if err := Spec().Supports(&definition.Steps[0]); err != nil {
			t.Errorf("v1, %s: %v", step, err)
		}
	}
	c, _ := channel(t, BetaName, "http://127.0.0.1:1")
	_, err := c.Send(t.Context(), whatsapp.Message{To: "+447700900123", Template: campaign.Template{
		Name: "offer", Language: "en", Components: json.RawMessage(`[{"type":"header","parameters":[]}]`),
	}})
	var refusal *whatsapp.Error
	if !errors.As(err, &refusal) || refusal.Reason != "unsupported_template" || refusal.Class != whatsapp.BadRequest {
		t.Errorf("got %v", err)
	}
}

func TestAnswers(t *testing.T) {
	for file, c := range map[string]struct {
		status  int
		want    string
		code    int
		message string
	}{
		"invalid_recipient.json":  {422, "bad_request invalid_recipient", 1430, "Invalid recipient: The value of to is no number on WhatsApp."},
		"number_as_title.json":    {422, "pause illegal_sender scope=number", 1120, "The sender is not linked to the application."},
		"text_as_title.json":      {422, "pause template_invalid scope=template", 1022, "There is no such template."},
		"invalid_parameters.json": {422, "bad_request refused", 0, "Your request parameters didn't validate.: Check them.: template.name: is required"},
		"unauthorized.json":       {401, "pause unauthorized scope=account", 0, "You did not provide correct credentials.: Check your authentication credentials."},
		"low_balance.json":        {402, "pause payment_problem scope=account", 0, "Low balance: This request could not be performed due to your account balance being low."},
		"throttled_beta.json":     {429, "retry_slow rate_limited budget=account wait=7s asked", 1000, "Throttled: You have exceeded the submission capacity allowed on this account."},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(c.status)
			_, _ = w.Write(recorded(t, "answers/"+file))
		}))
		open, _ := channel(t, Name, server.URL)
		_, err := open.Send(t.Context(), whatsapp.Message{To: "+447700900123"})
		server.Close()
		var refusal *whatsapp.Error
		if !errors.As(err, &refusal) {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if got := whatsapptest.Summary(refusal); got != c.want || refusal.Code != c.code || refusal.Message != c.message {
			t.Errorf("%s: %s, code %d, %q", file, got, refusal.Code, refusal.Message)
		}
	}
}

// The class of each code of Vonage's lists.
func TestCodes(t *testing.T) {
	for want, list := range map[string][]int{
		"retry_slow account": {1000},
		"retry_slow user":    {1180, 1220, 1230},
		"retry_slow pair":    {1241},
		"retry_soon":         {1030, 1100, 1330, 1331},
		"bad_request":        {1010, 1020, 1021, 1040, 1090, 1130, 1150, 1170, 1340, 1380, 1381, 1382, 1430, 1499},
		"pause template":     {1022},
		"pause number":       {1120, 1420},
		"pause account":      {1060, 1070, 1080, 1140, 1160, 1370},
		"drop all":           {1050, 1240},
		"drop soft":          {1190, 1300},
		"drop":               {1200, 1210, 1250, 1260, 1280, 1310, 1360, 1482},
		"ambiguous":          {1320},
	} {
		for _, code := range list {
			e := (&problem{Type: wire.Text("x#" + strconv.Itoa(code))}).fault(codes.InAnswer)
			r := Book().Judge(e)
			got := strings.TrimSpace(r.Class.String() + " " + string(r.Budget) + string(r.Scope) + string(r.Suppress))
			if got != want {
				t.Errorf("%d is %s, want %s", code, got, want)
			}
		}
	}
}
