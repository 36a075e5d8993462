package ratelimit

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"carillon/internal/programtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// redisServer is a redis-server of the test's own.
type redisServer struct {
	address string
	process *os.Process
}

func startRedis(t testing.TB) *redisServer {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatalf("%v; `make needs` installs it", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_, port, err := net.SplitHostPort(address)
	if err := errors.Join(err, listener.Close()); err != nil {
		t.Fatal(err)
	}
	server := exec.Command(path, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", t.TempDir())
	server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	r := &redisServer{address: address, process: server.Process}
	client := r.client(t, nil)
	programtest.Eventually(t, programtest.Patience, "redis-server answers", func() bool { return client.Ping(context.Background()).Err() == nil })
	return r
}

// client connects to the server, through a cable if one is given.
func (r *redisServer) client(t testing.TB, c *cable) *redis.Client {
	options := &redis.Options{Addr: r.address, ReadTimeout: time.Second, MaxRetries: -1}
	if c != nil {
		options.Dialer = c.dial
	}
	client := redis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func (r *redisServer) signal(t testing.TB, s syscall.Signal) {
	t.Helper()
	if err := r.process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// cable is a connection that can be cut.
type cable struct {
	mu          sync.Mutex
	isCut       bool
	connections []net.Conn
}

func (c *cable) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isCut {
		return nil, errors.New("the cable is cut")
	}
	connection, err := new(net.Dialer).DialContext(ctx, network, address)
	if err == nil {
		c.connections = append(c.connections, connection)
	}
	return connection, err
}

func (c *cable) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.isCut = true
	for _, connection := range c.connections {
		_ = connection.Close()
	}
}

func (c *cable) mend() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.isCut = false
}

// testClock is a clock that may be off, and can be stopped.
type testClock struct {
	off     time.Duration
	mu      sync.Mutex
	stopped time.Time
}

func (c *testClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.stopped.IsZero() {
		return c.stopped
	}
	return time.Now().Add(c.off)
}

func (c *testClock) stopAt(moment time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = moment
}

func (c *testClock) goOn() { c.stopAt(time.Time{}) }
