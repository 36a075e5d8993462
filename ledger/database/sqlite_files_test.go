package database_test

import (
	"bytes"
	"database/sql"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"carillon/campaign"
	"carillon/ledger"
	"carillon/seal"
)

// underUmask sets the process's umask for the test.
func underUmask(t *testing.T, mask int) {
	t.Helper()
	before := syscall.Umask(mask)
	t.Cleanup(func() { syscall.Umask(before) })
}

// modes are those of a folder's files, by name.
func modes(t *testing.T, folder string) map[string]fs.FileMode {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]fs.FileMode{}
	for _, entry := range entries {
		about, err := entry.Info()
		if err != nil {
			t.Fatal(err)
		}
		found[entry.Name()] = about.Mode().Perm()
	}
	return found
}

// write has an open ledger write something.
func write(t *testing.T, l *ledger.Ledger) {
	t.Helper()
	if err := l.Suppress(t.Context(), []ledger.Suppression{{Person: "+4915112345601"}}, ledger.Actor{Name: "tester"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Campaigns(t.Context(), 0, 1); err != nil { // through a connection that reads
		t.Fatal(err)
	}
}

func TestFilesAreTheOwnersAlone(t *testing.T) {
	for _, mask := range []int{0, 0o002, 0o022, 0o027, 0o077, 0o277} {
		folder := t.TempDir()
		underUmask(t, mask)
		for _, what := range []string{"new", "once more"} {
			l, err := ledger.Open(t.Context(), "sqlite:"+filepath.Join(folder, "carillon.db"))
			if err != nil {
				t.Fatal(err)
			}
			write(t, l)
			found := modes(t, folder)
			for _, name := range []string{"carillon.db", "carillon.db-wal", "carillon.db-shm"} {
				if found[name] != 0o600 {
					t.Errorf("umask %o, %s: %s has the mode %o", mask, what, name, found[name])
				}
			}
			for name, mode := range found {
				if mode&0o077 != 0 {
					t.Errorf("umask %o, %s: others may use %s (%o)", mask, what, name, mode)
				}
			}
			if exposed := l.Exposed(); len(exposed) > 0 {
				t.Errorf("umask %o: %v are said to be exposed", mask, exposed)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A ledger of an older version keeps its mode: it is told, and somebody narrows
// it.
func TestExposedFilesAreTold(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "carillon.db")
	sound(t, path)
	if err := os.Chmod(path, 0o644); err != nil { //nolint:gosec // as older versions made it
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	all := []string{path, path + "-wal", path + "-shm"}
	for _, name := range []string{path, link} {
		l, err := ledger.Open(t.Context(), "sqlite:"+name)
		if err != nil {
			t.Fatal(err)
		}
		write(t, l)
		if got := l.Exposed(); !slices.Equal(got, all) {
			t.Errorf("%s: got %v, want %v", name, got, all)
		}
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := l.Exposed(); !slices.Equal(got, all[1:]) {
			t.Errorf("%s: got %v, want %v", name, got, all[1:])
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o640); err != nil { //nolint:gosec // the group may read
			t.Fatal(err)
		}
	}
}

// A link that leads to no file yet makes one of the same mode.
func TestFilesBehindALink(t *testing.T) {
	underUmask(t, 0)
	folder := t.TempDir()
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(filepath.Join(folder, "carillon.db"), link); err != nil {
		t.Fatal(err)
	}
	sound(t, link)
	if mode := modes(t, folder)["carillon.db"]; mode != 0o600 {
		t.Errorf("it has the mode %o", mode)
	}
}

// What stood there in plain text is in no byte of the files once it is sealed.
func TestSealedSecretsLeaveNoTrace(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "carillon.db")
	l, err := ledger.Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"api", "config", "gone"} { // each fills pages of its own
		definition := `{"name":"` + name + `","campaign":"` + strings.Repeat("x", 20_000) + `","contacts":{"url":"https://host/a","headers":{"X-Key":"hidden"}},"cron":"@daily"}`
		if _, err := db.ExecContext(t.Context(), `INSERT INTO schedules (name, definition, origin, created_at) VALUES ($1, $2, $3, 0)`, name, definition, strings.Replace(name, "gone", "api", 1)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.ExecContext(t.Context(), `DELETE FROM schedules WHERE name = 'gone'`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if found := holding(t, folder, "hidden"); len(found) == 0 {
		t.Fatal("it stands nowhere before either")
	}
	keys, err := seal.ParseKeys([]string{strings.Repeat("0a", seal.KeyBytes)})
	if err != nil {
		t.Fatal(err)
	}
	done, err := l.SealSchedules(t.Context(), keys)
	if err != nil || len(done.Sealed) != 1 || len(done.Cleared) != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	// The process dies here; the next one does the rest.
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if l, err = ledger.Open(t.Context(), "sqlite:"+path); err != nil {
		t.Fatal(err)
	}
	if _, err := l.SealSchedules(t.Context(), keys); err != nil {
		t.Fatal(err)
	}
	if err := l.Scrub(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if found := holding(t, folder, "hidden"); len(found) > 0 {
		t.Errorf("while it is open %v hold it", found)
	}
	next := ledger.NewSchedule{Schedule: campaign.Schedule{Name: "new", Contacts: campaign.Source{URL: "https://host/?key=hidden"}, Cron: "@daily"}}
	if _, _, err := l.AddSchedule(t.Context(), next, ledger.Actor{Name: "tester"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if found := holding(t, folder, "hidden"); len(found) > 0 {
		t.Errorf("%v hold it", found)
	}
}

// holding are the files of a folder that hold a text.
func holding(t *testing.T, folder, text string) (names []string) {
	t.Helper()
	for name := range modes(t, folder) {
		content, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte(text)) {
			names = append(names, name)
		}
	}
	return names
}
