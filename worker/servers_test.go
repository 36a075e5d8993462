package worker

import "testing"

func TestSizeFor(t *testing.T) {
	for _, c := range []struct {
		rate                 float64
		servers, concurrency int
	}{
		{0.5, 1, 8},
		{50, 1, 100},
		{80, 2, 80},
		{200, 4, 100},
		{1000, 20, 100},
		{5000, 24, 84},
		{0, 24, 17},
	} {
		if servers, concurrency := sizeFor(c.rate); servers != c.servers || concurrency != c.concurrency {
			t.Errorf("%v a second: %d servers with %d sends each, want %d with %d", c.rate, servers, concurrency, c.servers, c.concurrency)
		}
	}
}
