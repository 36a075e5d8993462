package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

// queue is the connection to Redis, whichever kind it is.
type queue struct {
	option   asynq.RedisConnOpt
	client   redis.UniversalClient
	embedded *embeddedRedis
}

// openQueue connects to the Redis that address names, or starts one in this
// process for "embedded". It fails where Redis does not answer.
func openQueue(ctx context.Context, address string, log *slog.Logger) (*queue, error) {
	redis.SetLogger(redisLog{log})
	q := &queue{}
	var err error
	if address == "embedded" {
		q.embedded, err = startEmbeddedRedis()
		if err != nil {
			return nil, err
		}
		q.option = asynq.RedisClientOpt{Addr: q.embedded.server.Addr(), Password: q.embedded.password}
	} else if q.option, err = parseRedis(address); err != nil {
		return nil, err
	}
	client, ok := q.option.MakeRedisClient().(redis.UniversalClient)
	if !ok {
		return nil, errors.Join(fmt.Errorf("redis %s: not a client we can use", hidePassword(address)), q.Close())
	}
	client.AddHook(&freshDeadline{})
	q.client = client
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := client.Ping(ctx).Err(); err != nil {
		return nil, errors.Join(fmt.Errorf(
			"redis %s does not answer; start it, correct `redis` in the configuration, or write `redis: embedded`: %w",
			hidePassword(address), err), q.Close())
	}
	return q, nil
}

// redisLog keeps what the Redis client writes by itself among the details:
// whoever asked gets the same as an error.
type redisLog struct{ log *slog.Logger }

// Printf takes a line of the client.
func (r redisLog) Printf(_ context.Context, format string, v ...any) {
	r.log.Debug(fmt.Sprintf(format, v...), "from", "redis")
}

// evicts reports the policy by which Redis would throw tasks away when its
// memory is full, and an empty text where it would not or does not say.
func (q *queue) evicts(ctx context.Context) string {
	answer, err := q.client.ConfigGet(ctx, "maxmemory-policy").Result()
	if policy := answer["maxmemory-policy"]; err == nil && policy != "" && policy != "noeviction" {
		return policy
	}
	return ""
}

// Close disconnects, and stops the embedded Redis.
func (q *queue) Close() error {
	var err error
	if q.client != nil {
		err = q.client.Close()
	}
	if q.embedded != nil {
		q.embedded.stop()
	}
	return err
}

// parseRedis reads the address of a Redis server, sentinel group or cluster.
func parseRedis(address string) (asynq.RedisConnOpt, error) {
	rest, isCluster := strings.CutPrefix(address, "redis-cluster://")
	if !isCluster {
		option, err := asynq.ParseRedisURI(address)
		if err != nil {
			return nil, fmt.Errorf("redis: %s is not an address: %w", hidePassword(address), err)
		}
		return withUser(option, address), nil
	}
	option := asynq.RedisClusterClientOpt{}
	if credentials, hosts, found := strings.Cut(rest, "@"); found {
		option.Username, option.Password, _ = strings.Cut(credentials, ":")
		rest = hosts
	}
	option.Addrs = strings.Split(strings.TrimSuffix(rest, "/"), ",")
	return option, nil
}

// withUser adds the user that an address names, whom asynq passes over.
func withUser(option asynq.RedisConnOpt, address string) asynq.RedisConnOpt {
	u, err := url.Parse(address)
	if err != nil {
		return option
	}
	switch o := option.(type) {
	case asynq.RedisClientOpt:
		o.Username = u.User.Username()
		return o
	case asynq.RedisFailoverClientOpt:
		o.SentinelUsername = u.User.Username()
		return o
	}
	return option
}

// hidePassword is an address as it may be shown.
func hidePassword(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Redacted()
	}
	scheme, rest, _ := strings.Cut(address, "://")
	if _, hosts, found := strings.Cut(rest, "@"); found {
		return scheme + "://…@" + hosts
	}
	return address
}

// embeddedRedis is a Redis inside this process. It keeps nothing, which is
// fine: the ledger does.
type embeddedRedis struct {
	server *miniredis.Miniredis
	// password keeps the other users of the machine out, who reach its port.
	password string
	done     chan struct{}
	ended    chan struct{}
}

func startEmbeddedRedis() (*embeddedRedis, error) {
	server := miniredis.NewMiniRedis()
	if err := server.StartAddr("127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("embedded redis: %w", err)
	}
	e := &embeddedRedis{server: server, password: rand.Text(), done: make(chan struct{}), ended: make(chan struct{})}
	server.RequireAuth(e.password)
	go e.keepTime()
	return e, nil
}

// keepTime lets keys expire: the embedded Redis has no clock of its own.
func (e *embeddedRedis) keepTime() {
	defer close(e.ended)
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-e.done:
			return
		case <-ticker.C:
			e.server.FastForward(time.Second)
		}
	}
}

func (e *embeddedRedis) stop() {
	close(e.done)
	<-e.ended
	e.server.Close()
}
