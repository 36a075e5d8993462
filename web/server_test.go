package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"carillon/admission"
	"carillon/api"
	"carillon/campaign"
	"carillon/ledger"
	"carillon/whatsapp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const twoSteps = `
name: order-update
channel: main
rate: 20
steps:
  - template: order_update
    language: en_US
    body: ["{{Name}}"]
  - template: order_feedback
    language: en_US
    after: delivered
`

const fourContacts = `Phone,Name
+4915112345601,Ada
+4915112345602,
not a number,Grace
+4915112345601,Ada again
`

const (
	viewerToken   = "viewer-token-0000"
	operatorToken = "operator-token-00"
	adminToken    = "admin-token-00000"
)

func threeTokens() []Token {
	return []Token{{"eve", viewerToken, Viewer}, {"otto", operatorToken, Operator}, {"ada", adminToken, Admin}}
}

// brittle is a ledger that can be made to fail.
type brittle struct {
	*ledger.Ledger
	receiving, reporting, resolving, retrying, totalling, full, forgetful atomic.Bool

	looked, ended atomic.Int64 // for sessions
}

var errBroken = errors.New("ledger: the disk is on fire")

func (b *brittle) Receive(ctx context.Context, receipts []ledger.Receipt, now time.Time) ([]ledger.Received, error) {
	if b.receiving.Load() {
		return nil, errBroken
	}
	return b.Ledger.Receive(ctx, receipts, now)
}

func (b *brittle) Report(ctx context.Context, q ledger.ReportQuery) (ledger.ReportPage, error) {
	if b.reporting.Load() && q.After.Row() > 0 {
		return ledger.ReportPage{}, errBroken
	}
	return b.Ledger.Report(ctx, q)
}

func (b *brittle) Resolve(ctx context.Context, id campaign.ID, d ledger.Decision, by ledger.Actor, now time.Time) (int, error) {
	n, err := b.Ledger.Resolve(ctx, id, d, by, now)
	if b.resolving.Load() {
		return n, errBroken // after the first batch
	}
	return n, err
}

func (b *brittle) Retry(ctx context.Context, id campaign.ID, statuses []campaign.Status, by ledger.Actor, now time.Time) (ledger.Retried, error) {
	done, err := b.Ledger.Retry(ctx, id, statuses, by, now)
	if b.retrying.Load() {
		return done, errBroken // after the first batch
	}
	return done, err
}

func (b *brittle) Totals(ctx context.Context) (campaign.Counts, error) {
	if b.totalling.Load() {
		return nil, errBroken
	}
	return b.Ledger.Totals(ctx)
}

func (b *brittle) Census(ctx context.Context) (ledger.Census, error) {
	if b.totalling.Load() {
		return ledger.Census{}, errBroken
	}
	return b.Ledger.Census(ctx)
}

func (b *brittle) Ping(ctx context.Context) error {
	if b.totalling.Load() {
		return errBroken
	}
	return b.Ledger.Ping(ctx)
}

// provider is a webhook receiver whose signature is a plain word and whose
// body is whatsapp.Events as JSON.
type provider struct{}

func (provider) Receive(r whatsapp.Request) (whatsapp.Events, *whatsapp.Reply, error) {
	var told whatsapp.Events
	switch {
	case r.Method == http.MethodGet && r.Query.Get("verify") == "word":
		return told, &whatsapp.Reply{Text: r.Query.Get("challenge")}, nil
	case r.Method == http.MethodGet, r.Header.Get("X-Signature") != "word":
		return told, nil, fmt.Errorf("%w: it is not \"word\"", whatsapp.ErrRefused)
	}
	if err := json.Unmarshal(r.Body, &told); err != nil {
		return told, nil, fmt.Errorf("%w: %w", whatsapp.ErrMalformed, err)
	}
	return told, nil, nil
}

// testDoor knows the channels of a fixture.
func testDoor() admission.Door {
	return admission.Door{Rates: map[string]float64{"main": 0, "second": 0}}
}

// fixture is a server over a real ledger, with a client that holds every
// answer against openapi.yaml.
type fixture struct {
	t      *testing.T
	ledger *brittle
	server *Server
	http   *httptest.Server
	client *http.Client
	log    *logBook
	seen   *contract
}

func start(t *testing.T, change func(*Options)) *fixture {
	t.Helper()
	record, err := ledger.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t, ledger: &brittle{Ledger: record}, log: &logBook{}}
	options := Options{
		Ledger: f.ledger,
		Channels: map[string]Channel{
			"main":   {Hook: provider{}, Identity: whatsapp.Identity{Number: "1001", App: "app"}, Provider: "test", Echoes: true},
			"second": {Hook: provider{}, Identity: whatsapp.Identity{Number: "1002", App: "app"}, Provider: "test", Echoes: true},
		},
		Door:     testDoor(),
		NextSlot: nextSlot,
		Log:      slog.New(slog.NewTextHandler(f.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&options)
	}
	if f.server, err = New(options); err != nil {
		t.Fatal(err)
	}
	f.http = httptest.NewServer(f.server.Handler())
	f.client = f.http.Client()
	f.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	f.seen = newContract(t, f.client.Transport)
	f.client.Transport = f.seen
	t.Cleanup(func() {
		f.server.Close()
		f.client.CloseIdleConnections()
		f.http.Close()
		if err := record.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// call is a request of a test.
type call struct {
	method, path string
	token        string
	header       map[string]string
	body         io.Reader
}

type reply struct {
	status int
	header http.Header
	body   string
}

func (f *fixture) do(c call) reply {
	f.t.Helper()
	request, err := http.NewRequestWithContext(f.t.Context(), c.method, f.http.URL+c.path, c.body)
	if err != nil {
		f.t.Fatal(err)
	}
	for name, value := range c.header {
		request.Header.Set(name, value)
	}
	if host := c.header["Host"]; host != "" {
		request.Host = host
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := f.client.Do(request)
	if err != nil {
		f.t.Fatalf("%s %s: %v", c.method, c.path, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		f.t.Fatalf("%s %s: %v", c.method, c.path, err)
	}
	return reply{response.StatusCode, response.Header, string(body)}
}

func (f *fixture) get(path string) reply { f.t.Helper(); return f.do(call{method: "GET", path: path}) }

func (f *fixture) post(path string) reply {
	f.t.Helper()
	return f.do(call{method: "POST", path: path})
}

// part is one part of an upload.
type part struct{ name, content string }

func multipartCall(path, key string, parts ...part) call {
	var body bytes.Buffer
	writer := multipart.NewWriter(&body)
	for _, p := range parts {
		w, err := writer.CreateFormFile(p.name, p.name+".txt")
		if err != nil {
			panic(err) // a buffer takes everything
		}
		_, _ = io.WriteString(w, p.content)
	}
	_ = writer.Close()
	header := map[string]string{"Content-Type": writer.FormDataContentType()}
	if key != "" {
		header["Idempotency-Key"] = key
	}
	return call{method: "POST", path: path, header: header, body: &body}
}

func uploadCall(path, key string) call {
	return multipartCall(path, key, part{"campaign", twoSteps}, part{"contacts", fourContacts})
}

// upload creates a campaign and returns its id.
func (f *fixture) upload() string {
	f.t.Helper()
	answer := f.do(uploadCall("/api/campaigns", ""))
	wantStatus(f.t, answer, http.StatusCreated)
	return decode[api.Created](f.t, answer).ID
}

func decode[T any](t *testing.T, r reply) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(r.body), &v); err != nil {
		t.Fatalf("%v in %s", err, r.body)
	}
	return v
}

func wantStatus(t *testing.T, r reply, status int) {
	t.Helper()
	if r.status != status {
		t.Fatalf("status %d, want %d: %s", r.status, status, r.body)
	}
}

// wantProblem checks that the answer is a problem with this kind and a hint.
func wantProblem(t *testing.T, r reply, k api.Kind) api.Problem {
	t.Helper()
	status, _ := about(k)
	wantStatus(t, r, status)
	p := decode[api.Problem](t, r)
	if want := "urn:carillon:problem:" + string(k); p.Type != want {
		t.Fatalf("type %s, want %s: %s", p.Type, want, r.body)
	}
	if p.Hint == "" || p.Detail == "" || p.Status != status || p.RequestID != r.header.Get("X-Request-Id") {
		t.Fatalf("incomplete problem: %s", r.body)
	}
	return p
}

func TestNewSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	if _, err := New(Options{}); err == nil || !strings.Contains(err.Error(), "Ledger") {
		t.Errorf("without a ledger: %v", err)
	}
	record := &brittle{}
	for _, token := range []Token{{"", "secret", Viewer}, {"a", "", Viewer}, {"a", "secret", "king"}} {
		_, err := New(Options{Ledger: record, Tokens: []Token{token}})
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("token %+v: %v", token, err)
		}
	}
}

func TestOutside(t *testing.T) {
	t.Parallel()
	f := start(t, func(o *Options) { o.Asynqmon = http.HandlerFunc(panicking) })
	answer := f.do(call{method: "GET", path: "/healthz", header: map[string]string{"X-Request-Id": "proxy-7"}})
	if id := answer.header.Get("X-Request-Id"); id != "proxy-7" {
		t.Errorf("the request's id became %q", id)
	}
	answer = f.do(call{method: "GET", path: "/healthz", header: map[string]string{"X-Request-Id": "a b"}})
	if id := answer.header.Get("X-Request-Id"); !soundID(id) {
		t.Errorf("request id %q", id)
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cache-Control": "no-store"} {
		if got := answer.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}

	wantProblem(t, f.get("/nowhere"), notFound)
	answer = f.do(call{method: "DELETE", path: "/api/campaigns"})
	wantProblem(t, answer, wrongMethodKind)
	if allow := answer.header.Get("Allow"); allow != "GET, HEAD, POST" {
		t.Errorf("Allow: %s", allow)
	}
	wantProblem(t, f.do(call{method: "POST", path: "/api/suppressions", header: map[string]string{"Sec-Fetch-Site": "cross-site"}}), forbidden)

	p := wantProblem(t, f.get("/asynqmon/"), internal)
	if strings.Contains(p.Detail+p.Hint, "boom") || !strings.Contains(f.log.String(), "boom") {
		t.Errorf("a panic belongs into the log alone; the answer is %+v", p)
	}
}

func panicking(http.ResponseWriter, *http.Request) { panic("boom") }

func TestLogHoldsNoSecretsAndNoPhones(t *testing.T) {
	t.Parallel()
	f := start(t, func(o *Options) { o.Tokens = threeTokens() })
	f.do(call{method: "GET", path: "/api/campaigns", token: viewerToken})
	f.do(call{method: "GET", path: "/api/campaigns", token: "guessed-token"})
	f.do(call{method: "DELETE", path: "/api/suppressions?phone=%2B4915112345601", token: adminToken})
	f.do(call{method: "POST", path: "/login", header: form(), body: strings.NewReader("token=" + adminToken)})
	f.inbound(whatsapp.Inbound{Number: "1001", From: whatsapp.Who{Phone: "4915112345601"}, Type: "text", Text: "stop it"})
	f.server.Close()
	f.http.Close()
	log := f.log.String()
	for _, secret := range []string{viewerToken, adminToken, "guessed-token", "4915112345601", "stop it"} {
		if strings.Contains(log, secret) {
			t.Errorf("%q stands in the log:\n%s", secret, log)
		}
	}
	for _, wanted := range []string{"caller=eve", "caller=ada", "from=4915*******01", "path=/api/suppressions"} {
		if !strings.Contains(log, wanted) {
			t.Errorf("%q is missing in the log:\n%s", wanted, log)
		}
	}
}

func form() map[string]string {
	return map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
}

func TestMaskPhone(t *testing.T) {
	t.Parallel()
	for phone, want := range map[string]string{"": "", "12345": "*****", "123456": "******", "+4915112345601": "+491********01"} {
		if got := maskPhone(phone); got != want {
			t.Errorf("%q became %q, want %q", phone, got, want)
		}
	}
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	var broken atomic.Bool
	f := start(t, func(o *Options) {
		o.Queue = func() map[string]string {
			if broken.Load() {
				return map[string]string{"south": "Redis is full", "main": "Redis is full", "north": "Redis does not answer"}
			}
			return nil
		}
	})
	wantStatus(t, f.get("/readyz"), http.StatusOK)
	broken.Store(true)
	answer := f.get("/readyz")
	wantProblem(t, answer, unavailable)
	const reason = "the ledger is ready; the queue accepts no tasks: north: Redis does not answer; main, south: Redis is full"
	if !strings.Contains(answer.body, reason) || answer.header.Get("Retry-After") == "" {
		t.Errorf("%v %s", answer.header, answer.body)
	}
	wantStatus(t, f.get("/healthz"), http.StatusOK)
}
