package sources

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"carillon/campaign"
	"carillon/contacts"
)

// slot is a moment whose day differs between its zone and UTC.
var slot = time.Date(2026, 3, 1, 0, 30, 0, 0, time.FixedZone("Madrid", 3600))

// fetch returns what a source hands out, after a look that nothing stays
// behind.
func fetch(t *testing.T, src campaign.Source, o Options) (list string, err error) {
	t.Helper()
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	defer func() {
		if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
			t.Errorf("%v stays behind, %v", left, err)
		}
	}()
	file, err := Fetch(t.Context(), src, slot, o)
	if err != nil {
		return "", err
	}
	defer file.Close()
	text, err := io.ReadAll(io.NewSectionReader(file, 0, contacts.DefaultLimits().FileBytes))
	if err != nil {
		t.Fatal(err)
	}
	return string(text), nil
}

// fails checks that a source is not fetched, for this reason.
func fails(t *testing.T, src campaign.Source, o Options, text string, refused bool) {
	t.Helper()
	list, err := fetch(t, src, o)
	if err == nil {
		t.Fatalf("got %q; want the error %q", list, text)
	}
	if !strings.Contains(err.Error(), text) {
		t.Errorf("the error is %q; it should say %q", err, text)
	}
	if errors.Is(err, ErrRefused) != refused {
		t.Errorf("%q is refused for good: %t, want %t", err, !refused, refused)
	}
	if strings.Contains(err.Error(), "hidden") {
		t.Errorf("a secret is in %q", err)
	}
}

// layout is how package contacts reads a list.
func layout(t *testing.T, src campaign.Source, o Options) (l campaign.Layout, rows int) {
	t.Helper()
	file, err := Fetch(t.Context(), src, slot, o)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	reader, err := contacts.OpenFile(file, campaign.ContactOptions{}, contacts.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	for {
		row, err := reader.Next()
		if err != nil {
			return reader.Layout(), rows
		}
		if row.Verdict != campaign.OK {
			t.Errorf("row %d is %v: %s", row.Number, row.Verdict, row.Detail)
		}
		rows++
	}
}

// write makes files of a folder, each with its own name in it.
func write(t *testing.T, folder string, names ...string) {
	t.Helper()
	for _, name := range names {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFile(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a [b] %d")
	write(t, folder, "today.csv", "2026/03-01.csv", "2026/02-28.csv", "50%.csv", "x/sales-7.csv", "[1].csv", "d/c.csv")
	absolute := filepath.Join(folder, "today.csv")
	for pattern, want := range map[string]string{
		"today.csv":        "today.csv",
		"./x/../today.csv": "today.csv",
		"%Y/%m-%d.csv":     "2026/03-01.csv",
		"50%%.csv":         "50%.csv",
		"x/sales-*.csv":    "x/sales-7.csv",
		"./?/sales-*":      "x/sales-7.csv",
		`\[1\].csv`:        "[1].csv",
	} {
		for _, confined := range []bool{false, true} {
			if got, err := fetch(t, campaign.Source{File: pattern}, Options{Dir: folder, Confined: confined}); err != nil || got != want {
				t.Errorf("%s, confined %t: got %q, %v", pattern, confined, got, err)
			}
		}
	}
	plain := strings.NewReplacer("%", "%%", "[", `\[`, "]", `\]`).Replace(absolute)
	if got, err := fetch(t, campaign.Source{File: plain}, Options{Dir: "/elsewhere"}); err != nil || got != "today.csv" {
		t.Errorf("absolute: got %q, %v", got, err)
	}
}

func TestFilesThatAreNotTaken(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "1.csv", "2.csv", "3.csv", "4.csv", "5.csv", "6.csv", "7.csv", "d/x")
	for _, confined := range []bool{false, true} {
		o := Options{Dir: folder, Confined: confined}
		fails(t, campaign.Source{File: "no.csv"}, o, "file "+folder+"/no.csv does not exist", false)
		fails(t, campaign.Source{File: "no-%Y-*.csv"}, o, "no-2026-*.csv does not exist", false)
		fails(t, campaign.Source{File: "[1-5].csv"}, o, "5 files match [1-5].csv", false)
		fails(t, campaign.Source{File: "*.csv"}, o, "7 files match", false)
		fails(t, campaign.Source{File: "*.csv"}, o, "5.csv and 2 more; narrow the pattern", false)
		fails(t, campaign.Source{File: "d"}, o, "not a regular file", false)
		o.Limit = 4
		fails(t, campaign.Source{File: "1.csv"}, o, "it has more than 4 bytes", false)
	}
	if _, err := fetch(t, campaign.Source{File: "no"}, Options{Dir: folder}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestConfinedFilesStayWithinTheFolder(t *testing.T) {
	outside := t.TempDir()
	write(t, outside, "hidden.csv", "lists/in.csv")
	folder := filepath.Join(outside, "lists")
	for link, to := range map[string]string{"out.csv": "../hidden.csv", "up": "..", "in-too.csv": "in.csv", "abs.csv": filepath.Join(folder, "in.csv")} {
		if err := os.Symlink(to, filepath.Join(folder, link)); err != nil {
			t.Fatal(err)
		}
	}
	o := Options{Dir: folder, Confined: true}
	if got, err := fetch(t, campaign.Source{File: "in-too.csv"}, o); err != nil || got != "lists/in.csv" {
		t.Errorf("a link within: %q, %v", got, err)
	}
	for name, refused := range map[string]bool{
		"../hidden.csv": true, "x/../../hidden.csv": true, "/etc/passwd": true, "../*.csv": true, "/etc/pass*": true,
		"out.csv": false, "up/hidden.csv": false, "up/h*.csv": false, "out*": false, "abs.csv": false,
	} {
		list, err := fetch(t, campaign.Source{File: name}, o)
		if err == nil || errors.Is(err, ErrRefused) != refused {
			t.Errorf("%s: got %q, %v", name, list, err)
		}
	}
	fails(t, campaign.Source{DSN: "sqlite:../hidden.csv", Query: "SELECT 1"}, o, "the path leads out of", true)
	fails(t, campaign.Source{DSN: "sqlite:out.csv", Query: "SELECT 1"}, o, "path escapes", false)
	fails(t, campaign.Source{File: "in.csv"}, Options{Confined: true}, "there is no folder", true)
}

// A pipe that nobody writes to must not hold the fetch.
func TestPipeIsNoList(t *testing.T) {
	folder := t.TempDir()
	if err := makePipe(filepath.Join(folder, "pipe")); err != nil {
		t.Fatal(err)
	}
	for _, confined := range []bool{false, true} {
		fails(t, campaign.Source{File: "pipe"}, Options{Dir: folder, Confined: confined}, "not a regular file", false)
	}
}

// What happens while the copy is written stands for another program.
func TestFileThatIsBeingWrittenIsNotTaken(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "list.csv")
	if err := os.WriteFile(path, []byte("phone\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func() error{
		"appended":  func() error { return appendTo(path, "+4915123018622\n") },
		"cut":       func() error { return os.Truncate(path, 1) },
		"rewritten": func() error { return os.Chtimes(path, time.Time{}, time.Unix(1, 0)) },
	} {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if err := copyStill(file, "list.csv", writerFunc(change)); err == nil || !strings.Contains(err.Error(), "is being written") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
