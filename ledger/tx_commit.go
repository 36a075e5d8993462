package ledger

import (
	"context"
	"slices"
	"time"

	"carillon/ledger/database"
)

// How soon work is done.
const (
	// urgent are claims, settlements and receipts, which share transactions, and
	// what an operator or the clock does.
	urgent = database.Urgent
	// background are intake and sweeps of whole campaigns.
	background = database.Background
)

// job is one caller's work. The fields that are nil are not part of it.
type job struct {
	claim   *claim
	settle  *Settlement
	receive *receiving
	polled  *Polled // with what it told in receive
	hear    []*hearing
	now     time.Time // of receive and hear
	do      func(context.Context, *tx) error
}

// Alone reports whether the job needs a transaction of its own.
func (j *job) Alone() bool { return j.do != nil }

// do runs f in a transaction of its own, in a place among the writer's. f gets
// the writer's context: once it has begun, a caller who goes away changes
// nothing.
func (l *Ledger) do(ctx context.Context, p database.Priority, f func(context.Context, *tx) error) error {
	if term, bound := ctx.Value(fencedKey{}).(Term); bound {
		f = fenced(term, f)
	}
	return l.commit.Submit(ctx, p, &job{do: f})
}

// tellsKeys reports whether keys of people are told, which may be those of people
// who were erased.
func tellsKeys(settlements []*Settlement, receipts []*receiving) bool {
	return slices.ContainsFunc(settlements, func(s *Settlement) bool { return len(s.Keys) > 0 }) ||
		slices.ContainsFunc(receipts, (*receiving).tellsKeys)
}

func (r *receiving) tellsKeys() bool {
	return slices.ContainsFunc(r.receipts, func(r Receipt) bool { return len(r.Keys) > 0 })
}

// run does jobs in one transaction: those that may share one, or one alone.
func (l *Ledger) run(writer int, jobs []*job) error {
	shard := (l.shard + writer) % shards
	return l.transact(context.Background(), shard, func(ctx context.Context, t *tx) error {
		if err := t.runShared(ctx, sorted(jobs)); err != nil {
			return err
		}
		for _, j := range jobs {
			if j.do != nil { // it is alone
				return j.do(ctx, t)
			}
		}
		return nil
	})
}

// batch is jobs that share a transaction, by their kind.
type batch struct {
	claims      []*claim
	settlements []*Settlement
	receipts    []*receiving
	polls       []*Polled
	heard       []*hearing
	now, told   time.Time // when receipts and events came, and when keys were last told
}

func sorted(jobs []*job) (b batch) {
	for _, j := range jobs {
		switch {
		case j.claim != nil:
			b.claims = append(b.claims, j.claim)
		case j.settle != nil:
			b.settlements = append(b.settlements, j.settle)
			b.told = j.settle.At
		case j.receive != nil:
			b.receipts = append(b.receipts, j.receive)
			if j.polled != nil {
				b.polls = append(b.polls, j.polled)
			}
			b.now, b.told = j.now, j.now
		case j.hear != nil:
			b.heard = append(b.heard, j.hear...)
			b.now = j.now
		}
	}
	return b
}

// runShared does settlements first: a receipt may speak of the attempt they
// record. Claims come last: an opt-out that was heard forbids them.
func (t *tx) runShared(ctx context.Context, b batch) error {
	if len(b.heard) > 0 || tellsKeys(b.settlements, b.receipts) {
		if err := t.holdOffErasing(ctx); err != nil {
			return err
		}
	}
	if err := t.inWay(ByResult, func() error { return t.settle(ctx, b.settlements) }); err != nil {
		return err
	}
	if err := t.receiveAll(ctx, b.receipts, b.now); err != nil {
		return err
	}
	if err := t.movePolls(ctx, b.polls); err != nil {
		return err
	}
	if err := t.learn(ctx, b.told); err != nil {
		return err
	}
	if err := t.hear(ctx, b.heard, b.now); err != nil {
		return err
	}
	if err := t.flushMessages(ctx); err != nil {
		return err
	}
	if err := t.flushWindows(ctx); err != nil {
		return err
	}
	return t.claim(ctx, b.claims)
}
