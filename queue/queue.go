// Package queue is the connection to the Redis that holds the tasks: a server,
// a group that Sentinels watch, a cluster, or one inside the program.
//
// It says whether a channel's queue takes tasks and what is wrong where it does
// not, gives asynq's servers a client that no other shard can hold up, has asynq's
// scripts share round trips, and lets asynq repeat what it could not write when a
// task ended.
//
// Nothing in it decides about messages: whatever Redis loses, the scheduler
// makes again out of the ledger.
package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

// Embedded is the address of a Redis inside the program.
const Embedded = "embedded"

// openWithin is how long a Redis may take to answer for the first time.
const openWithin = 5 * time.Second

// Queue is an open connection. Close it when done.
type Queue struct {
	option   asynq.RedisConnOpt
	client   redis.UniversalClient
	embedded *embedded
}

// Open connects to the Redis that address names, or starts one in this process
// for Embedded. It fails where nothing answers or the password is wrong, and
// repeats no password. A Redis that answers and refuses its work is opened: it
// may take work again at any time, and Health says what is wrong until then.
func Open(ctx context.Context, address string, log *slog.Logger) (*Queue, error) {
	redis.SetLogger(clientLog{log})
	ctx, cancel := context.WithTimeout(ctx, openWithin)
	defer cancel()
	if address == Embedded {
		return openEmbedded(ctx)
	}
	s, err := parse(address)
	if err != nil {
		return nil, err
	}
	q := &Queue{}
	for _, attempt := range s.logins() {
		if q, err = connect(ctx, attempt); !isLogin(err) {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf(
			"redis %s does not answer; start it, correct `redis` in the configuration, or write `redis: embedded`: %w",
			hidePassword(address), err)
	}
	return q, nil
}

func openEmbedded(ctx context.Context) (*Queue, error) {
	e, err := startEmbedded()
	if err != nil {
		return nil, err
	}
	q, err := connect(ctx, settings{hosts: []string{e.server.Addr()}, password: e.password})
	if err != nil {
		e.stop()
		return nil, err
	}
	q.embedded = e
	return q, nil
}

// connect makes a client and sees that it is answered.
func connect(ctx context.Context, s settings) (*Queue, error) {
	client := s.client()
	client.AddHook(&freshDeadline{}) // first: what it revives is gathered
	client.AddHook(newGatherer(client))
	err := client.Ping(ctx).Err()
	if isBroken(err) {
		if said := greeting(ctx, client, "any"); said != nil {
			err = said
		}
	}
	var refused redis.Error
	if err != nil && (isLogin(err) || !errors.As(err, &refused)) {
		return nil, errors.Join(err, client.Close())
	}
	return &Queue{option: s, client: client}, nil
}

// isLogin reports whether a Redis or a Sentinel has refused the user or the
// password, or wants one.
func isLogin(err error) bool {
	if err == nil {
		return false
	}
	text := err.Error() // Sentinels' answers come joined, as texts
	return redis.IsAuthError(err) || strings.Contains(text, "NOAUTH") || strings.Contains(text, "WRONGPASS") ||
		strings.Contains(text, "without any password configured")
}

// Client is the client that all parts share.
func (q *Queue) Client() redis.UniversalClient { return q.client }

// Option makes further clients of the same kind.
func (q *Queue) Option() asynq.RedisConnOpt { return q.option }

// Alone reports whether no other process can use the queue.
func (q *Queue) Alone() bool { return q.embedded != nil }

// Warnings are the settings of this Redis by which tasks may get lost, or
// channels stop that need not. It says nothing of what it may not read.
func (q *Queue) Warnings(ctx context.Context) []string {
	var all []string
	ask := func(setting string) string { return q.client.ConfigGet(ctx, setting).Val()[setting] }
	if policy := ask("maxmemory-policy"); policy != "" && policy != "noeviction" {
		all = append(all, "redis may discard tasks when its memory is full (maxmemory-policy "+policy+"); set maxmemory-policy noeviction")
	}
	if _, isCluster := q.client.(*redis.ClusterClient); isCluster && ask("cluster-require-full-coverage") == "yes" {
		all = append(all, "while one master is down, all channels stop, not only those whose queues it holds; set cluster-require-full-coverage no on every node")
	}
	return all
}

// Close disconnects, and stops the embedded Redis.
func (q *Queue) Close() error {
	err := q.client.Close()
	if q.embedded != nil {
		q.embedded.stop()
	}
	return err
}

// clientLog keeps what the Redis client writes by itself among the details:
// whoever asked gets the same as an error.
type clientLog struct{ log *slog.Logger }

// Printf takes a line of the client.
func (c clientLog) Printf(_ context.Context, format string, v ...any) {
	c.log.Debug(fmt.Sprintf(format, v...), "from", "redis")
}
