package scheduler

import (
	"context"
	"crypto/rand"
	_ "embed"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"

	"carillon/campaign"
)

// queueError is trouble with Redis, and not with the ledger.
type queueError struct{ err error }

func (e *queueError) Error() string { return e.err.Error() }
func (e *queueError) Unwrap() error { return e.err }

var (
	//go:embed look.lua
	lookLua string
	//go:embed advance.lua
	advanceLua string

	lookScript, advanceScript = redis.NewScript(lookLua), redis.NewScript(advanceLua)
)

// contents is what a queue holds.
type contents struct {
	epoch                             string
	pending, active, scheduled, retry int
}

// waiting is how many tasks no worker has.
func (c contents) waiting() int { return c.pending + c.scheduled + c.retry }

// epoch notices that the Redis that has a queue has lost some of it: that it was
// emptied, or that a replica took over that lagged behind. Beside the queue lies
// a key whose value changes with all that is put there. It is written after the
// tasks, and Redis hands its writes on in order: whoever has the newest value has
// had the tasks, too.
type epoch struct {
	redis redis.UniversalClient
	keys  []string // of look.lua
	name  string   // random, of this memory; empty: nothing is known of the queue
	count int64
}

// newEpoch goes by asynq's names for a queue's keys. They have the queue's name
// in braces, by which a cluster keeps them, and ours, on one shard.
func newEpoch(client redis.UniversalClient, channel string) *epoch {
	tag := "{" + campaign.Queue(channel) + "}"
	e := &epoch{redis: client, keys: []string{"carillon:" + tag + ":epoch"}}
	for _, part := range []string{"pending", "active", "scheduled", "retry"} {
		e.keys = append(e.keys, "asynq:"+tag+":"+part)
	}
	return e
}

// look says what the queue holds, and whether it has lost any of what this
// memory knows to be there. The first time it says that it has.
func (e *epoch) look(ctx context.Context) (c contents, lost bool, err error) {
	answer, err := lookScript.Run(ctx, e.redis, e.keys).Slice()
	if err != nil {
		return c, false, &queueError{fmt.Errorf("read the queue: %w", err)}
	}
	if len(answer) != len(e.keys) {
		return c, false, &queueError{fmt.Errorf("read the queue: it answered with %d values instead of %d", len(answer), len(e.keys))}
	}
	c.epoch, _ = answer[0].(string)
	for i, into := range []*int{&c.pending, &c.active, &c.scheduled, &c.retry} {
		n, _ := answer[i+1].(int64)
		*into = int(n)
	}
	return c, e.name == "" || c.epoch != e.value(), nil
}

// begin names a new epoch, once the memory is empty.
func (e *epoch) begin(ctx context.Context) error {
	e.name, e.count = rand.Text(), 0
	return e.marked(e.redis.Set(ctx, e.keys[0], e.value(), 0).Err())
}

// advance notes that something was put into the queue. Where a replica has taken
// over since the last look, it may lack what was put there before: then the epoch
// is over, or the new value would hide it.
func (e *epoch) advance(ctx context.Context) error {
	before := e.value()
	e.count++
	same, err := advanceScript.Run(ctx, e.redis, e.keys[:1], before, e.value()).Bool()
	if err == nil && !same {
		e.name = ""
	}
	return e.marked(err)
}

// marked takes the outcome of writing the epoch. Where it cannot be written,
// nobody knows what the queue would lose: the epoch is over.
func (e *epoch) marked(err error) error {
	if err == nil {
		return nil
	}
	e.name = ""
	return &queueError{fmt.Errorf("mark the queue: %w", err)}
}

func (e *epoch) value() string { return e.name + "." + strconv.FormatInt(e.count, 10) }
