package ratelimit

import (
	"testing"
	"time"
)

// An exchange at a moment of our clock, with the time that the question and
// the answer took, where Redis' clock is ten seconds ahead and off by so much.
type exchange struct {
	at, there, back, off time.Duration
}

func TestRedisClock(t *testing.T) {
	const ms = time.Millisecond
	tests := []struct {
		name      string
		exchanges []exchange
		from, to  time.Duration // the span of our clock that the last reading is known to lie in, relative to the truth
		jumped    bool
		known     bool
	}{
		{"first", []exchange{{0, 2 * ms, ms, 0}}, -2 * ms, ms, false, true},
		{"quicker answers narrow it down", []exchange{{0, 2 * ms, ms, 0}, {ms, 5 * ms, 0, 0}, {2 * ms, 0, 5 * ms, 0}}, 0, ms / 1000, false, true},
		{"an answer held up widens nothing", []exchange{{0, ms, ms, 0}, {10 * ms, ms, time.Second, 0}}, -ms, ms + ms/100, false, true},
		{"what was known ages", []exchange{{0, ms, ms, 0}, {time.Minute, 30 * ms, 20 * ms, 0}}, -30 * ms, 20 * ms, false, false},
		{"drift is no jump", []exchange{{0, ms, ms, 0}, {10 * time.Second, ms, ms, 5 * ms}}, -ms, ms, false, true},
		{"set forward", []exchange{{0, ms, ms, 0}, {10 * ms, ms, ms, time.Hour}}, -ms, ms, true, true},
		{"set back", []exchange{{0, ms, ms, 0}, {10 * ms, ms, 30 * ms, -time.Second}}, -ms, 30 * ms, true, true},
		{"too slow to know", []exchange{{0, 20 * ms, 21 * ms, 0}}, -20 * ms, 21 * ms, false, false},
	}
	start := time.Unix(1_760_000_000, 0)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var c redisClock
			if c.known() {
				t.Error("known before the first exchange")
			}
			var jumped bool
			var last exchange
			for _, last = range test.exchanges {
				at := start.Add(last.at)
				reading := redisTime(at.Add(10*time.Second + last.off).UnixMicro())
				jumped = c.observe(reading, at.Add(-last.there), at.Add(last.back))
			}
			truth := start.Add(last.at)
			if from, to := c.from.Sub(truth), c.to.Sub(truth); from.Round(10*time.Microsecond) != test.from.Round(10*time.Microsecond) ||
				to.Round(10*time.Microsecond) != test.to.Round(10*time.Microsecond) {
				t.Errorf("between %s and %s of the truth, want %s and %s", from, to, test.from, test.to)
			}
			if jumped != test.jumped || c.known() != test.known {
				t.Errorf("jumped %v, known %v; want %v, %v", jumped, c.known(), test.jumped, test.known)
			}
			if later := c.local(c.reading + 1000); !later.Equal(c.to.Add(ms)) {
				t.Errorf("a millisecond after the reading is %s, want %s", later, c.to.Add(ms))
			}
		})
	}
}
