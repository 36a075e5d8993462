package ratelimit

import (
	"testing"
	"time"

	"pgregory.net/rapid"
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
			if later := c.local(c.reading + 1000); later.Before(c.to.Add(ms)) {
				t.Errorf("a millisecond after the reading is %s, want %s at the earliest", later, c.to.Add(ms))
			}
		})
	}
}

func TestRedisClockSlews(t *testing.T) {
	const ms = time.Millisecond
	start := time.Unix(1_760_000_000, 0)
	var c redisClock
	at := start
	exchange := func(back time.Duration) {
		c.observe(redisTime(at.UnixMicro()), at, at.Add(back))
	}
	exchange(39 * ms)
	if off := c.local(redisTime(at.UnixMicro())).Sub(at); off != 39*ms {
		t.Fatalf("it is %s off at first, want 39ms", off)
	}
	for range 8 { // seconds
		before := c.local(redisTime(at.UnixMicro()))
		for range 10 {
			at = at.Add(100 * ms)
			exchange(0)
		}
		if passed := c.local(redisTime(at.UnixMicro())).Sub(before); passed < time.Second-time.Second/slewShare {
			t.Errorf("a second of Redis' clock takes %s of ours", passed)
		}
	}
	if off := c.local(redisTime(at.UnixMicro())).Sub(at); off.Round(ms) != 0 {
		t.Errorf("it is %s off after 8 seconds, want 0", off)
	}
}

// Whatever exchanges tell of a clock that does not jump, local is never early, and
// never runs faster than its share allows.
func TestRedisClockNeverHurries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c redisClock
		at := time.Unix(1_760_000_000, 0)
		var before, beforeAt time.Time
		for range rapid.IntRange(2, 50).Draw(t, "exchanges") {
			at = at.Add(time.Duration(rapid.IntRange(1, 500).Draw(t, "later")) * time.Millisecond)
			there := time.Duration(rapid.IntRange(0, 30).Draw(t, "there")) * time.Millisecond
			back := time.Duration(rapid.IntRange(0, 30).Draw(t, "back")) * time.Millisecond
			knew := c.known()
			if c.observe(redisTime(at.UnixMicro()), at.Add(-there), at.Add(back)) {
				t.Fatal("it takes an exchange for a jump")
			}
			now := c.local(redisTime(at.UnixMicro()))
			if now.Before(at) {
				t.Fatalf("local is early by %s", at.Sub(now))
			}
			if passed := at.Sub(beforeAt); knew && now.Sub(before) < passed-passed/slewShare {
				t.Fatalf("%s of Redis' clock take %s of ours", passed, now.Sub(before))
			}
			before, beforeAt = now, at
		}
	})
}
