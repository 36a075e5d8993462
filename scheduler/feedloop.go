package scheduler

import (
	"context"
	"errors"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

const (
	// feedWithin bounds one round, so that a channel whose Redis hangs looks again
	// at what runs.
	feedWithin = 10 * time.Second
	// restAfterFailure is how long a channel whose queue has failed is left alone.
	restAfterFailure = 500 * time.Millisecond
)

// round is what a feeder is to feed, in which term, and what is slowed meanwhile.
type round struct {
	term    ledger.Term
	running []ledger.Campaign
	slowed  map[campaign.TemplateName]ledger.Slowed // templates, on this number
}

// hand gives the feeder its next round, in place of one that it has not begun.
// It never waits. Only one goroutine may call it.
func (f *feeder) hand(r round) {
	select {
	case <-f.rounds:
	default:
	}
	f.rounds <- r
}

// feedChannel feeds one channel until the context ends.
func (s *Scheduler) feedChannel(ctx context.Context, f *feeder) {
	for {
		select {
		case <-ctx.Done():
			return
		case r := <-f.rounds:
			if term, leads := s.lease.term(); leads && term == r.term {
				s.feedRound(ctx, f, r)
			}
		}
	}
}

// feedRound feeds one round, and rests after a failure of the queue.
func (s *Scheduler) feedRound(ctx context.Context, f *feeder, r round) {
	if r.term != f.term {
		f.term = r.term
		f.forget()
	}
	bounded, cancel := context.WithTimeout(ledger.Fenced(ctx, r.term), feedWithin)
	defer cancel()
	f.slowed = r.slowed
	err := f.feed(bounded, r.running, s.Now())
	var queue *queueError
	isQueue := errors.As(err, &queue)
	if !isQueue || !s.Explained(f.name) {
		s.report("feed channel "+f.name, err)
	}
	if !isQueue {
		return
	}
	rest := time.NewTimer(restAfterFailure)
	defer rest.Stop()
	select {
	case <-ctx.Done():
	case <-rest.C:
	}
}
