package queue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"carillon/internal/programtest"
)

// counts counts how often it has run on a key.
const counts = `return redis.call("INCR", KEYS[1])`

// gathering is a client whose pipelines are seen, and its Redis.
type gathering struct {
	t        *testing.T
	server   *durableRedis
	client   redis.UniversalClient
	gatherer *gatherer
	queue    string
	pipelines
}

// pipelines are how many scripts each pipeline of a client has held. The client has
// pipelines of its own, with which it greets.
type pipelines struct {
	mu    sync.Mutex
	sizes []int
}

func (p *pipelines) DialHook(next redis.DialHook) redis.DialHook { return next }

func (p *pipelines) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (p *pipelines) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if _, isGathered := cmds[0].(*gathered); isGathered {
			p.mu.Lock()
			p.sizes = append(p.sizes, len(cmds))
			p.mu.Unlock()
		}
		return next(ctx, cmds)
	}
}

func (p *pipelines) seen() []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]int(nil), p.sizes...)
}

// startGathering starts a Redis and connects to it, through a relay unless that is
// nil.
func startGathering(t *testing.T, relay func(server string) string) *gathering {
	t.Helper()
	server := startDurableRedis(t)
	address := server.address
	if relay != nil {
		address = relay(address)
	}
	return newGathering(t, server, redis.NewClient(&redis.Options{Addr: address, ContextTimeoutEnabled: true, ReadTimeout: time.Minute}))
}

// newGathering has a client gather. It waits for answers longer than a test may
// freeze its server.
func newGathering(t *testing.T, server *durableRedis, client redis.UniversalClient) *gathering {
	t.Cleanup(func() { _ = client.Close() })
	g := &gathering{t: t, server: server, client: client, gatherer: newGatherer(client), queue: "q"}
	g.gatherer.late = time.Hour // what hangs is held, unless a test says otherwise
	client.AddHook(g.gatherer)
	client.AddHook(&g.pipelines)
	return g
}

func (g *gathering) key(name string) string { return "asynq:{" + g.queue + "}:" + name }

// run runs a script on one of the queue's keys in the background.
func (g *gathering) run(ctx context.Context, script, name string) <-chan *redis.Cmd {
	done := make(chan *redis.Cmd, 1)
	key := g.key(name)
	go func() { done <- g.client.Eval(ctx, script, []string{key}) }()
	return done
}

// hold freezes Redis and has all flights wait for it: what is run next is
// gathered until it thaws. What the flights wait for is returned.
func (g *gathering) hold() []<-chan *redis.Cmd {
	g.t.Helper()
	g.server.freeze()
	var held []<-chan *redis.Cmd
	before := len(g.seen())
	for i := range mostFlights {
		held = append(held, g.run(context.Background(), counts, fmt.Sprintf("held%d", before+i)))
		programtest.Eventually(g.t, programtest.Patience, "a script is sent at once", func() bool { return len(g.seen()) == before+i+1 })
	}
	return held
}

// waits waits until as many scripts are gathered.
func (g *gathering) waits(n int) {
	g.t.Helper()
	programtest.Eventually(g.t, programtest.Patience, fmt.Sprintf("%d scripts are gathered", n), func() bool {
		g.gatherer.mu.Lock()
		defer g.gatherer.mu.Unlock()
		waiting := 0
		for _, l := range g.gatherer.lanes {
			waiting += len(l.waiting)
		}
		return waiting == n
	})
}

// ran is how often counts has run on one of the queue's keys.
func (g *gathering) ran(name string) int {
	g.t.Helper()
	client := redis.NewClient(&redis.Options{Addr: g.server.address})
	defer client.Close()
	n, err := client.Get(context.Background(), g.key(name)).Int()
	if err != nil && !errors.Is(err, redis.Nil) {
		g.t.Fatal(err)
	}
	return n
}

// all runs counts on n keys, one gathered after the other.
func (g *gathering) all(n int) []<-chan *redis.Cmd {
	g.t.Helper()
	var all []<-chan *redis.Cmd
	for i := range n {
		all = append(all, g.run(context.Background(), counts, fmt.Sprint(i)))
		g.waits(i + 1)
	}
	return all
}

// one wants counts to have run for the first time.
func one(t *testing.T, done <-chan *redis.Cmd) {
	t.Helper()
	if n, err := (<-done).Int(); n != 1 || err != nil {
		t.Errorf("it ran %d times, %v", n, err)
	}
}

// startRelay stands before a server. Once it is told a number, it hands on as many
// bytes of the first answer that has more, and breaks that connection.
func startRelay(t *testing.T, server string, cut <-chan int) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	var mu sync.Mutex // held while an answer is handed on
	most := 0         // bytes; 0 for any number
	relay := func(client net.Conn) {
		defer client.Close()
		conn, err := net.Dial("tcp", server)
		if err != nil {
			return
		}
		defer conn.Close()
		go func() { _, _ = io.Copy(conn, client) }()
		for buffer := make([]byte, 4096); ; {
			n, err := conn.Read(buffer)
			mu.Lock()
			select {
			case most = <-cut:
			default:
			}
			over := most > 0 && n > most
			if over {
				n, most = most, 0
			}
			_, _ = client.Write(buffer[:n])
			mu.Unlock()
			if over || err != nil {
				return
			}
		}
	}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go relay(client)
		}
	}()
	return listener.Addr().String()
}

// startDeaf stands before a server. Told to be deaf, it hands nothing more on of the
// connections that there are; new ones it serves.
func startDeaf(t *testing.T, server string) (address string, deafen func()) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	var mu sync.Mutex
	var all []net.Conn // to the server
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			conn, err := net.Dial("tcp", server)
			if err != nil {
				_ = client.Close()
				continue
			}
			mu.Lock()
			all = append(all, conn)
			mu.Unlock()
			t.Cleanup(func() { _, _ = client.Close(), conn.Close() })
			go func() { _, _ = io.Copy(conn, client) }()
			go func() { _, _ = io.Copy(client, conn) }()
		}
	}()
	return listener.Addr().String(), func() {
		mu.Lock()
		defer mu.Unlock()
		for _, conn := range all {
			_ = conn.Close() // the client's end stays open
		}
	}
}
