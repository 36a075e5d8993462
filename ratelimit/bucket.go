package ratelimit

import (
	"context"
	_ "embed"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// ahead is how far ahead of now a block may start: time for a claim to reach
	// the disk and for the next block to be asked for.
	ahead = 100 * time.Millisecond
	// block is how much of the schedule one process gets at a time.
	block = 50 * time.Millisecond
	// keptFor is how long Redis keeps the bucket of a number that is silent.
	keptFor = 24 * time.Hour
)

//go:embed bucket.lua
var bucketLua string

// bucket is a number's rate in Redis.
type bucket struct {
	client redis.UniversalClient
	script *redis.Script
	key    string
	rate   atomic.Uint64 // the configured one, a second, as the bits of a float; 0: no limit
}

func newBucket(client redis.UniversalClient, channel string, perSecond float64) *bucket {
	b := &bucket{
		client: client, script: redis.NewScript(bucketLua),
		// In a cluster it lies with the channel's queue, whose name is in the
		// braces: a number needs one shard, not two.
		key: "carillon:{send:" + channel + "}:rate",
	}
	b.setRate(perSecond)
	return b
}

func (b *bucket) setRate(perSecond float64) { b.rate.Store(math.Float64bits(perSecond)) }

// configured is the rate in requests a second; of a number without a limit what it is
// slowed down from.
func (b *bucket) configured() (perSecond float64, unlimited bool) {
	if perSecond = math.Float64frombits(b.rate.Load()); perSecond == 0 {
		return unlimitedRate, true
	}
	return perSecond, false
}

// question is what Redis is asked.
type question struct {
	wanted  int
	refused bool          // the provider refused a request
	age     time.Duration // since that request left
	wait    time.Duration // for which the provider asks from now on
}

// grant is what Redis answers.
type grant struct {
	now   redisTime
	count int           // departures granted; 0: none yet; unbounded: no limit for now
	first redisTime     // the first of them, or the next one there is
	space time.Duration // from one to the next
	quiet redisTime     // nothing leaves before; 0: no such limit
}

// unbounded is the count of a grant that has no limit until ahead from its now.
const unbounded = -1

// next is the departure after those granted.
func (g grant) next() redisTime {
	return g.first + redisTime(time.Duration(max(0, g.count))*g.space/time.Microsecond)
}

func (b *bucket) ask(ctx context.Context, q question) (grant, error) {
	unlimited, age := 0, int64(-1)
	configured, free := b.configured()
	if free {
		unlimited = 1
	}
	if q.refused {
		age = max(0, q.age.Microseconds())
	}
	answer, err := b.script.Run(ctx, b.client, []string{b.key},
		configured, unlimited, q.wanted, ahead.Microseconds(), block.Microseconds(),
		age, max(0, q.wait).Microseconds(),
		halvingInterval.Microseconds(), climbShare, slowest, climbAfter.Microseconds(), keptFor.Milliseconds(),
	).Int64Slice()
	if err != nil {
		return grant{}, fmt.Errorf("ask Redis for a departure (%s): %w", b.key, err)
	}
	if len(answer) != 5 {
		return grant{}, fmt.Errorf("ask Redis for a departure (%s): it answered with %d numbers instead of 5", b.key, len(answer))
	}
	return grant{
		now: redisTime(answer[0]), count: int(answer[1]), first: redisTime(answer[2]),
		space: time.Duration(answer[3]), quiet: redisTime(answer[4]),
	}, nil
}
