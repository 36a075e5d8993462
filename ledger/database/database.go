// Package database opens the databases that a ledger may be in, SQLite in a file
// or PostgreSQL, and runs its transactions. It knows how the engines differ, and
// none of the tables.
//
// It guarantees that what a transaction reports as committed is on disk, that a
// SQLite file has one process and is left as it is where it is no sound ledger,
// and that many callers' jobs share a transaction without harm to each other
// (see group_commit.go).
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strings"
	"sync"
	"time"

	"github.com/pressly/goose/v3"
)

// Errors a caller can act on. They come wrapped.
var (
	// ErrInUse: another process has the database open, and this engine serves one.
	ErrInUse = errors.New("the ledger is in use")
	// ErrUnsupported: the URL names no engine that this version has.
	ErrUnsupported = errors.New("no such ledger")
)

// engine is what differs between the SQL databases.
type engine struct {
	name    string
	dialect goose.Dialect
	// each is the table expression that turns the JSON array %s into rows with a
	// column named value.
	each string
	// batches are the statements for rows of values; see Batches.
	batches func(db *DB, written string, rows *Rows) iter.Seq2[string, []any]
	// lock is appended to a SELECT whose rows are about to be changed.
	lock string
	// share is appended where they are only to stay as they are meanwhile.
	share string
	// clock is the server's own time in milliseconds, the one clock that all
	// processes share.
	clock string
	// writers is how many goroutines commit; where it is more than one, one
	// more serves the background.
	writers int
	// patience bounds one transaction; 0 for engines in this process.
	patience time.Duration
	// repeat reports whether a transaction that failed so may succeed when it
	// is run again as it was.
	repeat func(error) bool
	// explain adds to a failure what a person can do about it.
	explain func(error) error
}

// DB is an open database, safe for use by many goroutines.
type DB struct {
	// Read are connections that only read.
	Read *sql.DB
	// Begin begins a transaction, which is then for one goroutine. Tests put
	// themselves between.
	Begin func(context.Context) (Session, error)

	engine engine
	write  *sql.DB
	writer *writer   // nil where an engine has several
	hold   io.Closer // keeps other processes out; nil where nobody has to be
	file   string    // of SQLite; empty where there is none
	texts  sync.Map  // statements as they are written, alone or in a sizedStatement → as the engine wants them
}

// Open opens the database that url names ("sqlite:FILE" or "postgres://…"), and
// brings its tables up to date by the files in the folder migrations/sqlite or
// migrations/postgres. The error wraps ErrInUse or ErrUnsupported where that is
// the cause.
func Open(ctx context.Context, url string, migrations fs.FS) (*DB, error) {
	kind, rest, err := engineOf(url)
	if err != nil {
		return nil, err
	}
	var db *DB
	if kind == "sqlite" {
		db, err = openSQLite(ctx, rest)
	} else {
		db, err = openPostgres(ctx, url)
	}
	if err != nil {
		return nil, err
	}
	return db.start(ctx, migrations)
}

// engineOf is the engine that a URL names, sqlite or postgres, and what follows.
func engineOf(url string) (kind, rest string, err error) {
	kind, rest, _ = strings.Cut(url, ":")
	switch kind {
	case "sqlite":
		return kind, rest, nil
	case "postgres", "postgresql":
		return "postgres", rest, nil
	}
	return "", "", fmt.Errorf("%w %q: write sqlite:FILE or postgres://user@host/database", ErrUnsupported, kind)
}

// start brings the tables of a database up to date and makes its transactions
// possible.
func (db *DB) start(ctx context.Context, migrations fs.FS) (*DB, error) {
	if err := db.migrate(ctx, migrations); err != nil {
		return nil, errors.Join(db.engine.explain(err), db.Close())
	}
	if err := db.prepare(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func (db *DB) migrate(ctx context.Context, migrations fs.FS) error {
	files, err := fs.Sub(migrations, "migrations/"+db.engine.name)
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(db.engine.dialect, db.write, files)
	if err != nil {
		return fmt.Errorf("ledger: migrations: %w", err)
	}
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("ledger: read its version: %w", err)
	}
	if current > target {
		return tooNew(current, target)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("ledger: migrate: %w", err)
	}
	return nil
}

func tooNew(current, target int64) error {
	return fmt.Errorf("ledger: its tables have version %d and this program knows up to %d; use a newer carillon", current, target)
}

// Shared reports whether other processes may use the database at the same time.
func (db *DB) Shared() bool { return db.engine.writers > 1 }

// Close closes the connections.
func (db *DB) Close() error {
	var err error
	if db.writer != nil {
		err = db.writer.close()
	}
	err = errors.Join(err, db.Read.Close(), db.write.Close())
	if db.hold != nil {
		err = errors.Join(err, db.hold.Close())
	}
	return err
}

// mostRepeats is how often a transaction is run again that another one has
// got into the way of.
const mostRepeats = 5

// Transact runs f in a transaction and commits it. It runs f again where the
// engine says that this may help.
func (db *DB) Transact(ctx context.Context, f func(context.Context, Tx) error) error {
	for n := 0; ; n++ {
		err := db.transactOnce(ctx, f)
		if err == nil {
			return nil
		}
		if n == mostRepeats || !db.engine.repeat(err) {
			return db.engine.explain(err)
		}
	}
}

func (db *DB) transactOnce(ctx context.Context, f func(context.Context, Tx) error) error {
	if db.engine.patience > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, db.engine.patience)
		defer cancel()
	}
	session, err := db.Begin(ctx)
	if err != nil {
		return fmt.Errorf("ledger: begin: %w", err)
	}
	defer func() { _ = session.Rollback() }() // does nothing once committed
	if err := f(ctx, session); err != nil {
		return err
	}
	if err := session.Commit(); err != nil {
		return fmt.Errorf("ledger: commit: %w", err)
	}
	return nil
}

// SQL puts the engine's words into a statement: EACH(…) for a JSON array as
// rows, LOCKED at the end of a SELECT whose rows are changed next, SHARED where
// nobody else may change them, CLOCK for the time.
func (db *DB) SQL(written string) string {
	if known, ok := db.texts.Load(written); ok {
		return known.(string)
	}
	text := written
	for {
		before, rest, found := strings.Cut(text, "EACH(")
		if !found {
			break
		}
		argument, after, _ := strings.Cut(rest, ")")
		text = before + fmt.Sprintf(db.engine.each, argument) + after
	}
	text = strings.NewReplacer("LOCKED", db.engine.lock, "SHARED", db.engine.share, "CLOCK", db.engine.clock).Replace(text)
	db.texts.Store(written, text)
	return text
}
