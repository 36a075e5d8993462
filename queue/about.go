package queue

import (
	"context"
	"strings"
	"time"
)

// About is what a Redis tells of itself. What it may not be asked is empty.
type About struct {
	// Version is that of the server, or of one of them.
	Version string
	// Persists says that it writes what it holds to its disk.
	Persists bool
	// Ahead is how far its clock is ahead of ours.
	Ahead time.Duration
}

// About asks Redis what it is like. The error is that of a Redis that does not tell
// the time.
func (q *Queue) About(ctx context.Context) (About, error) {
	began := time.Now()
	told, err := q.client.Time(ctx).Result()
	if err != nil {
		return About{}, err
	}
	about := About{}
	switch ended := time.Now(); {
	case told.Before(began):
		about.Ahead = told.Sub(began)
	case told.After(ended):
		about.Ahead = told.Sub(ended)
	}
	info := q.client.Info(ctx).Val()
	about.Version = field(info, "redis_version")
	saves := q.client.ConfigGet(ctx, "save").Val()["save"]
	about.Persists = field(info, "aof_enabled") == "1" || saves != ""
	return about, nil
}

// field is a line of INFO.
func field(info, name string) string {
	for line := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
