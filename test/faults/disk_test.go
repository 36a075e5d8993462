package faults

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"carillon/internal/programtest"
)

// mount makes a disk of a few bytes and returns its folder. It skips the test
// where that is not allowed.
func mount(t *testing.T, size string) string {
	t.Helper()
	folder := t.TempDir()
	err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size="+size)
	if errors.Is(err, syscall.EPERM) {
		t.Skipf("a disk that can be filled is mounted, which this user may not: %v", err)
	}
	if err != nil {
		t.Fatalf("mount %s: %v", folder, err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, 0); err != nil {
			t.Error(err)
		}
	})
	return folder
}

// fill leaves no byte on the folder's disk, and returns what takes them up.
func fill(t *testing.T, folder string) (path string) {
	t.Helper()
	file, err := os.CreateTemp(folder, "ballast-")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for chunk := make([]byte, 64<<10); len(chunk) > 0; {
		if _, err := file.Write(chunk); errors.Is(err, syscall.ENOSPC) {
			chunk = chunk[:len(chunk)/2]
		} else if err != nil {
			t.Fatal(err)
		}
	}
	return file.Name()
}

// fillDisk leaves the ledger no room for a while. Nothing is claimed meanwhile,
// and no receipt is answered with 200.
func fillDisk(s *stage) {
	s.underWay(100)
	ballast := fill(s.T, s.disk)
	s.eventually("the program says that it is not ready", func() bool {
		answer, err := http.Get(s.newest("serve").url + "/readyz")
		if err != nil {
			s.Fatal(err)
		}
		defer answer.Body.Close()
		_, _ = io.Copy(io.Discard, answer.Body)
		return answer.StatusCode == http.StatusServiceUnavailable
	})
	last(s.size.diskFull)
	if err := os.Remove(ballast); err != nil {
		s.Fatal(err)
	}
}

// nobody is a user without any rights.
const nobody = 65534

// TestDisksThatCannotBeUsed starts the program on them: it says in one line what
// is wrong, and leaves everything that it finds as it is.
func TestDisksThatCannotBeUsed(t *testing.T) {
	program := programtest.Program(t)
	for name, c := range map[string]struct {
		folder func(t *testing.T) string
		want   string
	}{
		"full": {func(t *testing.T) string {
			folder := mount(t, "256k")
			fill(t, folder)
			return folder
		}, "full"},
		"read only": {func(t *testing.T) string {
			folder := t.TempDir()
			if err := os.Chmod(folder, 0o555); err != nil {
				t.Fatal(err)
			}
			return folder
		}, "check the folder's permissions"},
		"a file that only others may write": {func(t *testing.T) string {
			folder := t.TempDir()
			for _, path := range []string{"carillon.db", "carillon.db.lock"} {
				if err := os.WriteFile(filepath.Join(folder, path), nil, 0o444); err != nil {
					t.Fatal(err)
				}
			}
			return folder
		}, "permission"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := c.folder(t)
			before := listing(t, folder)
			path := filepath.Join(t.TempDir(), "carillon.yaml")
			const nowhere = "127.0.0.1:1"
			text := fmt.Sprintf(config, "sqlite:"+filepath.Join(folder, "carillon.db"), nowhere, token) +
				channel("main", dialectOf("cloud"), "http://"+nowhere, rate, "hold")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			text, code := migrate(t, program, path)
			if code != 1 || !strings.Contains(text, c.want) || strings.Count(text, "\n") != 1 {
				t.Errorf("exit %d and\n%s\nwant 1, and one line that says %q", code, text, c.want)
			}
			if after := listing(t, folder); !strings.HasPrefix(after, before) { // an empty file may be left
				t.Errorf("the folder held\n%s\nand now holds\n%s", before, after)
			}
		})
	}
}

// migrate brings a ledger's tables up to date, as a user who may not do as he
// likes.
func migrate(t *testing.T, program, config string) (text string, code int) {
	t.Helper()
	cmd := exec.Command(program, "migrate", "-c", config)
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		for _, path := range []string{program, config} {
			open(t, path)
		}
	}
	out, err := cmd.CombinedOutput()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// open lets everybody read a file, and walk through the folders above it that
// the test has made.
func open(t *testing.T, path string) {
	t.Helper()
	for ; strings.HasPrefix(path, os.TempDir()) && path != os.TempDir(); path = filepath.Dir(path) {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, info.Mode()|0o555); err != nil {
			t.Fatal(err)
		}
	}
}

// listing is what a folder holds, but for the file that keeps a second process
// out.
func listing(t *testing.T, folder string) string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(e.Name(), ".lock") {
			fmt.Fprintf(&text, "%s of %d bytes\n", e.Name(), info.Size())
		}
	}
	return text.String()
}
