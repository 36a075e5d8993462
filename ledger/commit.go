package ledger

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// priority orders the work of the writer.
type priority int8

const (
	// urgent work goes first: claims, settlements and receipts, which share
	// transactions, and what an operator or the clock does.
	urgent priority = iota
	// background work runs one piece at a time between them: intake, sweeps of
	// whole campaigns.
	background
)

// maxBatch bounds how many jobs share a transaction, so that none waits for
// long behind the others.
const maxBatch = 512

const (
	// crowd is how many jobs a batch has had when more are worth waiting for.
	crowd = 8
	// linger is how long they are waited for. A batch costs the flush of a disk
	// and a few statements, whatever its size: so each job of a larger one costs
	// less, and waits a little longer.
	linger = 4 * time.Millisecond
)

// ErrClosed is returned for work that comes after Close.
var ErrClosed = errors.New("ledger: closed")

// job is one caller's work. The fields that are nil are not part of it.
type job struct {
	ctx     context.Context
	claim   *claim
	settle  *Settlement
	receive *receiving
	hear    []*hearing
	now     time.Time // of receive and hear
	do      func(context.Context, *tx) error
	done    chan error
}

// committer is the goroutines that write, one for an engine that has one
// writer. While a commit is being flushed to disk the next jobs gather, so
// batches grow with the load; a lone job never waits for company, and one of a
// crowd a few milliseconds.
type committer struct {
	ledger  *Ledger
	queues  [2]chan *job
	stop    chan struct{}
	stopped sync.WaitGroup
}

func newCommitter(l *Ledger) *committer {
	c := &committer{ledger: l, stop: make(chan struct{})}
	c.queues[urgent] = make(chan *job, maxBatch)
	c.queues[background] = make(chan *job)
	if l.db.engine.writers == 1 {
		c.stopped.Go(func() { c.run(0, c.queues[urgent], c.queues[background]) })
		return c
	}
	// Which shards other processes have is not known; two of one shard wait for
	// each other's commits and nothing worse.
	shard := rand.IntN(shards)
	for i := range l.db.engine.writers {
		c.stopped.Go(func() { c.run((shard+i)%shards, c.queues[urgent], nil) })
	}
	c.stopped.Go(func() { c.run((shard+l.db.engine.writers)%shards, nil, c.queues[background]) })
	return c
}

// shards is how many rows one count may be spread over.
const shards = 64

func (c *committer) close() {
	close(c.stop)
	c.stopped.Wait()
}

// submit hands a job to the writer and waits until it is committed. Once the
// writer has begun it, the caller's context no longer matters: a half-known
// outcome would help nobody.
func (c *committer) submit(p priority, j *job) error {
	if err := j.ctx.Err(); err != nil {
		return err
	}
	j.done = make(chan error, 1)
	select {
	case c.queues[p] <- j:
	case <-j.ctx.Done():
		return j.ctx.Err()
	case <-c.stop:
		return ErrClosed
	}
	select {
	case err := <-j.done:
		return err
	case <-c.stop:
		c.stopped.Wait()
		select {
		case err := <-j.done:
			return err
		default:
			return ErrClosed
		}
	}
}

// do runs f in a transaction of its own, in a place among the writer's. f gets
// the writer's context: once it has begun, a caller who goes away changes
// nothing.
func (l *Ledger) do(ctx context.Context, p priority, f func(context.Context, *tx) error) error {
	if term, bound := ctx.Value(fencedKey{}).(Term); bound {
		f = fenced(term, f)
	}
	return l.commit.submit(p, &job{ctx: ctx, do: f})
}

// run works off the two queues; either may be nil.
func (c *committer) run(shard int, now, later <-chan *job) {
	last := 0 // size of the batch before
	batch := func(first *job) {
		jobs := c.gather(first, last >= crowd)
		last = len(jobs)
		c.runBatch(shard, jobs)
	}
	for {
		select {
		case first := <-now:
			batch(first)
			select { // let background work have its turn under load
			case j := <-later:
				c.runAlone(shard, j)
			default:
			}
			continue
		default:
		}
		select {
		case <-c.stop:
			c.drain(shard, now)
			return
		case first := <-now:
			batch(first)
		case j := <-later:
			c.runAlone(shard, j)
		}
	}
}

// drain runs what was handed over before the stop.
func (c *committer) drain(shard int, now <-chan *job) {
	for {
		select {
		case first := <-now:
			c.runBatch(shard, c.gather(first, false))
		default:
			return
		}
	}
}

// gather takes what else is waiting, and under load what comes in a moment.
func (c *committer) gather(first *job, lingers bool) []*job {
	jobs := []*job{first}
	var enough <-chan time.Time
	if lingers {
		timer := time.NewTimer(linger)
		defer timer.Stop()
		enough = timer.C
	}
	for len(jobs) < maxBatch {
		select {
		case j := <-c.queues[urgent]:
			jobs = append(jobs, j)
			continue
		default:
		}
		if !lingers {
			return jobs
		}
		select {
		case j := <-c.queues[urgent]:
			jobs = append(jobs, j)
		case <-enough:
			return jobs
		case <-c.stop:
			return jobs
		}
	}
	return jobs
}

// runBatch commits claims, settlements, receipts and what was heard together, and then each
// piece of other work alone. If the batch fails, each job is tried alone, so
// that one bad job does not take the others with it.
func (c *committer) runBatch(shard int, jobs []*job) {
	var shared []*job
	for _, j := range jobs {
		if j.do == nil {
			shared = append(shared, j)
		}
	}
	if len(shared) > 0 {
		err := c.transact(shard, shared)
		for _, j := range shared {
			if err != nil && len(shared) > 1 && !errors.Is(err, context.DeadlineExceeded) {
				c.runAlone(shard, j)
			} else {
				j.done <- err
			}
		}
	}
	for _, j := range jobs {
		if j.do != nil {
			c.runAlone(shard, j)
		}
	}
}

func (c *committer) runAlone(shard int, j *job) { j.done <- c.transact(shard, []*job{j}) }

// tellsKeys reports whether keys of people are told, which may be those of people
// who were erased.
func tellsKeys(settlements []*Settlement, receipts []*receiving) bool {
	return slices.ContainsFunc(settlements, func(s *Settlement) bool { return len(s.Keys) > 0 }) ||
		slices.ContainsFunc(receipts, (*receiving).tellsKeys)
}

func (c *committer) transact(shard int, jobs []*job) (err error) {
	defer func() { // a panic in one job must not end the writer for all
		if p := recover(); p != nil {
			err = fmt.Errorf("ledger: %v", p)
		}
	}()
	return c.ledger.transact(context.Background(), shard, func(ctx context.Context, t *tx) error {
		var claims []*claim
		var settlements []*Settlement
		var receipts []*receiving
		var heard []*hearing
		var now, told time.Time
		for _, j := range jobs {
			switch {
			case j.claim != nil:
				claims = append(claims, j.claim)
			case j.settle != nil:
				settlements = append(settlements, j.settle)
				told = j.settle.At
			case j.receive != nil:
				receipts = append(receipts, j.receive)
				now, told = j.now, j.now
			case j.hear != nil:
				heard = append(heard, j.hear...)
				now = j.now
			}
		}
		// Settlements first: a receipt may speak of the attempt they record. Claims
		// last: a wish that was heard forbids them.
		if len(heard) > 0 || tellsKeys(settlements, receipts) {
			if err := t.holdOffErasing(ctx); err != nil {
				return err
			}
		}
		if err := t.settle(ctx, settlements); err != nil {
			return err
		}
		if err := t.receiveAll(ctx, receipts, now); err != nil {
			return err
		}
		if err := t.learn(ctx, told); err != nil {
			return err
		}
		if err := t.hear(ctx, heard, now); err != nil {
			return err
		}
		if err := t.flushMessages(ctx); err != nil {
			return err
		}
		if err := t.claim(ctx, claims); err != nil {
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
