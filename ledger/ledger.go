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
	"io"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pressly/goose/v3"

	"carillon/campaign"
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

// Ledger is an open ledger, safe for use by many goroutines.
type Ledger struct {
	engine engine
	write  *sql.DB
	read   *sql.DB
	begin  func(context.Context) (session, error)
	writer *writer   // nil where an engine has several
	hold   io.Closer // keeps other processes out; nil where nobody has to be
	file   string    // of SQLite; empty where there is none
	commit *committer

	texts       sync.Map               // statements as they are written here → as the engine wants them
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
	kind, rest, _ := strings.Cut(url, ":")
	var l *Ledger
	var err error
	switch kind {
	case "sqlite":
		l, err = openSQLite(ctx, rest)
	case "postgres", "postgresql":
		l, err = openPostgres(ctx, url)
	default:
		err = fmt.Errorf("%w %q: write sqlite:FILE or postgres://user@host/database", ErrUnsupported, kind)
	}
	if err != nil {
		return nil, err
	}
	return l.start(ctx)
}

// start brings the tables of a ledger up to date and starts its writers.
func (l *Ledger) start(ctx context.Context) (*Ledger, error) {
	if err := l.migrate(ctx); err != nil {
		return nil, errors.Join(l.engine.explain(err), l.closeConnections())
	}
	if err := l.prepare(ctx); err != nil {
		return nil, errors.Join(err, l.closeConnections())
	}
	l.commit = newCommitter(l)
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
func (l *Ledger) Shared() bool { return l.engine.writers > 1 }

// Close finishes what was handed to the writer and closes the connections.
func (l *Ledger) Close() error {
	l.commit.close()
	return l.closeConnections()
}

func (l *Ledger) closeConnections() error {
	var err error
	if l.writer != nil {
		err = l.writer.close()
	}
	err = errors.Join(err, l.read.Close(), l.write.Close())
	if l.hold != nil {
		err = errors.Join(err, l.hold.Close())
	}
	return err
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

func (l *Ledger) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations/"+l.engine.name)
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(l.engine.dialect, l.write, files)
	if err != nil {
		return fmt.Errorf("ledger: migrations: %w", err)
	}
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("ledger: read its version: %w", err)
	}
	if current > target {
		return fmt.Errorf("ledger: its tables have version %d and this program knows up to %d; use a newer carillon", current, target)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("ledger: migrate: %w", err)
	}
	return nil
}

// tx is a transaction with what the ledger's statements need around it.
type tx struct {
	session
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

// mostRepeats is how often a transaction is run again that another one has
// got into the way of.
const mostRepeats = 5

// transact runs f in a transaction and commits it together with the messages
// and counts that f moved. It runs f again where the engine says that this may
// help.
func (l *Ledger) transact(ctx context.Context, shard int, f func(context.Context, *tx) error) error {
	for n := 0; ; n++ {
		err := l.transactOnce(ctx, shard, f)
		if err == nil {
			return nil
		}
		if n == mostRepeats || !l.engine.repeat(err) {
			return l.engine.explain(err)
		}
	}
}

func (l *Ledger) transactOnce(ctx context.Context, shard int, f func(context.Context, *tx) error) error {
	if l.engine.patience > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, l.engine.patience)
		defer cancel()
	}
	raw, err := l.begin(ctx)
	if err != nil {
		return fmt.Errorf("ledger: begin: %w", err)
	}
	defer func() { _ = raw.Rollback() }() // does nothing once committed
	t := &tx{
		session: raw, l: l, shard: shard, messages: map[campaign.MessageID]*message{}, counts: map[countKey]int64{},
		failures: map[failureKey]int64{}, noted: map[failureKey]noted{}, slowed: map[slowedKey]slowing{}, probes: map[slowedKey]probing{}, halting: map[campaign.MessageID]bool{},
	}
	if err := f(ctx, t); err != nil {
		return err
	}
	news, err := t.flush(ctx)
	if err != nil {
		return err
	}
	if err := raw.Commit(); err != nil {
		return fmt.Errorf("ledger: commit: %w", err)
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

// sql puts the engine's words into a statement: EACH(…) for a JSON array as
// rows, LOCKED at the end of a SELECT whose rows are changed next, SHARED where
// nobody else may change them, CLOCK for the time.
func (l *Ledger) sql(written string) string {
	if known, ok := l.texts.Load(written); ok {
		return known.(string)
	}
	text := written
	for {
		before, rest, found := strings.Cut(text, "EACH(")
		if !found {
			break
		}
		argument, after, _ := strings.Cut(rest, ")")
		text = before + fmt.Sprintf(l.engine.each, argument) + after
	}
	text = strings.NewReplacer("LOCKED", l.engine.lock, "SHARED", l.engine.share, "CLOCK", l.engine.clock).Replace(text)
	l.texts.Store(written, text)
	return text
}

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
