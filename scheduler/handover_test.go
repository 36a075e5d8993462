package scheduler

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/ledger"
)

// stops is a ledger that notes what stops and what is handed over.
type stops struct {
	Ledger
	mu      sync.Mutex
	stopped map[int]string
	handed  []int
	weights []float64
	hold    chan struct{} // closed when a handover may end
}

func (s *stops) StopBecause(_ context.Context, _ campaign.ID, position int, reason string, _ time.Time) error {
	s.stopped[position] = reason
	return nil
}

func (s *stops) HandOver(_ context.Context, _ campaign.ID, from int, weights []float64, _ time.Time) error {
	<-s.hold
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handed, s.weights = append(s.handed, from), weights
	return nil
}

func several(names ...string) ledger.Campaign {
	return ledger.Campaign{ID: 1, State: campaign.Running, Definition: &campaign.Definition{Channels: names, Handover: true}}
}

// TestACampaignIsFedByItsNumbers leaves out those that are stopped, and stops
// those that are not there.
func TestACampaignIsFedByItsNumbers(t *testing.T) {
	t.Parallel()
	book := &stops{stopped: map[int]string{}}
	s := &Scheduler{Options: Options{Ledger: book}, feeders: map[string]*feeder{"main": {}, "second": {}}}
	c := several("second", "gone", "main")
	c.Stopped = map[int]ledger.Stop{0: {Reason: "trouble"}}
	fed := map[string][]ledger.Campaign{}
	if err := s.assign(t.Context(), c, fed, time.Now()); err != nil {
		t.Fatal(err)
	}
	if len(fed) != 1 || len(fed["main"]) != 1 {
		t.Errorf("fed by %v, want main alone", fed)
	}
	want := map[int]string{1: `channel "gone" is not in the configuration; add it and resume`}
	if diff := cmp.Diff(want, book.stopped); diff != "" {
		t.Error(diff)
	}
}

func TestHandOver(t *testing.T) {
	t.Parallel()
	stopped := func(c ledger.Campaign, stops map[int]ledger.Stop) ledger.Campaign {
		c.Stopped = stops
		return c
	}
	without, paused := several("main", "second"), several("main", "second")
	without.Definition.Handover, paused.State = false, campaign.Paused
	one := map[int]ledger.Stop{1: {}}
	tests := map[string]struct {
		campaign ledger.Campaign
		want     []int
	}{
		"a stopped number":           {stopped(several("main", "second"), one), []int{1}},
		"not twice at once":          {stopped(several("main", "second", "main"), map[int]ledger.Stop{0: {}, 2: {}}), []int{0}},
		"the one that is not done":   {stopped(several("main", "second", "main"), map[int]ledger.Stop{0: {Handed: true}, 2: {}}), []int{2}},
		"none that is done":          {stopped(several("main", "second"), map[int]ledger.Stop{0: {Handed: true}}), nil},
		"none in a paused campaign":  {stopped(paused, one), nil},
		"none that does not want it": {stopped(without, one), nil},
		"none that goes on":          {several("main", "second"), nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			book := &stops{hold: make(chan struct{})}
			s := &Scheduler{
				Options: Options{Ledger: book, Now: time.Now, Channels: map[string]Channel{"main": {Rate: 80}, "second": {}}},
				closing: newClosing(newTrouble(slog.New(slog.DiscardHandler), time.Now)),
			}
			s.Limits = s.configured
			for range 3 { // ticks, while the first handover is under way
				s.handOver(t.Context(), test.campaign)
			}
			close(book.hold)
			s.closing.wait()
			if diff := cmp.Diff(test.want, book.handed); diff != "" {
				t.Error(diff)
			}
			for _, weight := range book.weights {
				if weight != 80 {
					t.Errorf("the weights are %v, want that of the other for a number without a limit", book.weights)
				}
			}
		})
	}
}

// TestNumbersShareTheCampaignsRate asks for its allowance from two numbers.
func TestNumbersShareTheCampaignsRate(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_760_000_000, 0)
	caps := newCaps()
	c := several("main", "second")
	c.Definition.Rate = 10
	granted := 0
	for range 600 { // a minute of ticks
		now = now.Add(tick)
		for range c.Definition.Channels {
			granted += caps.take(c, 100, now)
		}
	}
	if granted < 590 || granted > 610 {
		t.Errorf("%d messages in a minute, want 600", granted)
	}
}
