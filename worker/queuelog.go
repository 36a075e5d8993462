package worker

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/hibiken/asynq"
)

// sayAgain is how long a kind of line is kept among the details after it was
// said: a Redis that fails or was emptied fails every task alike.
const sayAgain = time.Minute

// queueLog writes asynq's words into our log.
type queueLog struct {
	log *slog.Logger
	now func() time.Time
	// explained reports whether the log tells of the cause of what goes wrong at
	// the queue at this moment.
	explained func() bool

	mu   sync.Mutex
	said map[string]time.Time // by kind
}

var _ asynq.Logger = (*queueLog)(nil)

func newQueueLog(log *slog.Logger, now func() time.Time, explained func() bool) *queueLog {
	return &queueLog{log: log, now: now, explained: explained, said: map[string]time.Time{}}
}

func (q *queueLog) Debug(args ...any) { q.say(slog.LevelDebug, fmt.Sprint(args...)) }
func (q *queueLog) Info(args ...any)  { q.say(slog.LevelInfo, fmt.Sprint(args...)) }
func (q *queueLog) Warn(args ...any)  { q.complain(slog.LevelWarn, fmt.Sprint(args...)) }
func (q *queueLog) Error(args ...any) { q.complain(slog.LevelError, fmt.Sprint(args...)) }
func (q *queueLog) Fatal(args ...any) { q.complain(slog.LevelError, fmt.Sprint(args...)) }

func (q *queueLog) say(level slog.Level, text string) {
	q.log.Log(context.Background(), level, text, "from", "asynq")
}

// complain says what goes wrong, but keeps among the details what was said of
// late, what is explained, and what is about a task that is gone.
func (q *queueLog) complain(level slog.Level, text string) {
	if isUnsubscribed(text) {
		return
	}
	if isGone(text) || q.saidOfLate(text) || q.explained() || !q.first(text) {
		level = slog.LevelDebug
	}
	q.say(level, text)
}

// isUnsubscribed reports whether a line is about the subscription that package queue
// gives no server. Each says so every five seconds.
func isUnsubscribed(text string) bool {
	return strings.HasPrefix(text, "cannot subscribe to cancelation channel")
}

// isGone reports whether a line is about a task that is not where asynq looks for
// it, which costs nothing. After a crash all servers find the same tasks without a
// lease, and one of them has taken each up. And a Redis that was emptied, or a master
// that had not handed on all it knew, has lost the tasks of messages that were being
// sent: there is nothing to remove when they end, and the ledger knows how.
func isGone(text string) bool {
	takenUp := strings.HasPrefix(text, "recoverer: could not retry lease expired task")
	ended := strings.HasPrefix(text, "Could not remove task")
	return (takenUp || ended) && strings.Contains(text, "NOT FOUND")
}

// saidOfLate reports whether a line of this kind was said within sayAgain.
func (q *queueLog) saidOfLate(text string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	at, said := q.said[kindOf(text)]
	return said && q.now().Sub(at) < sayAgain
}

// first notes that a line is said, unless another of its kind has just been.
func (q *queueLog) first(text string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	kind, now := kindOf(text), q.now()
	if at, said := q.said[kind]; said && now.Sub(at) < sayAgain {
		return false
	}
	q.said[kind] = now
	return true
}

// kindOf is how a line begins, without what it is about: a task, a queue or an
// error.
func kindOf(text string) string {
	if end := strings.IndexAny(text, `0123456789[":=`); end >= 0 {
		return text[:end]
	}
	return text
}
