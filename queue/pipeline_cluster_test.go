package queue

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"carillon/internal/programtest"
)

// shard is a master of a cluster, and the name of a queue that it has.
type shard struct {
	*durableRedis
	admin *redis.Client
	id    string
	queue string
}

// startShards starts a cluster of two masters, each with half of the slots.
func startShards(t *testing.T) [2]*shard {
	t.Helper()
	var both [2]*shard
	const half = 8192
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range both {
		_, bus, err := net.SplitHostPort(programtest.FreeAddress(t))
		must(err)
		s := &shard{durableRedis: startDurableRedis(t, "--cluster-enabled", "yes", "--cluster-port", bus)}
		s.admin = redis.NewClient(&redis.Options{Addr: s.address})
		t.Cleanup(func() { _ = s.admin.Close() })
		s.id = s.admin.ClusterMyID(t.Context()).Val()
		must(s.admin.Do(t.Context(), "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err())
		must(s.admin.ClusterAddSlotsRange(t.Context(), i*half, (i+1)*half-1).Err())
		both[i] = s
		if i > 0 {
			_, port, err := net.SplitHostPort(s.address)
			must(err)
			must(both[0].admin.Do(t.Context(), "CLUSTER", "MEET", "127.0.0.1", port, bus).Err())
		}
	}
	for i, s := range both {
		programtest.Eventually(t, programtest.Patience, "the cluster is up", func() bool {
			return strings.Contains(s.admin.ClusterInfo(t.Context()).Val(), "cluster_state:ok")
		})
		for n := 0; s.queue == ""; n++ {
			if name := fmt.Sprint("q", n); slotOf(t, s.admin, name)/half == i {
				s.queue = name
			}
		}
	}
	return both
}

func slotOf(t *testing.T, admin *redis.Client, queue string) int {
	t.Helper()
	slot, err := admin.ClusterKeySlot(t.Context(), "{"+queue+"}").Result()
	if err != nil {
		t.Fatal(err)
	}
	return int(slot)
}

// cluster connects to both, and learns by answers alone where its slots are.
func cluster(t *testing.T, both [2]*shard) *gathering {
	return newGathering(t, both[0].durableRedis, redis.NewClusterClient(&redis.ClusterOptions{
		Addrs: []string{both[0].address, both[1].address}, ContextTimeoutEnabled: true,
		ReadTimeout: time.Minute, ClusterStateReloadInterval: time.Hour, DisableRoutingPolicies: true,
	}))
}

// TestAShardHangs: it holds up its own queue, and no other.
func TestAShardHangs(t *testing.T) {
	both := startShards(t)
	g := cluster(t, both)
	for _, s := range both {
		g.queue = s.queue
		one(t, g.run(t.Context(), counts, "before"))
	}
	hung, works := both[0], both[1]
	const waiting = 5
	g.queue = hung.queue
	held := append(g.hold(), g.all(waiting)...)
	g.queue = works.queue
	for i := range 2 * mostFlights {
		one(t, g.run(t.Context(), counts, fmt.Sprint(i)))
	}
	g.waits(waiting)
	hung.thaw()
	for _, done := range held {
		one(t, done)
	}
}

// TestASlotMoves: what has moved is found where it is, and what shares a pipeline
// with it has run once.
func TestASlotMoves(t *testing.T) {
	both := startShards(t)
	g := cluster(t, both)
	from, to := both[0], both[1]
	g.queue = from.queue
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	slot := slotOf(t, from.admin, from.queue)
	_, port, err := net.SplitHostPort(to.address)
	must(err)
	migrate := func(keys ...string) {
		for _, key := range keys {
			must(from.admin.Migrate(t.Context(), "127.0.0.1", port, key, 0, time.Minute).Err())
		}
	}
	setSlot := func(s *shard, words ...any) {
		must(s.admin.Do(t.Context(), append([]any{"CLUSTER", "SETSLOT", slot}, words...)...).Err())
	}
	together := func(want int) {
		t.Helper()
		held := g.hold()
		moved := g.run(t.Context(), counts, "moved")
		g.waits(1)
		stays := g.run(t.Context(), counts, "stays")
		g.waits(2)
		from.thaw()
		for _, done := range held {
			one(t, done)
		}
		for _, done := range []<-chan *redis.Cmd{moved, stays} {
			if n, err := (<-done).Int(); n != want || err != nil {
				t.Errorf("it ran %d times, want %d: %v", n, want, err)
			}
		}
	}
	together(1)

	setSlot(to, "IMPORTING", from.id)
	setSlot(from, "MIGRATING", to.id)
	migrate(g.key("moved"))
	together(2)

	migrate(from.admin.ClusterGetKeysInSlot(t.Context(), slot, 100).Val()...)
	for _, s := range []*shard{to, from} {
		setSlot(s, "NODE", to.id)
	}
	together(3)
}
