package database

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Priority orders the work of the writers.
type Priority int8

const (
	// Urgent work goes first, and shares transactions where it may.
	Urgent Priority = iota
	// Background work runs one piece at a time beside it or in between, each in a
	// transaction of its own.
	Background
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

// Priorities are all there are.
func Priorities() []Priority { return []Priority{Urgent, Background} }

// String names the priority, as a label of metrics.
func (p Priority) String() string {
	if p == Background {
		return "background"
	}
	return "urgent"
}

// Commit tells of one transaction.
type Commit struct {
	Priority Priority
	// Jobs is how many callers' work it held.
	Jobs int
	// Took is the time from its begin to the answer of the disk, with repeats.
	Took time.Duration
	// Err is nil where it is on disk.
	Err error
}

// Job is one caller's work.
type Job interface {
	// Alone reports whether it needs a transaction of its own.
	Alone() bool
}

// waiting is a job whose caller waits for it.
type waiting[J Job] struct {
	job  J
	done chan error
}

// Committer is the goroutines that write, one for an engine that has one
// writer. While a commit is being flushed to disk the next jobs gather, so
// batches grow with the load; a lone job never waits for company, and one of a
// crowd a few milliseconds.
type Committer[J Job] struct {
	commit  func(writer int, jobs []J) error
	queues  [2]chan *waiting[J]
	observe atomic.Pointer[func(Commit)]
	stop    chan struct{}
	stopped sync.WaitGroup
}

// NewCommitter starts the writers of a database. Commit is called by all of them
// at once: it does the jobs in one transaction, and is told which writer it is for,
// counted from 0.
func NewCommitter[J Job](db *DB, commit func(writer int, jobs []J) error) *Committer[J] {
	c := &Committer[J]{commit: commit, stop: make(chan struct{})}
	c.queues[Urgent] = make(chan *waiting[J], maxBatch)
	c.queues[Background] = make(chan *waiting[J])
	n := db.engine.writers
	if n == 1 {
		c.stopped.Go(func() { c.run(0, c.queues[Urgent], c.queues[Background]) })
		return c
	}
	for i := range n {
		c.stopped.Go(func() { c.run(i, c.queues[Urgent], nil) })
	}
	c.stopped.Go(func() { c.run(n, nil, c.queues[Background]) })
	return c
}

// Close finishes the urgent work that was handed over, and ends the writers.
func (c *Committer[J]) Close() {
	close(c.stop)
	c.stopped.Wait()
}

// Observe has f told of each transaction from now on. Writers call it, so it has to
// be quick.
func (c *Committer[J]) Observe(f func(Commit)) { c.observe.Store(&f) }

// Submit hands a job to a writer and waits until it is committed. Once the
// writer has begun it, the caller's context no longer matters: a half-known
// outcome would help nobody.
func (c *Committer[J]) Submit(ctx context.Context, p Priority, job J) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w := &waiting[J]{job, make(chan error, 1)}
	select {
	case c.queues[p] <- w:
	case <-ctx.Done():
		return ctx.Err()
	case <-c.stop:
		return ErrClosed
	}
	select {
	case err := <-w.done:
		return err
	case <-c.stop:
		c.stopped.Wait()
		select {
		case err := <-w.done:
			return err
		default:
			return ErrClosed
		}
	}
}

// run works off the two queues; either may be nil.
func (c *Committer[J]) run(writer int, now, later <-chan *waiting[J]) {
	last := 0 // size of the batch before
	batch := func(first *waiting[J]) {
		jobs := c.gather(first, last >= crowd)
		last = len(jobs)
		c.runBatch(writer, jobs)
	}
	for {
		select {
		case first := <-now:
			batch(first)
			select { // let background work have its turn under load
			case w := <-later:
				c.runAlone(writer, Background, w)
			default:
			}
			continue
		default:
		}
		select {
		case <-c.stop:
			c.drain(writer, now)
			return
		case first := <-now:
			batch(first)
		case w := <-later:
			c.runAlone(writer, Background, w)
		}
	}
}

// drain runs what was handed over before the stop.
func (c *Committer[J]) drain(writer int, now <-chan *waiting[J]) {
	for {
		select {
		case first := <-now:
			c.runBatch(writer, c.gather(first, false))
		default:
			return
		}
	}
}

// gather takes what else is waiting, and under load what comes in a moment.
func (c *Committer[J]) gather(first *waiting[J], lingers bool) []*waiting[J] {
	jobs := []*waiting[J]{first}
	var enough <-chan time.Time
	if lingers {
		timer := time.NewTimer(linger)
		defer timer.Stop()
		enough = timer.C
	}
	for len(jobs) < maxBatch {
		select {
		case w := <-c.queues[Urgent]:
			jobs = append(jobs, w)
			continue
		default:
		}
		if !lingers {
			return jobs
		}
		select {
		case w := <-c.queues[Urgent]:
			jobs = append(jobs, w)
		case <-enough:
			return jobs
		case <-c.stop:
			return jobs
		}
	}
	return jobs
}

// runBatch commits the jobs that may share a transaction together, and then each
// of the others alone. If the batch fails, each job is tried alone, so that one
// bad job does not take the others with it.
func (c *Committer[J]) runBatch(writer int, batch []*waiting[J]) {
	var shared []*waiting[J]
	for _, w := range batch {
		if !w.job.Alone() {
			shared = append(shared, w)
		}
	}
	if len(shared) > 0 {
		err := c.transact(writer, Urgent, shared)
		for _, w := range shared {
			if err != nil && len(shared) > 1 && !errors.Is(err, context.DeadlineExceeded) {
				c.runAlone(writer, Urgent, w)
			} else {
				w.done <- err
			}
		}
	}
	for _, w := range batch {
		if w.job.Alone() {
			c.runAlone(writer, Urgent, w)
		}
	}
}

func (c *Committer[J]) runAlone(writer int, p Priority, w *waiting[J]) {
	w.done <- c.transact(writer, p, []*waiting[J]{w})
}

func (c *Committer[J]) transact(writer int, p Priority, batch []*waiting[J]) (err error) {
	began := time.Now()
	defer func() { // a panic in one job must not end the writer for all
		if p := recover(); p != nil {
			err = fmt.Errorf("ledger: %v", p)
		}
		if observe := c.observe.Load(); observe != nil {
			(*observe)(Commit{Priority: p, Jobs: len(batch), Took: time.Since(began), Err: err})
		}
	}()
	jobs := make([]J, len(batch))
	for i, w := range batch {
		jobs[i] = w.job
	}
	return c.commit(writer, jobs)
}
