package scheduler

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"carillon/ledger"
)

const (
	leaseName = "scheduler"
	// leaseFor is how long a scheduler leads without a word. The queues hold
	// twice as long, so nothing stands still when one dies.
	leaseFor = 5 * time.Second
	// renewEvery leaves room for some renewals to fail.
	renewEvery = time.Second
)

// lease elects one scheduler among those of all processes.
type lease struct {
	ledger Ledger
	now    func() time.Time
	holder string
	asked  time.Time

	mu    sync.Mutex
	held  ledger.Term // the last one
	until time.Time   // it leads until then
}

func newLease(l Ledger, now func() time.Time) *lease {
	return &lease{ledger: l, now: now, holder: rand.Text()}
}

// term reports whether this scheduler leads, and in which term.
func (l *lease) term() (ledger.Term, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held, l.now().Before(l.until)
}

// lost ends the term before its time: the ledger has told of a later one.
func (l *lease) lost() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.until = time.Time{}
}

// renew asks for the lease when it is time to, and reports whether it was
// elected by that. While the ledger does not answer, the lease runs out.
func (l *lease) renew(ctx context.Context) (elected bool, err error) {
	asked := l.now()
	if asked.Sub(l.asked) < renewEvery {
		return false, nil
	}
	term, leads, err := l.ledger.Lease(ctx, leaseName, l.holder, leaseFor)
	if err != nil {
		return false, err
	}
	l.asked = asked
	l.mu.Lock()
	defer l.mu.Unlock()
	if !leads {
		l.until = time.Time{}
		return false, nil
	}
	elected = term != l.held
	l.held, l.until = term, asked.Add(leaseFor)
	return elected, nil
}

// release lets another scheduler take over at once.
func (l *lease) release(ctx context.Context) {
	if _, leads := l.term(); leads {
		ctx, cancel := context.WithTimeout(ctx, leaseFor)
		defer cancel()
		_ = l.ledger.Release(ctx, leaseName, l.holder) // it ends by itself otherwise
	}
}
