package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// checkedWhole is the size in bytes up to which every page of a file is checked
// when it is opened. A larger one would take seconds; there damage is found
// when the page is read.
const checkedWhole = 256 << 20

// inspect refuses a file that is no sound ledger, before anything is written
// to it.
func inspect(ctx context.Context, path string) (err error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil // it is made
	}
	if err != nil {
		return fmt.Errorf("ledger %s: %w", path, err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("ledger %s: it is not a file; name another in `ledger`", path)
	}
	db, err := sql.Open("sqlite", sqliteDSN(path)+"?mode=ro&_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var tables, ours int
	err = db.QueryRowContext(ctx, `
		SELECT COUNT(*), COALESCE(SUM(name = 'goose_db_version'), 0) FROM sqlite_schema WHERE type = 'table'`).Scan(&tables, &ours)
	if err != nil {
		return explainSQLite(path, err)
	}
	if tables > 0 && ours == 0 {
		return fmt.Errorf("ledger %s: it belongs to another program; name another file in `ledger`", path)
	}
	if info.Size() > checkedWhole {
		return nil
	}
	var found string
	if err := db.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&found); err != nil {
		return explainSQLite(path, err)
	}
	if found != "ok" {
		return damaged(path, errors.New(strings.Join(strings.Fields(found), " ")))
	}
	return nil
}

func damaged(path string, err error) error {
	return fmt.Errorf("ledger %s: the file is damaged: %w; restore a copy, or read what is left with `sqlite3 %s .recover`", path, err, path)
}

// explainSQLite says what to do about troubles that a person has to end
// (https://sqlite.org/rescode.html).
func explainSQLite(path string, err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	const primary = 0xff
	switch e.Code() & primary {
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("ledger %s: the disk is full; free some space: %w", path, err)
	case sqlite3.SQLITE_CORRUPT:
		return damaged(path, err)
	case sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("ledger %s: it is another kind of file; name another in `ledger`: %w", path, err)
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return fmt.Errorf("ledger %s: this user needs write access to the file and its folder: %w", path, err)
	case sqlite3.SQLITE_IOERR:
		return fmt.Errorf("ledger %s: the disk fails or is full: %w", path, err)
	}
	return err
}
