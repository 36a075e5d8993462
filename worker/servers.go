package worker

import (
	"math"
	"sync"

	"github.com/hibiken/asynq"

	"carillon/campaign"
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
	// perServer is how many messages a second each of the asynq servers of a fast number
	// is there for: its one goroutine takes task by task. Their dequeues share round
	// trips.
	perServer   = 250
	mostServers = 24
)

// sizeFor is how many asynq servers a rate gets, and how many sends each has
// under way: enough for two seconds of the rate, but at most 2,000. So the rate
// is kept up to a latency of two seconds, above 1,000 a second of less.
func sizeFor(rate float64) (servers, concurrency int) {
	const most, least, unlimited = 2000, 8, 512
	switch {
	case rate == 0:
		return mostServers, int(math.Ceil(float64(unlimited) / mostServers))
	case campaign.Limits{Rate: rate}.IsFast():
		n := min(mostServers, math.Ceil(rate/perServer))
		return int(n), int(math.Ceil(min(most, 2*rate) / n))
	default:
		return 1, int(max(least, math.Ceil(2*rate)))
	}
}
