package ratelimit

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"carillon/internal/programtest"
)

// fleet is several processes' limiters of one number. Their clocks are far
// apart; what they send is written down by the true time.
type fleet struct {
	rate      float64
	instances []*Shared

	mu         sync.Mutex
	departures []time.Time
	granted    []int // departures by instance
	failed     []int // questions by instance that Redis did not answer
}

func newFleet(perSecond float64, clients ...*redis.Client) *fleet {
	f := &fleet{rate: perSecond, granted: make([]int, len(clients)), failed: make([]int, len(clients))}
	for i, client := range clients {
		f.instances = append(f.instances, newTestShared(client, perSecond, &testClock{off: fleetOff(i)}))
	}
	return f
}

// fleetOff is by how much an instance's clock is off.
func fleetOff(instance int) time.Duration { return time.Duration(instance-1) * 17 * time.Minute }

// run lets callers of every instance take departures until the test has seen
// enough. Each fifth is given back.
func (f *fleet) run(t *testing.T, until func()) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var callers sync.WaitGroup
	for i := range f.instances {
		for range 5 {
			callers.Go(func() { f.call(ctx, i) })
		}
	}
	until()
	stop()
	callers.Wait()
}

func (f *fleet) call(ctx context.Context, instance int) {
	for n := 1; ctx.Err() == nil; n++ {
		patience, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
		d, err := f.instances[instance].Reserve(patience)
		switch {
		case err != nil:
			f.fail(instance, err)
			<-patience.Done()
		case n%5 == 0:
			d.Cancel()
		default:
			f.note(instance, d.At.Add(-fleetOff(instance)))
		}
		cancel()
	}
}

func (f *fleet) note(instance int, at time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.granted[instance]++
	f.departures = append(f.departures, at)
}

func (f *fleet) fail(instance int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if strings.Contains(err.Error(), "carillon:{send:main}:rate") {
		f.failed[instance]++
	}
}

// more waits until the instances together have had so many departures more.
func (f *fleet) more(t *testing.T, n int, instances ...int) {
	t.Helper()
	count := func() (n int) {
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, i := range instances {
			n += f.granted[i]
		}
		return n
	}
	before := count()
	programtest.Eventually(t, programtest.Patience, fmt.Sprintf("%d departures of instances %v", n, instances), func() bool { return count()-before >= n })
}

// fails waits until none of the instances is answered by Redis.
func (f *fleet) fails(t *testing.T, instances ...int) {
	t.Helper()
	for _, i := range instances {
		programtest.Eventually(t, programtest.Patience, fmt.Sprintf("instance %d is not answered", i), func() bool {
			f.mu.Lock()
			defer f.mu.Unlock()
			return f.failed[i] > 0
		})
	}
}

// check holds the departures against the rate.
func (f *fleet) check(t *testing.T) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	for window, limit := range map[time.Duration]float64{time.Second: 1.02*f.rate + 1, 100 * time.Millisecond: 2*f.rate/10 + 1} {
		if n := most(f.departures, window); float64(n) > limit {
			t.Errorf("%d departures within %s at %v a second, want at most %v", n, window, f.rate, limit)
		}
	}
	first, last := f.departures[0], f.departures[0]
	for _, at := range f.departures {
		if at.Before(first) {
			first = at
		}
		last = latest(last, at)
	}
	t.Logf("%d departures in %s, by instance %v, failures %v: %.1f%% of the rate", len(f.departures), last.Sub(first),
		f.granted, f.failed, 100*float64(len(f.departures)-1)/f.rate/last.Sub(first).Seconds())
}

func TestFleetKeepsTheRate(t *testing.T) {
	for _, perSecond := range []float64{80, 1000} {
		t.Run(fmt.Sprint(perSecond), func(t *testing.T) {
			server := startRedis(t)
			f := newFleet(perSecond, server.client(t, nil), server.client(t, nil), server.client(t, nil))
			f.run(t, func() { f.more(t, int(1.3*perSecond), 0, 1, 2) })
			f.check(t)
		})
	}
}

func TestFleetWhenRedisIsWiped(t *testing.T) {
	server := startRedis(t)
	control := server.client(t, nil)
	f := newFleet(200, server.client(t, nil), server.client(t, nil), server.client(t, nil))
	f.run(t, func() {
		for range 3 {
			f.more(t, 60, 0, 1, 2)
			if err := control.FlushAll(t.Context()).Err(); err != nil {
				t.Error(err)
			}
		}
		f.more(t, 60, 0, 1, 2)
	})
	f.check(t)
}

func TestFleetWhenRedisFreezes(t *testing.T) {
	server := startRedis(t)
	f := newFleet(200, server.client(t, nil), server.client(t, nil), server.client(t, nil))
	f.run(t, func() {
		f.more(t, 100, 0, 1, 2)
		server.signal(t, syscall.SIGSTOP)
		f.fails(t, 0, 1, 2)
		server.signal(t, syscall.SIGCONT)
		f.more(t, 100, 0, 1, 2)
	})
	f.check(t)
}

func TestFleetWhenOneIsCutOff(t *testing.T) {
	server := startRedis(t)
	cable := &cable{}
	f := newFleet(200, server.client(t, nil), server.client(t, nil), server.client(t, cable))
	f.run(t, func() {
		f.more(t, 100, 0, 1, 2)
		cable.cut()
		f.fails(t, 2)
		f.more(t, 60, 0, 1)
		cable.mend()
		f.more(t, 60, 2)
	})
	f.check(t)
}
