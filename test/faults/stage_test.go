package faults

import (
	"cmp"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"carillon/campaign"
	"carillon/client"
	"carillon/internal/cli"
	"carillon/internal/postgrestest"
	"carillon/internal/programtest"
	"carillon/simulator"
	"carillon/whatsapp/providers"
)

const (
	engineSQLite   = "sqlite"
	enginePostgres = "postgres"

	token     = "a-token-for-the-tests"
	appSecret = "the-app-secret"
	access    = "the-access-token"
	// rate is the number's, in messages a second. It leaves the machine enough
	// time for several runs at once.
	rate = 200
	// latency is how long the provider takes to answer, so that there is always
	// something under way to be struck.
	latency = 50 * time.Millisecond
	// timeout is for one request to the provider: long enough for a machine that
	// several runs, and whatever else there is, keep busy. A request that takes
	// longer is unknown for good, if it has not reached the provider.
	timeout = 10 * time.Second
)

// stage is all that a run has started.
type stage struct {
	*testing.T
	trial
	folder string
	disk   string // the folder that the ledger's file is in

	redis     *redisServer
	postgres  *postgrestest.Server // nil but for faults of the ledger
	front     *front
	provider  *process
	url       string // of the provider
	besideURL string // of the one beside it, empty for none
	houses    []*house
	client    *client.Client
	id        string // of the campaign
}

// house is a process of the program under test.
type house struct {
	role string
	url  string
	*process
}

// set starts everything but the campaign, Redis with more arguments if there are
// any.
func (tr trial) set(t *testing.T, redis ...string) *stage {
	t.Helper()
	s := &stage{T: t, trial: tr, folder: t.TempDir()}
	s.redis = startRedis(t, tr.fault.durable, redis...)
	if tr.fault.ledger {
		s.postgres = postgrestest.Start(t)
		s.database = s.postgres.Database(t)
	}
	if s.disk = s.folder; tr.fault.disk {
		s.disk = mount(t, "64m")
	}
	if tr.engine == engineSQLite {
		s.database = "sqlite:" + filepath.Join(s.disk, "carillon.db")
	}
	s.front = startFront(t)
	text := fmt.Sprintf(config, s.database, tr.login+s.redis.relay.Addr().String(), token)
	main := dialectOf(tr.kind())
	s.provider, s.url = s.provide("main", main, cmp.Or(tr.takes, tokenOf(main)))
	text += channel("main", main, s.url, rate, tr.fault.onUnknown())
	if tr.beside != "" {
		second := dialectOf(tr.beside)
		_, s.besideURL = s.provide("second", second, tokenOf(second))
		text += channel("second", second, s.besideURL, rate, tr.fault.onUnknown())
	}
	s.write("carillon.yaml", text)
	for _, role := range tr.fault.roles() {
		s.open(role)
	}
	var err error
	if s.client, err = cli.NewClient(s.front.URL, token); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.client.Close)
	return s
}

// config is what all processes of a run are told. Nobody is told a port: each
// takes a free one and says which.
const config = `ledger: %s
redis: redis://%s/0
http:
  listen: 127.0.0.1:0
  tokens: [{name: tests, token: %s, role: admin}]
channels:
`

// provide starts a simulated provider of a kind behind a channel. It takes requests
// with one token.
func (s *stage) provide(channel string, d simulator.Dialect, takes string) (p *process, url string) {
	s.Helper()
	kind := d.Name()
	args := []string{
		"simulate", "--provider", kind, "--listen", "127.0.0.1:0", "--app-secret", appSecret, "--token", takes,
		"--latency", latency.String(), "--faults", s.fault.provider, "--seed", "7",
	}
	if !polled(kind) {
		args = append(args, "--webhook", s.front.URL+"/webhooks/"+channel)
	}
	p = programtest.Start(s.T, s.folder, "provider of "+channel, s.program, args...)
	return p, p.Says(s.T, `listens at (http://\S+)`)
}

// polled reports whether a kind of provider is asked what became of a message.
func polled(kind string) bool {
	spec, _ := providers.Find(kind)
	return spec.Traits.Polled
}

func dialectOf(kind string) simulator.Dialect {
	dialect, err := simulator.DialectOf(kind)
	if err != nil {
		panic(err) // the tests name it
	}
	return dialect
}

func settingsOf(d simulator.Dialect, url string) map[string]string {
	return simulator.Options{Dialect: d, AccessToken: access, AppSecret: appSecret, PhoneNumberID: "106540352242922"}.Settings(url)
}

// tokenOf is what a simulated provider knows its channel by: the access token, or
// the public half of the channel's key.
func tokenOf(d simulator.Dialect) string {
	block, _ := pem.Decode([]byte(settingsOf(d, "")["private_key"]))
	if block == nil {
		return access
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		panic(err) // the simulator made it
	}
	public, err := x509.MarshalPKIXPublicKey(key.(crypto.Signer).Public())
	if err != nil {
		panic(err) // every public key of a signer marshals
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
}

// channel are the lines of the configuration that lead a channel to a simulated
// provider of this kind at url.
func channel(name string, d simulator.Dialect, url string, rate int, onUnknown string) string {
	settings := settingsOf(d, url)
	var lines strings.Builder
	fmt.Fprintf(&lines, "  %s:\n    provider: %s\n    rate: %d\n    timeout: %s\n    unknown_after: 3s\n    on_unknown: %s\n",
		name, d.Name(), rate, timeout, onUnknown)
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&lines, "    %s: %q\n", key, settings[key])
	}
	return lines.String()
}

// open starts a process of the program.
func (s *stage) open(role string) *house {
	s.Helper()
	h := &house{role: role}
	h.process = programtest.Start(s.T, s.folder, role, s.program, role, "-c", filepath.Join(s.folder, "carillon.yaml"))
	h.url = h.Says(s.T, `serves at (http://\S+)`)
	if role == "serve" || role == "web" {
		s.front.add(h.url)
	}
	s.houses = append(s.houses, h)
	return h
}

// eventually waits as long as a run of this size may take.
func (s *stage) eventually(what string, holds func() bool) {
	s.Helper()
	programtest.Eventually(s.T, s.size.giveUp, what, holds)
}

// newest is the process of a role that was started last.
func (s *stage) newest(role string) *house {
	s.Helper()
	for n := len(s.houses) - 1; n >= 0; n-- {
		if s.houses[n].role == role {
			return s.houses[n]
		}
	}
	s.Fatalf("there is no %s", role)
	return nil
}

// strike kills a process.
func (s *stage) strike(h *house) {
	s.front.remove(h.url)
	h.Kill()
}

// worker is the role of the process that sends.
func (s *stage) worker() string {
	if len(s.fault.houses) > 0 {
		return "worker"
	}
	return "serve"
}

// definition is the campaign: two messages, the second one to those whom the
// first has reached.
func (s *stage) definition() string {
	patience := "10m" // never runs out
	switch {
	case s.fault.ends != someUnknown:
	case polled(s.kind()) || polled(s.beside):
		patience = "1m" // it is asked after 5 s, and again after 15
	default:
		patience = "10s"
	}
	return s.write("campaign.yaml", `name: faults
`+s.sentFrom()+`
steps:
  - {template: first, language: en, category: utility, body: ["{{Full Name}}"]}
  - {after: delivered, patience: `+patience+`, template: second, language: en, category: utility, body: ["{{Full Name}}"]}
`)
}

// sentFrom names the channels of the campaign.
func (s *stage) sentFrom() string {
	switch {
	case s.beside == "":
		return "channel: main"
	case s.takes != "":
		return "channel: main\nfallback: [second]"
	}
	return "channels: [main, second]"
}

// steps are the templates of the definition.
var steps = [...]string{"first", "second"}

// people is the list.
func (s *stage) people() string {
	var text strings.Builder
	text.WriteString("Full Name,Phone\n")
	for i := range s.size.people {
		fmt.Fprintf(&text, "Ana %d,+4915123%06d\n", i, i)
	}
	return s.write("contacts.csv", text.String())
}

func (s *stage) write(name, text string) string {
	s.Helper()
	path := filepath.Join(s.folder, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.Fatal(err)
	}
	return path
}

// launch uploads and starts the campaign.
func (s *stage) launch() {
	s.Helper()
	c, err := cli.Launch(s.Context(), s.client, cli.LaunchRequest{Campaign: s.definition(), Contacts: s.people()})
	if err != nil {
		s.Fatal(err)
	}
	s.id = c.ID
}

// underWay waits until the provider has accepted n messages more.
func (s *stage) underWay(n int) {
	s.Helper()
	from := s.accepted()
	s.eventually(fmt.Sprintf("%d more messages are accepted", n), func() bool { return s.accepted() >= from+n })
}

func (s *stage) accepted() int {
	n := 0
	for _, url := range s.urls() {
		var counts simulator.Counts
		s.ask(url+"/counts", &counts)
		n += counts.Accepted
	}
	return n
}

func (s *stage) urls() []string {
	if s.besideURL == "" {
		return []string{s.url}
	}
	return []string{s.url, s.besideURL}
}

// truth is what the provider did; where there are two, what both did.
func (s *stage) truth() simulator.Truth {
	var truth simulator.Truth
	for _, url := range s.urls() {
		one := s.one(url)
		truth.Counts.Accepted += one.Counts.Accepted
		truth.Messages = append(truth.Messages, one.Messages...)
	}
	return truth
}

// one is what the provider at url did.
func (s *stage) one(url string) (truth simulator.Truth) {
	s.Helper()
	s.ask(url+"/truth", &truth)
	return truth
}

func (s *stage) ask(url string, into any) {
	s.Helper()
	answer, err := http.Get(url)
	if err != nil {
		s.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
		s.Fatalf("%s: %v", url, err)
	}
}

// act pauses, resumes or cancels.
func (s *stage) act(action string) {
	s.Helper()
	if _, err := s.client.Act(s.Context(), s.id, action); err != nil {
		s.Fatal(err)
	}
}

// finish waits until the campaign has ended and the provider has reported all.
func (s *stage) finish() {
	s.Helper()
	var seen client.Campaign
	defer func() {
		if s.Failed() {
			s.Logf("the campaign was last seen like this: %s", seen.Raw)
			s.report(steps[:]) // which tells what is unknown, and why
		}
	}()
	over := func() bool {
		c, err := s.client.Campaign(s.Context(), s.id)
		if err == nil {
			seen = c
		}
		return err == nil && c.FinishedAt != nil && s.arrived(c)
	}
	s.eventually("the campaign ends and all receipts are in", func() bool {
		return over() && s.reported() && over() // a late receipt may have opened it again
	})
}

// reported tells whether every receipt was answered. A provider that is asked is
// asked for a day whether a message was read; see arrived.
func (s *stage) reported() bool {
	return (polled(s.kind()) || told(s.one(s.url))) && (s.besideURL == "" || polled(s.beside) || told(s.one(s.besideURL)))
}

// arrived tells whether nothing is on its way any more to the recipients of a
// provider that is asked.
func (s *stage) arrived(c client.Campaign) bool {
	return !polled(s.kind()) && !polled(s.beside) || c.Counts[campaign.Accepted]+c.Counts[campaign.Sent] == 0
}

func told(t simulator.Truth) bool {
	for _, m := range t.Messages {
		for _, r := range m.Receipts {
			if r.Answered == 0 && !r.Lost {
				return false
			}
		}
	}
	return true
}
