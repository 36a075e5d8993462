// Package scheduler decides which messages go into the queues, and does what
// is due and is no sending.
//
// It feeds a small window of messages per channel: enough for some seconds,
// shared fairly between the channel's campaigns, topped up when half of it is
// gone. What it fed it remembers in memory only. Losing that memory, by a
// restart or because Redis came back empty, costs tasks that are refused at
// the claim and nothing else.
//
// It guarantees no order and no uniqueness: a message may be fed twice. That
// is the claim's business.
package scheduler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"carillon/campaign"
	"carillon/ledger"
)

// Ledger is what the scheduler needs of the record.
type Ledger interface {
	Unfinished(ctx context.Context) ([]ledger.Campaign, error)
	Act(ctx context.Context, id campaign.ID, a campaign.Action, by ledger.Actor, now time.Time) (ledger.Campaign, error)
	StartDue(ctx context.Context, id campaign.ID, now time.Time) (ledger.Campaign, error)
	Feedable(ctx context.Context, id campaign.ID, position, limit int, now time.Time) ([]ledger.Feedable, error)
	OldestFeedable(ctx context.Context, id campaign.ID, position int, now time.Time) (ledger.Oldest, error)
	DuePolls(ctx context.Context, channel string, limit int, now time.Time) ([]ledger.Poll, error)
	Sweep(ctx context.Context, now time.Time, policy func(channel string) ledger.UnknownPolicy) (int, error)
	MatchEarly(ctx context.Context, now time.Time) (int, error)
	CloseRows(ctx context.Context, id campaign.ID, to campaign.Status, reason string, now time.Time) error
	HandOver(ctx context.Context, id campaign.ID, from int, weights []float64, now time.Time) error
	FallBack(ctx context.Context, id campaign.ID, from int, now time.Time) error
	Finish(ctx context.Context, ids []campaign.ID, now time.Time) ([]campaign.ID, error)
	StopBecause(ctx context.Context, id campaign.ID, position int, reason string, now time.Time) error
	Persons(ctx context.Context, ids []campaign.MessageID) (map[campaign.MessageID]string, error)
	Attempted(ctx context.Context, campaigns map[campaign.ID]int, persons []string, since time.Time) (map[string][]time.Time, error)
	ActiveSince(ctx context.Context, since time.Time) ([]ledger.Campaign, error)
	Zones(ctx context.Context, ids []campaign.MessageID) (map[campaign.MessageID]string, error)
	Slowed(ctx context.Context) ([]ledger.Slowed, error)
	Cells(ctx context.Context, ids []campaign.MessageID) (map[campaign.MessageID][]string, error)
	Postpone(ctx context.Context, until map[campaign.MessageID]time.Time, reason string, now time.Time) error
	Reached(ctx context.Context, portfolio string, now time.Time) (ledger.Reach, error)
	ReachedAmong(ctx context.Context, portfolio string, persons []string, now time.Time) (map[string]bool, error)
	Tidy(ctx context.Context, now time.Time) error
	ForgetLearnt(ctx context.Context, now time.Time) (int, error)
	RemoveAbandoned(ctx context.Context, now time.Time) (int, error)
	Lease(ctx context.Context, name, holder string, ttl time.Duration) (ledger.Term, bool, error)
	Release(ctx context.Context, name, holder string) error
	Schedules(ctx context.Context) ([]ledger.Schedule, error)
	PlanSlots(ctx context.Context, s ledger.Schedule, slots []campaign.Slot, next time.Time) (bool, error)
	OpenSlots(ctx context.Context) ([]ledger.OpenSlot, error)
	TakeSlot(ctx context.Context, s campaign.Slot, until, now time.Time) (campaign.Slot, bool, error)
	KeepSlot(ctx context.Context, s campaign.Slot, until time.Time) (bool, error)
	SettleSlot(ctx context.Context, s campaign.Slot, until time.Time) (bool, error)
	Keyed(ctx context.Context, key string) (campaign.ID, error)
	Campaign(ctx context.Context, id campaign.ID) (ledger.Campaign, error)
	Facts(ctx context.Context) (map[string]map[string]ledger.Fact, error)
	Learn(ctx context.Context, facts []ledger.Fact) error
	TakeNotice(ctx context.Context, n ledger.Notice, now time.Time) (ledger.Taken, error)
}

var _ Ledger = (*ledger.Ledger)(nil)

// Channel is what the scheduler needs to know of a sending number.
type Channel struct {
	// Rate is the number's rate in messages a second, 0 for no limit.
	Rate float64
	// TaskTimeout bounds one task.
	TaskTimeout time.Duration
	// Polled says that the provider has to be asked what became of a message.
	Polled bool
	// Unknown is what becomes of messages nobody knows the fate of.
	Unknown ledger.UnknownPolicy
	// Pair limits the messages to one recipient.
	Pair Pair
	// DailyRecipients is how many different persons all numbers of the
	// portfolio may write to within 24 hours; 0 means no limit.
	DailyRecipients int
	// Portfolio names that limit; empty where there is none and never will be.
	Portfolio string
	// Numbers is asked how the number stands; nil where the provider does not tell.
	Numbers Numbers
	// Account names the channels of the account that the number belongs to, its own
	// included.
	Account []string
}

// Options are a scheduler's parts.
type Options struct {
	Ledger Ledger
	// Importer makes the campaigns of schedules.
	Importer Importer
	// Templates keeps what is known of templates current. If nil, nobody does.
	Templates Templates
	Redis     redis.UniversalClient
	// Explained reports whether the log tells of the cause of what goes wrong at
	// a channel's queue at this moment.
	Explained func(channel string) bool
	Channels  map[string]Channel
	// Limits are those of a channel at this moment. If nil, they are what Channels
	// say.
	Limits   func(channel string) campaign.Limits
	Registry prometheus.Registerer
	Log      *slog.Logger
	Now      func() time.Time
}

// Templates are the lists of templates at the providers.
type Templates interface {
	// RefreshDue asks for those whose time has come. The error is the ledger's.
	RefreshDue(ctx context.Context) error
}

// The clocks of the scheduler.
const (
	// tick is how often it looks for something to feed: a tenth of the second
	// within which a campaign's first message is promised.
	tick = 100 * time.Millisecond
	// sweepEvery is how often it looks for what else is due.
	sweepEvery = 250 * time.Millisecond
	// tidyEvery is how often it clears away abandoned imports and what is old.
	tidyEvery = time.Minute
	// templatesEvery is how often it looks for lists of templates that are old.
	templatesEvery = 2 * time.Second
)

// Scheduler runs the campaigns of some channels.
type Scheduler struct {
	Options
	feeders map[string]*feeder
	closing *closing
	firing  firing
	lease   *lease
	asking  *asking
	wake    chan struct{}
	trouble *trouble
	slots   *prometheus.CounterVec // that came to an end, by how
	open    shown[openSlots]

	tidied time.Time // the sweep's alone
}

// New makes a scheduler.
func New(o Options) *Scheduler {
	trouble := newTrouble(o.Log, o.Now)
	s := &Scheduler{
		Options: o,
		feeders: map[string]*feeder{},
		closing: newClosing(trouble),
		firing:  firing{under: map[string]bool{}},
		asking:  newAsking(),
		lease:   newLease(o.Ledger, o.Now),
		wake:    make(chan struct{}, 1),
		trouble: trouble,
	}
	fed := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "carillon_fed_total", Help: "Tasks put into a channel's queue.",
	}, []string{"channel"})
	s.slots = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "carillon_slots_total", Help: "Times at which schedules were due to start a campaign, by result.",
	}, []string{"state"})
	for _, state := range []campaign.SlotState{campaign.SlotDone, campaign.SlotFailed, campaign.SlotSkipped, campaign.SlotMissed} {
		s.slots.WithLabelValues(string(state))
	}
	o.Registry.MustRegister(fed, s.slots, newGauges(s))
	portfolios, caps := map[string]*portfolio{}, newCaps()
	if s.Limits == nil {
		s.Limits = s.configured
	}
	for name, channel := range o.Channels {
		limits := func() campaign.Limits { return s.Limits(name) }
		s.feeders[name] = newFeeder(name, channel, limits, shared(portfolios, channel), caps, o.Ledger, o.Redis, fed.WithLabelValues(name))
	}
	return s
}

// shared is the channel's portfolio, the same for all its channels, or nil.
func shared(all map[string]*portfolio, c Channel) *portfolio {
	if c.Portfolio == "" {
		return nil
	}
	if all[c.Portfolio] == nil {
		all[c.Portfolio] = &portfolio{name: c.Portfolio, promised: map[string]promises{}}
	}
	return all[c.Portfolio]
}

// configured are the limits that a channel has to begin with.
func (s *Scheduler) configured(channel string) campaign.Limits {
	c := s.Channels[channel]
	return campaign.Limits{Rate: c.Rate, DailyRecipients: c.DailyRecipients}
}

// Wake makes the scheduler look at once.
func (s *Scheduler) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run works until the context ends, while it is the one scheduler that does.
// The sweep has a goroutine of its own: it does not wait for Redis, and what is
// fed does not wait for it. So has each channel's feed: where a cluster has lost
// the shard of one queue, the others are fed.
func (s *Scheduler) Run(ctx context.Context) {
	defer s.lease.release(context.WithoutCancel(ctx))
	defer s.closing.wait()
	defer s.firing.group.Wait()
	defer s.asking.group.Wait()
	var working sync.WaitGroup
	defer working.Wait()
	working.Go(func() { every(ctx, sweepEvery, nil, s.sweepTick) })
	working.Go(func() { every(ctx, announceEvery, nil, s.announce) })
	if s.Templates != nil {
		working.Go(func() { every(ctx, templatesEvery, nil, s.templatesTick) })
	}
	for _, f := range s.feeders {
		working.Go(func() { s.feedChannel(ctx, f) })
	}
	every(ctx, tick, s.wake, s.feedTick)
}

// every calls f at once, after each interval and when it is woken, until the
// context ends.
func every(ctx context.Context, interval time.Duration, wake <-chan struct{}, f func(context.Context)) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		f(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-wake:
		}
	}
}

func (s *Scheduler) feedTick(ctx context.Context) {
	if term, leads := s.lease.term(); leads {
		s.report("feed", s.feed(ledger.Fenced(ctx, term), term, s.Now()))
	}
}

func (s *Scheduler) sweepTick(ctx context.Context) {
	now := s.Now()
	elected, err := s.lease.renew(ctx)
	s.trouble.report("lease", err)
	term, leads := s.lease.term()
	if !leads {
		return
	}
	if elected {
		s.Wake()
		s.asking.anew()
	}
	s.report("schedules", s.cron(ctx, term, now))
	ctx = ledger.Fenced(ctx, term)
	s.report("sweep", s.sweep(ctx, now))
	s.report("finish", s.finish(ctx, now))
	s.report("numbers", s.askNumbers(ctx, now))
	if now.Sub(s.tidied) >= tidyEvery {
		s.tidied = now
		_, abandoned := s.Ledger.RemoveAbandoned(ctx, now)
		_, learnt := s.Ledger.ForgetLearnt(ctx, now)
		s.report("tidy", errors.Join(abandoned, learnt, s.Ledger.Tidy(ctx, now)))
	}
}

// templatesTick has a goroutine of its own, for providers may be slow. It is not
// fenced: a list that is kept twice does no harm.
func (s *Scheduler) templatesTick(ctx context.Context) {
	if _, leads := s.lease.term(); leads {
		s.report("templates", s.Templates.RefreshDue(ctx))
	}
}

// report logs the outcome of what only the leader may do. It leads no longer
// when the ledger says so.
func (s *Scheduler) report(what string, err error) {
	if errors.Is(err, ledger.ErrDeposed) {
		s.lease.lost()
	}
	s.trouble.report(what, err)
}

// feed starts what is due to start, and tells each channel's feeder what runs.
func (s *Scheduler) feed(ctx context.Context, term ledger.Term, now time.Time) error {
	unfinished, err := s.Ledger.Unfinished(ctx)
	if err != nil {
		return err
	}
	byChannel := map[string][]ledger.Campaign{}
	for _, c := range unfinished {
		if c.State == campaign.Scheduled && !c.StartAt.After(now) {
			if c, err = s.startDue(ctx, c, now); err != nil {
				return err
			}
		}
		if c.State != campaign.Running || !c.Expires.IsZero() && !c.Expires.After(now) {
			continue
		}
		if err := s.assign(ctx, c, byChannel, now); err != nil {
			return err
		}
	}
	slowed, err := s.Ledger.Slowed(ctx)
	if err != nil {
		return err
	}
	for name, f := range s.feeders {
		f.hand(round{term, byChannel[name], slowedOn(name, slowed)})
	}
	return nil
}

// startDue starts a campaign whose time has come, unless that was too long ago.
func (s *Scheduler) startDue(ctx context.Context, c ledger.Campaign, now time.Time) (ledger.Campaign, error) {
	c, err := s.Ledger.StartDue(ctx, c.ID, now)
	if err == nil && c.State == campaign.Paused {
		s.Log.Warn("campaign not started: too late", "campaign", c.ID, "reason", c.Reason)
	}
	return c, err
}

// assign hands a running campaign to its numbers. One that is not there is
// stopped, and the campaign paused where it has no other.
func (s *Scheduler) assign(ctx context.Context, c ledger.Campaign, byChannel map[string][]ledger.Campaign, now time.Time) error {
	for position, number := range c.Definition.AllChannels() {
		if _, stopped := c.Stopped[position]; stopped {
			continue
		}
		if s.feeders[number] == nil {
			reason := fmt.Sprintf("channel %q is not in the configuration; add it and resume", number)
			if err := s.Ledger.StopBecause(ctx, c.ID, position, reason, now); err != nil {
				return err
			}
			continue
		}
		byChannel[number] = append(byChannel[number], c)
	}
	return nil
}
