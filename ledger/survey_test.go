package ledger_test

import (
	"database/sql"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"carillon/internal/postgrestest"
	"carillon/ledger"
)

// open makes a ledger, which the test has to close.
func open(t *testing.T, url string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func look(t *testing.T, url string) ledger.Survey {
	t.Helper()
	s, err := ledger.Look(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// surveyed looks at a ledger before it is made, after that, and while it is open.
func surveyed(t *testing.T, url string) {
	fresh := look(t, url)
	if fresh.Version != 0 || fresh.Known < 12 || fresh.Held {
		t.Errorf("before it is made: %+v", fresh)
	}
	l := open(t, url)
	made := look(t, url)
	if made.Version != made.Known || made.Known != fresh.Known || made.Ahead.Abs() > time.Minute || made.Held == l.Shared() {
		t.Errorf("while it is open: %+v", made)
	}
	if err := l.Ping(t.Context()); err != nil {
		t.Errorf("after it was looked at: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if made = look(t, url); made.Held || made.Version != made.Known {
		t.Errorf("once it is closed: %+v", made)
	}
	again := open(t, url)
	if _, taken, err := again.Lease(t.Context(), "look", "somebody", time.Minute); err != nil || !taken {
		t.Errorf("what was written to try it was not taken back: %v, %v", taken, err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

func TestLookAtSQLite(t *testing.T) {
	folder := t.TempDir()
	url := "sqlite:" + filepath.Join(folder, "carillon.db")
	if s := look(t, url); s.Engine != "SQLite" || s.File != filepath.Join(folder, "carillon.db") {
		t.Errorf("got %+v", s)
	}
	if files, err := os.ReadDir(folder); err != nil || len(files) != 0 {
		t.Errorf("a look leaves %v behind, %v", files, err)
	}
	surveyed(t, url)
}

func TestLookAtPostgres(t *testing.T) {
	server := postgrestest.Start(t)
	surveyed(t, server.Database(t))
}

// A look at an older ledger leaves its tables as they are.
func TestLookAtAnOlderLedger(t *testing.T) {
	path := filepath.Join(t.TempDir(), "carillon.db")
	if err := open(t, "sqlite:"+path).Close(); err != nil {
		t.Fatal(err)
	}
	set := func(version int64) {
		db, err := sql.Open("sqlite", "file:"+path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		if _, err := db.Exec(`UPDATE goose_db_version SET version_id = version_id + $1 WHERE version_id = (SELECT MAX(version_id) FROM goose_db_version)`, version); err != nil {
			t.Fatal(err)
		}
	}
	set(1)
	if _, err := ledger.Look(t.Context(), "sqlite:"+path); err == nil || !strings.Contains(err.Error(), "use a newer carillon") {
		t.Errorf("a newer one: got %v", err)
	}
	set(-2)
	if s := look(t, "sqlite:"+path); s.Version != s.Known-1 {
		t.Errorf("an older one: got %+v", s)
	}
}

func TestLookRefuses(t *testing.T) {
	folder := t.TempDir()
	other := filepath.Join(folder, "other.txt")
	if err := os.WriteFile(other, []byte(strings.Repeat("no database\n", 100)), fs.FileMode(0o600)); err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]string{
		"mysql:x": "no such ledger", "sqlite:": "does not name a file",
		"sqlite:" + filepath.Join(folder, "missing", "x.db"): "does not exist; create it",
		"sqlite:" + other:             "another kind of file",
		"sqlite:" + folder:            "it is not a file",
		"sqlite:/sys/carillon.db":     "check the folder's permissions",
		"postgres://x@127.0.0.1:1/db": "does not answer",
	} {
		if _, err := ledger.Look(t.Context(), url); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", url, err, want)
		}
	}
}
