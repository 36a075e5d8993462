package app

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

// TestRedisUser: servers with access lists know several users.
func TestRedisUser(t *testing.T) {
	server := miniredis.RunT(t)
	server.RequireUserAuth("carillon", "hidden")
	open := func(credentials string) error {
		q, err := openQueue(t.Context(), "redis://"+credentials+"@"+server.Addr(), slog.New(slog.DiscardHandler))
		if err != nil {
			return err
		}
		return q.Close()
	}
	if err := open("carillon:hidden"); err != nil {
		t.Error(err)
	}
	for _, wrong := range []string{"somebody:hidden", ":hidden"} {
		if err := open(wrong); err == nil || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}

// Every user of the machine reaches the port of the embedded one.
func TestTheEmbeddedRedisWantsItsPassword(t *testing.T) {
	q, err := openQueue(t.Context(), "embedded", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := q.Close(); err != nil {
			t.Error(err)
		}
	}()
	stranger := redis.NewClient(&redis.Options{Addr: q.embedded.server.Addr()})
	defer stranger.Close()
	if err := stranger.Keys(t.Context(), "*").Err(); err == nil || !strings.Contains(err.Error(), "NOAUTH") {
		t.Errorf("a stranger is answered with %v", err)
	}
}

func TestRedisAddresses(t *testing.T) {
	for address, want := range map[string]asynq.RedisConnOpt{
		"redis://host:1/2":                asynq.RedisClientOpt{Addr: "host:1", DB: 2},
		"redis://:secret@host:1":          asynq.RedisClientOpt{Addr: "host:1", Password: "secret"},
		"redis-socket://u:p@/run/r.sock":  asynq.RedisClientOpt{Network: "unix", Addr: "/run/r.sock", Username: "u", Password: "p"},
		"redis-cluster://u:p@one:1,two:2": asynq.RedisClusterClientOpt{Addrs: []string{"one:1", "two:2"}, Username: "u", Password: "p"},
		"redis-sentinel://u:p@one:1,two:2?master=m": asynq.RedisFailoverClientOpt{
			MasterName: "m", SentinelAddrs: []string{"one:1", "two:2"}, SentinelUsername: "u", SentinelPassword: "p",
		},
	} {
		got, err := parseRedis(address)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", address, err, diff)
		}
	}
	if _, err := parseRedis("host:1"); err == nil {
		t.Error("an address without a scheme is taken")
	}
}
