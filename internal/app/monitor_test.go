package app

import (
	"net/http/httptest"
	"testing"

	"github.com/redis/go-redis/v9"
)

// clients counts the clients that are made of it.
type clients struct{ made int }

func (c *clients) MakeRedisClient() any {
	c.made++
	return redis.NewClient(&redis.Options{})
}

// TestAsynqmonWaitsForAReader: it connects to nothing before, and once only.
func TestAsynqmonWaitsForAReader(t *testing.T) {
	var c clients
	monitor := newMonitor(&c)
	if c.made != 0 {
		t.Fatalf("%d clients before anybody looks at it", c.made)
	}
	look := func() int {
		w := httptest.NewRecorder()
		monitor.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/asynqmon/", nil))
		if w.Code != 200 {
			t.Errorf("it answers with %d", w.Code)
		}
		return c.made
	}
	first := look()
	if first == 0 || look() != first {
		t.Errorf("%d clients for the first reader and %d after the second", first, c.made)
	}
}
