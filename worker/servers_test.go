package worker

import "testing"

func TestSizeFor(t *testing.T) {
	for _, c := range []struct {
		rate                 float64
		servers, concurrency int
	}{
		{0.5, 1, 8},
		{80, 1, 160},
		{500, 1, 1000},
		{501, 3, 334},
		{1000, 4, 500},
		{5000, 20, 100},
		{0, 24, 22},
	} {
		if servers, concurrency := sizeFor(c.rate); servers != c.servers || concurrency != c.concurrency {
			t.Errorf("%v a second: %d servers with %d sends each, want %d with %d", c.rate, servers, concurrency, c.servers, c.concurrency)
		}
	}
}
