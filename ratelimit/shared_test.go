package ratelimit

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"carillon/internal/programtest"
)

// questions counts what a client asks.
type questions struct{ asked atomic.Int64 }

func (q *questions) DialHook(next redis.DialHook) redis.DialHook { return next }

func (q *questions) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, c redis.Cmder) error {
		if strings.HasPrefix(c.Name(), "eval") {
			q.asked.Add(1)
		}
		return next(ctx, c)
	}
}

func (q *questions) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func TestNoLimitAsksSeldom(t *testing.T) {
	client := startRedis(t).client(t, nil)
	var q questions
	client.AddHook(&q)
	l := newTestShared(client, 0, &testClock{})
	started := time.Now()
	for range 50_000 {
		reserve(t, l)
	}
	// The script is unknown at first, and so is the time.
	most := int64(time.Since(started)/ahead) + 4
	if n := q.asked.Load(); n > most {
		t.Errorf("asked %d times in %s, want at most %d", n, time.Since(started), most)
	}
}

// An answer that crosses a refusal on its way does not lift the slow-down.
func TestGrantWithoutLimitEndsWithARefusal(t *testing.T) {
	now := time.Unix(1_760_000_000, 0)
	free := grant{now: redisTime(now.UnixMicro()), first: redisTime(now.UnixMicro()), count: unbounded}
	slowed := grant{now: free.now, first: free.first, space: time.Second}
	for _, test := range []struct {
		name   string
		untold *refusal
		grants []grant
		free   bool
	}{
		{"no refusal", nil, []grant{free}, true},
		{"refused meanwhile", &refusal{left: now}, []grant{free}, false},
		{"slowed down by another", nil, []grant{free, slowed}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := newTestShared(nil, 0, &testClock{})
			l.untold = test.untold
			for _, g := range test.grants {
				if err := l.accept(g, now, now); err != nil {
					t.Fatal(err)
				}
			}
			if got := l.free.After(now); got != test.free {
				t.Errorf("without a limit: %v, want %v", got, test.free)
			}
		})
	}
}

func TestDepartureIsGivenBackOnce(t *testing.T) {
	clock := &testClock{}
	l := newTestShared(startRedis(t).client(t, nil), 10, clock)
	d := reserve(t, l)
	clock.stopAt(d.At.Add(-10 * time.Millisecond))
	d.Cancel()
	again := reserve(t, l)
	d.Cancel()
	if !again.At.Equal(d.At) {
		t.Errorf("after a cancel the next departure is at %s, want %s", again.At, d.At)
	}
	clock.goOn()
	if at := reserve(t, l).At; !at.After(again.At) {
		t.Errorf("departure at %s although that of %s is used", at, again.At)
	}
}

func TestMissedDepartureIsNotReused(t *testing.T) {
	clock := &testClock{}
	l := newTestShared(startRedis(t).client(t, nil), 10, clock)
	d := reserve(t, l)
	clock.stopAt(d.At.Add(time.Millisecond))
	d.Cancel()
	clock.goOn()
	if at := reserve(t, l).At; !at.After(d.At) {
		t.Errorf("departure at %s although %s had passed when it was given back", at, d.At)
	}
}

func TestOnlyTheBlockInHandIsSpentWithoutRedis(t *testing.T) {
	clock, cable := &testClock{}, &cable{}
	l := newTestShared(startRedis(t).client(t, cable), 10, clock)
	d := reserve(t, l)
	cable.cut()
	clock.stopAt(d.At.Add(-10 * time.Millisecond))
	d.Cancel()
	if at := reserve(t, l).At; !at.Equal(d.At) {
		t.Errorf("departure at %s, want %s, which is in hand", at, d.At)
	}
	clock.goOn()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	late, err := l.Reserve(ctx)
	if err == nil || errors.Is(err, ErrFarAhead) {
		t.Errorf("departure at %s (error %v) without Redis", late.At, err)
	}
	cable.mend()
	if at := reserve(t, l).At; !at.After(d.At) {
		t.Errorf("departure at %s although that of %s is used", at, d.At)
	}
}

func TestNoRedis(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(&redis.Options{Addr: listener.Addr().String(), MaxRetries: -1})
	defer func() { _ = client.Close() }()
	for name, perSecond := range map[string]float64{"limited": 80, "no limit": 0} {
		t.Run(name, func(t *testing.T) {
			_, err := newTestShared(client, perSecond, &testClock{}).Reserve(t.Context())
			var unreachable net.Error
			if !errors.As(err, &unreachable) || !strings.Contains(err.Error(), "carillon:{send:main}:rate") {
				t.Errorf("error %v, want the connection's and the bucket's name", err)
			}
		})
	}
}

func TestSlowNumberIsFarAhead(t *testing.T) {
	l := newTestShared(startRedis(t).client(t, nil), 0.1, &testClock{})
	d, err := l.Reserve(t.Context())
	if !errors.Is(err, ErrFarAhead) || !strings.Contains(err.Error(), "channel main") {
		t.Errorf("departure at %s (error %v), want it far ahead and the channel's name", d.At, err)
	}
}

// A refusal slows all processes down, also when Redis cannot be told at once.
func TestRefusalSlowsTheOthersDown(t *testing.T) {
	server := startRedis(t)
	cable := &cable{}
	refused := newTestShared(server.client(t, cable), 100, &testClock{off: time.Hour})
	other := newTestShared(server.client(t, nil), 100, &testClock{})
	at := reserve(t, refused).At
	cable.cut()
	refused.Throttled(at, 0)
	cable.mend()
	reserve(t, refused)
	halved := hashMoment(t, server.client(t, nil), "changed")
	previous := reserve(t, other).At
	for range 5 {
		next := reserve(t, other).At
		if gap, least := next.Sub(previous), leastGap(100, next.Sub(halved)); gap < least {
			t.Errorf("%s between two departures at half of 100 a second, want at least %s", gap, least)
		}
		previous = next
	}
}

// A refusal reaches Redis although nobody asks for a departure.
func TestRefusalIsToldAtOnce(t *testing.T) {
	server := startRedis(t)
	clock := &testClock{}
	l := newTestShared(server.client(t, nil), 100, clock)
	reserve(t, l)
	l.Throttled(clock.now(), time.Minute)
	control := server.client(t, nil)
	programtest.Eventually(t, programtest.Patience, "Redis knows of the refusal", func() bool {
		return hashMoment(t, control, "quiet").After(clock.now())
	})
}

// hashMoment reads a moment that a bucket has noted.
func hashMoment(t *testing.T, client *redis.Client, field string) time.Time {
	t.Helper()
	noted, err := client.HGet(t.Context(), "carillon:{send:main}:rate", field).Result()
	if err != nil {
		t.Fatal(err)
	}
	moment, err := strconv.ParseInt(noted, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return time.UnixMicro(moment)
}

// What was granted before a clock jumped ends before anything else leaves.
func TestNothingLeavesRightAfterAJumpOfTheClock(t *testing.T) {
	clock := &testClock{}
	l := newTestShared(startRedis(t).client(t, nil), 100, clock)
	reserve(t, l)
	clock.mu.Lock()
	clock.off = time.Hour
	clock.mu.Unlock()
	jumped := clock.now()
	if at := reserve(t, l).At; at.Before(jumped.Add(ahead + block)) {
		t.Errorf("departure %s after a jump, want none before %s", at.Sub(jumped), ahead+block)
	}
}

func TestWaitingCallerIsWoken(t *testing.T) {
	client := startRedis(t).client(t, nil)
	for name, event := range map[string]func(*Shared){
		"by a departure that comes back": func(l *Shared) { l.giveBack(time.Now().Add(time.Minute)) },
		"by a refusal":                   func(l *Shared) { l.Throttled(time.Now(), 0) },
	} {
		t.Run(name, func(t *testing.T) {
			l := newTestShared(client, 1, &testClock{})
			l.turns.tryTake()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			event(l)
			if err := l.sleep(ctx, time.Hour); err != nil {
				t.Error(err)
			}
		})
	}
}

func BenchmarkReserveWithoutLimit(b *testing.B) {
	l := newTestShared(startRedis(b).client(b, nil), 0, &testClock{})
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			reserve(b, l)
		}
	})
}
