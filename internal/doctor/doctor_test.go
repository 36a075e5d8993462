package doctor_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"
	"go.yaml.in/yaml/v3"

	"carillon/campaign"
	"carillon/internal/app"
	"carillon/internal/cli"
	"carillon/internal/doctor"
	"carillon/internal/programtest"
	"carillon/simulator"
	"carillon/whatsapp"
)

const (
	secret = "the-app-secret"
	token  = "the-access-token"
)

// place is a configuration with a simulated provider, and perhaps a server.
type place struct {
	t        *testing.T
	document map[string]any
	path     string
	provider *simulator.Simulator
}

// newPlace makes the configuration of a channel main at a simulated provider.
func newPlace(t *testing.T, dialect simulator.Dialect) *place {
	t.Helper()
	listen := programtest.FreeAddress(t)
	o := simulator.Options{Dialect: dialect, AppSecret: secret, AccessToken: token, AlsoPosts: true, Webhook: "http://" + listen + "/webhooks/main"}
	o.Templates = []campaign.Approved{{TemplateName: campaign.TemplateName{Name: "order_update", Language: "en"}}}
	provider := simulator.New(o)
	server := httptest.NewServer(provider)
	t.Cleanup(func() { provider.Close(); server.Close() })
	channel := map[string]any{"provider": dialect.Name()}
	for key, value := range o.Settings(server.URL) {
		channel[key] = value
	}
	if dialect.Name() == "cloud" {
		channel["waba_id"] = "102000000000001"
	}
	folder := t.TempDir()
	return &place{t: t, path: filepath.Join(folder, "carillon.yaml"), provider: provider, document: map[string]any{
		"ledger":   "sqlite:" + filepath.Join(folder, "carillon.db"),
		"http":     map[string]any{"listen": listen, "public_url": "http://" + listen},
		"channels": map[string]any{"main": channel},
	}}
}

// set gives a key of the channel another value.
func (p *place) set(key, value string) {
	p.document["channels"].(map[string]any)["main"].(map[string]any)[key] = value
}

func (p *place) write() {
	p.t.Helper()
	text, err := yaml.Marshal(p.document)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(p.path, text, 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// serve starts a server with the configuration as it is now.
func (p *place) serve() {
	p.t.Helper()
	p.write()
	config, err := cli.LoadConfig(p.path)
	if err != nil {
		p.t.Fatal(err)
	}
	a, err := app.New(p.t.Context(), config, app.AllRoles(), slog.New(slog.DiscardHandler))
	if err != nil {
		p.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	p.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			p.t.Error(err)
		}
		if err := a.Close(); err != nil {
			p.t.Error(err)
		}
	})
}

// look has the doctor look at the configuration as it is now.
func (p *place) look() []doctor.Finding {
	p.t.Helper()
	p.write()
	found := cli.Doctor(p.t.Context(), p.path)
	for _, f := range found {
		if f.About == "" || f.Found == "" || (f.Todo == "") != (f.State == whatsapp.Well) {
			p.t.Errorf("finding %+v", f)
		}
		for _, secret := range []string{secret, token, "wrong-token", "another-secret"} {
			if strings.Contains(f.Found+f.Todo, secret) {
				p.t.Errorf("%+v tells a secret", f)
			}
		}
	}
	return found
}

// want wants the doctor to find what a pattern says of something, and whether it
// would stop a campaign.
func want(t *testing.T, found []doctor.Finding, about string, state whatsapp.Health, pattern string) {
	t.Helper()
	matches := func(f doctor.Finding) bool {
		return f.About == about && f.State == state && regexp.MustCompile(pattern).MatchString(f.Found+"; "+f.Todo)
	}
	if !slices.ContainsFunc(found, matches) {
		t.Errorf("no %s of %s says %q: %s", state, about, pattern, shown(found))
	}
	if troubled := cli.Troubled(found) != nil; state == whatsapp.Ill && !troubled || state == whatsapp.Doubtful && troubled {
		t.Errorf("a %s of %s, and the program fails: %v: %s", state, about, troubled, shown(found))
	}
}

func shown(found []doctor.Finding) string {
	var text strings.Builder
	_ = cli.WriteFindings(&text, found) // a Builder takes all
	return "\n" + text.String()
}

// TestAllIsWell looks at a running server with each kind of provider.
func TestAllIsWell(t *testing.T) {
	t.Parallel()
	for _, dialect := range simulator.Dialects() {
		t.Run(dialect.Name(), func(t *testing.T) {
			t.Parallel()
			p := newPlace(t, dialect)
			p.serve()
			found := p.look()
			for _, f := range found {
				if f.State != whatsapp.Well {
					t.Errorf("all is well, and %+v", f)
				}
			}
			want(t, found, "ledger", whatsapp.Well, "open in a running carillon, which is ready")
			want(t, found, "token", whatsapp.Well, "valid|accepted")
			want(t, found, "clock", whatsapp.Well, "agrees with the provider's")
			want(t, found, "webhook", whatsapp.Well, "is accepted")
			want(t, found, "webhook proof", whatsapp.Well, "is refused")
			if counts := p.provider.Counts(); counts.Accepted != 0 {
				t.Errorf("%d messages were sent", counts.Accepted)
			}
		})
	}
}

// TestWrongToken has every provider refuse the token. No server runs.
func TestWrongToken(t *testing.T) {
	t.Parallel()
	for _, dialect := range simulator.Dialects() {
		t.Run(dialect.Name(), func(t *testing.T) {
			t.Parallel()
			p := newPlace(t, dialect)
			key := map[string]string{"360dialog": "api_key", "360dialog-cloud": "api_key", "vonage": "application_id", "vonage-beta": "application_id"}[dialect.Name()]
			switch key {
			case "":
				p.set("access_token", "wrong-token")
			case "api_key":
				p.set(key, "wrong-token")
			default:
				p.set(key, "bbbbbbbb-bbbb-4ccc-8ddd-0123456789ab")
			}
			found := p.look()
			want(t, found, "token", whatsapp.Ill, "refused: ")
			want(t, found, "webhook", whatsapp.Ill, "cannot be reached.*start the server")
			want(t, found, "ledger", whatsapp.Well, "can be written")
		})
	}
}

func TestWrongSecretOfTheApp(t *testing.T) {
	t.Parallel()
	p := newPlace(t, simulator.Dialects()[0])
	p.serve()
	p.set("app_secret", "another-secret")
	p.set("verify_token", "another-word")
	found := p.look()
	want(t, found, "app_secret", whatsapp.Ill, "is refused for the app.*copy it again")
	want(t, found, "webhook", whatsapp.Ill, "the running server has another one")
	want(t, found, "webhook challenge", whatsapp.Ill, "the running server has another verify_token")
}

// A token that the provider quotes is not told.
func TestQuotedSecretsAreHidden(t *testing.T) {
	t.Parallel()
	quoting := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, `{"error":{"code":190,"message":"Malformed access token %s"}}`, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	}))
	defer quoting.Close()
	p := newPlace(t, simulator.Dialects()[0])
	p.set("base_url", quoting.URL)
	want(t, p.look(), "token", whatsapp.Ill, "Malformed access token …")
}

// What may stand between a provider and the server.
func TestWebhooksThatDoNotArrive(t *testing.T) {
	t.Parallel()
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://elsewhere.example/")
			if status/100 != 3 {
				w.Header().Del("Location")
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	for name, test := range map[string]struct {
		proxy          http.HandlerFunc
		about, pattern string
	}{
		"a page":     {answer(200, "hello"), "webhook challenge", "something else answers there"},
		"no way":     {answer(404, ""), "webhook", "HTTP 404"},
		"nobody":     {answer(502, ""), "webhook", "HTTP 502: the server does not run"},
		"a redirect": {answer(301, ""), "webhook", "HTTP 301 to https://elsewhere.example/"},
		"takes it all": {func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, r.URL.Query().Get("hub.challenge"))
		}, "webhook proof", "is answered 200"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy := httptest.NewServer(test.proxy)
			defer proxy.Close()
			p := newPlace(t, simulator.Dialects()[0])
			p.document["http"].(map[string]any)["public_url"] = proxy.URL
			want(t, p.look(), test.about, whatsapp.Ill, test.pattern)
		})
	}
}

func TestNoAddressForWebhooks(t *testing.T) {
	t.Parallel()
	p := newPlace(t, simulator.Dialects()[0])
	delete(p.document["http"].(map[string]any), "public_url")
	want(t, p.look(), "public_url", whatsapp.Doubtful, "is not set")
}

func TestLedgers(t *testing.T) {
	t.Parallel()
	for ledger, pattern := range map[string]string{
		"sqlite:/sys/carillon.db":         "check the folder's permissions", // where nobody may make files
		"sqlite:/nowhere/at/all/x.db":     "does not exist; create it",
		"postgres://a:b@127.0.0.1:1/none": "does not answer; start PostgreSQL",
	} {
		t.Run(pattern, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t, simulator.Dialects()[0])
			p.document["ledger"] = ledger
			want(t, p.look(), "ledger", whatsapp.Ill, pattern)
		})
	}
}

func TestRedis(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options []string
		state   whatsapp.Health
		pattern string
	}{
		"well":     {nil, whatsapp.Well, "accepts tasks; it keeps nothing on disk"},
		"eviction": {[]string{"--maxmemory-policy", "allkeys-lru"}, whatsapp.Doubtful, "may discard tasks.*set maxmemory-policy noeviction"},
		"replica":  {[]string{"--replicaof", "127.0.0.1 1"}, whatsapp.Ill, "accepts no tasks for main: .*replica"},
		"full":     {[]string{"--maxmemory", "1"}, whatsapp.Ill, "accepts no tasks for main: Redis is full"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t, simulator.Dialects()[0])
			delete(p.document["http"].(map[string]any), "public_url") // no server runs
			p.document["redis"] = "redis://" + startRedis(t, test.options...)
			found := p.look()
			want(t, found, "redis", test.state, test.pattern)
			want(t, found, "redis version", whatsapp.Well, `^\d+\.\d+`)
		})
	}
	p := newPlace(t, simulator.Dialects()[0])
	p.document["redis"] = "redis://:hush@127.0.0.1:1/0"
	want(t, p.look(), "redis", whatsapp.Ill, "does not answer; start it")
}

func startRedis(t *testing.T, options ...string) (address string) {
	t.Helper()
	address = programtest.FreeAddress(t)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command("redis-server", append([]string{"--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir()}, options...)...)
	server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	client := redis.NewClient(&redis.Options{Addr: address, MaxRetries: 100})
	defer func() { _ = client.Close() }()
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	return address
}

func TestMistakesOfAConfiguration(t *testing.T) {
	t.Parallel()
	p := newPlace(t, simulator.Dialects()[0])
	p.document["redis"], p.document["ledger"] = "nowhere", "nowhere"
	found := p.look()
	if len(found) != 2 {
		t.Errorf("two mistakes are %s", shown(found))
	}
	want(t, found, "configuration", whatsapp.Ill, "redis: ")
	want(t, found, "configuration", whatsapp.Ill, "ledger: ")
}
