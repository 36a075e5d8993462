package ledger_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"carillon/ledger"
	"carillon/ledger/ledgertest"
)

func openSQLite(t *testing.T) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "carillon.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func TestSQLite(t *testing.T) { ledgertest.Run(t, openSQLite) }

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
	dir := t.TempDir()
	garbage := filepath.Join(dir, "garbage.db")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct{ url, want string }{
		"no engine":  {"mysql:x", "no such ledger"},
		"no file":    {"sqlite:", "names no file"},
		"no folder":  {"sqlite:" + filepath.Join(dir, "missing", "x.db"), "does not exist; create it"},
		"not SQLite": {"sqlite:" + garbage, "file is not a database"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			l, err := ledger.Open(t.Context(), test.url)
			if err == nil {
				_ = l.Close()
				t.Fatal("opened")
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %q, want it to say %q", err, test.want)
			}
		})
	}
}
