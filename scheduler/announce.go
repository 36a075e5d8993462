package scheduler

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"carillon/campaign"
)

const (
	// queuesKey is the set in which asynq looks for the queues there are.
	queuesKey = "asynq:queues"
	// announceEvery is how often they are put there: a Redis may lose its data.
	announceEvery = time.Second
)

// announce makes the queues known to asynq's monitor and its tools.
func (s *Scheduler) announce(ctx context.Context) {
	if _, leads := s.lease.term(); !leads || len(s.Channels) == 0 {
		return
	}
	var queues []any
	names := slices.Sorted(maps.Keys(s.Channels))
	for _, name := range names {
		queues = append(queues, campaign.Queue(name))
	}
	err := s.Redis.SAdd(ctx, queuesKey, queues...).Err()
	if err == nil || !slices.ContainsFunc(names, s.Explained) {
		s.report("announce queues", err)
	}
}

// unannounced is a client of Redis for asynq's client, which would put a queue's
// name into the set before its first task. In a cluster that set is on one shard,
// and while its master is away no other queue could be fed.
type unannounced struct{ redis.UniversalClient }

// SAdd adds to a set, but leaves the queues' names to announce.
func (u unannounced) SAdd(ctx context.Context, key string, members ...any) *redis.IntCmd {
	if key == queuesKey {
		return redis.NewIntResult(0, nil)
	}
	return u.UniversalClient.SAdd(ctx, key, members...)
}
