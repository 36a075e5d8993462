package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/pressly/goose/v3"
)

// Survey is what a database is like, found out without a change to it.
type Survey struct {
	// Engine is what it is, with the version that a server says.
	Engine string
	// File is SQLite's; empty where there is none.
	File string
	// Held says that another process has the file open, as a running server does. Then
	// it was not tried whether it can be written.
	Held bool
	// Version is that of the tables, 0 where there are none yet; Known is the newest
	// one that the migrations make.
	Version, Known int64
	// Ahead is how far the server's clock is ahead of ours; 0 for a file.
	Ahead time.Duration
}

// Look finds out what the database that url names is like, with the migrations that
// Open would bring its tables up to date by. try writes something in a transaction
// that is taken back; it is asked where the tables are up to date. The error is why
// Open would fail, or why nothing could be written.
func Look(ctx context.Context, url string, migrations fs.FS, try func(context.Context, *sql.Tx) error) (Survey, error) {
	kind, rest, err := engineOf(url)
	if err != nil {
		return Survey{}, err
	}
	known, err := newest(migrations, "migrations/"+kind)
	if err != nil {
		return Survey{}, err
	}
	s := Survey{Known: known}
	if kind == "sqlite" {
		err = s.lookSQLite(ctx, rest, try)
	} else {
		err = s.lookPostgres(ctx, url, try)
	}
	if err == nil && s.Version > s.Known {
		err = tooNew(s.Version, s.Known)
	}
	return s, err
}

// newest is the version of the last migration in a folder.
func newest(migrations fs.FS, folder string) (version int64, err error) {
	files, err := fs.ReadDir(migrations, folder)
	if err != nil {
		return 0, err
	}
	for _, file := range files {
		if n, err := goose.NumericComponent(file.Name()); err == nil {
			version = max(version, n)
		}
	}
	return version, nil
}

func (s *Survey) lookSQLite(ctx context.Context, path string, try func(context.Context, *sql.Tx) error) (err error) {
	s.Engine, s.File = "SQLite", path
	if s.Held, err = isHeld(path); err != nil {
		return err
	}
	if !s.Held {
		if err := writable(path); err != nil {
			return err
		}
	}
	if err := inspect(ctx, path); err != nil {
		return err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil // it is made
	}
	mode := "rw"
	if s.Held {
		mode = "ro"
	}
	db, err := sql.Open("sqlite", sqliteDSN(path)+"?mode="+mode+"&_txlock=immediate&_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var tables int
	if err := db.QueryRowContext(ctx, `SELECT COUNT(*) FROM sqlite_schema WHERE name = 'goose_db_version'`).Scan(&tables); err != nil {
		return explainSQLite(path, err)
	}
	if tables == 0 {
		return nil
	}
	return explainSQLite(path, s.lookInside(ctx, db, try))
}

// isHeld reports whether another process has the lock of a file. It does not keep
// that one out of it: the lock is let go at once.
func isHeld(path string) (held bool, err error) {
	if path == "" {
		return false, errNoFile()
	}
	lock, err := os.Open(lockOf(path))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, noAccess(path, err)
	}
	defer func() { _ = lock.Close() }() // it was only read
	err = syscall.Flock(int(lock.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	return errors.Is(err, syscall.EWOULDBLOCK), nil
}

// writable tries whether files can be made beside the ledger's.
func writable(path string) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".carillon-*")
	if errors.Is(err, fs.ErrNotExist) {
		return noFolder(path, err)
	}
	if err != nil {
		return noAccess(path, err)
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

func (s *Survey) lookPostgres(ctx context.Context, address string, try func(context.Context, *sql.Tx) error) (err error) {
	s.Engine = "PostgreSQL"
	db, err := openPostgres(ctx, address)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var server string
	var tables, may bool
	began := time.Now()
	var clock int64
	err = db.write.QueryRowContext(ctx, `
		SELECT current_setting('server_version'), to_regclass('goose_db_version') IS NOT NULL,
		       COALESCE(has_schema_privilege(current_schema(), 'CREATE'), false), `+db.engine.clock).Scan(&server, &tables, &may, &clock)
	if err != nil {
		return fmt.Errorf("ledger: look at the server: %w", err)
	}
	s.Engine += " " + server
	s.Ahead = between(time.UnixMilli(clock), began, time.Now())
	switch {
	case tables:
		return s.lookInside(ctx, db.write, try)
	case !may:
		return errors.New("ledger: this user may make no tables; grant it CREATE on the schema")
	}
	return nil
}

// between is how far a clock is ahead of ours that was asked between two times.
func between(told, began, ended time.Time) time.Duration {
	switch {
	case told.Before(began):
		return told.Sub(began)
	case told.After(ended):
		return told.Sub(ended)
	}
	return 0
}

// lookInside reads the version of the tables and tries to write, where the tables
// are as the program knows them and nobody else has them.
func (s *Survey) lookInside(ctx context.Context, db *sql.DB, try func(context.Context, *sql.Tx) error) error {
	err := db.QueryRowContext(ctx, `SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&s.Version)
	if err != nil {
		return fmt.Errorf("ledger: read its version: %w", err)
	}
	if s.Held || s.Version != s.Known {
		return nil
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("ledger: begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // nothing is to be kept
	return try(ctx, tx)
}
