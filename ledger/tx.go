package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"carillon/campaign"
	"carillon/ledger/database"
)

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
	windows  windowChanges
	// halted counts the campaigns and numbers that the transaction stops, halting
	// are the messages whose failure did.
	halted  int64
	halting map[campaign.MessageID]bool
	// decided counts the unknown messages that were decided, by the way; way is the
	// one in which they are now.
	decided map[Way]int
	way     Way
	// renewing are the messages that are tried again with their files renewed.
	renewing map[campaign.MessageID]bool
}

// transact runs f in a transaction and commits it together with the messages
// and counts that f moved. It may run f several times.
func (l *Ledger) transact(ctx context.Context, shard int, f func(context.Context, *tx) error) error {
	var t *tx
	var news []Refusal
	err := l.db.Transact(ctx, func(ctx context.Context, raw database.Tx) (err error) {
		t = &tx{
			Tx: raw, l: l, shard: shard, messages: map[campaign.MessageID]*message{}, counts: map[countKey]int64{},
			failures: map[failureKey]int64{}, noted: map[failureKey]noted{}, slowed: map[slowedKey]slowing{}, probes: map[slowedKey]probing{}, halting: map[campaign.MessageID]bool{}, renewing: map[campaign.MessageID]bool{},
			decided: map[Way]int{}, way: ByReceipt,
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
	l.tellDecided(t.decided)
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
	if err := t.flushSlowed(ctx); err != nil {
		return nil, err
	}
	return news, t.flushWindows(ctx)
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
