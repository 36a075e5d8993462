package configs

import (
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"carillon/simulator"
	"carillon/whatsapp"
	"carillon/whatsapp/cloud"
	"carillon/whatsapp/dialog360"
	"carillon/whatsapp/gateway"
	"carillon/whatsapp/providers"
	"carillon/whatsapp/service4u"
	"carillon/whatsapp/vonage"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "write the messages of the mistakes anew")

// sealKey is a secret that has the form of a key.
const sealKey = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

// privateKey is that of an application at Vonage. It is made once.
var privateKey = sync.OnceValue(func() string {
	dialect, err := simulator.DialectOf(vonage.Name)
	if err != nil {
		panic(err)
	}
	return simulator.Options{Dialect: dialect}.Settings("")["private_key"]
})

// environment is what the files of these tests find set.
func environment(name string) (string, bool) {
	if name == "VONAGE_PRIVATE_KEY" {
		return privateKey(), true
	}
	value, ok := map[string]string{
		"CARILLON_TOKEN":          "ops-secret-0123456789",
		"CARILLON_VIEWER_TOKEN":   "viewer-secret-0123456789",
		"WHATSAPP_TOKEN":          "access-secret",
		"WHATSAPP_APP_SECRET":     "app-secret",
		"WHATSAPP_VERIFY_TOKEN":   "verify-secret",
		"SERVICE4U_TOKEN":         "service4u-secret",
		"SERVICE4U_APP_SECRET":    "service4u-app-secret",
		"SERVICE4U_VERIFY_TOKEN":  "service4u-verify-secret",
		"VONAGE_SIGNATURE_SECRET": "vonage-secret",
		"D360_API_KEY":            "d360-secret",
		"D360_WEBHOOK_SECRET":     "d360-webhook-secret",
		"D360_V1_API_KEY":         "d360-v1-secret",
		"D360_V1_WEBHOOK_SECRET":  "d360-v1-webhook-secret",
		"GATEWAY_TOKEN":           "gateway-secret",
		"GATEWAY_APP_SECRET":      "gateway-app-secret",
		"GATEWAY_VERIFY_TOKEN":    "gateway-verify-secret",
		"LISTS_TOKEN":             "lists-secret",
		"SHOP_PASSWORD":           "shop-secret",
		"CARILLON_SEAL_KEY":       sealKey,
		"EMPTY":                   "",
		"YAML":                    `}"#: [`,
	}[name]
	return value, ok
}

// minimal is a file that leaves out whatever it can.
const minimal = `
channels:
  main:
    phone_number_id: "1"
    access_token: token
    app_secret: secret
`

func load(t *testing.T, text string) (*Config, error) {
	t.Helper()
	config, _, err := read("carillon.yaml", []byte(text), environment, providers.All())
	return config, err
}

// withoutSpecs compares channels without their kinds of providers, which hold
// functions.
var withoutSpecs = cmp.FilterPath(func(p cmp.Path) bool { return p.Last().Type() == reflect.TypeFor[whatsapp.Spec]() }, cmp.Ignore())

func settingsOfCloud(c Channel) *cloud.Settings { return c.Settings.(*cloud.Settings) }

func TestExampleLoadsToWhatItSays(t *testing.T) {
	t.Parallel()
	got, err := Load("example.yaml", environment, providers.All())
	if err != nil {
		t.Fatal(err)
	}
	golden, err := os.ReadFile("testdata/example.golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var want Config
	if err := json.Unmarshal(golden, &want); err != nil {
		t.Fatal(err)
	}
	// Secrets are not read from JSON, nor written to it.
	want.HTTP.Tokens[0].Token = "ops-secret-0123456789"
	want.HTTP.Tokens[1].Token = "viewer-secret-0123456789"
	main := want.Channels["main"]
	main.Settings = &cloud.Settings{
		BaseURL: "https://graph.facebook.com", APIVersion: "v23.0", PhoneNumberID: "106540352242922", WABAID: "102290129340398",
		AccessToken: "access-secret", AppSecret: "app-secret", VerifyToken: "verify-secret",
	}
	branch, partner, legacy, agency := want.Channels["branch"], want.Channels["partner"], want.Channels["legacy"], want.Channels["agency"]
	branch.Settings = &service4u.Settings{
		BaseURL: "https://whatsapp.example.com", Sender: "16315551234",
		AccessToken: "service4u-secret", AppSecret: "service4u-app-secret", VerifyToken: "service4u-verify-secret",
	}
	partner.Settings = &dialog360.Settings{
		BaseURL: "https://waba-v2.360dialog.io", APIKey: "d360-secret", PhoneNumberID: "106540352242923", WABAID: "102290129340399",
		WebhookHeader: "X-Webhook-Secret", WebhookSecret: "d360-webhook-secret",
	}
	legacy.Settings = &dialog360.V1Settings{
		BaseURL: "https://waba.360dialog.io/v1", APIKey: "d360-v1-secret", Namespace: "c8ae5f90_307a_ca4c_b8f6_d1e2a2573574",
		ContactsCheck: true, WebhookHeader: "X-Webhook-Secret", WebhookSecret: "d360-v1-webhook-secret",
	}
	shop, outlet := want.Channels["shop"], want.Channels["outlet"]
	shop.Settings = &vonage.Settings{
		BaseURL: "https://api.nexmo.com", ApplicationID: "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab",
		PrivateKey: whatsapp.Secret(privateKey()), Sender: "447700900001", SignatureSecret: "vonage-secret",
	}
	outlet.Settings = &vonage.BetaSettings{
		BaseURL: "https://api.nexmo.com", ApplicationID: "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab",
		PrivateKey: whatsapp.Secret(privateKey()), Sender: "447700900002", Namespace: "whatsapp:hsm:technology:nexmo", SignatureSecret: "vonage-secret",
	}
	agency.Settings = &gateway.Settings{
		BaseURL: "https://api.whatsapp.com/v2", AccessToken: "gateway-secret", PhoneNumberID: "106540352242924", WABAID: "102290129340400",
		AppSecret: "gateway-app-secret", VerifyToken: "gateway-verify-secret",
	}
	want.Channels = map[string]Channel{"main": main, "branch": branch, "partner": partner, "legacy": legacy, "shop": shop, "outlet": outlet, "agency": agency}
	want.OptOut, want.OptIn = defaultOptOut(), defaultOptIn() // the words that stand there are the defaults
	news, invoices := &want.Schedules[2].Contacts, &want.Schedules[3].Contacts
	news.URL, news.Headers = "https://lists.example/news-%Y%m%d.csv", map[string]string{"Authorization": "Bearer lists-secret"}
	invoices.DSN = "postgres://carillon:shop-secret@shop.example/shop"
	want.SealKeys = []string{sealKey}
	if want.Dir, err = os.Getwd(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&want, got, withoutSpecs); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestExampleShowsEveryKey(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(shield(text), &document); err != nil {
		t.Fatal(err)
	}
	given := make(map[string]bool)
	collectKeys(document.Content[0], "", given)
	known := knownKeys(reflect.TypeFor[Config](), "")
	for _, spec := range providers.All() {
		known = append(known, knownKeys(reflect.TypeOf(spec.Settings()).Elem(), ".channels.*")...)
	}
	for _, path := range known {
		if !given[path] {
			t.Errorf("example.yaml does not show %s", path)
		}
	}
}

// collectKeys notes the paths of a document; entries of lists and channels all
// have the path of their kind.
func collectKeys(n *yaml.Node, path string, into map[string]bool) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i < len(n.Content); i += 2 {
			at := path + "." + n.Content[i].Value
			if path == ".channels" || strings.HasSuffix(path, ".headers") {
				at = path + ".*"
			}
			into[at] = true
			collectKeys(n.Content[i+1], at, into)
		}
	case yaml.SequenceNode:
		for _, item := range n.Content {
			collectKeys(item, path+".*", into)
		}
	}
}

func knownKeys(t reflect.Type, path string) []string {
	switch t.Kind() {
	case reflect.Map, reflect.Slice:
		return knownKeys(t.Elem(), path+".*")
	case reflect.Struct:
		var keys []string
		for field := range t.Fields() {
			tag := field.Tag.Get("yaml")
			if tag == "-" {
				continue
			}
			at := path + "." + tag
			keys = append(append(keys, at), knownKeys(field.Type, at)...)
		}
		return keys
	}
	return nil
}

func TestDefaultsFillWhatIsLeftOut(t *testing.T) {
	t.Parallel()
	got, err := load(t, minimal)
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Channels["main"] = Channel{
		Provider: "cloud",
		Rate:     80, Pair: Pair{Every: Duration(6 * time.Second), Burst: 45}, Timeout: Duration(30 * time.Second), UnknownAfter: Duration(10 * time.Minute), OnUnknown: Hold,
		Guard: Guard{SameRefusal: 5, RefusedShare: 0.2, UnreachableShare: 0.3},
		Settings: &cloud.Settings{
			BaseURL: "https://graph.facebook.com", APIVersion: "v23.0",
			PhoneNumberID: "1", AccessToken: "token", AppSecret: "secret",
		},
	}
	if diff := cmp.Diff(want, got, withoutSpecs); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff(&Config{
		Ledger: "sqlite:carillon.db", Redis: "embedded",
		HTTP: HTTP{Listen: "127.0.0.1:8080", TrustedProxies: []string{"127.0.0.0/8", "::1"}}, Channels: map[string]Channel{}, Holidays: map[string]string{},
		OptOut: defaultOptOut(), OptIn: defaultOptIn(),
	}, Default()); diff != "" {
		t.Errorf("Default: -want +got:\n%s", diff)
	}
}

func TestValuesAreRead(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		line string // added to the channel
		get  func(Channel) any
		want any
	}{
		"rate 0 is no limit":       {"rate: 0", func(c Channel) any { return c.Rate }, 0.0},
		"rate left empty":          {"rate:", func(c Channel) any { return c.Rate }, 80.0},
		"rate by variable, quoted": {`rate: "12.5"`, func(c Channel) any { return c.Rate }, 12.5},
		"duration":                 {"timeout: 1m30s", func(c Channel) any { return c.Timeout }, Duration(90 * time.Second)},
		"no version":               {`api_version: ""`, func(c Channel) any { return settingsOfCloud(c).APIVersion }, ""},
		"variable in a text":       {"verify_token: a-${WHATSAPP_TOKEN}-b", func(c Channel) any { return string(settingsOfCloud(c).VerifyToken) }, "a-access-secret-b"},
		"variable that looks YAML": {"verify_token: ${YAML}", func(c Channel) any { return string(settingsOfCloud(c).VerifyToken) }, `}"#: [`},
		"empty variable":           {"verify_token: ${EMPTY}", func(c Channel) any { return string(settingsOfCloud(c).VerifyToken) }, ""},
		"escape":                   {"verify_token: $${NAME}", func(c Channel) any { return string(settingsOfCloud(c).VerifyToken) }, "${NAME}"},
		"escape, then variable":    {"verify_token: $${${WHATSAPP_TOKEN}$", func(c Channel) any { return string(settingsOfCloud(c).VerifyToken) }, "${access-secret$"},
		"dollar alone":             {"verify_token: a$b$", func(c Channel) any { return string(settingsOfCloud(c).VerifyToken) }, "a$b$"},
		"number as a text":         {"verify_token: 0123", func(c Channel) any { return string(settingsOfCloud(c).VerifyToken) }, "0123"},
		"pair limit, one half":     {"pair: {burst: 5}", func(c Channel) any { return c.Pair }, Pair{Duration(6 * time.Second), 5}},
		"daily limit":              {"daily_recipients: 1000", func(c Channel) any { return c.DailyRecipients }, 1000},
		"one threshold off":        {"guard: {same_refusal: 0}", func(c Channel) any { return c.Guard }, Guard{0, 0.2, 0.3}},
		"a later version's default": {
			"on_unknown: hold\n    waba_id: 7", func(c Channel) any { return settingsOfCloud(c).WABAID }, "7",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			config, err := load(t, minimal+"    "+test.line+"\n")
			if err != nil {
				t.Fatal(err)
			}
			if got := test.get(config.Channels["main"]); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// Braces of a variable within braces of YAML are no mapping.
func TestVariablesStandWithinFlowMappings(t *testing.T) {
	t.Parallel()
	text := `http: {tokens: [{name: ops, token: ${OPS}, role: admin}, {name: x, token: "$${OPS}-and-${OPS}", role: viewer}]}
channels: {main: {phone_number_id: "1", access_token: ${ACCESS}, app_secret: ${SECRET}}}
`
	env := map[string]string{"OPS": "0123456789abcdef", "ACCESS": "a}{", "SECRET": "s, t: u"}
	got, _, err := read("flow.yaml", []byte(text), func(name string) (string, bool) { value, ok := env[name]; return value, ok }, providers.All())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"0123456789abcdef", "${OPS}-and-0123456789abcdef", "a}{", "s, t: u"}
	main := settingsOfCloud(got.Channels["main"])
	have := []string{got.HTTP.Tokens[0].Token, got.HTTP.Tokens[1].Token, string(main.AccessToken), string(main.AppSecret)}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Error(diff)
	}
}

func TestRedisAddressesThatAreTaken(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"embedded", "redis://host:6379", "redis://host:6379/", "redis://[::1]:6379/2", "rediss://user:pass%40word@host:6379/0",
		"redis-socket:///run/redis.sock", "redis-socket:///run/redis.sock?db=3",
		"redis-sentinel://:word@a:26379,b:26379?master=it", "redis-cluster://a:6379,b:6379,c:6379",
	} {
		config, err := load(t, "redis: "+address+minimal)
		if err != nil || config.Redis != address {
			t.Errorf("%s: %v, %v", address, config, err)
		}
	}
}

func TestWithoutTokensOnlyLoopbackListens(t *testing.T) {
	t.Parallel()
	for listen, allowed := range map[string]bool{
		"127.0.0.1:0": true, "127.8.0.1:80": true, "localhost:8080": true, "[::1]:8080": true,
		":8080": false, "0.0.0.0:8080": false, "[::]:8080": false, "192.168.1.4:8080": false, "example.com:80": false,
	} {
		_, err := load(t, "http: {listen: \""+listen+"\"}"+minimal)
		if allowed != (err == nil) {
			t.Errorf("%s: %v", listen, err)
		}
		_, err = load(t, "http: {listen: \""+listen+"\", tokens: [{name: a, token: 0123456789abcdef, role: viewer}]}"+minimal)
		if err != nil {
			t.Errorf("%s with a token: %v", listen, err)
		}
	}
}

func TestEveryMistakeHasItsMessage(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/mistakes/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			config, err := Load(file, environment, providers.All())
			if err == nil {
				t.Fatalf("was taken: %v", config)
			}
			got := strings.ReplaceAll(err.Error(), filepath.ToSlash(filepath.Dir(file))+"/", "") + "\n"
			message := strings.TrimSuffix(file, ".yaml") + ".txt"
			if *update {
				if err := os.WriteFile(message, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(message)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestMistakesCanBeTakenApart(t *testing.T) {
	t.Parallel()
	_, err := load(t, minimal+"    rate: -1\n")
	var mistake *Mistake
	if !errors.As(err, &mistake) {
		t.Fatalf("%v is no *Mistake", err)
	}
	mistake.Message = ""
	if diff := cmp.Diff(&Mistake{File: "carillon.yaml", Line: 7, Path: "channels.main.rate"}, mistake); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestFileThatIsNotThere(t *testing.T) {
	t.Parallel()
	_, err := Load(filepath.Join(t.TempDir(), "carillon.yaml"), environment, providers.All())
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestFileThatIsTooLong(t *testing.T) {
	t.Parallel()
	_, err := load(t, minimal+"#"+strings.Repeat(" ", maxFile))
	if err == nil || !strings.Contains(err.Error(), "the file is longer than") {
		t.Errorf("got %v", err)
	}
}
