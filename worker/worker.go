// Package worker takes tasks from a channel's queue, sends their messages, and asks
// providers that tell nothing by themselves what became of them.
//
// One send is a row of stages, each in a file of its own, in this order: load,
// reserve, claim, read, depart, post, settle. What makes it safe to run a task
// twice, late, or at once elsewhere is the claim: it is durable before the
// request, and a message can be claimed once per attempt. What a crash leaves
// behind is a claim without a settlement, which the ledger turns into an
// unknown message and never into a second request.
//
// The package keeps no state of its own but a cache of campaigns and what it
// has lately heard from the provider; it can be killed at any line.
package worker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"carillon/campaign"
	"carillon/ledger"
	"carillon/ratelimit"
	"carillon/whatsapp"
)

// Ledger is what a worker needs of the record.
type Ledger interface {
	Campaign(ctx context.Context, id campaign.ID) (ledger.Campaign, error)
	State(ctx context.Context, id campaign.ID) (campaign.State, error)
	Wanted(ctx context.Context, id campaign.MessageID) (bool, error)
	Claim(ctx context.Context, task campaign.Task, by ledger.Sender, now, until time.Time) (ledger.Claimed, error)
	Settle(ctx context.Context, s ledger.Settlement) error
	Poll(ctx context.Context, id campaign.MessageID, attempt int) (ledger.PollRow, error)
	Polled(ctx context.Context, p ledger.Polled) (ledger.Received, error)
	Slowed(ctx context.Context) ([]ledger.Slowed, error)
	Attachment(ctx context.Context, id campaign.ID, name, channel string) (ledger.Attachment, error)
	MediaContent(ctx context.Context, hash string) io.Reader
	TakeUpload(ctx context.Context, hash, channel, holder string, ttl time.Duration, now time.Time) (bool, error)
	HoldUpload(ctx context.Context, hash, channel, holder string, ttl time.Duration) (bool, error)
	Uploaded(ctx context.Context, hash, channel, holder, id string, until, now time.Time) (bool, error)
	UploadFailed(ctx context.Context, hash, channel, holder, trouble string, due time.Time) (bool, error)
	LeaveUpload(ctx context.Context, hash, channel, holder string) error
	PauseBecause(ctx context.Context, id campaign.ID, reason string, now time.Time) (ran bool, err error)
}

var _ Ledger = (*ledger.Ledger)(nil)

// Channel is one sending number.
type Channel struct {
	Name   string
	Sender whatsapp.Sender
	// Poller is asked what became of messages; nil where the provider tells it by
	// itself.
	Poller whatsapp.Poller
	// Marker is told which messages of people were read; nil where the provider
	// takes no such word.
	Marker whatsapp.Marker
	// Media keeps files; nil where the provider keeps none.
	Media   whatsapp.Media
	Limiter ratelimit.Limiter
	// Siblings are the limiters of the other numbers of its account or app.
	Siblings []ratelimit.Limiter
	// Rate is the number's rate in messages a second, 0 for no limit. It sizes
	// the servers, and bounds what leaves within a second where departures are
	// missed; the Limiter keeps the rate.
	Rate float64
	// Timeout bounds one request.
	Timeout time.Duration
	// UnknownAfter is how long an unknown message waits for a receipt.
	UnknownAfter time.Duration
	// Portfolio is whose daily limit of recipients the number shares; empty
	// where there is none.
	Portfolio string
	// Account names the channels of the account that the number belongs to, its
	// own included. Empty: it is the whole account.
	Account []string
	// Guard says when a campaign has to stop because of how it is answered.
	Guard campaign.GuardLimits
}

// Worker sends the messages of one channel.
type Worker struct {
	channel Channel
	ledger  Ledger
	metrics *Metrics
	log     *slog.Logger
	now     func() time.Time

	campaigns campaigns
	breaker   breaker
	templates templates
	files     files
	reach     reach
	guard     *campaign.Guard // of outcomes
	told      *campaign.Guard // of what polls have told
	stages    []stage

	servers servers
	second  second

	complaints complaints // about polls
	unread     complaints // about messages that could not be marked as read

	// stopping ends the waits of sends that have not departed.
	stopping context.Context
	stop     context.CancelFunc
}

// stage is one part of a send. An error ends the send: errDone quietly, a
// *backError puts the task back into the queue.
type stage func(ctx context.Context, s *send) error

// send is what the stages of one send hand on to each other.
type send struct {
	task      campaign.Task
	campaign  *loaded
	departure ratelimit.Departure
	claimed   ledger.Claimed
	claimedAt time.Time // or asked about again
	until     time.Time // the claim is taken for dead then
	template  campaign.Template
	free      *campaign.FreeForm // goes out in its place; nil for none
	left      time.Time
	accepted  whatsapp.Accepted
	refusal   *whatsapp.Error
	probes    *slowed // the slowed template that it tries out; nil for none
}

// errDone ends a send that has nothing to do.
var errDone = errors.New("nothing to do")

// backError puts a task back into the queue, without counting as a failure.
type backError struct {
	after time.Duration
	why   error
}

func (e *backError) Error() string { return fmt.Sprintf("back to the queue: %v", e.why) }
func (e *backError) Unwrap() error { return e.why }

// New makes a worker for a channel.
func New(channel Channel, l Ledger, metrics *Metrics, log *slog.Logger, now func() time.Time) *Worker {
	w := &Worker{channel: channel, ledger: l, metrics: metrics, log: log.With("channel", channel.Name), now: now}
	w.guard, w.told = campaign.NewGuard(channel.Guard), campaign.NewGuard(channel.Guard)
	if channel.Poller != nil {
		metrics.polls(channel.Name)
	}
	w.files.known, w.files.flying, w.files.holder = map[fileKey]knownFile{}, map[string]bool{}, rand.Text()
	w.campaigns.known = map[campaign.ID]*loaded{}
	w.stopping, w.stop = context.WithCancel(context.Background())
	w.second.keep(channel.Rate)
	w.stages = []stage{w.load, w.reserve, w.claim, w.read, w.depart, w.post, w.settle}
	return w
}

// Start takes tasks from the channel's queue until Stop. explained reports
// whether the log tells of the cause of what goes wrong at that queue at this
// moment.
func (w *Worker) Start(redis redis.UniversalClient, explained func() bool) error {
	log := newQueueLog(w.log, w.now, explained)
	return w.servers.open(w.channel.Rate, func(concurrency int) (*asynq.Server, error) {
		server := asynq.NewServerFromRedisClient(redis, asynq.Config{
			Concurrency:              concurrency,
			Queues:                   map[string]int{campaign.Queue(w.channel.Name): 1},
			IsFailure:                isFailure,
			RetryDelayFunc:           retryDelay,
			TaskCheckInterval:        100 * time.Millisecond,
			DelayedTaskCheckInterval: time.Second,
			ShutdownTimeout:          TaskTimeout(w.channel.Timeout) + 5*time.Second,
			Logger:                   log,
			LogLevel:                 asynq.WarnLevel,
		})
		if err := server.Start(asynq.HandlerFunc(w.handle)); err != nil {
			return nil, fmt.Errorf("channel %s: start its queue: %w", w.channel.Name, err)
		}
		return server, nil
	})
}

// SetRate has the worker keep up with another rate of its number, in messages a
// second, 0 for no limit. What is sized for more stays so until the process ends.
func (w *Worker) SetRate(perSecond float64) error {
	w.second.keep(perSecond)
	return w.servers.grow(perSecond)
}

// Stop ends the worker: nothing new is sent, sends under way are finished and
// recorded, claims that have not departed are given back.
func (w *Worker) Stop() {
	w.stop()
	w.servers.close()
	w.files.group.Wait()
}

// handle does what a task is about.
func (w *Worker) handle(ctx context.Context, t *asynq.Task) error {
	switch t.Type() {
	case campaign.TaskType:
		return w.send(ctx, t)
	case campaign.PollType:
		return w.poll(ctx, t)
	}
	return fmt.Errorf("a task of type %q, which this version does not know: %w", t.Type(), asynq.SkipRetry)
}

// send runs one task through the stages.
func (w *Worker) send(ctx context.Context, t *asynq.Task) error {
	task, err := campaign.ParseTask(t.Payload())
	if err != nil {
		return fmt.Errorf("%w: %w", err, asynq.SkipRetry)
	}
	s := &send{task: task}
	defer w.breaker.leave(s)
	defer w.templates.leave(s)
	for _, stage := range w.stages {
		if err := stage(ctx, s); err != nil {
			if errors.Is(err, errDone) {
				return nil
			}
			return err
		}
	}
	return nil
}

// TaskTimeout is how long a task may run before asynq gives it to another: the
// longest wait for a departure, the request with its repeats, and time to
// write the outcome down.
func TaskTimeout(request time.Duration) time.Duration {
	return patience + ratelimit.LongestWait + (maxRepeats+1)*request + 15*time.Second
}

func isFailure(err error) bool {
	var back *backError
	return !errors.As(err, &back)
}

// retryDelay is when a task that was put back is tried again. Any other error
// is trouble with the queue's task itself.
func retryDelay(n int, err error, _ *asynq.Task) time.Duration {
	var back *backError
	if errors.As(err, &back) {
		return back.after
	}
	return campaign.Backoff(n + 1)
}

// sleep waits until a moment. It reports false when the worker stops or the
// context ends before.
func (w *Worker) sleep(ctx context.Context, until time.Time) bool {
	wait := until.Sub(w.now())
	if wait <= 0 {
		return true
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-w.stopping.Done():
	}
	return false
}
