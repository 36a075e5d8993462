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
// commit.go), so durability costs one disk flush for all of them.
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
	"time"

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

// tx is a transaction with what the ledger's statements need around it.
type tx struct {
	database.Tx
	l        *Ledger
	shard    int // of the counts
	messages map[campaign.MessageID]*message
	counts   map[countKey]int64
	met      []acquaintance // keys of people that are not linked yet
	// toHear are the campaigns of campaignsToHear; nil until asked for.
	toHear map[campaign.ID]bool
	// holdsOff says that nobody is erased until the transaction ends.
	holdsOff bool
	failures map[failureKey]int64
	noted    map[failureKey]noted
	slowed   map[slowedKey]slowing
	probes   map[slowedKey]probing
	// halted counts the campaigns and numbers that the transaction stops, halting
	// are the messages whose failure did.
	halted  int64
	halting map[campaign.MessageID]bool
}

// transact runs f in a transaction and commits it together with the messages
// and counts that f moved. It may run f several times.
func (l *Ledger) transact(ctx context.Context, shard int, f func(context.Context, *tx) error) error {
	var t *tx
	var news []Refusal
	err := l.db.Transact(ctx, func(ctx context.Context, raw database.Tx) (err error) {
		t = &tx{
			Tx: raw, l: l, shard: shard, messages: map[campaign.MessageID]*message{}, counts: map[countKey]int64{},
			failures: map[failureKey]int64{}, noted: map[failureKey]noted{}, slowed: map[slowedKey]slowing{}, probes: map[slowedKey]probing{}, halting: map[campaign.MessageID]bool{},
		}
		if err := f(ctx, t); err != nil {
			return err
		}
		news, err = t.flush(ctx)
		return err
	})
	if err != nil {
		return err
	}
	l.tell(t.noted, news)
	return nil
}

// flush writes what the transaction has gathered, always in this order, or two
// would wait for each other. It returns the refusals that nobody had met before.
func (t *tx) flush(ctx context.Context) (news []Refusal, err error) {
	if err := t.flushMessages(ctx); err != nil {
		return nil, err
	}
	if news, err = t.flushRefusals(ctx); err != nil {
		return nil, err
	}
	if err := t.flushFailures(ctx); err != nil {
		return nil, err
	}
	if err := t.flushCounts(ctx); err != nil {
		return nil, err
	}
	return news, t.flushSlowed(ctx)
}

// sql is a statement with the engine's words in it; see database.DB.
func (l *Ledger) sql(written string) string { return l.db.SQL(written) }

// definition is the campaign's definition, read once.
func (t *tx) definition(ctx context.Context, id campaign.ID) (*campaign.Definition, error) {
	if known, ok := t.l.definitions.Load(id); ok {
		return known.(*campaign.Definition), nil
	}
	var text string
	err := t.QueryRowContext(ctx, `SELECT definition FROM campaigns WHERE id = $1`, int64(id)).Scan(&text)
	if err != nil {
		return nil, fmt.Errorf("ledger: campaign %s: %w", id, err)
	}
	definition, err := parseDefinition(id, text)
	if err == nil {
		t.l.definitions.Store(id, definition)
	}
	return definition, err
}

// querier is what rows are read from: a transaction, or the database as it is.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// millis is a time as the ledger stores it; the zero time is NULL.
func millis(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

// moment reads what millis wrote.
func moment(ms sql.NullInt64) time.Time {
	if !ms.Valid {
		return time.Time{}
	}
	return time.UnixMilli(ms.Int64).UTC()
}
