package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

func TestFreshDeadline(t *testing.T) {
	live, kill := context.WithCancel(t.Context())
	defer kill()
	cancelled := func(ctx context.Context, cancel context.CancelFunc) context.Context {
		cancel()
		return ctx
	}
	inAMinute := time.Now().Add(time.Minute)
	inASecond := time.Now().Add(time.Second)
	repeat := cancelled(context.WithDeadline(live, inAMinute))
	done := []any{"evalsha", "digest", 5, "asynq:{q}:active", "asynq:{q}:lease", "asynq:{q}:t:1", "asynq:{q}:processed", "1"}
	retry := []any{"eval", "script", 4, "asynq:{q}:t:1", "asynq:{q}:active", "asynq:{q}:lease", "asynq:{q}:retry", "1"}

	for _, c := range []struct {
		name   string
		ctx    context.Context
		args   []any
		want   error     // of the context that the command runs on
		latest time.Time // by which a revived context ends
	}{
		{"a repeat of done", repeat, done, nil, time.Now().Add(syncPatience)},
		{"a repeat of retry or archive", repeat, retry, nil, time.Now().Add(syncPatience)},
		{"a repeat near the end of the lease", cancelled(context.WithDeadline(live, inASecond)), done, nil, inASecond},
		{"a repeat after the lease", cancelled(context.WithDeadline(live, time.Now())), done, context.DeadlineExceeded, time.Time{}},
		{"the first call", live, done, nil, time.Time{}},
		{"cancelled without a lease", cancelled(context.WithCancel(live)), done, context.Canceled, time.Time{}},
		{"enqueue", repeat, []any{"evalsha", "digest", 2, "asynq:{q}:t:1", "asynq:{q}:pending", "message", "1", "0"}, context.Canceled, time.Time{}},
		{"dequeue", repeat, []any{"evalsha", "digest", 4, "asynq:{q}:pending", "asynq:{q}:paused", "asynq:{q}:active", "asynq:{q}:lease", "0"}, context.Canceled, time.Time{}},
		{"the keys of two queues", repeat, []any{"evalsha", "digest", 3, "asynq:{q}:active", "asynq:{r}:lease", "asynq:{q}:t:1"}, context.Canceled, time.Time{}},
		{"somebody else's script", repeat, []any{"evalsha", "digest", 3, "our:active", "our:lease", "our:task"}, context.Canceled, time.Time{}},
		{"a short script", repeat, []any{"evalsha", "digest", 1, "asynq:{q}:active"}, context.Canceled, time.Time{}},
		{"another command", repeat, []any{"rpoplpush", "asynq:{q}:x", "asynq:{q}:y", "asynq:{q}:active", "asynq:{q}:lease", "z"}, context.Canceled, time.Time{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ran := false
			err := freshDeadline{}.ProcessHook(func(ctx context.Context, _ redis.Cmder) error {
				ran = true
				if end, ok := ctx.Deadline(); !c.latest.IsZero() && (!ok || end.After(c.latest.Add(syncPatience/2))) {
					t.Errorf("ends at %v (%t), want it to end by %v", end, ok, c.latest)
				}
				return ctx.Err()
			})(c.ctx, redis.NewCmd(context.Background(), c.args...))
			if !ran {
				t.Error("the command did not run")
			}
			if !errors.Is(err, c.want) {
				t.Errorf("context: %v, want %v", err, c.want)
			}
		})
	}
}

// TestRedisDiesAsTasksEnd kills Redis between the end of four tasks and asynq's
// record of it. Back with its data, Redis has to learn how each of them ended,
// well before its lease would have run out and it would have run again.
func TestRedisDiesAsTasksEnd(t *testing.T) {
	const queueName = "q"
	endings := []struct {
		name   string
		option asynq.Option
		err    error
		want   string
	}{
		{"done", asynq.MaxRetry(1), nil, "gone"},
		{"completed", asynq.Retention(time.Hour), nil, "completed"},
		{"retried", asynq.MaxRetry(1), errors.New("not yet"), "retry"},
		{"archived", asynq.MaxRetry(1), asynq.SkipRetry, "archived"},
	}
	server := startDurableRedis(t)
	queue, err := openQueue(t.Context(), "redis://"+server.address+"/0", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = queue.Close() })

	var runs atomic.Int64
	started, finish := make(chan string, len(endings)), make(chan struct{})
	outcome := map[string]error{}
	client := asynq.NewClientFromRedisClient(queue.client)
	for _, e := range endings {
		outcome[e.name] = e.err
		if _, err := client.Enqueue(asynq.NewTask("end", nil), asynq.TaskID(e.name), asynq.Queue(queueName), e.option); err != nil {
			t.Fatal(err)
		}
	}
	unsynced := unsyncedLog{make(chan string, 100)}
	workers := asynq.NewServerFromRedisClient(queue.client, asynq.Config{
		Concurrency:    len(endings),
		Queues:         map[string]int{queueName: 1},
		RetryDelayFunc: func(int, error, *asynq.Task) time.Duration { return time.Hour },
		Logger:         unsynced,
		LogLevel:       asynq.WarnLevel,
	})
	if err := workers.Start(asynq.HandlerFunc(func(_ context.Context, task *asynq.Task) error {
		runs.Add(1)
		id := task.ResultWriter().TaskID()
		started <- id
		<-finish
		return outcome[id]
	})); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(workers.Shutdown)

	for range endings {
		<-started
	}
	server.kill()
	close(finish)
	for range endings {
		<-unsynced.failed
	}
	server.start()

	inspector := asynq.NewInspectorFromRedisClient(queue.client)
	want, got := map[string]string{}, map[string]string{}
	for _, e := range endings {
		want[e.name] = e.want
	}
	for deadline := time.Now().Add(20 * time.Second); !cmp.Equal(want, got); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("what Redis knows of the tasks (-want +got):\n%s", cmp.Diff(want, got))
		}
		for _, e := range endings {
			got[e.name] = taskState(inspector, queueName, e.name)
		}
	}
	if n := runs.Load(); n != int64(len(endings)) {
		t.Errorf("%d runs of %d tasks", n, len(endings))
	}
}

// taskState is the state of a task by asynq's name for it, "gone" where Redis
// has no such task, or what kept Redis from saying.
func taskState(inspector *asynq.Inspector, queue, id string) string {
	info, err := inspector.GetTaskInfo(queue, id)
	switch {
	case errors.Is(err, asynq.ErrTaskNotFound):
		return "gone"
	case err != nil:
		return err.Error()
	}
	return info.State.String()
}

// unsyncedLog hands on asynq's lines about task ends that it could not write.
type unsyncedLog struct{ failed chan string }

func (l unsyncedLog) Warn(args ...any) {
	if line := fmt.Sprint(args...); strings.Contains(line, "Will retry syncing") {
		l.failed <- line
	}
}

func (unsyncedLog) Debug(...any) {}
func (unsyncedLog) Info(...any)  {}
func (unsyncedLog) Error(...any) {}
func (unsyncedLog) Fatal(...any) {}

// durableRedis is a redis-server of the test's own that writes every command to
// its file before it answers, so that nothing is lost when it is killed.
type durableRedis struct {
	t             *testing.T
	path, address string
	folder        string
	process       *exec.Cmd
}

func startDurableRedis(t *testing.T) *durableRedis {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatalf("%v; `make needs` installs it", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &durableRedis{t: t, path: path, address: listener.Addr().String(), folder: t.TempDir()}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.kill() })
	d.start()
	return d
}

// start starts it at its address with what its file holds, and waits until it
// answers.
func (d *durableRedis) start() {
	d.t.Helper()
	_, port, err := net.SplitHostPort(d.address)
	if err != nil {
		d.t.Fatal(err)
	}
	d.process = exec.Command(d.path, "--port", port, "--bind", "127.0.0.1", "--save", "",
		"--appendonly", "yes", "--appendfsync", "always", "--dir", d.folder)
	d.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := d.process.Start(); err != nil {
		d.t.Fatal(err)
	}
	client := redis.NewClient(&redis.Options{Addr: d.address})
	defer client.Close()
	for deadline := time.Now().Add(time.Minute); client.Ping(d.t.Context()).Err() != nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			d.t.Fatal("redis-server does not answer")
		}
	}
}

// kill ends it as a power cut would.
func (d *durableRedis) kill() {
	_ = d.process.Process.Kill()
	_ = d.process.Wait()
}
