// Package postgrestest starts a PostgreSQL server of a test's own, from the
// binaries that the machine has, in a temporary folder and on a free port. The
// server dies with the test. The benchmark starts one too, without a test.
package postgrestest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
)

// Server is a running PostgreSQL server.
type Server struct {
	folder string
	bin    string
	port   string
	owner  *syscall.Credential
	cmd    *exec.Cmd
	made   int
}

// Start makes a server's folder and starts it. It fails the test where the
// binaries are missing.
func Start(t testing.TB) *Server {
	t.Helper()
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// New is Start without a test. Close ends the server.
func New() (_ *Server, err error) {
	s := &Server{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.bin, err = binaries(); err != nil {
		return nil, err
	}
	if s.owner, err = owner(); err != nil {
		return nil, err
	}
	if err := s.makeFolder(); err != nil {
		return nil, err
	}
	if s.port, err = freePort(); err != nil {
		return nil, err
	}
	return s, s.run()
}

// makeFolder makes the folder of an empty server.
func (s *Server) makeFolder() (err error) {
	// Not a test's own folder: its parents are closed to the server's user.
	if s.folder, err = os.MkdirTemp("", "carillon-postgres-"); err != nil {
		return err
	}
	if s.owner != nil {
		if err := os.Chown(s.folder, int(s.owner.Uid), int(s.owner.Gid)); err != nil {
			return err
		}
	}
	initdb := s.command("initdb", "--pgdata", s.data(), "--username", "carillon", "--auth", "trust", "--no-sync", "--encoding", "UTF8", "--no-locale")
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

func (s *Server) data() string { return filepath.Join(s.folder, "data") }

// Close ends the server and removes its folder.
func (s *Server) Close() error {
	s.stop()
	if s.folder == "" {
		return nil
	}
	return os.RemoveAll(s.folder)
}

// Run starts the server, anew after Kill.
func (s *Server) Run(t testing.TB) {
	t.Helper()
	if err := s.run(); err != nil {
		t.Fatal(err)
	}
}

func (s *Server) run() error {
	s.cmd = s.command("postgres", "-D", s.data(), "-p", s.port, "-k", s.folder,
		"-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200")
	if err := s.cmd.Start(); err != nil {
		return err
	}
	deadline := time.Now().Add(time.Minute)
	for {
		err := s.exec("postgres", "SELECT 1")
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("postgres does not come up: %w", err)
		}
		<-time.After(50 * time.Millisecond)
	}
}

// Kill ends the server at once, as a crash would. Run starts it again.
func (s *Server) Kill() { s.stop() }

// Process is the server's main process, for signals.
func (s *Server) Process() *os.Process { return s.cmd.Process }

// stop ends the server at once: SIGQUIT is its immediate shutdown.
func (s *Server) stop() {
	if s.cmd == nil || s.cmd.Process == nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGQUIT)
	_ = s.cmd.Wait()
	s.cmd = nil
}

// Database makes an empty database and returns its address.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	address, err := s.NewDatabase()
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// Copy makes a database that is a copy of another, to which nobody is connected, and
// returns its address.
func (s *Server) Copy(t testing.TB, address string) string {
	t.Helper()
	from, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	copied, err := s.make(" TEMPLATE " + strings.TrimPrefix(from.Path, "/"))
	if err != nil {
		t.Fatal(err)
	}
	return copied
}

// NewDatabase is Database without a test.
func (s *Server) NewDatabase() (string, error) { return s.make("") }

func (s *Server) make(like string) (string, error) {
	s.made++
	name := "test_" + strconv.Itoa(s.made)
	return s.address(name), s.exec("postgres", "CREATE DATABASE "+name+like)
}

func (s *Server) address(database string) string {
	return fmt.Sprintf("postgres://carillon@127.0.0.1:%s/%s?sslmode=disable", s.port, database)
}

func (s *Server) exec(database, statement string) (err error) {
	db, err := sql.Open("pgx", s.address(database))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, err = db.ExecContext(ctx, statement)
	return err
}

// command runs one of the server's binaries as the user who may.
func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.folder
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.owner, Pdeathsig: syscall.SIGKILL}
	return cmd
}

// binaries is the folder of the newest server that the machine has. Debian
// keeps it out of the PATH.
func binaries() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", errors.New("there is no PostgreSQL server on this machine; `make needs` installs one")
	}
	slices.Sort(found)
	return filepath.Dir(found[len(found)-1]), nil
}

// owner is the user that the server runs as where this process is root, as
// whom it refuses to run.
func owner() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		account, err = user.Lookup("nobody")
	}
	if err != nil {
		return nil, fmt.Errorf("no user to run PostgreSQL as: %w", err)
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

func freePort() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	return port, errors.Join(err, listener.Close())
}
