package scheduler

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// epochKey is a key that is gone, or another's, when Redis has lost its data.
const epochKey = "carillon:epoch"

// epoch notices that Redis has lost its data.
type epoch struct {
	redis redis.UniversalClient
	known string
}

// lost reports whether Redis has lost its data since the last call. The first
// call reports true.
func (e *epoch) lost(ctx context.Context) (bool, error) {
	current, err := e.redis.Get(ctx, epochKey).Result()
	if errors.Is(err, redis.Nil) {
		current, err = e.begin(ctx)
	}
	if err != nil {
		return false, fmt.Errorf("redis: %w", err)
	}
	lost := current != e.known
	e.known = current
	return lost, nil
}

// begin names a new epoch, or takes over the name that another scheduler has
// just given it.
func (e *epoch) begin(ctx context.Context) (string, error) {
	if err := e.redis.SetNX(ctx, epochKey, rand.Text(), 0).Err(); err != nil {
		return "", err
	}
	return e.redis.Get(ctx, epochKey).Result()
}
