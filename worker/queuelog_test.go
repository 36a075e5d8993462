package worker

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

// records hands on what is logged.
type records chan slog.Record

func (r records) Enabled(context.Context, slog.Level) bool           { return true }
func (r records) Handle(_ context.Context, record slog.Record) error { r <- record; return nil }
func (r records) WithAttrs([]slog.Attr) slog.Handler                 { return r }
func (r records) WithGroup(string) slog.Handler                      { return r }

// TestATaskThatIsGoneIsNoWarning holds our reading of asynq's words against what it
// says.
func TestATaskThatIsGoneIsNoWarning(t *testing.T) {
	t.Run("another server took up its lease", func(t *testing.T) {
		t.Parallel()
		client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
		defer client.Close()
		loseLease(t, client)
		onlyDetails(t, client, "lease expired task", func() {})
	})
	t.Run("redis was emptied while it ran", func(t *testing.T) {
		t.Parallel()
		client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
		defer client.Close()
		if _, err := asynq.NewClientFromRedisClient(client).Enqueue(asynq.NewTask("any", nil)); err != nil {
			t.Fatal(err)
		}
		onlyDetails(t, client, "Could not remove task", func() { client.FlushAll(t.Context()) })
	})
}

// TestNoSubscriptionIsNotSaid: nobody wants to read it every five seconds.
func TestNoSubscriptionIsNotSaid(t *testing.T) {
	t.Parallel()
	logged := make(records, 2)
	log := newQueueLog(slog.New(logged), time.Now, func() bool { return false })
	log.Error("cannot subscribe to cancelation channel: UNKNOWN: redis pubsub receive error: redis: client is closed")
	log.Error("another error")
	if got := (<-logged).Message; got != "another error" {
		t.Errorf("it says %q", got)
	}
}

// loseLease leaves the lease of a task that waits, as if another server had just
// taken it up and put it back.
func loseLease(t *testing.T, client *redis.Client) {
	t.Helper()
	const id = "taken-up"
	later := asynq.ProcessIn(time.Hour)
	if _, err := asynq.NewClientFromRedisClient(client).Enqueue(asynq.NewTask("any", nil), asynq.TaskID(id), later); err != nil {
		t.Fatal(err)
	}
	long := time.Now().Add(-time.Hour)
	if err := client.ZAdd(t.Context(), "asynq:{default}:lease", redis.Z{Score: float64(long.Unix()), Member: id}).Err(); err != nil {
		t.Fatal(err)
	}
}

// onlyDetails runs a server, whose handler does what is given, until asynq says
// something with these words, and wants that among the details.
func onlyDetails(t *testing.T, client *redis.Client, words string, handler func()) {
	t.Helper()
	logged := make(records, 100)
	server := asynq.NewServerFromRedisClient(client, asynq.Config{
		Logger: newQueueLog(slog.New(logged), time.Now, func() bool { return false }), LogLevel: asynq.WarnLevel,
	})
	if err := server.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error { handler(); return nil })); err != nil {
		t.Fatal(err)
	}
	defer server.Shutdown()
	const aWhile = 30 * time.Second
	enough := time.After(aWhile)
	for {
		select {
		case record := <-logged:
			if !strings.Contains(record.Message, words) {
				continue
			}
			if record.Level != slog.LevelDebug {
				t.Errorf("%q is logged at %s", record.Message, record.Level)
			}
			return
		case <-enough:
			t.Fatalf("asynq does not say %q", words)
		}
	}
}
