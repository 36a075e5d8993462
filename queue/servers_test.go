package queue

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"carillon/internal/programtest"
)

// deaf is a Redis that never answers.
type deaf struct{ redis.UniversalClient }

func (deaf) ZAdd(ctx context.Context, _ string, _ ...redis.Z) *redis.IntCmd {
	<-ctx.Done()
	return redis.NewIntResult(0, ctx.Err())
}

func (deaf) Eval(ctx context.Context, _ string, _ []string, _ ...any) *redis.Cmd {
	<-ctx.Done()
	return redis.NewCmdResult(nil, ctx.Err())
}

// TestWhatServersShowHoldsNothingUp: asynq starts no task while it writes it.
func TestWhatServersShowHoldsNothingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &serverClient{UniversalClient: deaf{}, channel: "main", health: watch().Health}
		begun := time.Now()
		keys := []string{"asynq:servers:{host:1:id}", "asynq:workers:{host:1:id}"}
		script := redis.NewScript("return 1")
		if err := c.ZAdd(t.Context(), "asynq:servers", redis.Z{}).Err(); err != nil {
			t.Error(err)
		}
		if err := c.ZAdd(t.Context(), "asynq:workers", redis.Z{}).Err(); err != nil {
			t.Error(err)
		}
		if err := script.Run(t.Context(), c, keys, 10).Err(); err != nil {
			t.Error(err)
		}
		if took := time.Since(begun); took > 0 {
			t.Errorf("it took %s", took)
		}
		time.Sleep(showWithin) // then the goroutines have ended
	})
}

// TestServersAreShown holds our reading of asynq's keys against what it does:
// a server is seen while it runs, and not when it has ended.
func TestServersAreShown(t *testing.T) {
	q, err := openEmbedded(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	server := asynq.NewServerFromRedisClient(q.ForServers("main", watch().Health), asynq.Config{
		Queues: map[string]int{"send:main": 1}, LogLevel: asynq.FatalLevel,
	})
	if err := server.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error { return nil })); err != nil {
		t.Fatal(err)
	}
	inspector := asynq.NewInspectorFromRedisClient(q.Client())
	shown := func() int {
		servers, err := inspector.Servers()
		if err != nil {
			t.Fatal(err)
		}
		return len(servers)
	}
	programtest.Eventually(t, programtest.Patience, "the server is shown", func() bool { return shown() == 1 })
	server.Shutdown()
	if n := shown(); n != 0 {
		t.Errorf("%d servers are shown after the end", n)
	}
}

// TestServersDoNotSubscribe: a subscription would be a connection for each.
func TestServersDoNotSubscribe(t *testing.T) {
	q, err := openEmbedded(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	said := make(unsubscribed, 1)
	server := asynq.NewServerFromRedisClient(q.ForServers("main", watch().Health), asynq.Config{
		Queues: map[string]int{"send:main": 1}, LogLevel: asynq.ErrorLevel, Logger: said,
	})
	if err := server.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error { return nil })); err != nil {
		t.Fatal(err)
	}
	text := <-said
	if !strings.HasPrefix(text, "cannot subscribe to cancelation channel") { // as package worker keeps it out of the log
		t.Errorf("asynq says %q", text)
	}
	subscribers, err := q.Client().PubSubNumSub(t.Context(), "asynq:cancel").Result()
	if err != nil {
		t.Fatal(err)
	}
	if n := subscribers["asynq:cancel"]; n != 0 {
		t.Errorf("%d subscriptions", n)
	}
	server.Shutdown() // does not wait for the next time
}

// unsubscribed gets what asynq says.
type unsubscribed chan string

func (unsubscribed) Debug(...any)   {}
func (unsubscribed) Info(...any)    {}
func (unsubscribed) Warn(...any)    {}
func (u unsubscribed) Fatal(...any) {}
func (u unsubscribed) Error(args ...any) {
	select {
	case u <- fmt.Sprint(args...):
	default:
	}
}

// refusing is a Redis that refuses to hand out tasks.
type refusing struct {
	redis.UniversalClient
	answer error
	asked  int
}

func (r *refusing) EvalSha(context.Context, string, []string, ...any) *redis.Cmd {
	r.asked++
	return redis.NewCmdResult(nil, r.answer)
}

// TestAServerRestsWhileItGetsNothing counts how often a refusing Redis is asked.
func TestAServerRestsWhileItGetsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch([]string{"main"})
		r := &refusing{answer: redisError("OOM no")}
		c := &serverClient{UniversalClient: r, channel: "main", health: w.Health}
		dequeue := []string{"asynq:{send:main}:pending", "asynq:{send:main}:paused", "asynq:{send:main}:active", "asynq:{send:main}:lease"}
		done := []string{"asynq:{send:main}:active", "asynq:{send:main}:lease", "asynq:{send:main}:t:1", "asynq:{send:main}:processed", "x"}
		during := func(keys []string) time.Duration {
			begun := time.Now()
			c.EvalSha(t.Context(), "digest", keys)
			return time.Since(begun)
		}
		w.fail(0, redisError("OOM no"))
		if rest := during(dequeue); rest != mostRest {
			t.Errorf("while the queue gives nothing it rests for %s", rest)
		}
		if rest := during(done); rest != 0 {
			t.Errorf("the end of a task waits for %s", rest)
		}
		go func() {
			time.Sleep(mostRest / 2)
			w.mend(0)
			w.places[0].look(func() bool { return false }) // as Run does
		}()
		if rest := during(dequeue); rest < mostRest/2 || rest > mostRest/2+restAfter {
			t.Errorf("it rests for %s although the queue gives tasks again after %s", rest, mostRest/2)
		}
		time.Sleep(echoFor)
		if rest := during(dequeue); rest != restAfter {
			t.Errorf("after a failure that nothing explains it rests for %s", rest)
		}
		for _, answer := range []error{nil, redis.Nil, redis.ErrNoScript} {
			if r.answer = answer; during(dequeue) != 0 {
				t.Errorf("it rests after %v", answer)
			}
		}
	})
}
