package scheduler

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"carillon/campaign"
	"carillon/ledger"
)

// queueOfTime is a ledger that knows what waits longest in each campaign.
type queueOfTime struct {
	Ledger
	oldest map[campaign.ID]ledger.Oldest
	asked  int
	broken error
}

func (q *queueOfTime) OldestFeedable(_ context.Context, id campaign.ID, _ int, _ time.Time) (ledger.Oldest, error) {
	q.asked++
	return q.oldest[id], q.broken
}

// watched is a scheduler that leads, with one feeder and a clock.
type watched struct {
	*testing.T
	*Scheduler
	ledger *queueOfTime
	feeder *feeder
	now    time.Time
}

func newWatched(t *testing.T) *watched {
	t.Helper()
	w := &watched{T: t, ledger: &queueOfTime{oldest: map[campaign.ID]ledger.Oldest{}}, now: noon}
	w.feeder = newTestFeeder()
	w.feeder.name, w.feeder.ledger, w.feeder.rests = "main", w.ledger, map[campaign.ID]time.Time{}
	now := func() time.Time { return w.now }
	w.Scheduler = &Scheduler{
		Options: Options{Now: now}, feeders: map[string]*feeder{"main": w.feeder}, lease: &lease{now: now, until: noon.Add(24 * time.Hour)},
	}
	return w
}

// look has the feeder look after a time.
func (w *watched) look(after time.Duration, running ...ledger.Campaign) {
	w.Helper()
	w.now = w.now.Add(after)
	if err := w.feeder.watchOldest(w.Context(), running, w.now); err != nil {
		w.Fatal(err)
	}
}

// gauge is the values of a metric by its last label.
func (w *watched) gauge(name string) map[string]float64 {
	w.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(newGauges(w.Scheduler))
	families, err := registry.Gather()
	if err != nil {
		w.Fatal(err)
	}
	found := map[string]float64{}
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, metric := range family.GetMetric() {
			label := ""
			for _, pair := range metric.GetLabel() {
				label = pair.GetValue()
			}
			found[label] = metric.GetGauge().GetValue()
		}
	}
	return found
}

func (w *watched) wantOldest(again, fresh float64) {
	w.Helper()
	if diff := cmp.Diff(map[string]float64{"again": again, "fresh": fresh}, w.gauge("carillon_oldest_due_seconds")); diff != "" {
		w.Error(diff)
	}
}

func runs(id campaign.ID, changes int64) ledger.Campaign {
	return ledger.Campaign{ID: id, Changes: changes, Definition: &campaign.Definition{Channel: "main"}}
}

func TestWhatWaitsLongest(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	w.look(0)
	w.wantOldest(0, 0)
	w.ledger.oldest[1] = ledger.Oldest{Fresh: true}
	w.look(0, runs(1, 1))
	w.look(10*time.Second, runs(1, 1))
	w.wantOldest(0, 10)
	// A retry waits since it was due, but not since before the campaign ran.
	w.ledger.oldest[1] = ledger.Oldest{Again: w.now}
	w.look(5*time.Second, runs(1, 1))
	w.wantOldest(5, 0)
	w.ledger.oldest[1] = ledger.Oldest{Again: noon.Add(-time.Hour), Fresh: true}
	w.look(5*time.Second, runs(1, 1))
	w.wantOldest(20, 20)
	// It goes on by itself while nobody looks: the feed may hang.
	w.now = w.now.Add(time.Minute)
	w.wantOldest(80, 80)
	// The one that waits longest counts.
	w.ledger.oldest[2] = ledger.Oldest{Again: w.now}
	w.look(0, runs(1, 1), runs(2, 1))
	w.wantOldest(80, 80)
	w.look(lookEvery, runs(2, 1))
	w.wantOldest(2, 0)
}

func TestPausesAndRestsAreNoWaiting(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	w.ledger.oldest[1] = ledger.Oldest{Again: noon.Add(-time.Hour), Fresh: true}
	w.look(0, runs(1, 1))
	w.look(time.Hour)
	w.wantOldest(0, 0)
	// It was paused and resumed.
	w.look(time.Hour, runs(1, 3))
	w.look(lookEvery, runs(1, 3))
	w.wantOldest(2, 2)
	// Between two looks, the same.
	w.look(lookEvery, runs(1, 5))
	w.wantOldest(0, 0)
	// It rests until its hours come.
	w.feeder.rests[1] = w.now.Add(time.Hour)
	w.look(lookEvery, runs(1, 5))
	w.wantOldest(0, 0)
	w.look(time.Hour-lookEvery-time.Second, runs(1, 5))
	w.look(time.Second+lookEvery, runs(1, 5))
	w.wantOldest(3, 3)
}

// However often it looks at what runs, it asks every two seconds.
func TestWhatWaitsLongestIsAskedForSeldom(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	for range 100 {
		w.look(tick, runs(1, 1))
	}
	if w.ledger.asked != 5 {
		t.Errorf("asked %d times in 10 seconds, want 5", w.ledger.asked)
	}
	w.now = w.now.Add(lookEvery)
	w.ledger.broken = errors.New("away")
	if err := w.feeder.watchOldest(t.Context(), []ledger.Campaign{runs(1, 1)}, w.now); !errors.Is(err, w.ledger.broken) {
		t.Errorf("it hides %v", err)
	}
}

func TestTheLeaderShowsItsWindowsAndSlots(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	w.feeder.view.value.queued, w.feeder.view.value.window = 250, 500
	w.ledger.oldest[1] = ledger.Oldest{Fresh: true}
	w.look(0, runs(1, 1))
	w.countSlots([]ledger.OpenSlot{
		{Slot: campaign.Slot{State: campaign.SlotDue}}, {Slot: campaign.Slot{State: campaign.SlotDue}},
		{Slot: campaign.Slot{State: campaign.SlotRunning}}, {Slot: campaign.Slot{State: campaign.SlotDone}, Sending: campaign.Running},
	})
	w.now = w.now.Add(time.Minute)
	want := map[string]map[string]float64{
		"carillon_scheduler_leader":   {"": 1},
		"carillon_window_tasks":       {"main": 250},
		"carillon_window_size_tasks":  {"main": 500},
		"carillon_oldest_due_seconds": {"again": 0, "fresh": 60},
		"carillon_open_slots":         {"due": 2, "running": 1},
	}
	check := func() {
		t.Helper()
		for name, values := range want {
			if diff := cmp.Diff(values, w.gauge(name)); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	}
	check()
	w.lease.lost()
	for _, values := range want {
		for label := range values {
			values[label] = 0
		}
	}
	check()
}
