package database

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

const (
	// postgresWriters is how many transactions a process has under way: while
	// one waits for the disk the next is being prepared. With more of them the
	// batches are smaller, and each message costs more.
	postgresWriters = 2
	// postgresPatience bounds a transaction, so that a server that hangs does
	// not hold the writers for ever.
	postgresPatience = 20 * time.Second
)

// The SQLSTATEs of transactions that may be run again as they were (appendix A
// of the PostgreSQL manual).
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	// A key that two have looked for at once and not found: when it is looked for
	// again, it is there.
	uniqueViolation = "23505"
)

// openPostgres opens a database that many processes may share. Commits are
// flushed to disk before they are reported (synchronous_commit=on).
func openPostgres(ctx context.Context, address string) (*DB, error) {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, fmt.Errorf("%w: %s is not an address: write postgres://user@host/database", ErrUnsupported, hidePassword(address))
	}
	config.RuntimeParams["synchronous_commit"] = "on"
	byKey(config.RuntimeParams)
	config.RuntimeParams["application_name"] = "carillon"
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	write := stdlib.OpenDB(*config)
	write.SetMaxOpenConns(postgresWriters + 1)
	write.SetMaxIdleConns(postgresWriters + 1)
	if err := write.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf(
			"ledger %s does not answer; start PostgreSQL, or correct `ledger` in the configuration: %w", hidePassword(address), err), write.Close())
	}
	readOnly := config.Copy()
	readOnly.RuntimeParams["default_transaction_read_only"] = "on"
	read := stdlib.OpenDB(*readOnly)
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	return &DB{
		engine: engine{
			name: "postgres", dialect: goose.DialectPostgres, each: "jsonb_array_elements(CAST(%s AS jsonb))", lock: "FOR UPDATE", share: "FOR SHARE",
			batches: columnBatches,
			clock:   "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)",
			writers: postgresWriters, patience: postgresPatience, repeat: clashed,
			explain: func(err error) error { return err },
		},
		write: write, Read: read,
	}, nil
}

// byKey keeps the planner to indexes. Whatever a transaction touches it finds by
// its key; but a plan that was made while a table was small, or had not been
// counted yet, reads all of it, and is kept for as long as the connection.
func byKey(settings map[string]string) {
	for _, name := range []string{"enable_seqscan", "enable_hashjoin", "enable_mergejoin", "enable_material"} {
		settings[name] = "off"
	}
	settings["random_page_cost"] = "1.1"
	settings["jit"] = "off" // a plan without an index seems so dear that it would be compiled
}

// clashed reports whether a transaction failed only because another one was in
// its way.
func clashed(err error) bool {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return false
	}
	switch refused.Code {
	case serializationFailure, deadlockDetected, uniqueViolation:
		return true
	}
	return false
}

// hidePassword is an address as it may be shown.
func hidePassword(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "postgres://…"
	}
	u.RawQuery = "" // it may hold the password, too
	return u.Redacted()
}
