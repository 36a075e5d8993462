package test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"carillon/internal/programtest"
)

// running is a program that was started with a TMPDIR of its own.
type running struct {
	*exec.Cmd
	temp  string
	ended chan struct{}
}

func run(t *testing.T, program string, args ...string) *running {
	t.Helper()
	r := &running{Cmd: exec.Command(program, args...), temp: t.TempDir(), ended: make(chan struct{})}
	r.Env = append(os.Environ(), "TMPDIR="+r.temp, "SQLITE_TMPDIR=", "CARILLON_TOKEN="+token)
	r.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = r.Wait() // it is killed
		close(r.ended)
	}()
	t.Cleanup(r.kill)
	return r
}

// kill ends it with signal 9.
func (r *running) kill() {
	_ = r.Process.Kill() // it may have ended
	<-r.ended
}

// keeps reports whether it has written into its temporary folder: into a file
// that stands there, or one that it holds open and that has no name any more.
func (r *running) keeps(t *testing.T) bool {
	t.Helper()
	select {
	case <-r.ended:
		t.Fatal("it ended before it could be killed")
	default:
	}
	left, err := os.ReadDir(r.temp)
	if err != nil {
		t.Fatal(err)
	}
	open := fmt.Sprintf("/proc/%d/fd", r.Process.Pid)
	files, _ := os.ReadDir(open) // it may have just ended
	for _, file := range files {
		path := filepath.Join(open, file.Name())
		if target, err := os.Readlink(path); err == nil && strings.HasPrefix(target, r.temp) {
			if about, err := os.Stat(path); err == nil && about.Size() > 0 {
				return true
			}
		}
	}
	return len(left) > 0
}

// leavesNothing checks that no file outlives it.
func (r *running) leavesNothing(t *testing.T) {
	t.Helper()
	r.kill()
	if left, err := os.ReadDir(r.temp); err != nil || len(left) > 0 {
		t.Errorf("%v is left behind, %v", left, err)
	}
}

// A list is people's numbers: a check that is killed in the middle leaves none
// behind. The list is long enough to have gone to the disk.
func TestAKilledCheckLeavesNothing(t *testing.T) {
	program := programtest.Program(t)
	r := run(t, program, "check", write(t, "campaign.yaml", oneStep), people(t, 400_000))
	programtest.Eventually(t, programtest.Patience, "it keeps the list", func() bool { return r.keeps(t) })
	r.leavesNothing(t)
}

// So does a test message that is killed while the server answers.
func TestAKilledTestMessageLeavesNothing(t *testing.T) {
	program := programtest.Program(t)
	asked := make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(asked)
		<-ctx.Done()
	}))
	defer server.Close()
	defer stop()
	r := run(t, program, "test", write(t, "campaign.yaml", oneStep), "+4915112345678", "--server", server.URL)
	select {
	case <-asked:
	case <-r.ended:
		t.Fatal("it ended before it could be killed")
	}
	r.leavesNothing(t)
}
