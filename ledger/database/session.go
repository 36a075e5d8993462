package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// Tx is a transaction as whoever is within it sees it.
type Tx interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Session is a transaction as whoever ends it sees it.
type Session interface {
	Tx
	Commit() error
	// Rollback does nothing once the transaction is committed.
	Rollback() error
}

// prepare says how transactions are begun. An engine with one writer gets a
// connection that remembers every statement it has run: its driver would
// otherwise translate each one anew each time. A scratch database cannot spare
// its only connection.
func (db *DB) prepare(ctx context.Context) error {
	if db.engine.writers > 1 || db.Read == db.write {
		db.Begin = func(ctx context.Context) (Session, error) { return db.write.BeginTx(ctx, nil) }
		return nil
	}
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return err
	}
	db.writer = &writer{conn: conn, known: map[string]*sql.Stmt{}}
	db.Begin = db.writer.begin
	return nil
}

// writer is the one connection that writes. It has one transaction at a time.
type writer struct {
	conn  *sql.Conn
	known map[string]*sql.Stmt
	open  bool // a transaction is
}

var _ Session = (*writer)(nil)

// close gives the connection back.
func (w *writer) close() error {
	var errs []error
	for _, s := range w.known {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, w.conn.Close())...)
}

func (w *writer) begin(ctx context.Context) (Session, error) {
	if err := w.Rollback(); err != nil { // of one that could not be ended
		return nil, err
	}
	if _, err := w.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return nil, err
	}
	w.open = true
	return w, nil
}

func (w *writer) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	if known, ok := w.known[query]; ok {
		return known, nil
	}
	made, err := w.conn.PrepareContext(ctx, query)
	if err == nil {
		w.known[query] = made
	}
	return made, err
}

func (w *writer) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	s, err := w.statement(ctx, query) //nolint:sqlclosecheck // it is kept until close
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}

func (w *writer) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s, err := w.statement(ctx, query) //nolint:sqlclosecheck // it is kept until close
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

func (w *writer) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	s, err := w.statement(ctx, query) //nolint:sqlclosecheck // it is kept until close
	if err != nil {
		return w.conn.QueryRowContext(ctx, query, args...) // which tells of the same mistake
	}
	return s.QueryRowContext(ctx, args...)
}

func (w *writer) Commit() error {
	_, err := w.ExecContext(context.Background(), "COMMIT")
	w.open = err != nil
	return err
}

func (w *writer) Rollback() error {
	if !w.open {
		return nil
	}
	_, err := w.ExecContext(context.Background(), "ROLLBACK")
	// Some failures, such as a full disk, have ended the transaction themselves.
	w.open = err != nil && !strings.Contains(err.Error(), "no transaction is active")
	if w.open {
		return fmt.Errorf("roll back: %w", err)
	}
	return nil
}
