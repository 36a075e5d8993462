package queue

import (
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// commands are those that a task needs on its way through asynq's scripts, the
// feed's and the limiter's. A test of the whole program holds this list against
// what it really runs.
var commands = []string{
	"eval", "evalsha", "set", "get", "incr", "exists", "del", "expireat", "pexpire", "time",
	"hset", "hget", "hmget", "hdel", "lpush", "rpush", "rpoplpush", "lrem", "llen",
	"zadd", "zrem", "zcard", "zrangebyscore",
}

// TestProbeNeedsEveryCommand takes the commands away one by one.
func TestProbeNeedsEveryCommand(t *testing.T) {
	address, admin := startServer(t)
	ctx := t.Context()
	permit := func(rules ...any) {
		t.Helper()
		if err := admin.Do(ctx, append([]any{"ACL", "SETUSER", "carillon"}, rules...)...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	permit("on", ">hidden")
	for rule := range strings.FieldsSeq(strings.TrimPrefix(permissions, "grant it")) {
		permit(rule)
	}
	if err := admin.Do(ctx, "ACL", "SETUSER", "default", "+@all").Err(); err != nil {
		t.Fatal(err)
	}
	q := open(t, "redis://carillon:hidden@"+address)
	if err := probe(ctx, q.Client(), "send:main"); err != nil {
		t.Fatalf("the probe fails with the permissions that its hint asks for: %v", err)
	}
	for _, command := range commands {
		permit("-" + command)
		err := probe(ctx, q.Client(), "send:main")
		r := refusalOf(err)
		if r == nil || r.Hint != permissions {
			t.Errorf("without %s: %v", command, err)
		}
		permit("+" + command)
	}
	if err := probe(ctx, q.Client(), "send:main"); err != nil {
		t.Errorf("with all of them again: %v", err)
	}
}

// TestProbeLeavesNothing: what it writes is gone afterwards, and expires where
// it was stopped in the middle.
func TestProbeLeavesNothing(t *testing.T) {
	address, admin := startServer(t)
	ctx := t.Context()
	q := open(t, "redis://"+address)
	if err := probe(ctx, q.Client(), "send:main"); err != nil {
		t.Fatal(err)
	}
	if keys := admin.Keys(ctx, "*").Val(); len(keys) > 0 {
		t.Errorf("it has left %v", keys)
	}
	if err := admin.Do(ctx, "ACL", "SETUSER", "default", "-del").Err(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := probe(ctx, q.Client(), "send:main"); err == nil {
			t.Fatal("it does not miss DEL")
		}
	}
	keys := admin.Keys(ctx, "*").Val()
	if len(keys) == 0 {
		t.Fatal("the probe was not stopped in the middle")
	}
	for _, key := range keys {
		if ttl := admin.TTL(ctx, key).Val(); ttl <= 0 || ttl > probeKept*time.Second {
			t.Errorf("%s lives for %s", key, ttl)
		}
	}
}

// TestProbeIsBesideItsQueue: in a cluster it tries the shard that has the queue.
func TestProbeIsBesideItsQueue(t *testing.T) {
	_, admin := startServer(t, "--cluster-enabled", "yes")
	slot := func(key string) int64 { return admin.ClusterKeySlot(t.Context(), key).Val() }
	if slot("asynq:{send:main}:probe:hash") != slot("asynq:{send:main}:pending") {
		t.Error("the probe's keys are on another shard than the queue")
	}
}

func TestRefusals(t *testing.T) {
	for text, want := range map[string]string{
		"OOM command not allowed when used memory > 'maxmemory'. (at set)":                                             "full",
		"READONLY You can't write against a read only replica.":                                                        "replica",
		"MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.":             "disk",
		"LOADING Redis is loading the dataset in memory":                                                               "loading",
		"CLUSTERDOWN Hash slot not served":                                                                             "no master",
		"MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.":                             "lost its master",
		"NOREPLICAS Not enough good replicas to write.":                                                                "too few replicas",
		"NOPERM this user has no permissions to run the 'eval' command":                                                "lacks permissions",
		"ERR The user executing the script can't run this command or subcommand script: 1f, on @user_script:9. (at x)": "lacks permissions",
		"NOAUTH Authentication required.":                                                                              "password",
		"WRONGPASS invalid username-password pair or user is disabled.":                                                "password",
		"ERR unknown command 'evalsha', with args beginning with: ":                                                    "lacks a command",
		"BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.":                       "script",
		"ERR max number of clients reached":                                                                            "connections",
		"MOVED 8487 127.0.0.1:7001":                                                                                    "another node",
		"ASK 8487 127.0.0.1:7001":                                                                                      "moving",
		"TRYAGAIN Multiple keys request during rehashing of slot":                                                      "moving",
		"ERR SELECT is not allowed in cluster mode":                                                                    "node of a cluster",
		"ERR This instance has cluster support disabled":                                                               "not a node of a cluster",
		"ERR DB index is out of range":                                                                                 "no database",
		"DENIED Redis is running in protected mode because":                                                            "protected mode",
		"ERR unknown command 'sentinel', with args beginning with":                                                     "is not a Sentinel",
		"ERR something new": "refuses: ERR something new",
	} {
		r := refusalOf(redisError(text))
		if !strings.Contains(r.Reason, want) || r.Hint == "" {
			t.Errorf("%s: %s", text, r)
		}
	}
	if r := refusalOf(redisError("NOPERM no (at zadd)")); !strings.HasSuffix(r.Reason, "(zadd)") {
		t.Errorf("the command is not named: %s", r)
	}
	if refusalOf(nil) != nil {
		t.Error("no error is a refusal")
	}
}

// redisError is an answer of Redis.
type redisError string

var _ redis.Error = redisError("")

func (e redisError) Error() string { return string(e) }
func (redisError) RedisError()     {}
