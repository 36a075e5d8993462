package queue

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// syncPatience is how long one repeat of a finished task's bookkeeping may
// take: as long as asynq waits between two repeats (its server.go).
const syncPatience = 5 * time.Second

// syncPause is how long no repeat is helped after one that got no answer.
// asynq repeats a whole backlog one by one, on shutdown too, and each would
// wait for a Redis that is away. It is shorter than the time between two rounds
// of repeats, so that every round tries.
const syncPause = time.Second

// freshDeadline lets asynq repeat what it could not write when a task ended.
//
// Where Redis fails just as a task is marked done, completed, to be retried or
// archived, asynq v0.26.0 keeps the call and repeats it every five seconds, but
// with the context of the first call, which was cancelled when that call
// returned. The repeats can't succeed, and the task runs again when its lease
// has run out. The hook gives such a repeat a living context.
//
// Nothing else is revived. A context is replaced only where it was cancelled
// before its deadline, and only for a script that takes a task out of its
// queue's active list and leases: asynq's own first calls are cancelled after
// they return, never before, and its other scripts on those two keys run on
// contexts that nobody cancels. The deadline of the dead context is the end of
// the task's lease, and no repeat goes beyond it: until then no other worker
// gets the task.
type freshDeadline struct {
	pausedUntil atomic.Int64 // Unix time, nanoseconds
}

var _ redis.Hook = (*freshDeadline)(nil)

// DialHook leaves connecting as it is.
func (*freshDeadline) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessPipelineHook leaves pipelines as they are: a repeat has its context before
// it is gathered into one.
func (*freshDeadline) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// ProcessHook runs a repeat under at most syncPatience and the rest of the
// task's lease, and every other command as it came.
func (f *freshDeadline) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		now := time.Now()
		lease, _ := ctx.Deadline()
		if !errors.Is(ctx.Err(), context.Canceled) || !lease.After(now) || !endsTask(cmd) ||
			now.UnixNano() < f.pausedUntil.Load() {
			return next(ctx, cmd)
		}
		fresh, cancel := context.WithTimeout(context.WithoutCancel(ctx), min(syncPatience, lease.Sub(now)))
		defer cancel()
		err := next(fresh, cmd)
		var answer redis.Error
		if err != nil && !errors.As(err, &answer) {
			f.pausedUntil.Store(time.Now().Add(syncPause).UnixNano())
		}
		return err
	}
}

// firstKey is where a script's keys begin: after the command, the script, and
// their count.
const firstKey = 3

// endsTask reports whether a command is one of asynq's scripts that take a task
// out of the active list and the leases: they name both, one after the other,
// as their first and second or second and third key. They are told by their
// keys and not by their digests, which change with any edit of a script.
func endsTask(cmd redis.Cmder) bool {
	args := cmd.Args()
	if name := cmd.Name(); name != "evalsha" && name != "eval" || len(args) < firstKey+3 {
		return false
	}
	isPair := func(at int) bool {
		active, _ := args[at].(string)
		lease, _ := args[at+1].(string)
		queue, found := strings.CutSuffix(active, ":active")
		return found && strings.HasPrefix(queue, "asynq:{") && lease == queue+":lease"
	}
	return isPair(firstKey) || isPair(firstKey+1)
}
