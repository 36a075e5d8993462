package worker

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/hibiken/asynq"
)

// queueLog writes asynq's words into our log.
type queueLog struct{ log *slog.Logger }

var _ asynq.Logger = queueLog{}

func (q queueLog) Debug(args ...any) { q.log.Debug(fmt.Sprint(args...), "from", "asynq") }
func (q queueLog) Info(args ...any)  { q.log.Info(fmt.Sprint(args...), "from", "asynq") }
func (q queueLog) Error(args ...any) { q.log.Error(fmt.Sprint(args...), "from", "asynq") }
func (q queueLog) Fatal(args ...any) { q.log.Error(fmt.Sprint(args...), "from", "asynq") }

// Warn keeps among the details what comes by the thousand after a crash: all
// servers find the same tasks without a lease at the same time, and one of them
// has taken each up.
func (q queueLog) Warn(args ...any) {
	text, level := fmt.Sprint(args...), slog.LevelWarn
	if strings.HasPrefix(text, "recoverer: could not retry lease expired task") && strings.Contains(text, "NOT FOUND") {
		level = slog.LevelDebug
	}
	q.log.Log(context.Background(), level, text, "from", "asynq")
}
