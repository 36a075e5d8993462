package scheduler

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"carillon/campaign"
	"carillon/ledger"
)

const (
	// windowSeconds of a channel's rate are kept in its queue, but at least
	// smallestWindow tasks, and unlimitedWindow where there is no rate. Where polls
	// share the queue, smallestPolled is enough: they wait behind all of it.
	windowSeconds   = 10
	smallestWindow  = 500
	smallestPolled  = 20
	unlimitedWindow = 2500
	// lookEvery is how often a campaign is looked at while the queue is full, for
	// tasks that have got lost.
	lookEvery = 2 * time.Second
	// restFor is how long a campaign is left alone of which nothing may go that
	// is next: its portfolio has used up the day.
	restFor = time.Second
	// fewEnqueuers is how many tasks are enqueued at once, and manyEnqueuers for a fast
	// number: they share round trips. For a slow number there are few, since tasks that
	// are enqueued at once are in any order.
	fewEnqueuers  = 16
	manyEnqueuers = 64
	// fastRate is the rate in messages a second above which a number is fast (ours).
	fastRate = 500
	// queueRetries is how often asynq may take a task up again. The ledger
	// counts attempts; this only has to be larger than any run of bad luck.
	queueRetries = 1_000_000
)

// feeder keeps one channel's queue filled.
type feeder struct {
	name    string
	channel Channel
	ledger  Ledger
	client  *asynq.Client
	epoch   *epoch
	counter prometheus.Counter
	rounds  chan round
	term    ledger.Term // of the last round

	limits func() campaign.Limits // at this moment
	fed    map[campaign.ID]map[campaign.MessageID]feed
	turn   int64 // how often it has chosen
	looked map[campaign.ID]time.Time
	seen   map[campaign.ID]int64 // ledger.Campaign.Changes
	rests  map[campaign.ID]time.Time
	caps   *caps // shared with other channels
	lost   lost
	polls  map[pollKey]polled                      // those in the queue
	slowed map[campaign.TemplateName]ledger.Slowed // templates, on this number

	view      shown[view]
	stretches map[campaign.ID]stretch
	measured  time.Time // what waits longest was

	pairs     pairs
	portfolio *portfolio // shared with other channels; nil without a daily limit
}

// feed is one message that was put into the queue.
type feed struct {
	attempt int
	n       int
	fresh   bool
	// sequence is the place in the row of all that was put into the channel's queue.
	sequence int64
	// listed is the last turn of the feeder in which it was still feedable.
	listed int64
	// probes is the slowed template that it tries out, zero for none, and at is when
	// it was fed.
	probes campaign.TemplateName
	at     time.Time
}

// before reports whether a message that was fed would stand before another one
// in the ledger's list of what is feedable: fresh ones come last, by their id.
func (k feed) before(id campaign.MessageID, other ledger.Feedable) bool {
	return other.Fresh && (!k.fresh || id < other.ID)
}

func newFeeder(
	name string, channel Channel, limits func() campaign.Limits, p *portfolio, caps *caps, l Ledger, client redis.UniversalClient, counter prometheus.Counter,
) *feeder {
	f := &feeder{
		name: name, channel: channel, limits: limits, ledger: l, portfolio: p, caps: caps, pairs: pairs{Pair: channel.Pair},
		client: asynq.NewClientFromRedisClient(unannounced{client}), epoch: newEpoch(client, name),
		counter: counter, rounds: make(chan round, 1),
	}
	f.forget()
	f.view.value.window = f.window()
	return f
}

// window is how many tasks its queue gets.
func (f *feeder) window() int {
	rate, smallest := f.limits().Rate, smallestWindow
	if f.channel.Polled {
		smallest = smallestPolled
	}
	if rate == 0 {
		return unlimitedWindow
	}
	return max(smallest, int(math.Ceil(windowSeconds*rate)))
}

// forget empties the memory of what was fed.
func (f *feeder) forget() {
	f.fed = map[campaign.ID]map[campaign.MessageID]feed{}
	f.looked = map[campaign.ID]time.Time{}
	f.seen = map[campaign.ID]int64{}
	f.rests = map[campaign.ID]time.Time{}
	f.lost = lost{}
	f.polls = map[pollKey]polled{}
	f.pairs.promised = promises{}
	if f.portfolio != nil {
		f.portfolio.forget(f.name)
	}
}

// feed tops up the queue from the running campaigns of the channel, each with
// the same share, and with the polls that are due.
func (f *feeder) feed(ctx context.Context, running []ledger.Campaign, now time.Time) error {
	f.keepOnly(running)
	if err := f.watchOldest(ctx, running, now); err != nil {
		return err
	}
	due, err := f.duePolls(ctx, now)
	if err != nil {
		return err
	}
	queued := 0
	defer func() { f.view.change(func(v *view) { v.queued, v.window = queued, f.window() }) }()
	if len(running) == 0 && due.none() {
		clear(f.polls)
		return nil
	}
	if queued, err = f.queued(ctx, now); err != nil {
		return err
	}
	window := f.window()
	full := queued > window/2
	room := window - queued
	if full {
		room = window / 2
	}
	share := max(1, room/max(1, len(running)))
	errs := []error{f.feedPolls(ctx, due, now)}
	for _, c := range running {
		// A campaign that has nothing in the queue does not wait for the others'
		// tasks to be half gone.
		switch {
		case now.Before(f.rests[c.ID]):
		case !full || len(f.fed[c.ID]) == 0:
			errs = append(errs, f.feedCampaign(ctx, c, share, now))
		case now.Sub(f.looked[c.ID]) >= lookEvery:
			errs = append(errs, f.feedCampaign(ctx, c, 0, now))
		}
	}
	return errors.Join(errs...)
}

// keepOnly forgets campaigns that do not run or were stopped meanwhile, so that
// a resume feeds them anew: their tasks found nothing to do.
func (f *feeder) keepOnly(running []ledger.Campaign) {
	keep := make(map[campaign.ID]int64, len(running))
	for _, c := range running {
		keep[c.ID] = c.Changes
	}
	for id, before := range f.seen {
		if changes, runs := keep[id]; !runs || changes != before {
			delete(f.fed, id)
			delete(f.looked, id)
			f.caps.forget(id)
			delete(f.rests, id)
			f.settle(id, nil)
		}
	}
	f.seen = keep
}

// queued is how many tasks the channel's queue holds, in whichever state. Where
// some were lost, all are forgotten and put there again; what is still there is
// found as a conflict.
func (f *feeder) queued(ctx context.Context, now time.Time) (int, error) {
	holds, lost, err := f.epoch.look(ctx)
	if err != nil {
		return 0, err
	}
	if lost {
		f.forget()
		if err := f.epoch.begin(ctx); err != nil {
			return 0, err
		}
	}
	f.lost.waiting(holds.waiting(), now)
	return holds.waiting() + holds.active, nil
}

// feedCampaign puts up to share more messages of a campaign into the queue, and
// again those whose tasks have got lost.
func (f *feeder) feedCampaign(ctx context.Context, c ledger.Campaign, share int, now time.Time) error {
	f.looked[c.ID] = now
	if opens := shut(c.Definition.Hours, now); opens.After(now) {
		f.rests[c.ID] = opens
		delete(f.fed, c.ID) // what is in the queue is refused, and fed again
		f.settle(c.ID, nil)
		return nil
	}
	limit := share + len(f.fed[c.ID])
	fresh := 0
	if c.Definition.Rate > 0 {
		share = f.caps.take(c, share, now)
		defer func() { f.caps.giveBack(c.ID, share-fresh) }()
	}
	found, err := f.offer(ctx, c, limit, now)
	if err != nil || found == nil {
		f.settle(c.ID, f.fed[c.ID])
		return err
	}
	candidates := unfed(f.fed[c.ID], found.messages, share)
	held, err := f.holdBack(ctx, c, candidates, now)
	if err != nil {
		return err
	}
	if full := count(held, leftAlone); full > 0 && full == len(candidates) {
		f.rests[c.ID] = now.Add(restFor)
	}
	tasks, firsts := f.choose(c.ID, found.messages, held, share, found.limit, now)
	fed := f.fed[c.ID]
	found.mark(fed)
	fresh = firsts
	defer f.settle(c.ID, fed)
	if err = f.enqueue(ctx, campaign.TaskType, tasks); err != nil {
		for _, task := range tasks { // whatever got through is found as a conflict
			delete(fed, task.Message)
		}
	}
	return err
}

// unfed are the first of the feedable messages that are not in the queue yet.
func unfed(fed map[campaign.MessageID]feed, messages []ledger.Feedable, share int) []ledger.Feedable {
	var found []ledger.Feedable
	for _, m := range messages {
		if len(found) == share {
			break
		}
		if known, ok := fed[m.ID]; !ok || known.attempt != m.Attempt {
			found = append(found, m)
		}
	}
	return found
}

// choose decides which of a campaign's feedable messages are put into the queue:
// those that are not there yet and not held back, up to share, and those whose
// tasks have got lost. It notes what is in the queue after that, and returns the
// tasks to put there, and how many of them are not repeats. messages was cut off
// at limit.
func (f *feeder) choose(
	id campaign.ID, messages []ledger.Feedable, held map[campaign.MessageID]holding, share, limit int, now time.Time,
) (tasks []campaign.Task, fresh int) {
	if f.fed[id] == nil {
		f.fed[id] = map[campaign.MessageID]feed{}
	}
	fed := f.fed[id]
	f.turn++
	put := func(m ledger.Feedable, n int) {
		fed[m.ID] = feed{attempt: m.Attempt, n: n, fresh: m.Fresh, sequence: f.lost.next(), at: now}
		tasks = append(tasks, campaign.Task{Message: m.ID, Attempt: m.Attempt, Feed: n})
	}
	var repeats, firsts []ledger.Feedable
	for _, m := range messages { // before anything is put: that gives new sequence numbers
		if known, ok := fed[m.ID]; ok && known.attempt == m.Attempt {
			known.listed = f.turn
			fed[m.ID] = known
			if f.lost.is(known.sequence, now) {
				repeats = append(repeats, m)
			}
		}
	}
	for _, m := range unfed(fed, messages, share) {
		if held[m.ID] == free {
			firsts = append(firsts, m)
		}
	}
	for message, known := range fed {
		if known.listed == f.turn {
			continue
		}
		if len(messages) == limit && (limit == 0 || !known.before(message, messages[limit-1])) {
			continue // it may stand behind the end of the list
		}
		f.lost.taken(known.sequence, now) // it is not feedable any more
		delete(fed, message)
	}
	for _, m := range firsts {
		put(m, 1)
	}
	for _, m := range repeats {
		put(m, fed[m.ID].n+1)
	}
	return tasks, len(firsts)
}

// enqueuers is how many tasks are enqueued at once.
func (f *feeder) enqueuers() int {
	if rate := f.limits().Rate; rate == 0 || rate > fastRate {
		return manyEnqueuers
	}
	return fewEnqueuers
}

// enqueue puts tasks of a type into the channel's queue. A task that is there
// already is fine.
func (f *feeder) enqueue(whole context.Context, kind string, tasks []campaign.Task) error {
	if len(tasks) == 0 {
		return nil
	}
	group, ctx := errgroup.WithContext(whole)
	var next atomic.Int64
	for range min(f.enqueuers(), len(tasks)) { // a goroutine for each task would grow a stack for each
		group.Go(func() error {
			for n := next.Add(1) - 1; n < int64(len(tasks)); n = next.Add(1) - 1 {
				if err := f.enqueueOne(ctx, kind, tasks[n]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return f.epoch.advance(whole)
}

func (f *feeder) enqueueOne(ctx context.Context, kind string, task campaign.Task) error {
	id := task.ID()
	if kind == campaign.PollType {
		id = task.PollID()
	}
	_, err := f.client.EnqueueContext(ctx, asynq.NewTask(kind, task.Payload()),
		asynq.Queue(campaign.Queue(f.name)), asynq.TaskID(id),
		asynq.MaxRetry(queueRetries), asynq.Timeout(f.channel.TaskTimeout))
	if errors.Is(err, asynq.ErrTaskIDConflict) {
		return nil
	}
	if err != nil {
		return &queueError{fmt.Errorf("put a task into the queue: %w", err)}
	}
	f.counter.Inc()
	return nil
}
