package simulator

import (
	"bytes"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"carillon/campaign"
)

// shared are dialects that all tests may use, so that a key is made once.
var shared = sync.OnceValue(Dialects)

// relays are the dialects whose messages are written as the Cloud API's.
func relays() (all []Dialect) {
	for _, d := range shared() {
		if !isVonage(d) {
			all = append(all, d)
		}
	}
	return all
}

func isVonage(d Dialect) bool { return strings.HasPrefix(d.Name(), "vonage") }

// tokenOf is the header of a sender that has these settings. Where anybody is let
// in there is none.
func tokenOf(o Options, settings map[string]string) http.Header {
	if o.AccessToken == "" {
		return nil
	}
	return tokenWith(settings, jwt.MapClaims{"iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(), "application_id": settings["application_id"]})
}

func tokenWith(settings map[string]string, claims jwt.MapClaims) http.Header {
	key, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(settings["private_key"]))
	if err != nil {
		panic(err)
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodRS256, claims).SignedString(key)
	if err != nil {
		panic(err)
	}
	return http.Header{"Authorization": {"Bearer " + token}}
}

// spoken is the Cloud API's body of a message as a dialect has it; what is none
// stays as it is.
func spoken(o Options, body string) string {
	d := o.withDialect().Dialect
	var m cloudMessage
	if !isVonage(d) || json.Unmarshal([]byte(body), &m) != nil {
		return inWords(d, body)
	}
	var list []struct {
		Type       string
		Parameters []struct{ Text string }
	}
	_ = json.Unmarshal(m.Template.Components, &list) // there may be none
	from, to, name := origin(o), strings.TrimPrefix(m.To, "+"), vonageNamespace+":"+m.Template.Name
	if m.Template.Name == "" {
		name = ""
	}
	var values []string
	if len(list) > 0 {
		for _, p := range list[0].Parameters {
			values = append(values, p.Text)
		}
	}
	locale := object{"policy": "deterministic", "locale": m.Template.Language.Code}
	told := object{"client_ref": m.Reference}
	if d.Name() == "vonage-beta" {
		parameters := []object{}
		for _, value := range values {
			parameters = append(parameters, object{"default": value})
		}
		told["from"], told["to"] = object{"type": "whatsapp", "number": from}, object{"type": "whatsapp", "number": to}
		told["message"] = object{"whatsapp": locale, "content": object{"type": m.Type, "template": object{"name": name, "parameters": parameters}}}
		return string(jsonOf(told))
	}
	told["from"], told["to"], told["channel"], told["message_type"] = from, to, "whatsapp", m.Type
	if len(list) > 1 {
		told["message_type"] = "custom"
		told["custom"] = object{"type": m.Type, "template": object{
			"name": m.Template.Name, "language": object{"policy": "deterministic", "code": m.Template.Language.Code}, "components": m.Template.Components,
		}}
		return string(jsonOf(told))
	}
	told["whatsapp"], told["template"] = locale, object{"name": name, "parameters": values}
	return string(jsonOf(told))
}

// codeOfProblem is the code at the end of a problem's type; the status where there
// is none.
func codeOfProblem(t *testing.T, w *httptest.ResponseRecorder) int {
	t.Helper()
	var p struct{ Type, Title, Detail string }
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Type == "" || p.Title == "" || p.Detail == "" {
		t.Errorf("a problem without words: %s, %v", w.Body, err)
	}
	if _, digits, found := strings.Cut(p.Type, "#"); found {
		code, err := strconv.Atoi(digits)
		if err != nil {
			t.Error(err)
		}
		return code
	}
	return w.Code
}

// checkToken holds a webhook's token to its secret and its body, by hand.
func checkToken(t *testing.T, secret string, h http.Header, body []byte) {
	parts := strings.Split(strings.TrimPrefix(h.Get("Authorization"), "Bearer "), ".")
	if secret == "" {
		return
	}
	if len(parts) != 3 {
		t.Errorf("Authorization: %q", h.Get("Authorization"))
		return
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(parts[0] + "." + parts[1]))
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	sum := sha256.Sum256(body)
	if err != nil || parts[2] != base64.RawURLEncoding.EncodeToString(mac.Sum(nil)) || !bytes.Contains(claims, []byte(`"payload_hash":"`+hex.EncodeToString(sum[:])+`"`)) {
		t.Errorf("signed %s, %v", claims, err)
	}
}

// parseVonage reads a webhook of either API.
func parseVonage(t *testing.T, body []byte) (receipts []told, words []heard) {
	type party struct{ Number string }
	var head struct {
		To, From json.RawMessage
	}
	var v struct {
		ID        string `json:"message_uuid"`
		Status    string
		Timestamp string
		Reference string `json:"client_ref"`
		Error     struct {
			Code  int
			Title any
		}
		Type    string `json:"message_type"`
		Message struct{ Content struct{ Type string } }
		Context struct {
			ID string `json:"message_uuid"`
		}
	}
	if err := json.Unmarshal(body, &head); err != nil {
		t.Errorf("webhook %s: %v", body, err)
	}
	if err := json.Unmarshal(body, &v); err != nil {
		t.Errorf("webhook %s: %v", body, err)
	}
	number := func(raw json.RawMessage) string {
		var text string
		var object party
		if json.Unmarshal(raw, &text) != nil {
			_ = json.Unmarshal(raw, &object) // hidden
		}
		return text + object.Number
	}
	if v.Status == "" {
		said := heard{ID: v.ID, Type: v.Type + v.Message.Content.Type, From: number(head.From)}
		said.Context.ID = v.Context.ID
		return nil, []heard{said}
	}
	r := told{ID: v.ID, Status: v.Status, Timestamp: v.Timestamp, Recipient: number(head.To), Reference: v.Reference, number: number(head.From)}
	switch v.Status {
	case "submitted":
		r.Status = campaign.Sent.String()
	case "rejected", "undeliverable":
		r.Status = campaign.Failed.String()
		code := v.Error.Code
		switch title := v.Error.Title.(type) {
		case float64:
			code = int(title)
		case string:
			code, _ = strconv.Atoi(title)
		}
		r.Errors = append(r.Errors, struct {
			Code int `json:"code"`
		}{code})
	}
	return []told{r}, nil
}

// acceptsAsVonage sends a message of texts and one with a button.
func acceptsAsVonage(t *testing.T, s *Simulator, h *hook) {
	w := send(s, phone(1), "hello", "7.1")
	var got struct {
		ID string `json:"message_uuid"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK || got.ID == "" {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	sendButton(s, phone(2), "hello", "8.1")
	drain(t, s)
	if want := []string{"sent", "delivered"}; len(h.statuses("7.1")) != len(want) {
		t.Errorf("receipts %v, want %v", h.statuses("7.1"), want)
	}
	first, second := s.Truth().Messages[0], s.Truth().Messages[1]
	if first.ID != got.ID || first.To != phone(1) || first.Template != "hello" || first.Language != "en_US" || first.Reference != "7.1" ||
		first.Number != origin(s.options) || string(first.Components) != `[{"parameters":[{"text":"Café / 42","type":"text"}],"type":"body"}]` {
		t.Errorf("truth is %+v", first)
	}
	if pressed := strings.Contains(string(second.Components), "quick_reply"); pressed == (s.options.Dialect.Name() == "vonage-beta") {
		t.Errorf("truth is %+v", second)
	}
}

// TestVonageKnowsItsApplication: only the key of the settings signs, or that whose
// public half is the access token.
func TestVonageKnowsItsApplication(t *testing.T) {
	own, err := rsa.GenerateKey(nil, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&own.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	public := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	private := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(own)}))
	now := time.Now()
	whole := func(id string) jwt.MapClaims {
		return jwt.MapClaims{"application_id": id, "iat": now.Unix(), "exp": now.Add(time.Minute).Unix()}
	}
	for _, d := range shared() {
		if !isVonage(d) {
			continue
		}
		o := Options{Dialect: d, AccessToken: "right"}
		settings := o.Settings("")
		id := settings["application_id"]
		none, err := jwt.NewWithClaims(jwt.SigningMethodNone, whole(id)).SignedString(jwt.UnsafeAllowNoneSignatureType)
		if err != nil {
			t.Fatal(err)
		}
		confused, err := jwt.NewWithClaims(jwt.SigningMethodHS256, whole(id)).SignedString([]byte(public))
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			token  string
			header http.Header
			want   int
		}{
			"right":           {"right", tokenWith(settings, whole(id)), 202},
			"another app":     {"right", tokenWith(settings, whole("other")), 401},
			"another key":     {"right", tokenWith(map[string]string{"private_key": private}, whole(id)), 401},
			"over":            {"right", tokenWith(settings, jwt.MapClaims{"application_id": id, "iat": now.Unix(), "exp": now.Add(-time.Minute).Unix()}), 401},
			"endless":         {"right", tokenWith(settings, jwt.MapClaims{"application_id": id, "iat": now.Unix()}), 401},
			"of the future":   {"right", tokenWith(settings, jwt.MapClaims{"application_id": id, "iat": now.Add(time.Hour).Unix(), "exp": now.Add(2 * time.Hour).Unix()}), 401},
			"alg none":        {"right", http.Header{"Authorization": {"Bearer " + none}}, 401},
			"by a public key": {public, http.Header{"Authorization": {"Bearer " + confused}}, 401},
			"its public key":  {public, tokenWith(map[string]string{"private_key": private}, whole("mine")), 202},
			"anybody":         {"", nil, 202},
		} {
			s := New(Options{Dialect: d, AccessToken: c.token})
			path, _ := entrance(s.options)
			r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(spoken(s.options, template(phone(1), "hello", "1.1"))))
			r.Header = c.header
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code != c.want {
				t.Errorf("%s, %s: %d %s", d.Name(), name, w.Code, w.Body)
			}
			s.Close()
		}
	}
}

// TestVonageRefusals changes a good request.
func TestVonageRefusals(t *testing.T) {
	good := template("+447700900123", "hello", "7.1")
	for name, c := range map[string]struct {
		old, new string // of the body as it is spoken
		code     int
	}{
		"good":           {"", "", 0},
		"not JSON":       {"{", "", 1020},
		"no channel":     {`"whatsapp"`, `"sms"`, 1020},
		"plus":           {`"447700900123"`, `"+447700900123"`, 1430},
		"zeros":          {`"447700900123"`, `"00447700900123"`, 1430},
		"too short":      {`"447700900123"`, `"4477"`, 1430},
		"no sender":      {`"` + testNumber + `"`, `""`, 1020},
		"another sender": {`"` + testNumber + `"`, `"15550001234"`, 1120},
		"a name alone":   {vonageNamespace + ":hello", "", 1020},
		"no language":    {`"en_US"`, `""`, 1020},
		"fallback":       {"deterministic", "fallback", 1020},
		"long reference": {`"7.1"`, `"` + strings.Repeat("7", 41) + `"`, 1020},
		"empty text":     {"Café / 42", "", 1010},
		"newline":        {"Café / 42", `Café\n42`, 1020},
	} {
		for _, d := range shared() {
			if !isVonage(d) {
				continue
			}
			s := New(Options{Dialect: d, PhoneNumberID: testNumber})
			path, _ := entrance(s.options)
			w := call(s, http.MethodPost, path, strings.Replace(spoken(s.options, good), c.old, c.new, 1))
			want := http.StatusAccepted
			switch {
			case c.code != 0 && d.Name() == "vonage":
				want = http.StatusUnprocessableEntity
			case c.code != 0:
				want = http.StatusBadRequest
			}
			if got := codeOf(t, w); got != c.code || w.Code != want {
				t.Errorf("%s, %s: %d %s", d.Name(), name, w.Code, w.Body)
			}
			s.Close()
		}
	}
}

func FuzzReadVonage(f *testing.F) {
	for _, d := range []Dialect{newVonage(false), newVonage(true)} {
		f.Add(spoken(Options{Dialect: d}, template("+447700900123", "hello", "7.1")))
	}
	f.Add(`[]`)
	f.Fuzz(func(t *testing.T, body string) {
		for _, read := range []func([]byte) (request, *refusal){readVonage, readVonageBeta} {
			m, no := read([]byte(body))
			if no == nil && (!strings.HasPrefix(m.phone, "+") || m.template == "") {
				t.Errorf("took %q as %+v", body, m)
			}
		}
	})
}
