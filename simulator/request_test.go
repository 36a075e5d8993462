package simulator

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"carillon/campaign"
)

// codeOf is the error's code in an answer.
func codeOf(t *testing.T, w *httptest.ResponseRecorder) int {
	t.Helper()
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/problem+json") {
		return codeOfProblem(t, w)
	}
	if code, ok := cloudCodeOf(t, w.Body.Bytes()); ok {
		return code
	}
	var body struct {
		Error struct {
			Message string `json:"message"`
			Code    int    `json:"code"`
			Data    struct {
				Details string `json:"details"`
			} `json:"error_data"`
		} `json:"error"`
		Errors []struct {
			Title string `json:"title"`
			Code  int    `json:"code"`
		} `json:"errors"`
		Meta struct {
			Code    int    `json:"http_code"`
			Message string `json:"developer_message"`
		} `json:"meta"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatalf("answer %s: %v", w.Body, err)
	}
	if body.Error.Code != 0 && (body.Error.Message == "" || body.Error.Data.Details == "") {
		t.Errorf("an error without words: %s", w.Body)
	}
	if body.Meta.Code != 0 && body.Meta.Message == "" {
		t.Errorf("a refusal without words: %s", w.Body)
	}
	if len(body.Errors) > 0 {
		if body.Errors[0].Title == "" {
			t.Errorf("an error without words: %s", w.Body)
		}
		return body.Errors[0].Code
	}
	return max(body.Error.Code, body.Meta.Code)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	good := template("+447700900123", "hello", "7.1")
	for name, c := range map[string]struct {
		old, new string
		code     int
	}{
		"good":               {"", "", 0},
		"not JSON":           {"{", "", 100},
		"wrong type of to":   {`"+447700900123"`, `17`, 100},
		"no product":         {`"messaging_product":"whatsapp",`, ``, 100},
		"no recipient":       {`"to":"+447700900123",`, ``, 100},
		"no plus":            {`"+447700900123"`, `"447700900123"`, 100},
		"letters":            {`"+447700900123"`, `"+44770090012x"`, 100},
		"leading zero":       {`"+447700900123"`, `"+0447700900123"`, 100},
		"too short":          {`"+447700900123"`, `"+4477009"`, 100},
		"too long":           {`"+447700900123"`, `"+4477009001234567"`, 100},
		"spaces are fine":    {`"+447700900123"`, `"+44 (7700) 900-123"`, 0},
		"another kind":       {`"type":"template"`, `"type":"fax"`, 131051},
		"text without one":   {`"type":"template"`, `"type":"text"`, 100},
		"no template":        {`"template":{`, `"tomplate":{`, 100},
		"no name":            {`"name":"hello"`, `"name":""`, 100},
		"no language":        {`"code":"en_US"`, `"kode":"en_US"`, 100},
		"long reference":     {`"7.1"`, `"` + strings.Repeat("7", 513) + `"`, 100},
		"components no list": {`"components":[`, `"components":3,"x":[`, 100},
		"components null":    {`"components":[`, `"components":null,"x":[`, 0},
		"component untyped":  {`{"type":"body",`, `{`, 100},
		"empty text":         {`"text":"Café / 42"`, `"text":""`, 131008},
		"no text":            {`,"text":"Café / 42"`, ``, 131008},
		"newline":            {`Café / 42`, `Café\n42`, 132018},
		"tab":                {`Café / 42`, `Café\t42`, 132018},
		"five spaces":        {`Café / 42`, `Café     42`, 132018},
		"four spaces":        {`Café / 42`, `Café    42`, 0},
	} {
		body := strings.Replace(good, c.old, c.new, 1)
		for _, d := range relays() {
			s := New(Options{Dialect: d})
			w, want := post(s, body), codeIn(d, c.code)
			switch {
			case isAsked(d) && (name == "no product" || name == "no plus"): // which it does not ask for
				want = 0
			case name == "components null" && d.Name() == "360dialog":
				want = 400 // the rest of the list is an unknown field
			case isAsked(d) && name == "text without one":
				want = codeIn(d, 131051) // texts go elsewhere
			case inWords(d, body) == inWords(d, good):
				want = 0 // what is wrong is never sent there
			}
			if got := codeOf(t, w); got != want || (w.Code == http.StatusOK) != (want == 0) {
				t.Errorf("%s, %s: %d with code %d, want code %d", d.Name(), name, w.Code, got, want)
			}
			s.Close()
		}
	}
}

func TestTwins(t *testing.T) {
	t.Parallel()
	for phone, want := range map[string]string{
		"+5511987654321": "551187654321",
		"+551187654321":  "5511987654321",
		"+551133334444":  "551133334444", // a fixed line
		"+5511933334444": "5511933334444",
		"+5215512345678": "525512345678",
		"+525512345678":  "5215512345678",
		"+5491123456789": "541123456789",
		"+541123456789":  "5491123456789",
		"+447700900123":  "447700900123",
	} {
		if got := waID(phone, true); got != want {
			t.Errorf("wa_id of %s is %s, want %s", phone, got, want)
		}
		if got := waID(phone, false); got != phone[1:] {
			t.Errorf("wa_id of %s is %s without twins", phone, got)
		}
	}
}

// TestTwinsAreOnePerson: whatever number it is, its twin is the same person's,
// and has it for a twin.
func TestTwinsAreOnePerson(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		country := rapid.SampledFrom([]string{"55", "52", "54", "44", "5"}).Draw(t, "country")
		digits := country + rapid.StringMatching("[1-9][0-9]{6,11}").Draw(t, "rest")
		other := twin(digits)
		if twin(other) != digits {
			t.Fatalf("the twin of %s is %s, whose twin is %s", digits, other, twin(other))
		}
		if campaign.Person("+"+other) != campaign.Person("+"+digits) {
			t.Fatalf("%s and %s are two people", digits, other)
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add(template("+447700900123", "hello", "7.1"))
	f.Add(`{"messaging_product":"whatsapp","to":"+","type":"template"}`)
	f.Add(inWords(dialog360V1Dialect{}, template("+447700900123", "hello", "7.1")))
	f.Add(`{"messaging_product":"whatsapp","to":"+447700900123","type":"text","text":{"body":"Hello"}}`)
	f.Add(`{"to":"447700900123","type":"reaction","reaction":{"message_id":"w","emoji":"👍"}}`)
	f.Add(`[]`)
	f.Fuzz(func(t *testing.T, body string) {
		m, no := readCloud([]byte(body))
		if no == nil && !m.read && (!strings.HasPrefix(m.phone, "+") || m.template == "") {
			t.Errorf("took %q as %+v", body, m)
		}
		m, no = readV1([]byte(body))
		if no == nil && (!strings.HasPrefix(m.phone, "+") || m.template == "" || m.reference != "") {
			t.Errorf("took %q as %+v", body, m)
		}
	})
}
