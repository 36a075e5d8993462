// Package ledger is the record of everything Carillon promises to know:
// campaigns, recipients, messages, attempts, receipts and opt-outs, in SQL.
//
// It guarantees that a message is claimed before it is posted and by one
// worker only, that every status move is one that campaign.Status allows, that
// what a method reports as done is on disk, and that the counts are those of
// the rows at any moment. It decides nothing about time or rates: callers pass
// the time, and ask for what is due.
//
// Claims, settlements and receipts of many callers share a transaction (see
// tx_commit.go), so durability costs one disk flush for all of them.
package ledger

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"carillon/campaign"
	"carillon/ledger/database"
	"carillon/seal"
)

//go:embed migrations
var migrations embed.FS

// Errors a caller can act on. They come wrapped.
var (
	// ErrNotFound: there is no such campaign, schedule or key of an import.
	ErrNotFound = errors.New("not found")
	// ErrState: the state of the campaign or the schedule does not allow the action.
	ErrState = errors.New("not possible in this state")
	// ErrInUse: another process has the ledger open, and this engine serves one.
	ErrInUse = database.ErrInUse
	// ErrUnsupported: the URL names no engine that this version has.
	ErrUnsupported = database.ErrUnsupported
	// ErrClosed: the work came after Close.
	ErrClosed = database.ErrClosed
)

// Ledger is an open ledger, safe for use by many goroutines.
type Ledger struct {
	db     *database.DB
	read   *sql.DB // of db
	commit *database.Committer[*job]
	shard  int // of the first writer

	definitions sync.Map               // campaign.ID → *campaign.Definition; they never change
	hashKey     atomic.Pointer[[]byte] // of persons who were erased
	keys        atomic.Pointer[seal.Keys]
	defined     atomic.Pointer[map[string]campaign.Schedule] // the schedules of the configuration, by name
	proofs      sync.Map                                     // channel → the acceptance that is on record as proof, int64 milliseconds
	met         sync.Map                                     // failureKey of refusals that are on record
	onRefusal   atomic.Pointer[func(Refusal)]
	observer    atomic.Pointer[Observer]
}

// Open opens the ledger that url names ("sqlite:FILE" or "postgres://…"),
// brings its tables up to date, and starts its writers. The error wraps ErrInUse or ErrUnsupported where
// that is the cause.
func Open(ctx context.Context, url string) (*Ledger, error) {
	db, err := database.Open(ctx, url, migrations)
	if err != nil {
		return nil, err
	}
	return start(ctx, db)
}

// OpenScratch opens an empty ledger that nobody else sees and that leaves
// nothing behind, however the process ends. It serves one goroutine.
func OpenScratch(ctx context.Context) (*Ledger, error) {
	db, err := database.OpenScratch(ctx, migrations)
	if err != nil {
		return nil, err
	}
	return start(ctx, db)
}

// start starts the writers of a ledger.
func start(ctx context.Context, db *database.DB) (*Ledger, error) {
	l := &Ledger{db: db, read: db.Read}
	if l.Shared() {
		// Which shards other processes have is not known; two of one shard wait for
		// each other's commits and nothing worse.
		l.shard = rand.IntN(shards)
	}
	l.commit = database.NewCommitter(db, l.run)
	if _, err := l.secret(ctx); err != nil { // which transactions need and cannot ask for
		return nil, errors.Join(err, l.Close())
	}
	if !l.Shared() { // whoever had a lease is dead
		if err := l.dropLeases(ctx); err != nil {
			return nil, errors.Join(err, l.Close())
		}
	}
	return l, nil
}

// Shared reports whether other processes may use the ledger at the same time.
func (l *Ledger) Shared() bool { return l.db.Shared() }

// Exposed returns the ledger's files that their mode opens to other users of
// the machine. A ledger of an older version may have some. PostgreSQL looks
// after its own.
func (l *Ledger) Exposed() []string { return l.db.Exposed() }

// Close finishes what was handed to the writer and closes the connections.
func (l *Ledger) Close() error {
	l.commit.Close()
	return l.db.Close()
}

// Ping reports whether the ledger answers and can be written to. It does write:
// a full disk is not seen otherwise.
func (l *Ledger) Ping(ctx context.Context) error {
	return l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		_, err := t.ExecContext(ctx, t.l.sql(`
			INSERT INTO leases (name, holder, fence, until) VALUES ('ping', '', 1, CLOCK)
			ON CONFLICT (name) DO UPDATE SET until = excluded.until`))
		if err != nil {
			return fmt.Errorf("ledger: ping: %w", err)
		}
		return nil
	})
}

// sql is a statement with the engine's words in it; see database.DB.
func (l *Ledger) sql(written string) string { return l.db.SQL(written) }
