package scheduler

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"carillon/campaign"
	"carillon/ledger"
)

// gauges shows how the leader does when it is asked. A scheduler that does not lead
// shows that, and zeros.
type gauges struct {
	s      *Scheduler
	leader *prometheus.Desc
	filled *prometheus.Desc
	size   *prometheus.Desc
	oldest *prometheus.Desc
	slots  *prometheus.Desc
}

func newGauges(s *Scheduler) *gauges {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &gauges{
		s:      s,
		leader: desc("carillon_scheduler_leader", "1 if this process's scheduler leads, else 0."),
		filled: desc("carillon_window_tasks", "Tasks in a channel's queue, in whichever state, while its campaigns run.", "channel"),
		size:   desc("carillon_window_size_tasks", "Tasks up to which a channel's queue is filled.", "channel"),
		oldest: desc("carillon_oldest_due_seconds", "How long the message that waits longest could have gone out, by whether it was attempted or waited before (again) or not (fresh); "+
			"campaigns that are paused, outside their hours, or have used up the day's recipients are left out.", "channel", "kind"),
		slots: desc("carillon_open_slots", "Slots of schedules that have come and whose campaigns are not made, by state.", "state"),
	}
}

// Describe implements prometheus.Collector.
func (g *gauges) Describe(all chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{g.leader, g.filled, g.size, g.oldest, g.slots} {
		all <- desc
	}
}

// Collect implements prometheus.Collector.
func (g *gauges) Collect(all chan<- prometheus.Metric) {
	_, leads := g.s.lease.term()
	show := func(desc *prometheus.Desc, value float64, labels ...string) {
		if !leads {
			value = 0
		}
		all <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	show(g.leader, 1)
	now := g.s.Now()
	for name, f := range g.s.feeders {
		seen := f.view.get()
		show(g.filled, float64(seen.queued), name)
		show(g.size, float64(seen.window), name)
		show(g.oldest, ago(seen.again, now), name, "again")
		show(g.oldest, ago(seen.fresh, now), name, "fresh")
	}
	open := g.s.open.get()
	show(g.slots, float64(open.due), string(campaign.SlotDue))
	show(g.slots, float64(open.running), string(campaign.SlotRunning))
}

// ago is for how many seconds something has lasted; the zero time: it does not.
func ago(since, now time.Time) float64 {
	if since.IsZero() {
		return 0
	}
	return max(0, now.Sub(since)).Seconds()
}

// shown is a value that one goroutine sets and others read.
type shown[T any] struct {
	mu    sync.Mutex
	value T
}

func (s *shown[T]) get() T {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.value
}

func (s *shown[T]) change(f func(*T)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.value)
}

// view is what a feeder shows of its channel.
type view struct {
	queued, window int
	// again and fresh are since when what waits longest could have gone out; zero
	// where nothing waits.
	again, fresh time.Time
}

// openSlots are how many slots have come and are not through.
type openSlots struct{ due, running int }

// countSlots notes how many slots are open.
func (s *Scheduler) countSlots(open []ledger.OpenSlot) {
	var n openSlots
	for _, slot := range open {
		switch slot.State {
		case campaign.SlotDue:
			n.due++
		case campaign.SlotRunning:
			n.running++
		}
	}
	s.open.change(func(shown *openSlots) { *shown = n })
}

// stretch is the time for which a campaign has been able to send without a break.
type stretch struct {
	changes int64 // ledger.Campaign.Changes
	since   time.Time
}

// watchOldest looks how long the messages wait that could go out. A campaign that
// runs anew, or rests until its hours or for the next day, waits from then on.
func (f *feeder) watchOldest(ctx context.Context, running []ledger.Campaign, now time.Time) error {
	stretches := make(map[campaign.ID]stretch, len(running))
	for _, c := range running {
		known, ok := f.stretches[c.ID]
		if !ok || known.changes != c.Changes || now.Before(f.rests[c.ID]) {
			known = stretch{c.Changes, now}
		}
		stretches[c.ID] = known
	}
	f.stretches = stretches
	if now.Sub(f.measured) < lookEvery && len(running) > 0 {
		return nil
	}
	f.measured = now
	var again, fresh time.Time
	var errs []error
	for _, c := range running {
		if now.Before(f.rests[c.ID]) {
			continue
		}
		oldest, err := f.ledger.OldestFeedable(ctx, c.ID, c.Definition.Position(f.name), now)
		errs = append(errs, err)
		since := stretches[c.ID].since
		if !oldest.Again.IsZero() {
			again = earlier(again, later(oldest.Again, since))
		}
		if oldest.Fresh {
			fresh = earlier(fresh, since)
		}
	}
	f.view.change(func(v *view) { v.again, v.fresh = again, fresh })
	return errors.Join(errs...)
}

// earlier is the earlier of two times; the zero time is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
