package web

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"carillon/api"
	"carillon/campaign"
	"carillon/whatsapp"
)

// contract is a transport that holds every answer of the API against
// openapi.yaml, and notes which of them it has seen.
type contract struct {
	t      *testing.T
	inner  http.RoundTripper
	router routers.Router

	mu   sync.Mutex
	seen map[string]bool // operation and status
}

func readSpec(t *testing.T) *openapi3.T {
	t.Helper()
	spec, err := openapi3.NewLoader().LoadFromData(openAPI)
	if err != nil {
		t.Fatal(err)
	}
	if err := spec.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return spec
}

func newContract(t *testing.T, inner http.RoundTripper) *contract {
	t.Helper()
	router, err := gorillamux.NewRouter(readSpec(t))
	if err != nil {
		t.Fatal(err)
	}
	return &contract{t: t, inner: inner, router: router, seen: map[string]bool{}}
}

func (c *contract) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := c.inner.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	c.check(request, response, body)
	return response, nil
}

func (c *contract) check(request *http.Request, response *http.Response, body []byte) {
	route, params, err := c.router.FindRoute(request)
	if err != nil { // not a call of the API; the tests say what comes of it
		return
	}
	c.mu.Lock()
	c.seen[route.Operation.OperationID+" "+strconv.Itoa(response.StatusCode)] = true
	c.mu.Unlock()
	options := &openapi3filter.Options{
		IncludeResponseStatus: true, MultiError: true, ExcludeRequestBody: true,
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
	}
	kind, _, _ := strings.Cut(response.Header.Get("Content-Type"), ";")
	options.ExcludeResponseBody = kind == "text/event-stream" || kind == "text/html" // the library reads neither
	input := &openapi3filter.RequestValidationInput{Request: request, PathParams: params, Route: route, Options: options}
	if response.StatusCode < 300 {
		if err := openapi3filter.ValidateRequest(c.t.Context(), input); err != nil {
			c.t.Errorf("%s %s is accepted and not in openapi.yaml: %v", request.Method, request.URL, err)
		}
	}
	documented := route.Operation.Responses.Status(response.StatusCode)
	if documented == nil {
		documented = route.Operation.Responses.Default()
	}
	if len(body) > 0 && documented.Value.Content.Get(kind) == nil {
		c.t.Errorf("%s %s answers %d with %q, which openapi.yaml does not say", request.Method, request.URL, response.StatusCode, kind)
	}
	err = openapi3filter.ValidateResponse(c.t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: response.StatusCode, Header: response.Header,
		Body: io.NopCloser(bytes.NewReader(body)), Options: options,
	})
	if err != nil {
		c.t.Errorf("%s %s answers what openapi.yaml does not say: %v", request.Method, request.URL, err)
	}
}

func TestRoutesAndOpenAPIAgree(t *testing.T) {
	t.Parallel()
	var documented, routed []string
	for path, item := range readSpec(t).Paths.Map() {
		for method, operation := range item.Operations() {
			open := operation.Security != nil && len(*operation.Security) == 0
			documented = append(documented, method+" "+path+" open="+strconv.FormatBool(open))
		}
	}
	for _, r := range (&Server{metrics: &metrics{}}).routes() {
		routed = append(routed, r.pattern()+" open="+strconv.FormatBool(r.role == ""))
	}
	if diff := cmp.Diff(documented, routed, cmpopts.SortSlices(strings.Compare)); diff != "" {
		t.Errorf("openapi.yaml (-) and the routes (+) differ:\n%s", diff)
	}
}

func TestOpenAPIKnowsTheWordsOfTheDomain(t *testing.T) {
	t.Parallel()
	schemas := readSpec(t).Components.Schemas
	var statuses, verdicts []any
	for _, s := range campaign.Statuses() {
		statuses = append(statuses, s.String())
		if schemas["Counts"].Value.Properties[s.String()] == nil {
			t.Errorf("Counts lacks %s", s)
		}
	}
	for _, v := range campaign.Verdicts() {
		verdicts = append(verdicts, string(v))
		if schemas["Verdicts"].Value.Properties[string(v)] == nil {
			t.Errorf("Verdicts lacks %s", v)
		}
	}
	if diff := cmp.Diff(statuses, schemas["MessageStatus"].Value.Enum); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(verdicts, schemas["Verdict"].Value.Enum); diff != "" {
		t.Error(diff)
	}
}

// TestContract brings about every answer that openapi.yaml names by its
// status; the client checks each of them on the way.
func TestContract(t *testing.T) {
	t.Parallel()
	broken := false
	f := start(t, func(o *Options) {
		o.Tokens = threeTokens()
		o.Queue = func() map[string]string {
			if broken {
				return map[string]string{"main": "Redis is full"}
			}
			return nil
		}
	})
	as := func(token string, c call) reply { t.Helper(); c.token = token; return f.do(c) }
	get := func(path string) reply { t.Helper(); return as(viewerToken, call{method: "GET", path: path}) }
	post := func(path string) reply { t.Helper(); return as(operatorToken, call{method: "POST", path: path}) }

	get("/healthz")
	get("/readyz")
	broken = true
	get("/readyz")
	get("/metrics")
	get("/api/openapi.yaml")
	f.visitLogin()
	created := f.visitUploads()
	get("/api/campaigns")
	get("/api/campaigns?limit=1")
	get("/api/campaigns/" + created)
	get("/api/campaigns/zzzzzzz")
	get("/api/campaigns/" + created + "/recipients?limit=1")
	get("/api/campaigns/" + created + "/report.csv")
	for _, action := range []string{"pause", "resume", "start", "pause", "resume", "cancel", "start"} {
		post("/api/campaigns/" + created + "/" + action)
	}
	f.webhook("word", eventsBody(whatsapp.Events{Notices: []whatsapp.Notice{{Topic: whatsapp.AccountLimit, Reason: "account_limit", Told: whatsapp.NumberState{Tier: "tier_2k", DailyRecipients: 2000}}}}))
	get("/api/channels")
	get("/api/channels/main")
	get("/api/channels/none")
	get("/api/campaigns/" + created)
	f.visitRetry(created)
	f.visitResolve(created)
	post("/api/campaigns/" + f.finished() + "/cancel")
	get("/api/campaigns/" + f.finished() + "/events")
	get("/api/templates")
	get("/api/channels/main/templates")
	post("/api/channels/main/templates/refresh")
	f.visitSuppressions()
	for _, phone := range []string{"+4915112345601", "12"} {
		f.forget(adminToken, `{"phone": "`+phone+`"}`)
	}
	f.visitSchedules()
	f.visitWebhooks()

	for operation, statuses := range documentedAnswers(t) {
		for _, status := range statuses {
			if !f.seen.seen[operation+" "+status] {
				t.Errorf("the test has not brought about %s %s", operation, status)
			}
		}
	}
}

func documentedAnswers(t *testing.T) map[string][]string {
	answers := map[string][]string{}
	for _, item := range readSpec(t).Paths.Map() {
		for _, operation := range item.Operations() {
			for status := range operation.Responses.Map() {
				if status != "default" {
					answers[operation.OperationID] = append(answers[operation.OperationID], status)
				}
			}
			slices.Sort(answers[operation.OperationID])
		}
	}
	return answers
}

func (f *fixture) visitLogin() {
	f.get("/login")
	open := start(f.t, nil)
	open.get("/login")
	f.seen.seen["loginPage 303"] = open.seen.seen["loginPage 303"]
	for n := range freeTries + 2 {
		f.do(call{method: "POST", path: "/login", header: form(), body: strings.NewReader("token=wrong" + strconv.Itoa(n))})
	}
	f.server.tries = newThrottle()
	f.do(call{method: "POST", path: "/login", header: form(), body: strings.NewReader(url.Values{"token": {viewerToken}}.Encode())})
	f.do(call{method: "POST", path: "/logout", header: form()})
}

func (f *fixture) visitUploads() (created string) {
	upload := func(c call) reply { c.token = operatorToken; return f.do(c) }
	answer := upload(uploadCall("/api/campaigns", "key-1"))
	wantStatus(f.t, answer, http.StatusCreated)
	upload(uploadCall("/api/campaigns", "key-1"))
	upload(multipartCall("/api/campaigns", "key-1", part{"campaign", twoSteps}, part{"contacts", "Phone,Name\n+4915112345609,B\n"}))
	f.importing("key-2", uploadHash(twoSteps, fourContacts))
	upload(uploadCall("/api/campaigns", "key-2"))
	upload(multipartCall("/api/campaigns", "", part{"campaign", strings.Repeat("# long\n", maxDefinition/6)}, part{"contacts", fourContacts}))
	upload(call{method: "POST", path: "/api/campaigns", body: strings.NewReader("{}")})
	return decode[api.Created](f.t, answer).ID
}

// visitRetry retries a finished campaign and a cancelled one.
func (f *fixture) visitRetry(cancelled string) {
	finished := f.finished()
	f.retry(finished, "")
	f.retry(finished, `{"statuses": ["failed", "expired"]}`)
	f.retry(finished, `{"statuses": ["read"]}`)
	f.retry(cancelled, "")
	f.retry("zzzzzzz", "")
	f.do(call{method: "POST", path: "/api/campaigns/" + finished + "/retry", token: operatorToken, body: strings.NewReader("failed")})
	f.ledger.retrying.Store(true)
	f.retry(finished, "")
}

// visitResolve decides about the messages of a cancelled campaign.
func (f *fixture) visitResolve(cancelled string) {
	f.resolve(cancelled, `{"decision": "drop"}`)
	f.resolve(cancelled, `{"decision": "resend"}`)
	f.resolve(cancelled, `{"decision": "guess"}`)
	f.resolve("zzzzzzz", `{"decision": "drop"}`)
	f.do(call{method: "POST", path: "/api/campaigns/" + cancelled + "/resolve", token: adminToken, body: strings.NewReader("drop")})
	f.ledger.resolving.Store(true)
	f.resolve(cancelled, `{"decision": "drop"}`)
}

func (f *fixture) visitSuppressions() {
	send := func(kind, body string) {
		f.do(call{method: "POST", path: "/api/suppressions", token: adminToken, header: map[string]string{"Content-Type": kind}, body: strings.NewReader(body)})
	}
	send("application/json", `{"phone": "+4915112345601", "reason": "asked"}`)
	send("application/json", `{"phone": "12"}`)
	send("text/csv", "Phone\n+4915112345602\nnobody\n")
	send("image/png", "")
	f.do(call{method: "GET", path: "/api/suppressions?limit=1", token: viewerToken})
	for range 2 {
		f.do(call{method: "DELETE", path: "/api/suppressions?phone=%2B4915112345601", token: adminToken})
	}
}

func (f *fixture) visitWebhooks() {
	f.get("/webhooks/main?verify=word&challenge=42")
	f.get("/webhooks/main?verify=guess&challenge=42")
	f.webhook("word", receiptBody("1001", "wamid.1", "", campaign.Sent))
	f.webhook("guess", receiptBody("1001", "wamid.1", "", campaign.Sent))
	f.ledger.receiving.Store(true)
	f.webhook("word", receiptBody("1001", "wamid.1", "", campaign.Sent))
}
