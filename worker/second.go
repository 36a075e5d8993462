package worker

import (
	"sync"
	"time"
)

// second counts what leaves, so that no second holds more than the rate allows,
// however late the machine wakes those who wait for their departures.
type second struct {
	mu   sync.Mutex
	most int         // 0 for no limit
	left []time.Time // within the last second, in order
}

// keep sets the rate, in requests a second; 0 means no limit. A second may hold a
// hundredth more and one: that is a hundredth less than what is promised, which
// leaves room for what happens to requests on their way. Without the first
// hundredth, whatever left late would hold up the next ones for ever.
func (s *second) keep(perSecond float64) {
	const headroom = 1.01
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.most = 0; perSecond > 0 {
		s.most = int(headroom*perSecond) + 1
	}
}

// pass lets a request leave and returns the zero time, or tells when to ask again.
func (s *second) pass(now time.Time) (again time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.most == 0 {
		return time.Time{}
	}
	for len(s.left) > 0 && now.Sub(s.left[0]) >= time.Second {
		s.left = s.left[1:]
	}
	if n := len(s.left) - s.most; n >= 0 {
		return s.left[n].Add(time.Second)
	}
	s.left = append(s.left, now)
	return time.Time{}
}
