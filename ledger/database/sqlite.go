package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// readers is how many connections read beside the one that writes.
const readers = 4

// The page caches in KiB, one per connection; each takes up twice as much, for a page
// of 4 KiB has 8 KiB in the driver's allocator. With a million rows nothing was
// faster with four times as large a one for the writer.
const (
	writerCache = 512
	readerCache = 256
)

func cachePragma(kib int) string { return fmt.Sprintf("&_pragma=cache_size(-%d)", kib) }

// openSQLite opens a database in a file. Commits are flushed to disk before they
// are reported (synchronous=FULL); readers never wait for the writer (WAL).
func openSQLite(ctx context.Context, path string) (*DB, error) {
	hold, err := holdFile(path)
	if err != nil {
		return nil, err
	}
	if err := inspect(ctx, path); err != nil {
		return nil, errors.Join(err, hold.Close())
	}
	if err := makeFile(path); err != nil {
		return nil, errors.Join(err, hold.Close())
	}
	pragmas := url.Values{
		"_txlock": {"immediate"},
		"_pragma": {
			"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "temp_store(MEMORY)",
		},
	}
	dsn := sqliteDSN(path) + "?" + pragmas.Encode()
	write, err := sql.Open("sqlite", dsn+cachePragma(writerCache))
	if err != nil {
		return nil, errors.Join(err, hold.Close())
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite", dsn+"&_pragma=query_only(1)"+cachePragma(readerCache))
	if err != nil {
		return nil, errors.Join(err, write.Close(), hold.Close())
	}
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	return &DB{engine: sqliteEngine(path), write: write, Read: read, hold: hold, file: path}, nil
}

// OpenScratch opens an empty database that nobody else sees and that leaves
// nothing behind, however the process ends: SQLite keeps what does not fit into
// its cache in a file that has no name any more. It serves one goroutine.
func OpenScratch(ctx context.Context, migrations fs.FS) (*DB, error) {
	const name = "in a temporary file (TMPDIR)"
	db, err := sql.Open("sqlite", "file:?_pragma=synchronous(OFF)"+cachePragma(writerCache))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // another one would have a database of its own
	return (&DB{engine: sqliteEngine(name), write: db, Read: db}).start(ctx, migrations)
}

// sqliteEngine is the engine of a database that errors call name.
func sqliteEngine(name string) engine {
	return engine{
		name: "sqlite", dialect: goose.DialectSQLite3, each: "jsonb_each(%s)",
		batches: boundBatches,
		clock:   "CAST(unixepoch('subsec') * 1000 AS BIGINT)", writers: 1,
		repeat:  func(error) bool { return false },
		explain: func(err error) error { return explainSQLite(name, err) },
	}
}

// sqliteDSN names a file to the driver. The path is escaped, for "?" and "#" may
// occur in a file's name.
func sqliteDSN(path string) string { return "file:" + (&url.URL{Path: path}).EscapedPath() }

// holdFile takes the lock that keeps a second process out of the ledger. The
// system drops it when the process dies.
func holdFile(path string) (*os.File, error) {
	if path == "" {
		return nil, errNoFile()
	}
	file, err := os.OpenFile(lockOf(path), os.O_CREATE|os.O_RDWR, private)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, noFolder(path, err)
	case err != nil:
		return nil, noAccess(path, err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf(
			"%w: %s is open in another carillon; stop it first", ErrInUse, path), file.Close())
	}
	return file, nil
}

// lockOf is the file whose lock is held by the process that has a ledger's file.
func lockOf(path string) string { return path + ".lock" }

func errNoFile() error {
	return fmt.Errorf("%w: sqlite: does not name a file; write sqlite:carillon.db", ErrUnsupported)
}

func noFolder(path string, err error) error {
	return fmt.Errorf("ledger %s: the folder %s does not exist; create it: %w", path, filepath.Dir(path), err)
}

func noAccess(path string, err error) error {
	return fmt.Errorf("ledger %s: %w; check the folder's permissions", path, err)
}
