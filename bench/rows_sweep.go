package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

const (
	// dueAtOnce is how many messages become due in a round: as many as one sweep
	// of the ledger takes.
	dueAtOnce = 500
	// sweepRounds is how often that is measured. The median counts: the first
	// round after a ledger was opened finds no page in memory.
	sweepRounds = 9
	// The fewest and the most recipients that wait. A list has at most 16 million.
	leastWaiting, mostWaiting = 100_000, 10_000_000
)

// sweepSizes are how many recipients wait: 100,000, and ten times as many as
// long as that is no more than most.
func sweepSizes(most int) []int {
	sizes := []int{leastWaiting}
	for n := 10 * leastWaiting; n <= most; n *= 10 {
		sizes = append(sizes, n)
	}
	return sizes
}

// sweepNames are the rows of one size.
type sweepNames struct{ due, idle, feed string }

func namesOfSweep(engine string, waiting int) sweepNames {
	among := fmt.Sprintf("among %s that wait, %s", millions(waiting), engine)
	return sweepNames{
		due:  fmt.Sprintf("sweep: %d that are due %s", dueAtOnce, among),
		idle: "sweep: nothing is due " + among,
		feed: fmt.Sprintf("sweep: feed of %d that may go %s", dueAtOnce, among),
	}
}

func millions(n int) string { return strconv.FormatFloat(float64(n)/1e6, 'f', -1, 64) + " million" }

// sweepExperiment looks what a long list costs while it only waits. Each
// recipient's first message was sent and has no receipt yet; the second waits
// for it with patience. So two rows a recipient have a clock. Of these 500 run
// out of patience, scattered over the list: they are swept, and then may go.
//
// The ledger is filled by SQL, grows from size to size, and is alone in this
// process. Its counts are held against its rows at the end.
func sweepExperiment(name, engine string, most int) experiment {
	e := experiment{name: "sweep, " + name}
	for _, waiting := range sweepSizes(most) {
		names := namesOfSweep(name, waiting)
		e.rows = append(e.rows, informs(names.due, "ms"), informs(names.idle, "ms"), informs(names.feed, "ms"))
	}
	e.run = func(s *scene) error {
		address, _, err := s.newLedger(engine, s.folder)
		if err != nil {
			return err
		}
		list := waitingList{engine: engine, address: address, start: time.Now().Truncate(time.Second)}
		if err := list.begin(s.ctx); err != nil {
			return err
		}
		var least sweepTimes
		for _, waiting := range sweepSizes(most) {
			times, err := list.growTo(s, waiting)
			if err != nil {
				return err
			}
			if waiting == leastWaiting {
				least = times
			}
			times.tell(s, namesOfSweep(name, waiting), least)
		}
		return nil
	}
	return e
}

// sweepTimes are how long each round took.
type sweepTimes struct{ due, idle, feed []time.Duration }

// tell fills the rows of a size, and notes how many times what the least size
// took that is.
func (t sweepTimes) tell(s *scene, names sweepNames, least sweepTimes) {
	for _, m := range []struct {
		name       string
		all, least []time.Duration
	}{{names.due, t.due, least.due}, {names.idle, t.idle, least.idle}, {names.feed, t.feed, least.feed}} {
		median := quantile(m.all, 0.5)
		s.found(m.name, milliseconds(median))
		s.note("%s: at most %s; the median is %.2f times that among %s", m.name,
			short(quantile(m.all, 1)), float64(median)/float64(quantile(m.least, 0.5)), millions(leastWaiting))
	}
}

// growTo makes the list as long as said, and measures.
func (l *waitingList) growTo(s *scene, waiting int) (times sweepTimes, err error) {
	if err := l.fill(s.ctx, waiting); err != nil {
		return times, err
	}
	record, err := ledger.Open(s.ctx, l.address)
	if err != nil {
		return times, err
	}
	defer func() { err = errors.Join(err, record.Close()) }()
	for round := range sweepRounds {
		if err := times.take(s.ctx, record, l.id, l.dueOf(round)); err != nil {
			return times, err
		}
	}
	return times, record.Verify(s.ctx, l.id)
}

// take measures one round: what is due at now is swept, there is nothing left,
// and then it is fed.
func (t *sweepTimes) take(ctx context.Context, record *ledger.Ledger, id campaign.ID, now time.Time) error {
	policy := func(string) ledger.UnknownPolicy { return ledger.UnknownPolicy{} }
	for _, part := range []struct {
		took *[]time.Duration
		want int
		do   func() (int, error)
	}{
		{&t.due, dueAtOnce, func() (int, error) { return record.Sweep(ctx, now, policy) }},
		{&t.idle, 0, func() (int, error) { return record.Sweep(ctx, now, policy) }},
		{&t.feed, dueAtOnce, func() (int, error) {
			found, err := record.Feedable(ctx, id, 0, dueAtOnce, now)
			return len(found), err
		}},
	} {
		begun := time.Now()
		n, err := part.do()
		*part.took = append(*part.took, time.Since(begun))
		if err != nil {
			return err
		}
		if n != part.want {
			return fmt.Errorf("%d messages were found, want %d", n, part.want)
		}
	}
	return nil
}
