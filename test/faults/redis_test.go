package faults

import (
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"carillon/internal/programtest"
)

// redisServer is a redis-server of a run's own. It is reached through a relay,
// whose address stays the same whatever happens to the server.
type redisServer struct {
	folder string
	keeps  bool // it writes what it holds to disk, and reads it again
	more   []string
	relay  *relay
	*process
}

// startRedis starts a server, with more arguments if there are any. One that keeps
// nothing is empty after a restart.
func startRedis(t *testing.T, keeps bool, more ...string) *redisServer {
	t.Helper()
	// Not t.TempDir: a socket's path has 107 bytes at most.
	folder, err := os.MkdirTemp("", "carillon-redis-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(folder); err != nil {
			t.Error(err)
		}
	})
	r := &redisServer{folder: folder, keeps: keeps, more: more}
	r.relay = startRelay(t, r.socket())
	r.run(t)
	return r
}

func (r *redisServer) socket() string { return filepath.Join(r.folder, "redis.sock") }

// run starts the server, anew after kill, and waits until it has its data.
func (r *redisServer) run(t *testing.T) {
	t.Helper()
	r.begin(t)
	client := r.client()
	defer client.Close()
	programtest.Eventually(t, programtest.Patience, "redis-server answers", func() bool { return client.Ping(t.Context()).Err() == nil })
}

// begin starts the server, with more arguments if there are any.
func (r *redisServer) begin(t *testing.T, more ...string) {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatalf("%v; `make needs` installs it", err)
	}
	aof := "no"
	if r.keeps {
		aof = "yes"
	}
	r.process = programtest.Start(t, r.folder, "redis", path, append([]string{
		"--port", "0", "--unixsocket", r.socket(), "--dir", r.folder,
		"--save", "", "--appendonly", aof, "--maxmemory-policy", "noeviction",
	}, append(r.more, more...)...)...)
}

// client is a new client of the server, past the relay.
func (r *redisServer) client() *redis.Client {
	return redis.NewClient(&redis.Options{Network: "unix", Addr: r.socket()})
}

// flush empties the server.
func (r *redisServer) flush(t *testing.T) {
	t.Helper()
	client := r.client()
	defer client.Close()
	if err := client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
}

// inspector looks into the queues.
func (r *redisServer) inspector(t *testing.T) *asynq.Inspector {
	inspector := asynq.NewInspector(asynq.RedisClientOpt{Network: "unix", Addr: r.socket()})
	t.Cleanup(func() { _ = inspector.Close() })
	return inspector
}

// relay carries connections to a server's socket, until they are cut.
type relay struct {
	net.Listener
	socket string

	mu   sync.Mutex
	gone bool
	open map[net.Conn]bool
}

func startRelay(t *testing.T, socket string) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{Listener: listener, socket: socket, open: map[net.Conn]bool{}}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { r.carry(from) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		r.cut()
		serving.Wait()
	})
	return r
}

// carry moves bytes both ways until either side is through.
func (r *relay) carry(from net.Conn) {
	defer from.Close()
	to, err := new(net.Dialer).DialContext(context.Background(), "unix", r.socket)
	if err != nil {
		return
	}
	defer to.Close()
	if !r.admit(from) {
		return
	}
	var back sync.WaitGroup
	back.Go(func() {
		_, _ = io.Copy(from, to) // whatever ends it, the connection is over
		_ = from.Close()
	})
	_, _ = io.Copy(to, from)
	_ = to.Close()
	back.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, from)
}

func (r *relay) admit(c net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.gone {
		r.open[c] = true
	}
	return !r.gone
}

// cut breaks every connection and refuses new ones until mend.
func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gone = true
	for c := range r.open {
		_ = c.Close()
	}
}

// mend lets connections through again.
func (r *relay) mend() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gone = false
}
