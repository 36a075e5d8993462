package queue

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"carillon/internal/programtest"
)

// startSentinel starts a Sentinel that watches a master under the name "it", with
// a password of its own unless that is empty.
func startSentinel(t *testing.T, master, masterPassword, password string) string {
	t.Helper()
	address := programtest.FreeAddress(t)
	_, port, _ := net.SplitHostPort(address)
	_, masterPort, _ := net.SplitHostPort(master)
	folder := t.TempDir()
	config := fmt.Sprintf("port %s\nbind 127.0.0.1\ndir %s\nsentinel monitor it 127.0.0.1 %s 1\n", port, folder, masterPort)
	if masterPassword != "" {
		config += "sentinel auth-pass it " + masterPassword + "\n"
	}
	if password != "" {
		config += "requirepass " + password + "\n"
	}
	path := filepath.Join(folder, "sentinel.conf")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	startProcess(t, path, "--sentinel")
	client := redis.NewClient(&redis.Options{Addr: address, Password: password})
	t.Cleanup(func() { _ = client.Close() })
	programtest.Eventually(t, programtest.Patience, "the Sentinel answers", func() bool { return client.Ping(t.Context()).Err() == nil })
	return address
}

func addUser(t *testing.T, admin *redis.Client, name, password string) {
	t.Helper()
	if err := admin.Do(t.Context(), "ACL", "SETUSER", name, "on", ">"+password, "~*", "&*", "+@all").Err(); err != nil {
		t.Fatal(err)
	}
}

// TestLogins: the address' password is for the servers, for the Sentinels, or
// for both, whoever wants one; and none of them is let in with a wrong one.
func TestLogins(t *testing.T) {
	const password = "p@ss/word"
	const written = "p%40ss%2Fword"
	for name, c := range map[string]struct {
		server, sentinel string
		users            bool // the server has users; the address names one
	}{
		"both":            {server: password, sentinel: password},
		"servers":         {server: password},
		"sentinels":       {sentinel: password},
		"users of theirs": {users: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options, user := []string{}, ""
			if c.server != "" {
				options = append(options, "--requirepass", c.server)
			}
			if c.users {
				user = "carillon"
			}
			master, admin := startServer(t, options...)
			if c.users {
				addUser(t, admin, user, password)
			}
			sentinel := startSentinel(t, master, c.server, c.sentinel)
			address := func(login string) string { return "redis-sentinel://" + login + "@" + sentinel + "?master=it" }
			q := open(t, address(user+":"+written))
			if err := probe(t.Context(), q.Client(), "send:main"); err != nil {
				t.Error(err)
			}
			_, err := Open(t.Context(), address(user+":hidden"), slog.New(slog.DiscardHandler))
			if err == nil || strings.Contains(err.Error(), "hidden") {
				t.Errorf("with a wrong password: %v", err)
			}
		})
	}
}

// TestClusterLogin: all nodes of a cluster know the address' user.
func TestClusterLogin(t *testing.T) {
	address, admin := startServer(t, "--cluster-enabled", "yes")
	addUser(t, admin, "carillon", "p@ss")
	if err := admin.ClusterAddSlotsRange(t.Context(), 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	programtest.Eventually(t, programtest.Patience, "the cluster is up", func() bool { return strings.Contains(admin.ClusterInfo(t.Context()).Val(), "cluster_state:ok") })
	q := open(t, "redis-cluster://carillon:p%40ss@"+address)
	if err := probe(t.Context(), q.Client(), "send:main"); err != nil {
		t.Error(err)
	}
	if got := q.Warnings(t.Context()); len(got) != 1 || !strings.Contains(got[0], "cluster-require-full-coverage no") {
		t.Errorf("warnings: %q", got)
	}
	if _, err := Open(t.Context(), "redis-cluster://carillon:hidden@"+address, slog.New(slog.DiscardHandler)); err == nil || strings.Contains(err.Error(), "hidden") {
		t.Errorf("with a wrong password: %v", err)
	}
}

// TestTooManyClients: Redis refuses whoever connects, before it is asked anything.
func TestTooManyClients(t *testing.T) {
	address, admin := startServer(t)
	q := open(t, "redis://"+address)
	h := NewHealth(q.Client(), []string{"main"}, slog.New(slog.DiscardHandler))
	do := func(words ...any) {
		t.Helper()
		if err := admin.Do(t.Context(), words...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	look := func() *Refusal {
		h.places[0].look(func() bool { return false })
		return h.Refusals()["main"]
	}
	do("CONFIG", "SET", "maxclients", 1)
	do("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
	programtest.Eventually(t, programtest.Patience, "it says so", func() bool { r := look(); return r != nil && strings.Contains(r.Error(), "maxclients") })
	do("CONFIG", "SET", "maxclients", 100)
	programtest.Eventually(t, programtest.Patience, "it is over", func() bool { return look() == nil })
}

// TestSentinelsThatKnowNoMaster: the words are about them, and hold no address.
func TestSentinelsThatKnowNoMaster(t *testing.T) {
	master, _ := startServer(t)
	sentinel := startSentinel(t, master, "", "")
	for address, want := range map[string]string{
		"redis-sentinel://" + sentinel + "?master=other": "no Sentinel knows the master",
		"redis-sentinel://" + master + "?master=it":      "the address in `redis` is not a Sentinel",
	} {
		q := open(t, address)
		r := refusalOf(probe(t.Context(), q.Client(), "send:main"))
		if r == nil || !strings.HasPrefix(r.Reason, want) || strings.Contains(r.Error(), "127.0.0.1") {
			t.Errorf("%s: %v", address, r)
		}
	}
	gone := settings{kind: sentinels, hosts: []string{programtest.FreeAddress(t)}, master: "it"}.client()
	defer gone.Close()
	r := refusalOf(probe(t.Context(), gone, "send:main"))
	if r == nil || !strings.HasPrefix(r.Reason, "no Sentinel answers") || strings.Contains(r.Error(), "127.0.0.1") {
		t.Errorf("where none runs: %v", r)
	}
}

// TestARefusingRedisIsOpened: it may take tasks at any time.
func TestARefusingRedisIsOpened(t *testing.T) {
	address, admin := startServer(t)
	if err := admin.ConfigSet(t.Context(), "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	q := open(t, "redis://"+address)
	if got := NewHealth(q.Client(), []string{"main"}, slog.New(slog.DiscardHandler)).Refusals()["main"]; got == nil || got.kind != "OOM " {
		t.Errorf("it says %v", got)
	}
}
