package cloud

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/call"
	"carillon/whatsapp/whatsapptest"
)

const yes = `{"messaging_product":"whatsapp","contacts":[{"input":"+447700900123","wa_id":"447700900123"}],` +
	`"messages":[{"id":"wamid.x1","message_status":"accepted"}]}`

func letter() whatsapp.Message {
	return whatsapp.Message{
		To:        "+447700900123",
		Reference: "4503599627370512.1",
		Template:  campaign.Template{Name: "spring_offer", Language: "en_GB", Components: json.RawMessage(`[]`)},
	}
}

// refusal is the *whatsapp.Error that err has to be.
func refusal(tb testing.TB, err error) *whatsapp.Error {
	tb.Helper()
	var refused *whatsapp.Error
	if !errors.As(err, &refused) {
		tb.Fatalf("got error %v, want a *whatsapp.Error", err)
	}
	return refused
}

// api serves one answer to everything.
func api(tb testing.TB, status int, header http.Header, body string) *httptest.Server {
	tb.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	tb.Cleanup(server.Close)
	return server
}

func TestRequest(t *testing.T) {
	var got *http.Request
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		_, _ = io.WriteString(w, yes)
	}))
	defer server.Close()
	if _, err := newClient(t, server.URL, nil).Send(t.Context(), letter()); err != nil {
		t.Fatal(err)
	}
	if got.Method != http.MethodPost || got.URL.Path != "/v23.0/5500000000000001/messages" {
		t.Errorf("got %s %s", got.Method, got.URL.Path)
	}
	for name, want := range map[string]string{
		"Authorization": "Bearer token-1",
		"Content-Type":  "application/json",
	} {
		if got.Header.Get(name) != want {
			t.Errorf("%s: got %q, want %q", name, got.Header.Get(name), want)
		}
	}
	if diff := cmp.Diff(string(requestBody(letter())), string(body)); diff != "" {
		t.Error(diff)
	}
	if got.ContentLength != int64(len(body)) {
		t.Errorf("content length %d of %d", got.ContentLength, len(body))
	}
}

func TestAddress(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Settings)
		want   string
	}{
		"with a version": {func(*Settings) {}, "/v23.0/5500000000000001/messages"},
		"trailing slash": {func(o *Settings) { o.BaseURL += "/" }, "/v23.0/5500000000000001/messages"},
		"no version":     {func(o *Settings) { o.APIVersion = "" }, "/5500000000000001/messages"},
		"under a path":   {func(o *Settings) { o.BaseURL += "/wa/api"; o.APIVersion = "" }, "/wa/api/5500000000000001/messages"},
	} {
		t.Run(name, func(t *testing.T) {
			client := newClient(t, "https://api.example.com", test.change)
			if diff := cmp.Diff("https://api.example.com"+test.want, client.messages.prototype.URL.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAccepted(t *testing.T) {
	for name, test := range map[string]struct {
		body string
		want whatsapp.Accepted
	}{
		"accepted":   {yes, whatsapp.Accepted{ID: "wamid.x1", Recipient: whatsapp.Who{Phone: "447700900123"}}},
		"no status":  {`{"messages":[{"id":"wamid.x1"}]}`, whatsapp.Accepted{ID: "wamid.x1"}},
		"numeric id": {`{"messages":[{"id":12345678901234567890}]}`, whatsapp.Accepted{ID: "12345678901234567890"}},
		"held": {
			`{"messages":[{"id":"wamid.x1","message_status":"held_for_quality_assessment"}]}`,
			whatsapp.Accepted{ID: "wamid.x1", Held: true},
		},
		"paused": {
			`{"messages":[{"id":"wamid.x1","message_status":"paused"}]}`,
			whatsapp.Accepted{ID: "wamid.x1", Held: true},
		},
		"held, and the wa_id differs": {
			`{"contacts":[{"input":"+5511987654321","wa_id":"551187654321"}],"messages":[{"id":"wamid.x1","message_status":"held_for_quality_assessment"}]}`,
			whatsapp.Accepted{ID: "wamid.x1", Recipient: whatsapp.Who{Phone: "551187654321"}, Held: true},
		},
		"wa_id with a plus":  {`{"contacts":[{"wa_id":"+447700900123"}],"messages":[{"id":"wamid.x1"}]}`, whatsapp.Accepted{ID: "wamid.x1", Recipient: whatsapp.Who{Phone: "447700900123"}}},
		"hidden number":      {`{"contacts":[{"user_id":"GB.77"}],"messages":[{"id":"wamid.x1"}]}`, whatsapp.Accepted{ID: "wamid.x1", Recipient: whatsapp.Who{UserID: "GB.77"}}},
		"odd types about it": {`{"contacts":"none","messages":[{"id":"wamid.x1","message_status":7}],"new":{}}`, whatsapp.Accepted{ID: "wamid.x1"}},
	} {
		t.Run(name, func(t *testing.T) {
			server := api(t, http.StatusOK, nil, test.body)
			got, err := newClient(t, server.URL, nil).Send(t.Context(), letter())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRefusedByCode(t *testing.T) {
	for name, test := range map[string]struct {
		status  int
		body    string
		want    string
		code    int
		message string
	}{
		"throughput": {
			400, `{"error":{"message":"(#130429) Rate limit hit","type":"OAuthException","code":130429,"error_data":{"messaging_product":"whatsapp","details":"Throughput has been reached."},"error_subcode":2494055,"fbtrace_id":"AbC"}}`,
			"retry_slow number_rate_limit budget=number wait=1s", 130429, "(#130429) Rate limit hit: Throughput has been reached.",
		},
		"token": {
			401, `{"error":{"message":"The token has expired","code":190,"error_subcode":463}}`,
			"pause token_rejected scope=account", 190, "The token has expired",
		},
		"code zero":              {401, `{"error":{"code":0,"message":"auth"}}`, "pause token_rejected scope=account", 0, "auth"},
		"missing media":          {400, `{"error":{"code":100,"error_subcode":"33"}}`, "bad_request object_missing", 100, ""},
		"maintenance, subcode":   {400, `{"error":{"code":2,"error_subcode":2494100}}`, "retry_soon maintenance wait=1m0s", 2494100, ""},
		"maintenance beside 100": {400, `{"error":{"code":100,"error_subcode":2494100}}`, "retry_soon maintenance wait=1m0s", 2494100, ""},
		"not transient at 500":   {500, `{"error":{"code":3}}`, "pause permission_denied scope=account", 3, ""},
		"transient at 500":       {500, `{"error":{"code":131000}}`, "retry_soon something_went_wrong wait=5s retries=3", 131000, ""},
		"unknown but passing":    {400, `{"error":{"code":987654,"is_transient":true}}`, "retry_soon transient", 987654, ""},
		"408 with an own code":   {408, `{"error":{"code":131000,"message":"late"}}`, "retry_soon request_timeout", 131000, "late"},
		"own error behind a 200": {200, `{"error":{"code":131026,"message":"no"}}`, "ambiguous no_message_id", 131026, "no"},
	} {
		t.Run(name, func(t *testing.T) {
			server := api(t, test.status, nil, test.body)
			_, err := newClient(t, server.URL, nil).Send(t.Context(), letter())
			got := refusal(t, err)
			if diff := cmp.Diff(test.want, whatsapptest.Summary(got)); diff != "" {
				t.Error(diff)
			}
			if got.Code != test.code || got.HTTPStatus != test.status || got.Message != test.message || got.Hint == "" {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestAnswersThatAreNotTheAPIs(t *testing.T) {
	long := strings.Repeat(" ", call.MaxAnswer) + yes
	for name, test := range map[string]struct {
		status int
		body   string
		want   string
	}{
		"no id at 200":        {200, `{"messages":[{"id":""}]}`, "ambiguous no_message_id"},
		"no message at 200":   {200, `{"messages":[]}`, "ambiguous no_message_id"},
		"endless 400":         {400, long, "bad_request refused_by_proxy"},
		"a proxy's JSON, 503": {503, `{"error":{"message":"upstream"}}`, "ambiguous server_error"},
	} {
		t.Run(name, func(t *testing.T) {
			server := api(t, test.status, nil, test.body)
			_, err := newClient(t, server.URL, nil).Send(t.Context(), letter())
			got := refusal(t, err)
			if diff := cmp.Diff(test.want, whatsapptest.Summary(got)); diff != "" {
				t.Error(diff)
			}
			if got.HTTPStatus != test.status {
				t.Errorf("HTTP status %d", got.HTTPStatus)
			}
		})
	}
}

func TestWordsOfAnswersThatAreNotTheAPIs(t *testing.T) {
	const none = "HTTP 400 Bad Request"
	page := "<!DOCTYPE html><html><head><title>502 Bad&nbsp;Gateway</title><style>h1 {color: red}</style><script>x < 1</script></head>\n" +
		"<body><!-- a > b --><h1>No answer from &quot;upstream&quot;</h1><hr"
	for body, want := range map[string]string{
		" Invalid\n number\n":      "Invalid number",
		"<html>Bad Gateway</html>": "Bad Gateway",
		page:                       `502 Bad Gateway No answer from "upstream"`,
		"<html></html>":            none,
		`{"error":{"message":"upstream failed"}}`:       "upstream failed",
		`{"error":"upstream failed"}`:                   "upstream failed",
		`{"error":{"code":"BUSY","message":"no"}}`:      "BUSY: no",
		`{"error":{"code":99999999999,"message":"no"}}`: "99999999999: no",
		`{"fault":"x"}`: "fault: x",
		`{"errors":[{"code":1006,"title":"No \u00fc","details":null,"href":""},7],"ok":false}`: "code: 1006, title: No ü, 7, ok: false",
		`["a\"b", {"c": {"d": "e"}, "f": []}]`:                                                 `a"b, d: e`,
		`"no such number"`:                                                                     "no such number",
		`{"error":{"message":"cut o`:                                                           none,
		`{}`:                                                                                   none,
		"\xff\xfe":                                                                             none,
		"N\xfamero inv\xe1lido":                                                                "N\uFFFDmero inv\uFFFDlido",
		"\x00\x1b[31mred\x1b[0m\r\n=1+1":                                                       "[31mred [0m =1+1",
		"":                                                                                     none,
		strings.Repeat("a", 2*call.MaxAnswer):                                                  strings.Repeat("a", 499) + "…",
		"<p>" + strings.Repeat("no ", call.MaxAnswer):                                          strings.Repeat("no ", 166) + "n…",
	} {
		server := api(t, http.StatusBadRequest, nil, body)
		_, err := newClient(t, server.URL, nil).Send(t.Context(), letter())
		if got := refusal(t, err); got.Message != want || got.Reason != "refused_by_proxy" {
			t.Errorf("%.20q is told as %s, %q; want %q", body, got.Reason, got.Message, want)
		}
	}
}

func TestWaitAskedFor(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	usage := `{"3300000000000007":[{"type":"messaging","call_count":101,"estimated_time_to_regain_access":12},{"estimated_time_to_regain_access":"3"}]}`
	for name, test := range map[string]struct {
		code   int
		header http.Header
		want   time.Duration
		asked  bool
	}{
		"nothing asked":              {80007, nil, 5 * time.Minute, false},
		"usage":                      {80007, http.Header{"X-Business-Use-Case-Usage": {usage}}, 12 * time.Minute, true},
		"usage of the app":           {4, http.Header{"X-Business-Use-Case-Usage": {usage}}, 12 * time.Minute, true},
		"usage says less":            {4, http.Header{"X-Business-Use-Case-Usage": {`{"1":[{"estimated_time_to_regain_access":1}]}`}}, 5 * time.Minute, false},
		"usage unreadable":           {4, http.Header{"X-Business-Use-Case-Usage": {`{"1":`}}, 5 * time.Minute, false},
		"usage beyond belief":        {4, http.Header{"X-Business-Use-Case-Usage": {`{"1":[{"estimated_time_to_regain_access":9223372036854775807}]}`}}, 24 * time.Hour, true},
		"usage is not about numbers": {130429, http.Header{"X-Business-Use-Case-Usage": {usage}}, time.Second, false},
		"a date":                     {130429, http.Header{"Retry-After": {now.Add(90 * time.Second).Format(http.TimeFormat)}}, 90 * time.Second, true},
		"a date gone by":             {130429, http.Header{"Retry-After": {now.Add(-time.Hour).Format(http.TimeFormat)}}, time.Second, false},
		"both, the longer counts":    {4, http.Header{"Retry-After": {"3600"}, "X-Business-Use-Case-Usage": {usage}}, time.Hour, true},
	} {
		t.Run(name, func(t *testing.T) {
			body, err := json.Marshal(map[string]any{"error": map[string]any{"code": test.code}})
			if err != nil {
				t.Fatal(err)
			}
			client := newClient(t, api(t, 400, test.header, string(body)).URL, nil)
			client.now = func() time.Time { return now }
			_, err = client.Send(t.Context(), letter())
			if got := refusal(t, err); got.Wait != test.want || got.Asked != test.asked {
				t.Errorf("got %v, asked %v; want %v, %v", got.Wait, got.Asked, test.want, test.asked)
			}
		})
	}
}

func BenchmarkSend(b *testing.B) {
	server := api(b, http.StatusOK, nil, yes)
	client := newClient(b, server.URL, nil)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := client.Send(b.Context(), letter()); err != nil {
				b.Error(err)
			}
		}
	})
}
