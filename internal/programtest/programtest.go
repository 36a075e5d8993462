// Package programtest starts programs for tests: the one under test, and those that
// it works with. They are processes of their own, and die with the test.
package programtest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Patience is a time that only a hang takes, on the busiest machine too.
const Patience = 4 * time.Minute

// program is where the program of a package's tests is, which the first of them
// makes. Main sets it.
var program func() (path string, err error)

// Main runs the tests of a package that start the program, and removes the program
// when they are done. Their TestMain calls it.
func Main(m *testing.M) {
	folder, err := os.MkdirTemp("", "carillon-program-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	program = sync.OnceValues(func() (string, error) {
		path := filepath.Join(folder, "carillon")
		if answer, err := exec.Command("go", "build", "-o", path, "carillon/cmd/carillon").CombinedOutput(); err != nil {
			return "", fmt.Errorf("build carillon: %w\n%s", err, answer)
		}
		return path, nil
	})
	m.Run()
}

// Program returns the path of the program.
func Program(t testing.TB) string {
	t.Helper()
	if program == nil {
		t.Fatal("the TestMain of this package has to call programtest.Main")
	}
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Process is a program that a test has started.
type Process struct {
	// Name is what the test calls it.
	Name string
	// Log is the file that its output goes to.
	Log string
	Cmd *exec.Cmd

	done chan struct{} // closed once it has ended
}

// Start starts a program, whose output goes to a file of the folder. Where the test
// fails, the last lines of that are shown.
func Start(t testing.TB, folder, name, path string, args ...string) *Process {
	t.Helper()
	out, err := os.CreateTemp(folder, name+"-*.log")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Close() }() // the process has its own
	p := &Process{Name: name, Log: out.Name(), Cmd: exec.Command(path, args...), done: make(chan struct{})}
	p.Cmd.Stdout, p.Cmd.Stderr, p.Cmd.Dir = out, out, folder
	p.Cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.Cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.Cmd.Wait() // how it ended is in ProcessState
		close(p.done)
	}()
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Logf("%s ends with:\n%s", filepath.Base(p.Log), p.Tail())
		}
	})
	return p
}

// Kill ends the process with signal 9 and waits until it is gone.
func (p *Process) Kill() {
	_ = p.Cmd.Process.Kill() // it may have ended
	<-p.done
}

// Signal sends any other signal.
func (p *Process) Signal(t testing.TB, s syscall.Signal) {
	t.Helper()
	if err := p.Cmd.Process.Signal(s); err != nil {
		t.Fatalf("send %s to %s: %v", s, p.Name, err)
	}
}

// Ended reports whether the process is gone.
func (p *Process) Ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Says waits until the process has written what the pattern's group matches.
func (p *Process) Says(t testing.TB, pattern string) string {
	t.Helper()
	wanted := regexp.MustCompile(pattern)
	var found [][]byte
	Eventually(t, Patience, p.Name+" says "+pattern, func() bool {
		if p.Ended() {
			t.Fatalf("%s ended at once:\n%s", p.Name, p.Tail())
		}
		text, err := os.ReadFile(p.Log)
		found = wanted.FindSubmatch(text)
		return err == nil && found != nil
	})
	return string(found[1])
}

// Tail is the last lines that the process has written.
func (p *Process) Tail() string {
	const most = 30
	text, err := os.ReadFile(p.Log)
	if err != nil {
		return fmt.Sprint(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-most):], "\n")
}

// Eventually waits for a condition, and fails the test where it does not hold
// within the time. It looks ever less often, so that many that wait for long do not
// keep the machine busy: each pause is a fiftieth of the time that has passed.
func Eventually(t testing.TB, within time.Duration, what string, holds func() bool) {
	t.Helper()
	began := time.Now()
	for !holds() {
		passed := time.Since(began)
		if passed > within {
			t.Fatalf("gave up waiting: %s", what)
		}
		<-time.After(min(max(20*time.Millisecond, passed/50), time.Second))
	}
}

// FreeAddress is an address on which nobody listens yet.
func FreeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}
