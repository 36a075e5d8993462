package database_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"carillon/ledger"
	"carillon/seal"
)

const plainSchedule = `INSERT INTO schedules (name, definition, origin, created_at) VALUES
	('plain', '{"name":"plain","contacts":{"url":"https://host/a","headers":{"X-Key":"hidden"}},"cron":"@daily"}', 'api', 0)`

// plainly makes a ledger in which a secret stands as it is, and returns a
// connection to it that goes past the ledger.
func plainly(t *testing.T, path string) (*ledger.Ledger, *sql.DB) {
	t.Helper()
	l, err := ledger.Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if _, err := db.ExecContext(t.Context(), plainSchedule); err != nil {
		t.Fatal(err)
	}
	return l, db
}

// reopen closes a ledger and opens it as the next start does.
func reopen(t *testing.T, l *ledger.Ledger, path string, keys ...string) *ledger.Ledger {
	t.Helper()
	if l != nil {
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	l, err := ledger.Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := seal.ParseKeys(keys)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.SealSchedules(t.Context(), parsed); err != nil {
		t.Fatal(err)
	}
	return l
}

// A schedule whose secret stood there as it was is removed, without a key, or was
// by the version before: the next start rewrites the file.
func TestRemovedSecretsLeaveNoTrace(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "carillon.db")
	l, _ := plainly(t, path)
	if err := l.RemoveSchedule(t.Context(), "plain", ledger.Actor{Name: "tester"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	scrubbed(t, reopen(t, l, path), folder)

	folder = t.TempDir()
	path = filepath.Join(folder, "carillon.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, os.DirFS("../migrations/sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), 7); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{plainSchedule, `INSERT INTO slots (schedule, at, state) VALUES ('plain', 0, 'done')`, `DELETE FROM schedules`} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	scrubbed(t, reopen(t, nil, path), folder)
}

// scrubbed checks that a secret is there before the scrub, and then no more.
func scrubbed(t *testing.T, l *ledger.Ledger, folder string) {
	t.Helper()
	if found := holding(t, folder, "hidden"); len(found) == 0 {
		t.Error("the secret stands nowhere before either")
	}
	if err := l.Scrub(t.Context(), false); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if found := holding(t, folder, "hidden"); len(found) > 0 {
		t.Errorf("%v hold the secret", found)
	}
}

// Where another program keeps the file from being rewritten, it is told, and done
// later.
func TestAScrubThatIsHinderedIsMadeUpFor(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "carillon.db")
	key := strings.Repeat("0a", seal.KeyBytes)
	l, db := plainly(t, path)
	reader, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := reader.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM schedules`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	l = reopen(t, l, path, key)
	if err := l.Scrub(t.Context(), false); err == nil || !strings.Contains(err.Error(), "carillon migrate") {
		t.Errorf("hindered: %v", err)
	}
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	scrubbed(t, reopen(t, l, path, key), folder)
}
