package scheduler

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/hibiken/asynq"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"carillon/campaign"
	"carillon/ledger"
)

const (
	// windowSeconds of a channel's rate are kept in its queue, but at least
	// smallestWindow tasks, and unlimitedWindow where there is no rate.
	windowSeconds   = 10
	smallestWindow  = 500
	unlimitedWindow = 5000
	// orphanAfter is how long a task may be out before its message counts as an
	// orphan while the queue holds tasks at all: well beyond the window.
	orphanAfter = 90 * time.Second
	// emptyOrphanAfter is the same for a queue that holds nothing any more.
	emptyOrphanAfter = 2 * time.Second
	// enqueuers is how many tasks are enqueued at once; beyond 16 Redis gets no
	// faster.
	enqueuers = 16
	// queueRetries is how often asynq may take a task up again. The ledger
	// counts attempts; this only has to be larger than any run of bad luck.
	queueRetries = 1_000_000
)

// feeder keeps one channel's queue filled.
type feeder struct {
	name      string
	channel   Channel
	ledger    Ledger
	client    *asynq.Client
	inspector *asynq.Inspector
	counter   prometheus.Counter

	window int
	fed    map[campaign.ID]map[campaign.MessageID]feed
	caps   map[campaign.ID]*allowance
}

// feed is one message that was put into the queue.
type feed struct {
	attempt int
	n       int
	at      time.Time
}

func newFeeder(name string, channel Channel, l Ledger, client *asynq.Client, inspector *asynq.Inspector, counter prometheus.Counter) *feeder {
	f := &feeder{name: name, channel: channel, ledger: l, client: client, inspector: inspector, counter: counter}
	f.window = unlimitedWindow
	if channel.Rate > 0 {
		f.window = max(smallestWindow, int(math.Ceil(windowSeconds*channel.Rate)))
	}
	f.forget()
	return f
}

// forget empties the memory of what was fed.
func (f *feeder) forget() {
	f.fed = map[campaign.ID]map[campaign.MessageID]feed{}
	f.caps = map[campaign.ID]*allowance{}
}

// feed tops up the queue from the running campaigns of the channel, each with
// the same share.
func (f *feeder) feed(ctx context.Context, running []ledger.Campaign, now time.Time) error {
	f.keepOnly(running)
	if len(running) == 0 {
		return nil
	}
	queued, err := f.queued()
	if err != nil {
		return err
	}
	full := queued > f.window/2
	room := f.window - queued
	if full {
		room = f.window / 2
	}
	share := max(1, room/len(running))
	var errs []error
	for _, c := range running {
		// A campaign that has nothing in the queue does not wait for the others'
		// tasks to be half gone.
		if !full || len(f.fed[c.ID]) == 0 {
			errs = append(errs, f.feedCampaign(ctx, c, share, queued == 0, now))
		}
	}
	return errors.Join(errs...)
}

// keepOnly forgets campaigns that do not run, so that a resume feeds them anew.
func (f *feeder) keepOnly(running []ledger.Campaign) {
	keep := make(map[campaign.ID]bool, len(running))
	for _, c := range running {
		keep[c.ID] = true
	}
	for id := range f.fed {
		if !keep[id] {
			delete(f.fed, id)
			delete(f.caps, id)
		}
	}
}

// queued is how many tasks the channel's queue holds, in whichever state.
func (f *feeder) queued() (int, error) {
	queues, err := f.inspector.Queues()
	if err != nil {
		return 0, fmt.Errorf("queues: %w", err)
	}
	if !slices.Contains(queues, campaign.Queue(f.name)) {
		return 0, nil // nothing was ever put into it
	}
	info, err := f.inspector.GetQueueInfo(campaign.Queue(f.name))
	if err != nil {
		return 0, fmt.Errorf("queue of channel %s: %w", f.name, err)
	}
	return info.Pending + info.Active + info.Scheduled + info.Retry, nil
}

// feedCampaign puts up to share more messages of a campaign into the queue.
func (f *feeder) feedCampaign(ctx context.Context, c ledger.Campaign, share int, empty bool, now time.Time) error {
	before := f.fed[c.ID]
	limit := share + len(before)
	if c.Definition.Rate > 0 {
		share = min(share, f.allowance(c, now))
	}
	messages, err := f.ledger.Feedable(ctx, c.ID, limit, now)
	if err != nil {
		return err
	}
	// What is not feedable any more was claimed: only the rest is kept in mind.
	after := make(map[campaign.MessageID]feed, len(messages))
	var tasks []campaign.Task
	for _, m := range messages {
		known, wasFed := before[m.ID]
		switch {
		case wasFed && known.attempt == m.Attempt && !orphaned(known, empty, now):
			after[m.ID] = known
			continue
		case len(tasks) == share:
			continue
		}
		n := 1
		if wasFed && known.attempt == m.Attempt {
			n = known.n + 1
		}
		after[m.ID] = feed{attempt: m.Attempt, n: n, at: now}
		tasks = append(tasks, campaign.Task{Message: m.ID, Attempt: m.Attempt, Feed: n})
	}
	if c.Definition.Rate > 0 {
		f.caps[c.ID].spend(len(tasks))
	}
	if err := f.enqueue(ctx, tasks); err != nil {
		for _, task := range tasks { // whatever got through is found as a conflict
			delete(after, task.Message)
		}
		f.fed[c.ID] = after
		return err
	}
	f.fed[c.ID] = after
	return nil
}

// orphaned reports whether a task that was fed must have got lost.
func orphaned(known feed, empty bool, now time.Time) bool {
	age := now.Sub(known.at)
	return empty && age > emptyOrphanAfter || age > orphanAfter
}

// enqueue puts tasks into the channel's queue. A task that is there already is
// fine.
func (f *feeder) enqueue(ctx context.Context, tasks []campaign.Task) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(enqueuers)
	for _, task := range tasks {
		group.Go(func() error {
			_, err := f.client.EnqueueContext(ctx, asynq.NewTask(campaign.TaskType, task.Payload()),
				asynq.Queue(campaign.Queue(f.name)), asynq.TaskID(task.ID()),
				asynq.MaxRetry(queueRetries), asynq.Timeout(f.channel.TaskTimeout))
			if errors.Is(err, asynq.ErrTaskIDConflict) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("feed channel %s: %w", f.name, err)
			}
			f.counter.Inc()
			return nil
		})
	}
	return group.Wait()
}

// allowance caps what a campaign may feed at its own rate.
type allowance struct {
	tokens float64
	since  time.Time
}

func (a *allowance) spend(n int) { a.tokens -= float64(n) }

// allowance is how many messages the campaign's own rate lets through now. It
// saves up for one tick of the scheduler and no more, so that the campaign's
// messages are spread evenly.
func (f *feeder) allowance(c ledger.Campaign, now time.Time) int {
	rate := c.Definition.Rate
	a := f.caps[c.ID]
	if a == nil {
		a = &allowance{tokens: 1, since: now}
		f.caps[c.ID] = a
	}
	most := max(1, 2*rate*tick.Seconds())
	a.tokens = min(most, a.tokens+rate*now.Sub(a.since).Seconds())
	a.since = now
	return max(0, int(a.tokens))
}
