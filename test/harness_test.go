// Package test holds Carillon as a whole against its promises: the real
// program with a real Redis and a simulated provider, and the files that are
// delivered with it.
package test

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"carillon/client"
	"carillon/configs"
	"carillon/internal/app"
	"carillon/internal/cli"
	"carillon/internal/programtest"
	"carillon/simulator"
	"carillon/whatsapp/cloud"
)

// token admits the tests to the API.
const token = "a-token-for-the-tests"

func TestMain(m *testing.M) { programtest.Main(m) }

// startRedis starts a redis-server of the test's own and returns its address.
func startRedis(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatalf("%v; `make needs` installs it", err)
	}
	address := programtest.FreeAddress(t)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command(path, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
		"--maxmemory-policy", "noeviction", "--dir", t.TempDir())
	server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	client := redis.NewClient(&redis.Options{Addr: address})
	defer func() { _ = client.Close() }()
	programtest.Eventually(t, programtest.Patience, "redis-server answers", func() bool { return client.Ping(context.Background()).Err() == nil })
	return "redis://" + address + "/0"
}

// house is a running Carillon with its simulated provider.
type house struct {
	*app.App
	client   *client.Client
	provider *simulator.Simulator
	rate     float64
	shut     func() // stops the program before the test ends
}

// setup says what a house is like.
type setup struct {
	redis     string
	ledger    string // an address; empty for a SQLite file
	rate      float64
	pair      configs.Pair
	daily     int // recipients within 24 hours; 0 for no limit
	simulator simulator.Options
	more      map[string]configs.Channel // beside main
	log       io.Writer                  // takes all that is logged; nil: errors alone, on standard error
}

const (
	appSecret = "the-app-secret"
	number    = "106540352242922"
)

// startHouse starts the program in this process, on free ports and a ledger of
// its own.
func startHouse(t testing.TB, s setup) *house {
	t.Helper()
	provider, url := startProvider(t, s.simulator)
	return startApp(t, config(t, s, url), s, provider)
}

// startProvider starts a simulated provider, and returns where it listens.
func startProvider(t testing.TB, o simulator.Options) (provider *simulator.Simulator, url string) {
	t.Helper()
	o.AppSecret, o.PhoneNumberID = appSecret, number
	provider = simulator.New(o)
	server := httptest.NewServer(provider)
	t.Cleanup(func() {
		provider.Close()
		server.Close()
	})
	return provider, server.URL
}

// startApp starts the program in this process with a provider that is there.
func startApp(t testing.TB, config *configs.Config, s setup, provider *simulator.Simulator) *house {
	t.Helper()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	if s.log != nil {
		log = slog.New(slog.NewTextHandler(s.log, nil))
	}
	a, err := app.New(t.Context(), config, app.AllRoles(), log)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	shut := sync.OnceFunc(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(shut)
	provider.SetWebhook(a.URL() + "/webhooks/main")
	client, err := cli.NewClient(a.URL(), token)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return &house{App: a, client: client, provider: provider, rate: s.rate, shut: shut}
}

func config(t testing.TB, s setup, provider string) *configs.Config {
	usual := configs.Default()
	c := &configs.Config{
		OptOut: usual.OptOut, OptIn: usual.OptIn,
		Ledger:   cmp.Or(s.ledger, "sqlite:"+filepath.Join(t.TempDir(), "carillon.db")),
		Redis:    s.redis,
		HTTP:     configs.HTTP{Listen: "127.0.0.1:0", Tokens: []configs.Token{{Name: "tests", Token: token, Role: configs.Admin}}},
		Channels: map[string]configs.Channel{},
	}
	main := channel(number, provider, s.rate)
	main.Pair, main.DailyRecipients = s.pair, s.daily
	c.Channels["main"] = main
	maps.Copy(c.Channels, s.more)
	return c
}

// channel is a number at a simulated Cloud API, with no limits but its rate.
func channel(number, provider string, rate float64) configs.Channel {
	c := configs.NewChannel(cloud.Spec())
	settings := c.Settings.(*cloud.Settings)
	settings.BaseURL, settings.PhoneNumberID = provider, number
	settings.AccessToken, settings.AppSecret, settings.VerifyToken = "access", appSecret, "verify"
	c.Rate, c.Pair, c.Guard = rate, configs.Pair{}, configs.Guard{}
	c.Timeout, c.UnknownAfter, c.OnUnknown = configs.Duration(5*time.Second), configs.Duration(time.Minute), ""
	return c
}

// launch uploads and starts a campaign.
func (h *house) launch(t testing.TB, definition, contacts string) client.Campaign {
	t.Helper()
	c, err := cli.Launch(t.Context(), h.client, cli.LaunchRequest{Campaign: definition, Contacts: contacts})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// finish waits until a campaign has ended and every receipt is in.
func (h *house) finish(t testing.TB, id string) client.Campaign {
	t.Helper()
	for {
		programtest.Eventually(t, programtest.Patience, "the campaign ends", func() bool { return h.state(t, id).State == "finished" })
		ctx, cancel := context.WithTimeout(t.Context(), programtest.Patience)
		err := h.provider.Drain(ctx)
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		if c := h.state(t, id); c.State == "finished" {
			return c
		}
	}
}

func (h *house) state(t testing.TB, id string) client.Campaign {
	t.Helper()
	c, err := h.client.Campaign(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// write puts text into a file of the test's own.
func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// people is a list of n people.
func people(t testing.TB, n int) string {
	t.Helper()
	text := []byte("Full Name,Phone\n")
	for i := range n {
		text = fmt.Appendf(text, "Ana %d,+4915123%06d\n", i, i)
	}
	return write(t, "contacts.csv", string(text))
}

// flush empties a Redis.
func flush(t testing.TB, address string) {
	t.Helper()
	options, err := redis.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer func() { _ = client.Close() }()
	if err := client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
}
