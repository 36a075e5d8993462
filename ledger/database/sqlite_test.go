package database_test

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"carillon/ledger"
)

func TestASecondProcessIsRefused(t *testing.T) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "carillon.db")
	first, err := ledger.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.Open(t.Context(), url); !errors.Is(err, ledger.ErrInUse) {
		t.Errorf("got %v, want ErrInUse", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := ledger.Open(t.Context(), url)
	if err != nil {
		t.Fatalf("after the first was closed: %v", err)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	tests := map[string]struct{ url, want string }{
		"no engine": {"mysql:x", "no such ledger"},
		"no file":   {"sqlite:", "does not name a file"},
		"no folder": {"sqlite:" + filepath.Join(t.TempDir(), "missing", "x.db"), "does not exist; create it"},
		"a folder":  {"sqlite:" + t.TempDir(), "it is not a file"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { wantRefusal(t, test.url, test.want) })
	}
}

// TestWhatCannotBeUsedIsLeftAsItIs opens files that are no sound ledger.
func TestWhatCannotBeUsedIsLeftAsItIs(t *testing.T) {
	const page = 4096
	spoil := func(from, to int) func([]byte) []byte {
		return func(file []byte) []byte {
			for i := from; i < to; i++ {
				file[i] = 0xA5
			}
			return file
		}
	}
	for name, c := range map[string]struct {
		spoil func(file []byte) []byte
		want  string
	}{
		"another kind of file":  {func([]byte) []byte { return []byte(strings.Repeat("no database ", 1000)) }, "it is another kind of file"},
		"cut off":               {func(file []byte) []byte { return file[:len(file)/2] }, "the file is damaged"},
		"its first page":        {spoil(150, page), "the file is damaged"},
		"a page of its indexes": {spoil(2*page, 3*page), "the file is damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "carillon.db")
			sound(t, path)
			file, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			file = c.spoil(file)
			if err := os.WriteFile(path, file, 0o600); err != nil {
				t.Fatal(err)
			}
			wantRefusal(t, "sqlite:"+path, c.want)
			wantBytes(t, path, file)
		})
	}
}

// TestTablesOfOthersAreLeftAsTheyAre opens databases that this program has not
// made, or not in this version.
func TestTablesOfOthersAreLeftAsTheyAre(t *testing.T) {
	for name, c := range map[string]struct {
		sound     bool
		statement string
		want      string
	}{
		"another program's": {false, `CREATE TABLE accounts (id INTEGER)`, "it belongs to another program"},
		"a newer version's": {true, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`, "use a newer carillon"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "carillon.db")
			if c.sound {
				sound(t, path)
			}
			db, err := sql.Open("sqlite", path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := db.ExecContext(t.Context(), c.statement); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			file, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			wantRefusal(t, "sqlite:"+path, c.want)
			wantBytes(t, path, file)
		})
	}
}

// sound makes an empty ledger.
func sound(t *testing.T, path string) {
	t.Helper()
	l, err := ledger.Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func wantRefusal(t *testing.T, url, want string) {
	t.Helper()
	l, err := ledger.Open(t.Context(), url)
	if err == nil {
		_ = l.Close()
		t.Fatal("opened")
	}
	if text := err.Error(); !strings.Contains(text, want) || strings.Contains(text, "\n") {
		t.Errorf("got %q, want one line that says %q", text, want)
	}
}

func wantBytes(t *testing.T, path string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("the file was changed")
	}
}
