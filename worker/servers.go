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

// fastChannel is the rate above which one asynq server, whose one goroutine
// dequeues about 9,000 tasks a second at best, is helped by others.
const fastChannel = 500

// sizeFor is how many asynq servers a rate gets, and how many sends each has
// under way: enough for two seconds of the rate, but at most 2,000. So the rate
// is kept up to a latency of two seconds, above 1,000 a second of less.
func sizeFor(rate float64) (servers, concurrency int) {
	const most, least, fast = 2000, 8, 4
	switch {
	case rate == 0:
		return fast, 128
	case rate > fastChannel:
		return fast, int(math.Ceil(min(most, 2*rate) / fast))
	default:
		return 1, int(max(least, math.Ceil(2*rate)))
	}
}
