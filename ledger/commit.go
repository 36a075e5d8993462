package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// priority orders the work of the writer.
type priority int8

const (
	// urgent work shares transactions: claims, settlements, receipts, and what
	// an operator does.
	urgent priority = iota
	// background work runs one piece at a time between them: intake, sweeps of
	// whole campaigns.
	background
)

// maxBatch bounds how many jobs share a transaction, so that none waits for
// long behind the others.
const maxBatch = 512

// errClosed is returned for work that comes after Close.
var errClosed = errors.New("ledger: closed")

// job is one caller's work. The fields that are nil are not part of it.
type job struct {
	ctx     context.Context
	claim   *claim
	settle  *Settlement
	receive []Receipt
	now     time.Time // of receive
	do      func(*tx) error
	done    chan error
}

// committer is the one goroutine that writes. While a commit is being flushed
// to disk the next jobs gather, so batches grow with the load and a lone job
// never waits for company.
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
	c.stopped.Go(c.run)
	return c
}

func (c *committer) close() {
	close(c.stop)
	c.stopped.Wait()
}

// submit hands a job to the writer and waits until it is committed. Once the
// writer has begun it, the caller's context no longer matters: a half-known
// outcome would help nobody.
func (c *committer) submit(p priority, j *job) error {
	j.done = make(chan error, 1)
	select {
	case c.queues[p] <- j:
	case <-j.ctx.Done():
		return j.ctx.Err()
	case <-c.stop:
		return errClosed
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
			return errClosed
		}
	}
}

// do runs f alone in a place among the writer's transactions.
func (l *Ledger) do(ctx context.Context, p priority, f func(*tx) error) error {
	return l.commit.submit(p, &job{ctx: ctx, do: f})
}

func (c *committer) run() {
	for {
		select {
		case <-c.stop:
			c.drain()
			return
		case first := <-c.queues[urgent]:
			c.runBatch(c.gather(first))
			select { // let background work have its turn under load
			case j := <-c.queues[background]:
				c.runBatch([]*job{j})
			default:
			}
		case j := <-c.queues[background]:
			c.runBatch([]*job{j})
		}
	}
}

// drain runs what was handed over before the stop.
func (c *committer) drain() {
	for {
		select {
		case first := <-c.queues[urgent]:
			c.runBatch(c.gather(first))
		default:
			return
		}
	}
}

// gather takes what else is waiting, without waiting for more.
func (c *committer) gather(first *job) []*job {
	jobs := []*job{first}
	for len(jobs) < maxBatch {
		select {
		case j := <-c.queues[urgent]:
			jobs = append(jobs, j)
		default:
			return jobs
		}
	}
	return jobs
}

// runBatch commits the jobs together. If that fails each is tried alone, so
// that one bad job does not take the others with it.
func (c *committer) runBatch(jobs []*job) {
	err := c.transact(jobs)
	if err != nil && len(jobs) > 1 {
		for _, j := range jobs {
			j.done <- c.transact([]*job{j})
		}
		return
	}
	for _, j := range jobs {
		j.done <- err
	}
}

func (c *committer) transact(jobs []*job) (err error) {
	defer func() { // a panic in one job must not end the writer for all
		if p := recover(); p != nil {
			err = fmt.Errorf("ledger: %v", p)
		}
	}()
	ctx := context.Background()
	return c.ledger.transact(ctx, func(t *tx) error {
		var claims []*claim
		var settlements []*Settlement
		var receipts []Receipt
		var now time.Time
		for _, j := range jobs {
			switch {
			case j.claim != nil:
				claims = append(claims, j.claim)
			case j.settle != nil:
				settlements = append(settlements, j.settle)
			case j.receive != nil:
				receipts = append(receipts, j.receive...)
				now = j.now
			}
		}
		// Settlements first: a receipt may speak of the attempt they record.
		if err := t.settle(ctx, settlements); err != nil {
			return err
		}
		if err := t.receive(ctx, receipts, now); err != nil {
			return err
		}
		if err := t.flushMessages(ctx); err != nil {
			return err
		}
		if err := t.claim(ctx, claims); err != nil {
			return err
		}
		for _, j := range jobs {
			if j.do == nil {
				continue
			}
			if err := t.flushMessages(ctx); err != nil {
				return err
			}
			if err := j.do(t); err != nil {
				return err
			}
		}
		return nil
	})
}
