package queue

import (
	"context"
	_ "embed"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// probeWithin is how long a queue may take to show that it takes tasks.
	probeWithin = 3 * time.Second
	// probeKept is how long what a probe writes lives at most, in seconds.
	probeKept = 60
)

//go:embed probe.lua
var probeLua string

var probeScript = redis.NewScript(probeLua)

// probe tries whether tasks can be put into a queue and taken out: it writes
// beside it, by a script, as asynq does. The error is Redis' own.
func probe(ctx context.Context, client redis.UniversalClient, queue string) error {
	ctx, cancel := context.WithTimeout(ctx, probeWithin)
	defer cancel()
	key := func(part string) string { return "asynq:{" + queue + "}:probe:" + part }
	keys := []string{key("counter"), key("hash"), key("pending"), key("active"), key("lease")}
	err := write(ctx, client, keys)
	if !isBroken(err) {
		return err
	}
	if said := greeting(ctx, client, keys[0]); said != nil {
		return said
	}
	return write(ctx, client, keys) // Redis may have ended an old connection alone
}

func write(ctx context.Context, client redis.UniversalClient, keys []string) error {
	if err := probeScript.Run(ctx, client, keys, probeKept).Err(); err != nil {
		return err
	}
	// The script above runs by its digest once it is known; others may not be.
	return client.Eval(ctx, "return 1", keys[:1]).Err()
}
