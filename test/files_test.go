package test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"carillon/internal/programtest"
	"carillon/simulator"
)

// masked is a program that runs with a umask in a folder, which is its TMPDIR as
// well.
type masked struct {
	*running
	out locked
}

func startMasked(t *testing.T, umask, folder, program string, args ...string) *masked {
	t.Helper()
	m := &masked{running: &running{Cmd: underMask(t, umask, folder, program, args...), temp: folder, ended: make(chan struct{})}}
	m.Stdout, m.Stderr = &m.out, &m.out
	m.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := m.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = m.Wait() // it is killed
		close(m.ended)
	}()
	t.Cleanup(m.kill)
	return m
}

func underMask(t *testing.T, umask, folder, program string, args ...string) *exec.Cmd {
	t.Helper()
	command := exec.CommandContext(t.Context(), "sh", append([]string{"-c", "umask " + umask + `; exec "$0" "$@"`, program}, args...)...)
	command.Dir = folder
	command.Env = append(os.Environ(), "TMPDIR="+folder, "SQLITE_TMPDIR=", "CARILLON_TOKEN="+token)
	return command
}

// says waits for what the pattern's group matches in its output.
func (m *masked) says(t *testing.T, pattern string) string {
	t.Helper()
	wanted := regexp.MustCompile(pattern)
	var found []string
	programtest.Eventually(t, programtest.Patience, "it says "+pattern, func() bool {
		found = wanted.FindStringSubmatch(m.out.String())
		select {
		case <-m.ended:
			if found == nil {
				t.Fatalf("it ended and said\n%s", m.out.String())
			}
		default:
		}
		return found != nil
	})
	return found[1]
}

// files returns the modes of what is in its folder, and of the files of there
// that it has open and that have no name any more. Those that the test has made
// are left out.
func (m *masked) files(t *testing.T) map[string]fs.FileMode {
	t.Helper()
	found := map[string]fs.FileMode{}
	err := filepath.WalkDir(m.temp, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // it has just gone
			return nil
		}
		if err != nil || path == m.temp || strings.HasSuffix(path, ".ours") {
			return err
		}
		about, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			found[strings.TrimPrefix(path, m.temp+"/")] = about.Mode().Perm()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	open := fmt.Sprintf("/proc/%d/fd", m.Process.Pid)
	files, err := os.ReadDir(open)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		path := filepath.Join(open, file.Name())
		target, err := os.Readlink(path)
		if about, statErr := os.Stat(path); err == nil && statErr == nil && strings.HasPrefix(target, m.temp) {
			found[target] = about.Mode().Perm()
		}
	}
	return found
}

func (m *masked) wantClosed(t *testing.T, needed ...string) {
	t.Helper()
	found := m.files(t)
	for name, mode := range found {
		if mode&0o077 != 0 {
			t.Errorf("others may use %s (%o)", name, mode)
		}
	}
	for _, name := range needed {
		if _, there := found[name]; !there {
			t.Errorf("there is no %s among %v", name, found)
		}
	}
}

const maskedConfig = `
ledger: sqlite:carillon.db
redis: embedded
http:
  listen: 127.0.0.1:0
  tokens: [{name: ops, token: "${CARILLON_TOKEN}", role: admin}]
channels:
  main: {base_url: "%s", phone_number_id: "106540352242922", access_token: "${CARILLON_TOKEN}", app_secret: "${CARILLON_TOKEN}"}
`

// Whatever the umask is: what the program writes is its user's alone. A ledger
// that an older version has left open is told with the command that closes it.
func TestWhatIsWrittenIsTheOwnersAlone(t *testing.T) {
	program := programtest.Program(t)
	_, provider := startProvider(t, simulator.Options{})
	for _, umask := range []string{"000", "022", "077"} {
		t.Run(umask, func(t *testing.T) {
			folder := t.TempDir()
			configuration := filepath.Join(folder, "carillon.yaml.ours")
			if err := os.WriteFile(configuration, fmt.Appendf(nil, maskedConfig, provider), 0o600); err != nil {
				t.Fatal(err)
			}
			m := startMasked(t, umask, folder, program, "serve", "-c", configuration)
			server := m.says(t, `serves at (\S+)`)
			launch := underMask(t, umask, folder, program, "launch", write(t, "c.yaml", oneStep), people(t, 3), "--server", server)
			id, err := launch.Output()
			if err != nil {
				t.Fatal(err)
			}
			report := underMask(t, umask, folder, program, "report", strings.TrimSpace(string(id)), "-o", "report.csv", "--server", server)
			if answer, err := report.CombinedOutput(); err != nil {
				t.Fatalf("%v:\n%s", err, answer)
			}
			m.wantClosed(t, "report.csv", "carillon.db", "carillon.db-wal", "carillon.db-shm")
			m.kill()

			if err := os.Chmod(filepath.Join(folder, "carillon.db"), 0o644); err != nil { //nolint:gosec // as older versions made it
				t.Fatal(err)
			}
			m = startMasked(t, umask, folder, program, "serve", "-c", configuration)
			command := m.says(t, `close_it_with="([^"]+)"`)
			m.says(t, `serves at (\S+)`)
			closing := exec.CommandContext(t.Context(), "sh", "-c", command)
			closing.Dir = folder
			if answer, err := closing.CombinedOutput(); err != nil {
				t.Errorf("%s: %v:\n%s", command, err, answer)
			}
			m.wantClosed(t)
		})
	}
}

// So are the samples and the ledger of the demo.
func TestTheDemosFilesAreTheOwnersAlone(t *testing.T) {
	folder := t.TempDir()
	m := startMasked(t, "000", folder, programtest.Program(t), "demo", "--keep", "--people", "5")
	m.says(t, `(serving at)`)
	m.wantClosed(t)
	if found := m.files(t); len(found) < 4 {
		t.Errorf("it has only %v", found)
	}
}

// A check that is killed while it keeps a list leaves nothing, and what it has
// open meanwhile is nobody else's.
func TestWhatACheckKeepsIsTheOwnersAlone(t *testing.T) {
	m := startMasked(t, "000", t.TempDir(), programtest.Program(t), "check", write(t, "campaign.yaml", oneStep), people(t, 400_000))
	programtest.Eventually(t, programtest.Patience, "it keeps the list", func() bool { return m.keeps(t) })
	m.wantClosed(t)
	m.leavesNothing(t)
}
