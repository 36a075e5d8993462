package queue

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
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"carillon/internal/programtest"
)

func TestFreshDeadline(t *testing.T) {
	const lease = 30 * time.Second
	done := []any{"evalsha", "digest", 5, "asynq:{q}:active", "asynq:{q}:lease", "asynq:{q}:t:1", "asynq:{q}:processed", "1"}
	retry := []any{"eval", "script", 4, "asynq:{q}:t:1", "asynq:{q}:active", "asynq:{q}:lease", "asynq:{q}:retry", "1"}
	enqueue := []any{"evalsha", "digest", 2, "asynq:{q}:t:1", "asynq:{q}:pending", "message", "1", "0"}
	dequeue := []any{"evalsha", "digest", 4, "asynq:{q}:pending", "asynq:{q}:paused", "asynq:{q}:active", "asynq:{q}:lease", "0"}
	twoQueues := []any{"evalsha", "digest", 3, "asynq:{q}:active", "asynq:{r}:lease", "asynq:{q}:t:1"}
	notAsynq := []any{"evalsha", "digest", 3, "our:active", "our:lease", "our:task"}
	oneKey := []any{"evalsha", "digest", 1, "asynq:{q}:active"}
	noScript := []any{"del", "x", "y", "asynq:{q}:active", "asynq:{q}:lease", "z"}

	for _, c := range []struct {
		name   string
		lease  time.Duration // 0: the context has no deadline
		cancel bool
		after  time.Duration // since the context was made
		args   []any
		err    error         // of the context that the command runs on
		left   time.Duration // until its deadline
	}{
		{"done again", lease, true, time.Second, done, nil, syncPatience},
		{"retry or archive again", lease, true, time.Second, retry, nil, syncPatience},
		{"near the end of the lease", lease, true, lease - time.Second, done, nil, time.Second},
		{"after the lease", lease, true, lease + time.Second, done, context.Canceled, -time.Second},
		{"the first call", lease, false, time.Second, done, nil, lease - time.Second},
		{"the first call, too late", lease, false, lease + time.Second, done, context.DeadlineExceeded, -time.Second},
		{"cancelled without a lease", 0, true, time.Second, done, context.Canceled, 0},
		{"enqueue", lease, true, 0, enqueue, context.Canceled, lease},
		{"dequeue", lease, true, 0, dequeue, context.Canceled, lease},
		{"the keys of two queues", lease, true, 0, twoQueues, context.Canceled, lease},
		{"the keys of somebody else", lease, true, 0, notAsynq, context.Canceled, lease},
		{"a script of one key", lease, true, 0, oneKey, context.Canceled, lease},
		{"no script", lease, true, 0, noScript, context.Canceled, lease},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if c.lease != 0 {
					ctx, cancel = context.WithTimeout(t.Context(), c.lease)
					defer cancel()
				}
				if c.cancel {
					cancel()
				}
				time.Sleep(c.after)
				ran := false
				run := new(freshDeadline).ProcessHook(func(ctx context.Context, _ redis.Cmder) error {
					ran = true
					deadline, ok := ctx.Deadline()
					if left := time.Until(deadline); ok != (c.lease != 0) || ok && left != c.left {
						t.Errorf("deadline %t, in %v; want it in %v", ok, left, c.left)
					}
					return ctx.Err()
				})
				if err := run(ctx, redis.NewCmd(ctx, c.args...)); !ran || !errors.Is(err, c.err) {
					t.Errorf("ran: %t, its context: %v; want %v", ran, err, c.err)
				}
			})
		})
	}
}

// TestFreshDeadlinePauses lets repeats fail in turn: after one without an answer
// the next ones fail at once, until the pause is over.
func TestFreshDeadlinePauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		cancel()
		var answer error
		run := new(freshDeadline).ProcessHook(func(ctx context.Context, _ redis.Cmder) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return answer
		})
		for i, c := range []struct {
			after        time.Duration
			answer, want error
		}{
			{0, nil, nil},
			{0, redis.Nil, redis.Nil},
			{0, net.ErrClosed, net.ErrClosed},
			{0, nil, context.Canceled},
			{syncPause - 1, nil, context.Canceled},
			{1, net.ErrClosed, net.ErrClosed},
			{syncPause, nil, nil},
		} {
			time.Sleep(c.after)
			answer = c.answer
			if err := run(ctx, redis.NewCmd(ctx, "evalsha", "digest", 3, "asynq:{q}:active", "asynq:{q}:lease", "asynq:{q}:t:1")); !errors.Is(err, c.want) {
				t.Errorf("repeat %d: %v, want %v", i+1, err, c.want)
			}
		}
	})
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
	queue, err := Open(t.Context(), "redis://"+server.address+"/0", slog.New(slog.DiscardHandler))
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
	options       []string
	process       *exec.Cmd
}

func startDurableRedis(t *testing.T, options ...string) *durableRedis {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatalf("%v; `make needs` installs it", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &durableRedis{t: t, path: path, address: listener.Addr().String(), folder: t.TempDir(), options: options}
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
	d.process = exec.Command(d.path, append([]string{"--port", port, "--bind", "127.0.0.1", "--save", "",
		"--appendonly", "yes", "--appendfsync", "always", "--dir", d.folder}, d.options...)...)
	d.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := d.process.Start(); err != nil {
		d.t.Fatal(err)
	}
	client := redis.NewClient(&redis.Options{Addr: d.address})
	defer client.Close()
	programtest.Eventually(d.t, programtest.Patience, "redis-server answers", func() bool { return client.Ping(d.t.Context()).Err() == nil })
}

// freeze lets it answer nothing until it is thawed.
func (d *durableRedis) freeze() { d.signal(syscall.SIGSTOP) }

func (d *durableRedis) thaw() { d.signal(syscall.SIGCONT) }

func (d *durableRedis) signal(s syscall.Signal) {
	d.t.Helper()
	if err := d.process.Process.Signal(s); err != nil {
		d.t.Fatal(err)
	}
}

// kill ends it as a power cut would.
func (d *durableRedis) kill() {
	_ = d.process.Process.Kill()
	_ = d.process.Wait()
}
