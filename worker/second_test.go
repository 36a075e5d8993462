package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"carillon/ratelimit"
)

// late is the limiter of a machine that is so busy that every departure has passed
// by long when somebody wakes for it.
type late struct{ ratelimit.Limiter }

func (late) Replace(context.Context) (ratelimit.Departure, error) {
	return ratelimit.Departure{At: time.Now().Add(-time.Hour)}, nil
}

func TestLateDeparturesDoNotBunch(t *testing.T) {
	t.Parallel()
	for rate, most := range map[float64]int{0.5: 1, 1: 2, 10: 11, 80: 81, 200: 203, 1000: 1011} {
		bubble(t, fmt.Sprintf("at %g a second", rate), func(t *testing.T) {
			s := newStand(rate)
			s.channel.Limiter = late{s.limiter}
			var mu sync.Mutex
			var left []time.Time
			var all sync.WaitGroup
			for range 3*most + 1 {
				all.Go(func() {
					if _, err := s.leave(t.Context(), nil, ratelimit.Departure{}); err != nil {
						t.Error(err)
					}
					mu.Lock()
					left = append(left, time.Now())
					mu.Unlock()
				})
			}
			all.Wait()
			slices.SortFunc(left, time.Time.Compare)
			for i := most; i < len(left); i++ {
				if took := left[i].Sub(left[i-most]); took != time.Second {
					t.Fatalf("%d requests left within %s, want a second", most+1, took)
				}
			}
		})
	}
}

func TestLateDeparturesStopWithTheWorker(t *testing.T) {
	t.Parallel()
	bubble(t, "while they wait", func(t *testing.T) {
		s := newStand(1)
		s.channel.Limiter = late{s.limiter}
		var all sync.WaitGroup
		refused := make(chan error, 3)
		for range cap(refused) {
			all.Go(func() {
				_, err := s.leave(t.Context(), nil, ratelimit.Departure{})
				refused <- err
			})
		}
		synctest.Wait()
		s.stop()
		all.Wait()
		close(refused)
		var stopped int
		for err := range refused {
			if errors.Is(err, errStopping) {
				stopped++
			}
		}
		if stopped != 1 {
			t.Errorf("%d of 3 were stopped, want the one that the second had no room for", stopped)
		}
	})
}

// A second that is asked at any times, under rates that change, holds no more than
// the highest of them allowed within it, and refuses nobody whom there is room for.
func TestSecond(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var s second
		var left []time.Time
		now := time.Unix(1_800_000_000, 0)
		rates := rapid.SampledFrom([]float64{0, 0.5, 1, 3, 20})
		allowed := func(rate float64) int { return int(1.01*rate) + 1 }
		rate := rates.Draw(t, "rate")
		s.keep(rate)
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			if rapid.IntRange(0, 20).Draw(t, "change") == 0 {
				rate = rates.Draw(t, "rate")
				s.keep(rate)
			}
			now = now.Add(time.Duration(rapid.IntRange(0, 400).Draw(t, "later")) * time.Millisecond)
			again := s.pass(now)
			if rate == 0 {
				if !again.IsZero() {
					t.Fatal("it waits without a limit")
				}
				continue
			}
			within := 0
			for _, at := range left {
				if now.Sub(at) < time.Second {
					within++
				}
			}
			switch passed := again.IsZero(); {
			case passed && within >= allowed(rate):
				t.Fatalf("%d within a second at %g", within+1, rate)
			case passed:
				left = append(left, now)
			case within < allowed(rate):
				t.Fatalf("it waits, with %d within a second at %g", within, rate)
			case !again.After(now) || again.After(now.Add(time.Second)):
				t.Fatalf("it shall ask again after %s", again.Sub(now))
			}
		}
	})
}
