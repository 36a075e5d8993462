package worker

import (
	"math"
	"sync"

	"github.com/hibiken/asynq"
)

// servers are the asynq servers of a channel: as many as its rate needs, and more
// when it grows.
type servers struct {
	mu      sync.Mutex
	start   func(concurrency int) (*asynq.Server, error) // nil before open and after close
	running []*asynq.Server
	rate    float64 // that they are sized for; +Inf for no limit
}

// open starts those that a rate needs.
func (s *servers) open(perSecond float64, start func(concurrency int) (*asynq.Server, error)) error {
	s.mu.Lock()
	s.start = start
	s.mu.Unlock()
	return s.grow(perSecond)
}

// grow starts what a rate needs beside those that run, where it is higher than any
// before.
func (s *servers) grow(perSecond float64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	wanted := perSecond
	if perSecond == 0 {
		wanted = math.Inf(1)
	}
	if s.start == nil || wanted <= s.rate {
		return nil
	}
	n, concurrency := sizeFor(perSecond)
	for range n {
		server, err := s.start(concurrency)
		if err != nil {
			return err
		}
		s.running = append(s.running, server)
	}
	s.rate = wanted
	return nil
}

// close ends them, and waits until what they have under way is finished.
func (s *servers) close() {
	s.mu.Lock()
	running := s.running
	s.start, s.running = nil, nil
	s.mu.Unlock()
	for _, server := range running {
		server.Stop() // takes no more tasks
	}
	var group sync.WaitGroup
	for _, server := range running {
		group.Go(server.Shutdown)
	}
	group.Wait()
}

const (
	// perServer is how many messages a second each asynq server is there for. Its one
	// goroutine takes task by task, so a task may take 20 ms to fetch: Redis may be far
	// away, or the machine busy.
	perServer   = 50
	mostServers = 24
)

// sizeFor is how many asynq servers a rate gets, and how many sends each has
// under way: together enough for two seconds of the rate, but about 2,000 at most.
// So the rate is kept up to a latency of two seconds, above 1,000 a second of less.
// A number without a limit has as many as memory allows (docs/performance.md).
func sizeFor(rate float64) (servers, concurrency int) {
	const most, least, unlimited = 2000, 8, 408
	n, sends := float64(mostServers), float64(unlimited)
	if rate > 0 {
		n = min(n, math.Ceil(rate/perServer))
		sends = min(most, max(least, 2*rate))
	}
	return int(n), int(math.Ceil(sends / n))
}
