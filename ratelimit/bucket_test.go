package ratelimit

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"
)

// model is what bucket.lua should answer, in moments of a clock that goes on
// as told.
type model struct {
	adaptive  adaptive
	unlimited bool
	last      time.Time
	quiet     time.Time
}

// space is what lies between two departures.
func (m *model) space(now time.Time) time.Duration {
	return time.Duration(float64(time.Second) / m.adaptive.at(now))
}

// refused takes in a refusal.
func (m *model) refused(now time.Time, q question) {
	m.adaptive.throttled(now.Add(-q.age), now, q.wait)
	if until := now.Add(q.wait); q.wait > 0 && until.After(m.quiet) {
		m.quiet = until
	}
}

// free reports whether there is no limit at the moment.
func (m *model) free(now time.Time) bool {
	return m.unlimited && m.adaptive.at(now) >= m.adaptive.configured
}

// first is the next departure there is.
func (m *model) first(now time.Time) time.Time {
	if m.free(now) {
		return latest(now, m.quiet)
	}
	return latest(now, m.quiet, m.last.Add(m.space(now)))
}

// most is how many departures a block may have.
func (m *model) most(now time.Time) float64 {
	return max(1, float64(block)/float64(m.space(now)))
}

// agree checks a grant against the model and takes it in.
func (m *model) agree(t *rapid.T, now time.Time, first time.Time, wanted int, g grant) {
	const exact = 3 * time.Microsecond // Redis counts in microseconds
	if off := first.Sub(m.first(now)).Abs(); off > exact {
		t.Fatalf("the next departure is %s from now, want %s", first.Sub(now), m.first(now).Sub(now))
	}
	distance := first.Sub(now.Add(ahead))
	switch {
	case wanted == 0 || distance > exact:
		if g.count != 0 {
			t.Fatalf("%d departures granted, %s ahead with %d wanted", g.count, first.Sub(now), wanted)
		}
	case distance > -exact: // either way
	case m.free(now):
		if g.count != unbounded {
			t.Fatalf("%d departures granted where there is no limit", g.count)
		}
	case g.count < 1 || g.count > wanted || float64(g.count) > m.most(now)+0.001:
		t.Fatalf("%d departures granted of %d wanted, at most %v are a block", g.count, wanted, m.most(now))
	case g.count < wanted && float64(g.count) < math.Floor(m.most(now)-0.001):
		t.Fatalf("%d departures granted of %d wanted, a block has %v", g.count, wanted, m.most(now))
	}
	switch {
	case g.count == unbounded:
		m.last = latest(m.last, now.Add(ahead))
	case g.count > 0:
		m.last = first.Add(time.Duration(g.count-1) * g.space)
	}
}

// shift lets time pass for a bucket: all that it noted is so much longer ago.
func shift(t interface {
	Fatal(...any)
	Context() context.Context
}, client redis.UniversalClient, key string, by time.Duration,
) {
	ctx := t.Context()
	noted, err := client.HGetAll(ctx, key).Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"last", "changed", "quiet", "climbs", "seen"} {
		moment, err := strconv.ParseFloat(noted[field], 64)
		if err != nil {
			t.Fatal(err)
		}
		if moment == 0 {
			continue
		}
		moment -= float64(by.Microseconds())
		if err := client.HSet(ctx, key, field, strconv.FormatFloat(moment, 'f', 2, 64)).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// rated is a rate as the model knows it.
func rated(perSecond float64) (configured float64, unlimited bool) {
	if perSecond == 0 {
		return unlimitedRate, true
	}
	return perSecond, false
}

// Whatever is asked and whenever, and also where the rate changes: the script answers like the model, and no
// second holds more departures than the highest rate and one.
func TestScriptAgreesWithTheModel(t *testing.T) {
	client := startRedis(t).client(t, nil)
	numbers := 0
	rapid.Check(t, func(t *rapid.T) {
		rates := rapid.SampledFrom([]float64{0, 0.5, 1, 7, 80, 333, 1000, 20_000})
		perSecond := rates.Draw(t, "rate")
		numbers++
		b := newBucket(client, fmt.Sprint(numbers), perSecond)
		m := &model{}
		m.adaptive.configured, m.unlimited = rated(perSecond)
		highest := m.adaptive.configured
		var passed time.Duration
		var departures []time.Time
		for i := range rapid.IntRange(1, 40).Draw(t, "questions") {
			q := question{wanted: rapid.IntRange(0, 100).Draw(t, "wanted")}
			if rapid.IntRange(0, 5).Draw(t, "event") == 0 {
				q.refused = true
				q.age = rapid.SampledFrom([]time.Duration{0, 30 * time.Millisecond, time.Second}).Draw(t, "age")
				q.wait = rapid.SampledFrom([]time.Duration{0, 0, 70 * time.Millisecond, 2 * time.Second}).Draw(t, "wait")
			}
			if rapid.IntRange(0, 9).Draw(t, "another rate") == 0 {
				perSecond := rates.Draw(t, "rate")
				b.setRate(perSecond)
				m.adaptive.configured, m.unlimited = rated(perSecond)
				highest = max(highest, m.adaptive.configured)
			}
			g, err := b.ask(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			moment := func(r redisTime) time.Time { return time.UnixMicro(int64(r)).Add(passed) }
			now := moment(g.now)
			if i == 0 {
				m.last = now.Add(ahead + block)
			}
			if q.refused {
				m.refused(now, q)
			}
			m.agree(t, now, moment(g.first), q.wanted, g)
			for i := range max(0, g.count) {
				departures = append(departures, moment(g.first).Add(time.Duration(i)*g.space))
			}
			pause := rapid.SampledFrom([]time.Duration{
				0, 0, 10 * time.Millisecond, block, 100 * time.Millisecond, 700 * time.Millisecond, 5 * time.Second,
			}).Draw(t, "pause")
			shift(t, client, b.key, pause)
			passed += pause
		}
		if n := most(departures, time.Second); float64(n) > highest*1.02+1 {
			t.Fatalf("%d departures within a second at a rate of %v", n, highest)
		}
	})
}

func TestBucketOfAClockThatWasSetBack(t *testing.T) {
	client := startRedis(t).client(t, nil)
	b := newBucket(client, "main", 80)
	refused := question{refused: true, wait: 50 * time.Millisecond}
	if _, err := b.ask(t.Context(), refused); err != nil {
		t.Fatal(err)
	}
	shift(t, client, b.key, -time.Hour)
	g, err := b.ask(t.Context(), question{wanted: 1})
	if err != nil {
		t.Fatal(err)
	}
	if next, most := g.first.sub(g.now), ahead+block+g.space+time.Microsecond; next > most {
		t.Errorf("the next departure is %s away after the clock was set back, want at most %s", next, most)
	}
	if quiet := g.quiet.sub(g.now); quiet > 50*time.Millisecond {
		t.Errorf("quiet for another %s, want at most the 50ms that were asked for", quiet)
	}
	if g.space != 25*time.Millisecond {
		t.Errorf("departures are %s apart, want 25ms: the rate is still halved", g.space)
	}
}

func TestNewBucketStartsABlockLate(t *testing.T) {
	b := newBucket(startRedis(t).client(t, nil), "main", 80)
	g, err := b.ask(t.Context(), question{wanted: 10})
	if err != nil {
		t.Fatal(err)
	}
	if g.count != 0 || g.first.sub(g.now) < ahead+block {
		t.Errorf("%d departures granted, the next %s away; want none before %s", g.count, g.first.sub(g.now), ahead+block)
	}
}

func TestSilentBucketVanishesAfterItsWait(t *testing.T) {
	client := startRedis(t).client(t, nil)
	b := newBucket(client, "main", 80)
	if _, err := b.ask(t.Context(), question{refused: true, wait: 48 * time.Hour}); err != nil {
		t.Fatal(err)
	}
	keys, err := client.Keys(t.Context(), "*").Result()
	if err != nil || len(keys) != 1 || keys[0] != "carillon:{send:main}:rate" {
		t.Errorf("keys %q (%v), want the number's alone", keys, err)
	}
	left, err := client.PTTL(t.Context(), b.key).Result()
	if err != nil || left <= 48*time.Hour || left > keptFor+48*time.Hour {
		t.Errorf("kept for %s (%v), want the wait and up to %s", left, err, keptFor)
	}
}

func TestBucketInMiniredis(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
	defer func() { _ = client.Close() }()
	b := newBucket(client, "main", 0)
	g, err := b.ask(t.Context(), question{wanted: 1})
	if err != nil || g.count != unbounded {
		t.Fatalf("%d departures granted (%v), want no limit", g.count, err)
	}
	g, err = b.ask(t.Context(), question{refused: true})
	if err != nil || g.space != 2*time.Millisecond {
		t.Errorf("departures are %s apart (%v), want 2ms", g.space, err)
	}
}
