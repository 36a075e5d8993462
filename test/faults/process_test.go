package faults

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// process is a program that a run has started. It dies with the test.
type process struct {
	name string
	log  string // the file that its output goes to
	cmd  *exec.Cmd
	done chan struct{} // closed once it has ended
}

// start starts a program, whose output goes to a file of the folder. Where the
// test fails, the last lines of that are shown.
func start(t *testing.T, folder, name, path string, args ...string) *process {
	t.Helper()
	out, err := os.CreateTemp(folder, name+"-*.log")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	p := &process{name: name, log: out.Name(), cmd: exec.Command(path, args...), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.Dir = out, out, folder
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is in ProcessState
		close(p.done)
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s ends with:\n%s", filepath.Base(p.log), p.tail())
		}
	})
	return p
}

// kill ends the process with signal 9 and waits until it is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.done
}

// signal sends any other signal.
func (p *process) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatalf("send %s to %s: %v", s, p.name, err)
	}
}

// freeze stops the process for a time. It goes on as if nothing had been.
func (p *process) freeze(t *testing.T, d time.Duration) {
	t.Helper()
	p.signal(t, syscall.SIGSTOP)
	last(d)
	p.signal(t, syscall.SIGCONT)
}

// ended reports whether the process is gone.
func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// says waits until the process has written what the pattern's group matches.
func (p *process) says(t *testing.T, pattern string) string {
	t.Helper()
	wanted := regexp.MustCompile(pattern)
	var found [][]byte
	eventually(t, aWhile, p.name+" says where it listens", func() bool {
		if p.ended() {
			t.Fatalf("%s ended at once:\n%s", p.name, p.tail())
		}
		text, err := os.ReadFile(p.log)
		found = wanted.FindSubmatch(text)
		return err == nil && found != nil
	})
	return string(found[1])
}

// tail is the last lines that the process has written.
func (p *process) tail() string {
	const most = 30
	text, err := os.ReadFile(p.log)
	if err != nil {
		return fmt.Sprint(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-most):], "\n")
}

// last lets a fault last. It is no wait for anything to happen.
func last(d time.Duration) { <-time.After(d) }

// aWhile is how long a process may take to start.
const aWhile = 2 * time.Minute

// eventually waits for a condition, and fails the test where it does not hold
// within the time.
func eventually(t *testing.T, within time.Duration, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(within)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("gave up waiting: %s", what)
		}
		<-time.After(20 * time.Millisecond)
	}
}
