package faults

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"carillon/internal/programtest"
)

// sentinelGroup is a master, two replicas, and three Sentinels that watch them,
// all of them with a password.
type sentinelGroup struct {
	servers, sentinels []*groupServer
}

// groupServer is one of its processes.
type groupServer struct {
	address, port string
	client        *redis.Client
	watch         *redis.SentinelClient // of a Sentinel
	*process
}

const (
	groupName     = "it"
	groupPassword = "p@ssword"
	// groupLogin is how an address has it.
	groupLogin = ":p%40ssword"
	// downAfter is after how long a silent master is taken for dead, in ms. By
	// default it is 30 s.
	downAfter = "2000"
	// downLater is the same where a Sentinel falls silent, too. The program needs
	// some seconds to find that out, and must have before there is a new master.
	downLater = "5000"
)

func startSentinelGroup(t *testing.T) *sentinelGroup {
	t.Helper()
	g := &sentinelGroup{}
	for i := range 3 {
		args := []string{
			"--requirepass", groupPassword, "--masterauth", groupPassword, "--save", "", "--appendonly", "no",
			"--maxmemory-policy", "noeviction", "--repl-diskless-sync-delay", "0",
		}
		if i > 0 {
			args = append(args, "--replicaof", "127.0.0.1", g.servers[0].port)
		}
		g.servers = append(g.servers, startGroupServer(t, args...))
	}
	for _, s := range g.servers[1:] {
		programtest.Eventually(t, programtest.Patience, "a replica is in step", func() bool {
			return strings.Contains(s.client.Info(t.Context(), "replication").Val(), "master_link_status:up")
		})
	}
	for range 3 {
		config := filepath.Join(t.TempDir(), "sentinel.conf")
		text := fmt.Sprintf(sentinelConfig, groupPassword, groupName, g.servers[0].port, downAfter)
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		g.sentinels = append(g.sentinels, startGroupServer(t, config, "--sentinel"))
	}
	for _, s := range g.sentinels {
		programtest.Eventually(t, programtest.Patience, "the Sentinels know each other and the replicas", func() bool {
			seen := s.watch.Master(t.Context(), groupName).Val()
			return seen["num-other-sentinels"] == "2" && seen["num-slaves"] == "2"
		})
	}
	return g
}

const sentinelConfig = `requirepass %[1]s
sentinel sentinel-pass %[1]s
sentinel monitor %[2]s 127.0.0.1 %[3]s 2
sentinel auth-pass %[2]s %[1]s
sentinel down-after-milliseconds %[2]s %[4]s
sentinel failover-timeout %[2]s 3000
`

func startGroupServer(t *testing.T, args ...string) *groupServer {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatalf("%v; `make needs` installs it", err)
	}
	s := &groupServer{port: freePort(t)}
	s.address = net.JoinHostPort("127.0.0.1", s.port)
	folder := t.TempDir()
	s.process = programtest.Start(t, folder, "redis", path, append(args, "--port", s.port, "--bind", "127.0.0.1", "--dir", folder)...)
	options := &redis.Options{Addr: s.address, Password: groupPassword}
	s.client, s.watch = redis.NewClient(options), redis.NewSentinelClient(options)
	t.Cleanup(func() {
		_ = s.client.Close()
		_ = s.watch.Close()
	})
	programtest.Eventually(t, programtest.Patience, "redis-server answers", func() bool { return s.client.Ping(t.Context()).Err() == nil })
	return s
}

func (g *sentinelGroup) address() string {
	var hosts []string
	for _, s := range g.sentinels {
		hosts = append(hosts, s.address)
	}
	return "redis-sentinel://" + groupLogin + "@" + strings.Join(hosts, ",") + "?master=" + groupName
}

// promoted waits until all of some Sentinels name another master than this one,
// and returns it, and the moment at which the first of them did.
func (g *sentinelGroup) promoted(t *testing.T, instead *groupServer, asked []*groupServer) (master *groupServer, at time.Time) {
	t.Helper()
	programtest.Eventually(t, programtest.Patience, "a replica becomes the master", func() bool {
		for _, s := range asked {
			address := s.watch.GetMasterAddrByName(t.Context(), groupName).Val()
			if len(address) != 2 || address[1] == instead.port {
				return false
			}
			if at.IsZero() {
				at = time.Now()
			}
			n := slices.IndexFunc(g.servers, func(other *groupServer) bool { return other.port == address[1] })
			master = g.servers[n]
		}
		return true
	})
	return master, at
}

// heard is the Sentinel from which the program under test hears of a new master.
func (g *sentinelGroup) heard(t *testing.T) *groupServer {
	t.Helper()
	for _, s := range g.sentinels {
		if listeners, _ := s.client.Do(t.Context(), command("CLIENT LIST TYPE pubsub")...).Text(); listeners != "" {
			return s
		}
	}
	t.Fatal("the program listens to no Sentinel")
	return nil
}

// TestSentinelsChangeTheMaster takes the master away twice while a campaign goes
// out: it is killed, and its replicas lack what it was told last; then the next
// one falls silent together with the Sentinel that the program listens to, as
// where a machine is gone. Each time the campaign goes on soon after there is a
// new master, with nothing lost and nothing twice.
func TestSentinelsChangeTheMaster(t *testing.T) {
	t.Parallel()
	g := startSentinelGroup(t)
	s := startTrio(t, engineSQLite, g.address())
	s.launch("before", 30)
	s.finish()

	first := g.servers[0]
	cutLink(t, first.client)
	s.launch("first", 2400)
	for channel := range numbers {
		s.underWay(channel, 40)
	}
	killed := time.Now()
	first.Kill()
	second, promoted := g.promoted(t, first, g.sentinels)
	for channel := range numbers {
		s.underWay(channel, 40)
	}

	for _, s := range g.sentinels {
		if err := s.watch.Set(t.Context(), groupName, "down-after-milliseconds", downLater).Err(); err != nil {
			t.Fatal(err)
		}
	}
	silent := time.Now()
	gone := g.heard(t)
	gone.Signal(t, syscall.SIGSTOP)
	second.Signal(t, syscall.SIGSTOP)
	left := slices.DeleteFunc(slices.Clone(g.sentinels), func(s *groupServer) bool { return s == gone })
	_, promotedNext := g.promoted(t, second, left)
	for channel := range numbers {
		s.underWay(channel, 40)
	}
	over := time.Now()

	s.finish()
	s.judge()
	for channel := range numbers {
		s.pauses(channel, goesOnWithin, promoted, silent)
		s.pauses(channel, goesOnWithin, promotedNext, over)
		s.fedAnew(channel, 100, promoted)
	}
	if begun, ended := s.troubles(s.houses[0]); len(begun) == 0 || len(ended) == 0 {
		s.Error("the log says nothing of it")
	}
	t.Logf("there was a new master after %s and after %s", promoted.Sub(killed), promotedNext.Sub(silent))
}
