package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"carillon/internal/postgrestest"
)

// scene is all that an experiment has started, and what it has found out.
type scene struct {
	*tools
	ctx      context.Context
	folder   string
	provider *provider

	rows    []row
	notes   []string
	closers []func() error
}

// onClose has something done when the experiment is over, what was said last
// first.
func (s *scene) onClose(do func() error) { s.closers = append(s.closers, do) }

func (s *scene) close() error {
	var errs []error
	for _, do := range slices.Backward(s.closers) {
		errs = append(errs, do())
	}
	return errors.Join(append(errs, os.RemoveAll(s.folder))...)
}

// found sets the result of a row.
func (s *scene) found(name string, result float64) { s.row(name).Result = &result }

// foundBeside sets the result of a row, and what bare did.
func (s *scene) foundBeside(name string, result, bare float64) {
	r := s.row(name)
	r.Result, r.Bare = &result, &bare
}

func (s *scene) row(name string) *row {
	at := slices.IndexFunc(s.rows, func(r row) bool { return r.Name == name })
	if at < 0 {
		panic("no row is named " + name) // an experiment fills its own rows
	}
	return &s.rows[at]
}

func (s *scene) note(format string, args ...any) {
	s.notes = append(s.notes, fmt.Sprintf(format, args...))
}

// redisServer is a redis-server that keeps nothing on disk.
type redisServer struct {
	*process
	address string
	client  *redis.Client
}

func (s *scene) startRedis(name string, more ...string) (*redisServer, error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, fmt.Errorf("%w; `make needs` installs it", err)
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	address := net.JoinHostPort(loopback, port)
	r := &redisServer{address: address, client: redis.NewClient(&redis.Options{Addr: address})}
	s.onClose(r.client.Close)
	r.process, err = s.start(name, path, append([]string{"--port", port, "--bind", loopback, "--save", "", "--appendonly", "no",
		"--maxmemory-policy", "noeviction", "--dir", s.folder}, more...)...)
	if err != nil {
		return nil, err
	}
	return r, eventually(s.ctx, time.Minute, "redis-server answers", func() (bool, error) {
		return r.client.Ping(s.ctx).Err() == nil, nil
	})
}

// peak is the most memory that the server has used, in MB, by its own account.
func (r *redisServer) peak(ctx context.Context) (float64, error) {
	text, err := r.client.Info(ctx, "memory").Result()
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(text) {
		if value, found := strings.CutPrefix(line, "used_memory_peak:"); found {
			n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
			return float64(n) / 1e6, err
		}
	}
	return 0, errors.New("redis does not tell its used_memory_peak")
}

// loopback is where everything that is started listens.
const loopback = "127.0.0.1"

func freePort() (string, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(loopback, "0"))
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	return port, errors.Join(err, listener.Close())
}

// The engines of the ledger.
const (
	engineSQLite   = "sqlite"
	enginePostgres = "postgres"
)

// newLedger makes an empty ledger in a folder, and returns its address and the
// server that it is in, nil for SQLite.
func (s *scene) newLedger(engine, folder string) (address string, server *process, err error) {
	if engine == engineSQLite {
		return "sqlite:" + filepath.Join(folder, "carillon.db"), nil, nil
	}
	postgres, err := postgrestest.New()
	if err != nil {
		return "", nil, err
	}
	s.onClose(postgres.Close)
	if address, err = postgres.NewDatabase(); err != nil {
		return "", nil, err
	}
	settings, err := postgresSettings(s.ctx, address)
	s.note("%s: PostgreSQL with %s", s.rows[0].Name, settings)
	return address, &process{name: "PostgreSQL", cmd: &exec.Cmd{Process: postgres.Process()}, family: true}, err
}
