package scheduler

import (
	"context"
	"crypto/rand"
	"time"
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

	leads bool
	asked time.Time
}

func newLease(l Ledger, now func() time.Time) *lease {
	return &lease{ledger: l, now: now, holder: rand.Text()}
}

// held reports whether this scheduler leads, and whether it was elected just
// now. While the ledger cannot be asked nobody leads.
func (l *lease) held(ctx context.Context) (leads, elected bool, err error) {
	if now := l.now(); now.Sub(l.asked) >= renewEvery {
		before := l.leads
		if l.leads, err = l.ledger.Lease(ctx, leaseName, l.holder, leaseFor); err != nil {
			l.leads = false
			return false, false, err
		}
		l.asked = now
		elected = l.leads && !before
	}
	return l.leads, elected, nil
}

// release lets another scheduler take over at once.
func (l *lease) release(ctx context.Context) {
	if l.leads {
		ctx, cancel := context.WithTimeout(ctx, leaseFor)
		defer cancel()
		_ = l.ledger.Release(ctx, leaseName, l.holder) // it ends by itself otherwise
	}
}
