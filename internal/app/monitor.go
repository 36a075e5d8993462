package app

import (
	"net/http"
	"sync"

	"github.com/hibiken/asynq"
	"github.com/hibiken/asynqmon"
)

// newMonitor is asynqmon, made when somebody first looks at it: it has
// connections of its own, and half a megabyte of routes.
func newMonitor(option asynq.RedisConnOpt) http.Handler {
	made := sync.OnceValue(func() http.Handler {
		return asynqmon.New(asynqmon.Options{RootPath: "/asynqmon", RedisConnOpt: option})
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { made().ServeHTTP(w, r) })
}
