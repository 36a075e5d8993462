package simulator

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// entrance is where a sender reaches a simulator, told by its settings alone.
func entrance(o Options) (path string, header http.Header) {
	settings := o.Settings("http://provider.test")
	bearer := http.Header{"Authorization": {"Bearer " + settings["access_token"]}}
	switch o.withDialect().Dialect.Name() {
	case "service4u":
		return "/" + settings["sender"] + "/messages", bearer
	case "360dialog":
		return "/v1/messages", http.Header{"D360-Api-Key": {settings["api_key"]}}
	case "360dialog-cloud":
		return "/messages", http.Header{"D360-Api-Key": {settings["api_key"]}}
	case "vonage":
		return "/v1/messages", tokenOf(o, settings)
	case "vonage-beta":
		return "/beta/messages", tokenOf(o, settings)
	case "gateway":
		return "/messages", bearer
	}
	return "/v23.0/" + settings["phone_number_id"] + "/messages", bearer
}

// post makes a request for a message.
func post(s *Simulator, body string) *httptest.ResponseRecorder {
	path, header := entrance(s.options)
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(spoken(s.options, body)))
	r.Header = header
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code == http.StatusAccepted { // a yes, as 200 is
		w.Code = http.StatusOK
	}
	return w
}

// inWords is the Cloud API's body as a dialect has it.
func inWords(d Dialect, body string) string {
	if d.Name() != "360dialog" {
		return body
	}
	body = regexp.MustCompile(`"(messaging_product|biz_opaque_callback_data)":"[^"]*",`).ReplaceAllString(body, "")
	to := regexp.MustCompile(`"to":"\+[^"]*"`)
	body = to.ReplaceAllStringFunc(body, func(to string) string { return regexp.MustCompile("[+ .()-]").ReplaceAllString(to, "") })
	body = strings.Replace(body, `"template":{`, `"template":{"namespace":"any",`, 1)
	return strings.Replace(body, `"language":{`, `"language":{"policy":"deterministic",`, 1)
}

// codeIn is the dialect's code for what has this one at the Cloud API.
func codeIn(d Dialect, code int) int {
	v1 := map[int]int{
		100: 400, 131009: 1013, 131051: 501, 131008: 1008, 132018: 2007, 130429: 429, 131016: 1016, 132069: 2069,
	}
	if own, found := v1[code]; found && d.Name() == "360dialog" {
		return own
	}
	return code
}

// origin is the number that a sender without options of its own sends from.
func origin(o Options) string {
	settings := o.Settings("")
	if isAsked(o.withDialect().Dialect) {
		return cmp.Or(o.PhoneNumberID, madeUpID(settings["access_token"]))
	}
	return cmp.Or(o.PhoneNumberID, settings["phone_number_id"], settings["sender"], madeUpID(settings["api_key"]))
}

// checkSender holds a webhook's headers to what lets a receiver trust it.
func checkSender(t *testing.T, d Dialect, secret string, h http.Header, body []byte) {
	if isVonage(d) {
		checkToken(t, secret, h, body)
		return
	}
	header, want := "X-Hub-Signature-256", Sign(secret, body)
	if strings.HasPrefix(d.Name(), "360dialog") {
		header, want = "X-Webhook-Secret", secret
	}
	if got := h.Get(header); secret != "" && got != want {
		t.Errorf("%s: %q, want %q", header, got, want)
	}
}

// told is a receipt as a webhook has it.
type told struct {
	ID        string `json:"id"`
	Status    string `json:"status"`
	Timestamp string `json:"timestamp"`
	Recipient string `json:"recipient_id"`
	Reference string `json:"biz_opaque_callback_data"`
	Errors    []struct {
		Code int `json:"code"`
	} `json:"errors"`

	number, display string // empty where the webhook is flat
}

// heard is what a person said as a webhook has it.
type heard struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	From    string `json:"from"`
	WaID    string `json:"wa_id"` // of a preference
	Context struct {
		ID string `json:"id"`
	} `json:"context"`
}

// news is what a webhook tells, within the Cloud API's envelope or without.
type news struct {
	Metadata struct {
		Display string `json:"display_phone_number"`
		Number  string `json:"phone_number_id"`
	} `json:"metadata"`
	Statuses    []told  `json:"statuses"`
	Messages    []heard `json:"messages"`
	Preferences []heard `json:"user_preferences"`
}

func parse(t *testing.T, body []byte) (receipts []told, words []heard) {
	if strings.Contains(string(body), `"message_uuid"`) {
		return parseVonage(t, body)
	}
	var envelope struct {
		news
		Entry []struct {
			Changes []struct {
				Value news `json:"value"`
			} `json:"changes"`
		} `json:"entry"`
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		t.Errorf("webhook %s: %v", body, err)
	}
	all := []news{envelope.news}
	for _, e := range envelope.Entry {
		for _, c := range e.Changes {
			all = append(all, c.Value)
		}
	}
	for _, n := range all {
		for _, r := range n.Statuses {
			r.number, r.display = n.Metadata.Number, n.Metadata.Display
			receipts = append(receipts, r)
		}
		words = append(append(words, n.Messages...), n.Preferences...)
	}
	return receipts, words
}

// checkTold holds what webhooks told of messages to the truth of them.
func (h *hook) checkTold(d Dialect, truth Truth) {
	messages := map[string]Message{}
	for _, m := range truth.Messages {
		messages[m.ID] = m
	}
	shapes := map[bool]int{}
	for _, r := range h.told {
		m := messages[r.ID]
		number, display, reference := m.Number, displayNumber, m.Reference
		flat := r.number == "" && d.Name() == "service4u"
		shapes[flat]++
		if d.Name() == "service4u" {
			number, display, reference = madeUpID(m.Number), m.Number, ""
		}
		if isAsked(d) {
			reference = ""
		}
		if flat {
			number, display = "", ""
		}
		if d.Name() == "360dialog" {
			number, display, reference = "", "", ""
		}
		if isVonage(d) {
			display = ""
		}
		if r.number != number || r.display != display || r.Reference != reference {
			h.t.Errorf("the message %+v is told as %+v", m, r)
		}
		failed := slices.ContainsFunc(m.Receipts, func(k Receipt) bool {
			return k.Code != 0 && len(r.Errors) == 1 && r.Errors[0].Code == k.Code
		})
		if failed != (r.Status == "failed") {
			h.t.Errorf("the message %+v is told as %+v", m, r)
		}
	}
	if many := len(h.told) > 100; many && d.Name() == "service4u" && (shapes[true] < len(h.told)/5 || shapes[false] < len(h.told)/5) {
		h.t.Errorf("%d receipts came flat, %d in an envelope", shapes[true], shapes[false])
	}
}

// TestSettingsAreEnough sends by nothing but the settings of a simulator that
// lets nobody else in, and of one that lets anybody in.
func TestSettingsAreEnough(t *testing.T) {
	t.Parallel()
	for _, d := range Dialects() {
		for _, o := range []Options{{}, {AccessToken: "right", AppSecret: "s3cret", PhoneNumberID: testNumber}} {
			o.Dialect = d
			s := New(o)
			if w := post(s, template(phone(1), "hello", "1.1")); w.Code != http.StatusOK {
				t.Errorf("%s: %d %s", d.Name(), w.Code, w.Body)
			} else if m := s.Truth().Messages[0]; m.Number != origin(o) {
				t.Errorf("%s: sent from %s, want %s", d.Name(), m.Number, origin(o))
			}
			s.Close()
			settings := o.Settings("http://127.0.0.1:8090")
			if strings.TrimSuffix(settings["base_url"], "/v1") != "http://127.0.0.1:8090" {
				t.Errorf("%s: settings %v", d.Name(), settings)
			}
			for key, value := range settings {
				if value == "" {
					t.Errorf("%s: %s is empty", d.Name(), key)
				}
			}
		}
	}
	if got := (Options{AppSecret: "s3cret"}).Settings("http://x")["app_secret"]; got != "s3cret" {
		t.Errorf("without a dialect the secret is %q", got)
	}
}

func TestSenderAndPath(t *testing.T) {
	t.Parallel()
	const bearer, key = "Authorization", "D360-API-KEY"
	for _, c := range []struct {
		dialect, path, header, value string
		status, code                 int
	}{
		{"cloud", "/v23.0/" + testNumber + "/messages", bearer, "Bearer right", 200, 0},
		{"cloud", "/" + testNumber + "/messages", bearer, "Bearer right", 200, 0},
		{"cloud", "/v23.0/" + testNumber + "/messages", bearer, "Bearer wrong", 401, 190},
		{"cloud", "/v23.0/" + testNumber + "/messages", bearer, "", 401, 190},
		{"cloud", "/v23.0/" + testNumber + "/messages", key, "right", 401, 190},
		{"cloud", "/v23.0/999/messages", bearer, "Bearer right", 400, 100},
		{"cloud", "/999/messages", bearer, "Bearer right", 400, 100},
		{"cloud", "/messages", bearer, "Bearer right", 400, 100},
		{"service4u", "/" + testNumber + "/messages", bearer, "Bearer right", 200, 0},
		{"service4u", "/v23.0/" + testNumber + "/messages", bearer, "Bearer right", 400, 100},
		{"service4u", "/" + testNumber + "/messages", bearer, "Bearer wrong", 401, 190},
		{"service4u", "/" + testNumber + "/messages", bearer, "right", 401, 190},
		{"service4u", "/999/messages", bearer, "Bearer right", 400, 100},
		{"service4u", "/messages", bearer, "Bearer right", 400, 100},
		{"360dialog-cloud", "/messages", key, "right", 200, 0},
		{"360dialog-cloud", "/messages", key, "wrong", 401, 401},
		{"360dialog-cloud", "/messages", key, "", 401, 401},
		{"360dialog-cloud", "/messages", bearer, "Bearer right", 401, 401},
		{"360dialog-cloud", "/" + testNumber + "/messages", key, "right", 403, 403},
		{"360dialog-cloud", "/v1/messages", key, "right", 403, 403},
		{"360dialog", "/v1/messages", key, "right", 200, 0},
		{"360dialog", "/v1/messages", key, "wrong", 401, 401},
		{"360dialog", "/v1/messages", bearer, "Bearer right", 401, 401},
		{"360dialog", "/messages", key, "right", 403, 403},
		{"vonage", "/v1/messages", bearer, "Bearer right", 401, 401},
		{"vonage", "/v1/messages", bearer, "", 401, 401},
		{"vonage", "/beta/messages", bearer, "Bearer right", 404, 404},
		{"vonage-beta", "/v1/messages", bearer, "Bearer right", 404, 404},
		{"vonage-beta", "/v0.1/messages", bearer, "Bearer right", 401, 401},
		{"gateway", "/messages", bearer, "Bearer right", 200, 0},
		{"gateway", "/v2/messages", bearer, "Bearer right", 200, 0},
		{"gateway", "/v2/messages", bearer, "Bearer wrong", 401, 190},
		{"gateway", "/v2/messages", bearer, "right", 401, 190},
		{"gateway", "/v1/messages", bearer, "Bearer right", 404, 100},
	} {
		d, err := DialectOf(c.dialect)
		if err != nil {
			t.Fatal(err)
		}
		s := New(Options{Dialect: d, AccessToken: "right", PhoneNumberID: testNumber})
		r := httptest.NewRequest(http.MethodPost, c.path, strings.NewReader(inWords(d, template("+447700900123", "hello", ""))))
		r.Header.Set(c.header, c.value)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if got := codeOf(t, w); w.Code != c.status || got != c.code {
			t.Errorf("%+v: %d with code %d", c, w.Code, got)
		}
		s.Close()
	}
}

func TestDialectOf(t *testing.T) {
	t.Parallel()
	for _, d := range Dialects() {
		if got, err := DialectOf(d.Name()); err != nil || got.Name() != d.Name() {
			t.Errorf("%s is %v: %v", d.Name(), got, err)
		}
		for _, kind := range d.lacks() {
			if !strings.Contains(d.About(), kind) {
				t.Errorf("%s lacks %s, and %q does not say so", d.Name(), kind, d.About())
			}
		}
	}
	_, err := DialectOf("pigeon")
	for _, d := range Dialects() {
		if err == nil || !strings.Contains(err.Error(), d.Name()) {
			t.Errorf("%v does not name %s", err, d.Name())
		}
	}
}

// TestEveryRefusalHasWords: whatever the reason is, the answer is a refusal that
// can be counted.
func TestEveryRefusalHasWords(t *testing.T) {
	t.Parallel()
	for _, d := range Dialects() {
		seen := map[string]reason{}
		for why := badToken; why <= gatewayDown; why++ {
			for _, coin := range []bool{true, false} {
				a := d.refuse(refusal{reason: why, coin: coin})
				if a.status < 400 || a.code == 0 || a.kind == "" || len(a.body) == 0 {
					t.Errorf("%s, reason %d: %+v", d.Name(), why, a)
				}
				if why == invalidRecipient {
					continue // its details tell it from a bad request
				}
				text := http.StatusText(a.status) + string(a.body)
				if other, found := seen[text]; found && other != why {
					t.Errorf("%s: reasons %d and %d are both %s", d.Name(), other, why, text)
				}
				seen[text] = why
			}
		}
	}
}

func TestWhatIsNeverTold(t *testing.T) {
	t.Parallel()
	for _, d := range Dialects() {
		o := Options{Dialect: d, Suffixes: true}
		o.Faults.PreferenceStop = 1
		lacks := slices.Contains(d.lacks(), preference)
		if err := o.Check(); (err != nil) != lacks {
			t.Errorf("%s: %v", d.Name(), err)
		}
		o.Faults.PreferenceStop = 0
		if err := o.Check(); err != nil {
			t.Errorf("%s: %v", d.Name(), err)
		}
		simulate(t, o, func(s *Simulator, h *hook) {
			want := http.StatusNoContent
			if lacks {
				want = http.StatusBadRequest
			}
			if w := call(s, http.MethodPost, "/faults", `{"preference_stop":1}`); w.Code != want {
				t.Errorf("%s: faults %d %s", d.Name(), w.Code, w.Body)
			}
			s.SetFaults(Faults{})
			send(s, "+447700999917", "hello", "1.1")
			drain(t, s)
			if told := len(h.heard) > 0; told == lacks || told != (len(s.Truth().Inbound) > 0) {
				t.Errorf("%s: heard %v, said %v", d.Name(), h.heard, s.Truth().Inbound)
			}
			for _, body := range []string{
				`{"kind":"preference","from":"+447700900123","value":"stop"}`,
				`{"kind":"template_status","template":"order_update","event":"PAUSED"}`,
				`{"kind":"account_update","event":"DISABLED_UPDATE","ban":"DISABLE"}`,
			} {
				w := call(s, http.MethodPost, "/events", body)
				if w.Code != http.StatusOK != lacks || lacks && !strings.Contains(w.Body.String(), d.Name()+" never reports") {
					t.Errorf("%s, %s: %d %s", d.Name(), body, w.Code, w.Body)
				}
			}
		})
	}
}
