package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// stale is how late a departure may be handed out. A later one would leave
	// together with the next.
	stale = 5 * time.Millisecond
	// mostUncertain is how inexactly Redis' clock may be known. Usually half of
	// it is the error, by which all departures of a process are late.
	mostUncertain = 40 * time.Millisecond
)

// errSlow is the failure of an exchange that tells too little about the time.
var errSlow = fmt.Errorf("an answer from Redis takes more than %s, which is too slow to keep the rate; check its load and the network", mostUncertain)

// Shared keeps a rate for any number of processes on one Redis. The zero rate
// means no limit, and is slowed down like Local.
//
// Redis holds the schedule and the slow-down; a process takes a short block
// of departures at a time, as many as callers wait, and hands them out. No
// departure lies more than ahead+block after its grant, so that is how late a
// bucket starts that was wiped. Reserve waits until a departure is that close,
// in the order of the calls, and fails with ErrFarAhead where that takes more
// than two seconds. Without Redis the block in hand is spent, and then Reserve
// fails. A number without a limit asks every 100 ms whether it is slowed down.
//
// Not guarded against is a Redis that within ahead+block comes back with an
// older schedule, as a replica may that lagged behind: for that long the rate
// may double. Another process learns of a wait that the provider asked for
// when it takes its next block.
type Shared struct {
	now    func() time.Time
	bucket *bucket
	far    error // ErrFarAhead, with the channel's name

	waiting atomic.Int64 // callers that want a departure
	turns   turns
	news    chan struct{} // wakes the one who is served: a departure came back, or a refusal came in

	mu     sync.Mutex
	clock  redisClock
	hand   []time.Time   // departures granted and not handed out, in order
	last   time.Time     // the last departure granted
	free   time.Time     // no limit until then
	quiet  time.Time     // nothing leaves before
	opens  time.Time     // asking is in vain before
	untold *refusal      // Redis has not heard of it
	space  time.Duration // between two departures, as Redis told it last
	spaced time.Time     // when it did; zero: not yet
}

// refusal is what the provider said since Redis was told last.
type refusal struct {
	left  time.Time // when the latest of the refused requests left
	until time.Time // how long the provider asks to be left alone; zero: it didn't say
}

var _ Limiter = (*Shared)(nil)

// NewShared returns a limiter of perSecond requests a second for all the
// processes that name the same channel; 0 means no limit. It asks Redis
// nothing before the first Reserve.
func NewShared(client redis.UniversalClient, channel string, perSecond float64, now func() time.Time) *Shared {
	return &Shared{
		now: now, bucket: newBucket(client, channel, perSecond),
		far:   fmt.Errorf("channel %s: %w", channel, ErrFarAhead),
		turns: newTurns(), news: make(chan struct{}, 1),
	}
}

// Reserve implements Limiter. It fails with ErrFarAhead after two seconds.
func (s *Shared) Reserve(ctx context.Context) (Departure, error) { return s.reserve(ctx, false) }

// Replace implements Limiter. It fails with ErrFarAhead after two seconds.
func (s *Shared) Replace(ctx context.Context) (Departure, error) { return s.reserve(ctx, true) }

func (s *Shared) reserve(ctx context.Context, missed bool) (Departure, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, LongestWait, s.far)
	defer cancel()
	s.waiting.Add(1)
	defer s.waiting.Add(-1)
	if err := s.turns.take(ctx, missed); err != nil {
		return Departure{}, err
	}
	defer s.done()
	var slow error
	for ctx.Err() == nil {
		if d, ok := s.take(); ok {
			return d, nil
		}
		if err := s.refill(ctx); errors.Is(err, errSlow) {
			slow = err
		} else if err != nil {
			return Departure{}, err
		}
	}
	return Departure{}, errors.Join(context.Cause(ctx), slow)
}

// take hands out the next departure in hand.
func (s *Shared) take() (Departure, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if at := latest(now, s.quiet); at.Before(s.free) {
		return Departure{At: at}, true
	}
	for usable := latest(now.Add(-stale), s.quiet); len(s.hand) > 0; {
		at := s.hand[0]
		s.hand = s.hand[1:]
		if !at.Before(usable) {
			return Departure{At: at, giveBack: sync.OnceFunc(func() { s.giveBack(at) })}, true
		}
	}
	return Departure{}, false
}

// giveBack returns a departure that is not used, for the next caller.
func (s *Shared) giveBack(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !at.After(s.now()) {
		return
	}
	i, _ := slices.BinarySearchFunc(s.hand, at, time.Time.Compare)
	s.hand = slices.Insert(s.hand, i, at)
	s.wake()
}

// refill waits until the next departure is close, or asks Redis for it. A
// caller that leaves doesn't end the question: its answer is for the others.
func (s *Shared) refill(ctx context.Context) error {
	if wait := s.early(); wait > LongestWait {
		return s.far
	} else if wait > 0 {
		return s.sleep(ctx, wait)
	}
	answered := make(chan error, 1)
	wanted := s.wanted()
	go func() { answered <- s.ask(wanted) }()
	select {
	case err := <-answered:
		return err
	case <-ctx.Done():
		return fmt.Errorf("no answer from Redis for %s: %w", s.bucket.key, context.Cause(ctx))
	}
}

// wanted is how many departures to ask for: none before Redis' clock is known.
func (s *Shared) wanted() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.clock.known() {
		return 0
	}
	return int(s.waiting.Load())
}

// early is how long asking would be in vain.
func (s *Shared) early() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.untold != nil {
		return 0
	}
	return latest(s.opens, s.quiet.Add(-ahead)).Sub(s.now())
}

func (s *Shared) sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.news:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

func (s *Shared) wake() {
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// ask puts a question to Redis and takes its answer in hand.
func (s *Shared) ask(wanted int) error {
	ctx, cancel := context.WithTimeout(context.Background(), LongestWait)
	defer cancel()
	s.mu.Lock()
	sent, told := s.now(), s.untold
	s.mu.Unlock()
	q := question{wanted: wanted}
	if told != nil {
		q.refused, q.age, q.wait = true, sent.Sub(told.left), told.until.Sub(sent)
	}
	g, err := s.bucket.ask(ctx, q)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.untold == told {
		s.untold = nil
	}
	return s.accept(g, sent, s.now())
}

// accept takes a grant in hand.
func (s *Shared) accept(g grant, sent, received time.Time) error {
	if s.clock.observe(g.now, sent, received) {
		// What was granted before the jump ends before this moment, in every process.
		s.quiet = latest(s.quiet, received.Add(ahead+block))
	}
	if !s.clock.known() {
		return errSlow
	}
	if g.quiet != 0 {
		s.quiet = latest(s.quiet, s.clock.local(g.quiet))
	}
	s.space, s.spaced = g.space, received
	s.free, s.opens = time.Time{}, s.clock.local(g.next()).Add(-ahead)
	if g.count == unbounded && s.untold == nil {
		s.free = s.clock.local(g.now).Add(ahead)
	}
	// Redis' clock gets known better and drifts: within this process departures
	// stay apart all the same, but for the one percent that makes up for it.
	apart := g.space - g.space/100
	for i := range max(0, g.count) {
		at := s.clock.local(g.first).Add(time.Duration(i) * g.space)
		s.last = latest(at, s.last.Add(apart))
		s.hand = append(s.hand, s.last)
	}
	return nil
}

// Throttled implements Limiter. All processes slow down; Redis is told in the
// background, or by the next question if it cannot be reached.
func (s *Shared) Throttled(left time.Time, wait time.Duration) {
	s.mu.Lock()
	r := refusal{left: left}
	if s.untold != nil {
		r = refusal{left: latest(left, s.untold.left), until: s.untold.until}
	}
	if wait > 0 {
		r.until = latest(r.until, s.now().Add(wait))
		s.quiet = latest(s.quiet, r.until)
	}
	s.untold, s.free = &r, time.Time{}
	s.mu.Unlock()
	s.wake()
	s.tell()
}

// SetRate implements Limiter. Redis is told by the next question. Until all
// processes have been told of another rate, each asks for departures at its own. The
// space in front of a departure is that of whoever asks, so the process with the
// higher rate may ask first each time, and the other one get none meanwhile.
func (s *Shared) SetRate(perSecond float64) {
	s.bucket.setRate(perSecond)
	s.mu.Lock()
	s.free, s.opens = time.Time{}, time.Time{}
	s.mu.Unlock()
	s.wake()
}

// done ends a turn.
func (s *Shared) done() {
	s.turns.done()
	s.tell()
}

// tell tells Redis of a refusal that it has not heard of, unless somebody is
// served and will.
func (s *Shared) tell() {
	s.mu.Lock()
	untold := s.untold != nil
	s.mu.Unlock()
	if !untold {
		return
	}
	if !s.turns.tryTake() {
		return
	}
	go func() {
		err := s.ask(0)
		s.turns.done()
		if err == nil {
			s.tell()
		}
	}()
}
