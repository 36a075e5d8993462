package cli

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const wholeReport = "row,phone\n1,+4915123018622\n"

func TestReport(t *testing.T) {
	t.Parallel()
	c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/campaigns/abc/report.csv" {
			t.Errorf("asked for %s", r.URL)
		}
		fmt.Fprint(w, wholeReport)
	})
	var out strings.Builder
	if err := c.Report(t.Context(), "abc", &out); err != nil || out.String() != wholeReport {
		t.Errorf("got %q, %v", out.String(), err)
	}
	path := file(t, "report.csv", "what was there")
	if err := ReportFile(t.Context(), c, "abc", path); err != nil {
		t.Fatal(err)
	}
	holdsOnly(t, path, wholeReport)

	exits(t, ReportFile(t.Context(), c, "abc", filepath.Join(t.TempDir(), "none", "r.csv")), 2, "name a file in a writable folder")
	exits(t, ReportFile(t.Context(), c, "abc", t.TempDir()), 2, "is not a file")
	exits(t, c.Report(t.Context(), "abc", fullDisk{}), 1, "write the report: no space left")
}

func TestReportThatBreaksOffLeavesWhatWasThere(t *testing.T) {
	t.Parallel()
	c := clientOf(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, wholeReport)
		w.(http.Flusher).Flush()
		hangUp()
	})
	path := file(t, "report.csv", "what was there")
	exits(t, ReportFile(t.Context(), c, "abc", path), 1, "the report is incomplete")
	holdsOnly(t, path, "what was there")
}

// The file is its owner's alone, whatever the umask and whatever was there.
func TestReportsAreTheOwnersAlone(t *testing.T) {
	c := clientOf(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, wholeReport) })
	mask := syscall.Umask(0)
	defer syscall.Umask(mask)
	for _, mask := range []int{0, 0o022, 0o277} {
		syscall.Umask(mask)
		folder := t.TempDir()
		wide, kept, link := filepath.Join(folder, "wide.csv"), filepath.Join(t.TempDir(), "kept.csv"), filepath.Join(folder, "link.csv")
		for _, path := range []string{wide, kept} {
			if err := os.WriteFile(path, []byte("what was there"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, 0o666); err != nil { //nolint:gosec // everybody may write to it
				t.Fatal(err)
			}
		}
		if err := os.Symlink(kept, link); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{filepath.Join(folder, "new.csv"), wide, link} {
			if err := ReportFile(t.Context(), c, "abc", path); err != nil {
				t.Fatal(err)
			}
			if about, err := os.Lstat(path); err != nil || about.Mode() != 0o600 {
				t.Errorf("umask %o: %s has the mode %s, %v", mask, path, about.Mode(), err)
			}
		}
		holdsOnly(t, kept, "what was there")
	}
}

// holdsOnly fails the test unless the file has this content and its folder
// nothing else.
func holdsOnly(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%s holds %q, %v; want %q", path, got, err, want)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v, %v; want one file", entries, err)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }
