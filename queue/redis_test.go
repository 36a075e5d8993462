package queue

import (
	"log/slog"
	"net"
	"os/exec"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"

	"carillon/internal/programtest"
)

// startServer starts a redis-server of the test's own and returns its address and
// a client that is nobody's but the test's.
func startServer(t *testing.T, options ...string) (address string, admin *redis.Client) {
	t.Helper()
	address = programtest.FreeAddress(t)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	startProcess(t, append([]string{
		"--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", t.TempDir(),
	}, options...)...)
	admin = redis.NewClient(&redis.Options{Addr: address})
	t.Cleanup(func() { _ = admin.Close() })
	programtest.Eventually(t, programtest.Patience, "redis-server answers", func() bool {
		err := admin.Ping(t.Context()).Err()
		return err == nil || redis.IsAuthError(err)
	})
	return address, admin
}

// startProcess starts a redis-server that dies with the test.
func startProcess(t *testing.T, args ...string) {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatalf("%v; `make needs` installs it", err)
	}
	server := exec.Command(path, args...)
	server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
}

func open(t *testing.T, address string) *Queue {
	t.Helper()
	q, err := Open(t.Context(), address, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = q.Close() })
	return q
}
