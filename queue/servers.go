package queue

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// showWithin bounds the writing of what a server shows of itself.
	showWithin = 2 * time.Second
	// restAfter is how long a server rests after it could not take a task, and
	// mostRest how long it does while the queue is known to give none.
	restAfter = 100 * time.Millisecond
	mostRest  = 2 * time.Second
)

// serverClient is the client of a channel's asynq servers.
//
// asynq v0.26.0 writes every five seconds what each server shows of itself in
// asynqmon, and starts no task meanwhile. The keys of that have a shard of their
// own in a cluster: while its master is away, every channel would wait. So this
// is written in the background, and lost where it cannot be written.
//
// A server that cannot take a task tries again at once, without end: a Redis that
// refuses would be asked thousands of times a second, and where it lets some
// commands of the script through and not all, each time would take a task out of
// the queue and leave it with nobody. So it rests after a failure, for as long as
// the queue is known to give nothing and two seconds at most.
type serverClient struct {
	redis.UniversalClient
	channel string
	health  *Health
}

// ForServers is the client for asynq's servers of a channel.
func (q *Queue) ForServers(channel string, health *Health) redis.UniversalClient {
	return &serverClient{UniversalClient: q.client, channel: channel, health: health}
}

// Subscribe gives a subscription that is closed. asynq's servers subscribe to the
// tasks that somebody cancels, each on a connection of its own with 64 KiB of
// buffers. Cancelling a task holds no message back: it is sent by then, or with the
// next task. So no server subscribes; each asks again every five seconds.
func (c *serverClient) Subscribe(ctx context.Context, _ ...string) *redis.PubSub {
	closed := c.UniversalClient.Subscribe(ctx)
	_ = closed.Close() // it has no connection
	return closed
}

// ZAdd adds to a sorted set, to those of asynq's servers in the background.
func (c *serverClient) ZAdd(ctx context.Context, key string, members ...redis.Z) *redis.IntCmd {
	if key != "asynq:servers" && key != "asynq:workers" {
		return c.UniversalClient.ZAdd(ctx, key, members...)
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), showWithin)
		defer cancel()
		_ = c.UniversalClient.ZAdd(ctx, key, members...).Err() // it is written again in five seconds
	}()
	return redis.NewIntResult(1, nil)
}

// EvalSha runs a script by its digest. What a server shows of itself is asked
// for with its text: in the background there is nobody to send that.
func (c *serverClient) EvalSha(ctx context.Context, digest string, keys []string, args ...any) *redis.Cmd {
	if shows(keys, args) {
		return redis.NewCmdResult(nil, redis.ErrNoScript)
	}
	return c.rested(keys, c.UniversalClient.EvalSha(ctx, digest, keys, args...))
}

// Eval runs a script.
func (c *serverClient) Eval(ctx context.Context, script string, keys []string, args ...any) *redis.Cmd {
	if !shows(keys, args) {
		return c.rested(keys, c.UniversalClient.Eval(ctx, script, keys, args...))
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), showWithin)
		defer cancel()
		_ = c.UniversalClient.Eval(ctx, script, keys, args...).Err() // it is written again in five seconds
	}()
	return redis.NewCmdResult("OK", nil)
}

// shows reports whether a script writes what a server shows of itself. The one
// that removes it, when the server ends, has no arguments.
func shows(keys []string, args []any) bool {
	return len(keys) == 2 && strings.HasPrefix(keys[0], "asynq:servers:{") && len(args) > 0
}

// rested lets a server rest that could not take a task.
func (c *serverClient) rested(keys []string, answer *redis.Cmd) *redis.Cmd {
	err := answer.Err()
	if err == nil || errors.Is(err, redis.Nil) || redis.HasErrorPrefix(err, "NOSCRIPT") || !takes(keys) {
		return answer
	}
	c.health.Explains(c.channel) // it looks at once
	ticker := time.NewTicker(restAfter)
	defer ticker.Stop()
	for end := time.Now().Add(mostRest); ; {
		<-ticker.C
		if !time.Now().Before(end) || c.health.Takes(c.channel) {
			return answer
		}
	}
}

// takes reports whether a script takes a task out of its queue: it names, one
// after the other, what waits, whether the queue is paused, what is under way,
// and until when.
func takes(keys []string) bool {
	return len(keys) == 4 && strings.HasSuffix(keys[0], ":pending") && strings.HasSuffix(keys[1], ":paused")
}
