package scheduler

import (
	"errors"
	"slices"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"carillon/campaign"
)

// place is a queue in a Redis that can go back to what it held before.
type place struct {
	*testing.T
	server *miniredis.Miniredis
	client *redis.Client
	tasks  *asynq.Client
}

func newPlace(t *testing.T) *place {
	server := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), MaxRetries: -1})
	t.Cleanup(func() { _ = client.Close() })
	return &place{t, server, client, asynq.NewClientFromRedisClient(unannounced{client})}
}

func (p *place) look(e *epoch) (contents, bool) {
	p.Helper()
	c, lost, err := e.look(p.Context())
	if err != nil {
		p.Fatal(err)
	}
	return c, lost
}

func (p *place) enqueue(id string) {
	p.Helper()
	if _, err := p.tasks.Enqueue(asynq.NewTask(campaign.TaskType, nil), asynq.Queue(campaign.Queue("main")), asynq.TaskID(id)); err != nil {
		p.Fatal(err)
	}
}

func (p *place) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// TestLookSaysWhatAsynqSays holds our reading of asynq's keys against its own.
func TestLookSaysWhatAsynqSays(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	e := newEpoch(p.client, "main")
	if c, _ := p.look(e); c != (contents{}) {
		t.Errorf("a queue that nobody has used holds %+v", c)
	}
	for _, id := range []string{"1", "2", "3"} {
		p.enqueue(id)
	}
	queue := "asynq:{send:main}:"
	p.must(p.client.LMove(t.Context(), queue+"pending", queue+"active", "RIGHT", "LEFT").Err())
	p.must(p.client.ZAdd(t.Context(), queue+"scheduled", redis.Z{Score: 1, Member: "4"}).Err())
	p.must(p.client.ZAdd(t.Context(), queue+"retry", redis.Z{Score: 1, Member: "5"}, redis.Z{Score: 1, Member: "6"}).Err())
	for _, id := range []string{"4", "5", "6"} {
		p.must(p.client.HSet(t.Context(), queue+"t:"+id, "msg", "any").Err())
	}
	p.must(p.client.SAdd(t.Context(), queuesKey, "send:main").Err())
	info, err := asynq.NewInspectorFromRedisClient(p.client).GetQueueInfo("send:main")
	if err != nil {
		t.Fatal(err)
	}
	c, _ := p.look(e)
	if got, want := []int{c.pending, c.active, c.scheduled, c.retry}, []int{info.Pending, info.Active, info.Scheduled, info.Retry}; !slices.Equal(got, want) {
		t.Errorf("it holds %v, asynq says %v", got, want)
	}
	if c.waiting() != 5 {
		t.Errorf("%d tasks wait, want 5", c.waiting())
	}
}

// TestEpoch notices what a queue has lost: all of it, or what was put there last.
func TestEpoch(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	e := newEpoch(p.client, "main")
	expect := func(want bool, when string) {
		t.Helper()
		if _, lost := p.look(e); lost != want {
			t.Errorf("%s: lost is %t", when, lost)
		}
	}
	key := e.keys[0]
	expect(true, "nothing is known yet")
	p.must(e.begin(t.Context()))
	expect(false, "an epoch has begun")
	older := p.client.Get(t.Context(), key).Val()
	p.enqueue("1")
	p.must(e.advance(t.Context()))
	expect(false, "a task was put there")

	p.must(p.client.Set(t.Context(), key, older, 0).Err())
	expect(true, "a replica took over that lagged behind")
	p.must(e.begin(t.Context()))
	expect(false, "all is put there again")

	p.enqueue("2")
	p.must(p.client.Set(t.Context(), key, older, 0).Err())
	p.must(e.advance(t.Context()))
	expect(true, "a replica took over that lagged behind, just before the last task was noted")
	p.must(e.begin(t.Context()))
	expect(false, "all is put there again")

	before := e.value()
	p.must(e.advance(t.Context()))
	after := e.value()
	p.must(advanceScript.Run(t.Context(), p.client, e.keys[:1], before, after).Err())
	expect(false, "the last note was made twice, for its answer was lost")

	p.server.FlushAll()
	expect(true, "it was emptied")
	p.must(e.begin(t.Context()))
	expect(false, "all is put there again")

	other := newEpoch(p.client, "main")
	p.must(other.begin(t.Context()))
	expect(true, "another scheduler has put its own there")

	p.must(e.begin(t.Context()))
	p.server.SetError("READONLY no")
	var trouble *queueError
	if err := e.advance(t.Context()); !errors.As(err, &trouble) {
		t.Errorf("it cannot be written: %v", err)
	}
	p.server.SetError("")
	expect(true, "what was put there last may be lost")
}

// TestTasksNeedNoOtherShard: a task can be put into a queue while the set of all
// queues cannot be written.
func TestTasksNeedNoOtherShard(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.must(p.server.Set(queuesKey, "not a set, so that nothing can be added"))
	p.enqueue("1")
	if c, _ := p.look(newEpoch(p.client, "main")); c.pending != 1 {
		t.Errorf("the queue holds %+v", c)
	}
}
