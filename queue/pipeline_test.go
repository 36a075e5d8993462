package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"carillon/internal/programtest"
)

// TestScriptsShareRoundTrips: what comes while Redis is busy goes together, and
// what comes alone goes at once.
func TestScriptsShareRoundTrips(t *testing.T) {
	g := startGathering(t, nil)
	one(t, g.run(t.Context(), counts, "alone"))
	held := g.hold()
	const many = mostGathered + 1
	var all []<-chan *redis.Cmd
	for i := range many {
		all = append(all, g.run(t.Context(), counts, fmt.Sprint(i)))
	}
	g.waits(many)
	g.server.thaw()
	for _, done := range append(held, all...) {
		one(t, done)
	}
	want := append(slices.Repeat([]int{1}, 1+mostFlights+1), mostGathered)
	if diff := cmp.Diff(want, slices.Sorted(slices.Values(g.seen()))); diff != "" {
		t.Errorf("the pipelines (-want +got):\n%s", diff)
	}
}

// TestOnlyScriptsOfQueuesAreGathered: what blocks, listens or belongs together
// has its connection for itself, and holds no script up.
func TestOnlyScriptsOfQueuesAreGathered(t *testing.T) {
	g := startGathering(t, nil)
	ctx := t.Context()
	blocked := make(chan error, 1)
	go func() { blocked <- g.client.BLPop(ctx, 0, g.key("list")).Err() }()
	heard := g.client.Subscribe(ctx, "asynq:cancel")
	defer heard.Close()
	if _, err := heard.Receive(ctx); err != nil {
		t.Fatal(err)
	}
	errs := []error{
		g.client.Set(ctx, g.key("plain"), 1, 0).Err(),
		g.client.Eval(ctx, "return 1", nil).Err(),
		g.client.Eval(ctx, "return 1", []string{"carillon:{q}:epoch"}).Err(),
		g.client.Eval(ctx, "return 1", []string{"asynq:servers:{me}"}).Err(),
		g.client.Do(ctx, "incr", g.key("done")).Err(),
		g.client.Watch(ctx, func(tx *redis.Tx) error {
			_, err := tx.TxPipelined(ctx, func(p redis.Pipeliner) error { return p.Eval(ctx, counts, []string{g.key("watched")}).Err() })
			return err
		}, g.key("watched")),
	}
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	if got := g.seen(); len(got) != 0 {
		t.Errorf("they went in pipelines of %v", got)
	}
	one(t, g.run(ctx, counts, "script"))
	if err := g.client.LPush(ctx, g.key("list"), 1).Err(); err != nil {
		t.Fatal(err)
	}
	if err := <-blocked; err != nil {
		t.Error(err)
	}
	if got := g.seen(); len(got) != 1 {
		t.Errorf("the script's pipeline is one of %v", got)
	}
}

// TestOneCallersContext: it ends that one's wait and no other's, and a script that
// nobody waits for any more is not sent.
func TestOneCallersContext(t *testing.T) {
	g := startGathering(t, nil)
	held := g.hold()
	early, giveUp := context.WithCancel(t.Context())
	left := g.run(early, counts, "left")
	g.waits(1)
	late, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	timed := g.run(late, counts, "timed")
	g.waits(2)
	stays := g.run(t.Context(), counts, "stays")
	g.waits(3)
	giveUp()
	if err := (<-left).Err(); !errors.Is(err, context.Canceled) {
		t.Errorf("who has given up gets %v", err)
	}
	if err := (<-timed).Err(); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("who has waited long enough gets %v", err)
	}
	g.server.thaw()
	for _, done := range append(held, stays) {
		one(t, done)
	}
	if n := g.ran("left") + g.ran("timed"); n != 0 {
		t.Errorf("%d scripts ran that nobody waited for", n)
	}
}

// TestHungConnections: pipelines that hang on theirs hold nobody up.
func TestHungConnections(t *testing.T) {
	var deafen func()
	g := startGathering(t, func(server string) (address string) {
		address, deafen = startDeaf(t, server)
		return address
	})
	held := g.hold() // each flight has a connection
	g.server.thaw()
	for _, done := range held {
		one(t, done)
	}
	g.gatherer.late = time.Millisecond
	deafen()
	ctx, giveUp := context.WithCancel(t.Context())
	var hung []<-chan *redis.Cmd
	for i := range mostFlights {
		hung = append(hung, g.run(ctx, counts, fmt.Sprint("hung", i)))
		programtest.Eventually(t, programtest.Patience, "it is under way", func() bool { return len(g.seen()) == mostFlights+i+1 })
	}
	one(t, g.run(t.Context(), counts, "goes on"))
	giveUp()
	for _, done := range hung {
		if err := (<-done).Err(); !errors.Is(err, context.Canceled) {
			t.Errorf("what hangs gets %v", err)
		}
	}
}

// TestALateAnswer: whoever stops waiting for a pipeline that is under way takes
// nothing from the others in it, nor does he from whoever comes after it.
func TestALateAnswer(t *testing.T) {
	g := startGathering(t, nil)
	g.server.freeze()
	impatient, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	sent := g.run(impatient, counts, "sent")
	if err := (<-sent).Err(); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("who has waited long enough gets %v", err)
	}
	var others []<-chan *redis.Cmd
	for i := 1; i < mostFlights; i++ {
		others = append(others, g.run(t.Context(), counts, fmt.Sprint(i)))
		programtest.Eventually(t, programtest.Patience, "another one is sent", func() bool { return len(g.seen()) == 1+i })
	}
	others = append(others, g.run(t.Context(), counts, "next"))
	g.waits(1)
	g.server.thaw()
	for _, done := range others {
		one(t, done)
	}
	programtest.Eventually(t, programtest.Patience, "what was sent has run", func() bool { return g.ran("sent") == 1 })
}

// TestOneRefusal: Redis refuses the first of many scripts, by errors after which
// the client would send a whole pipeline again.
func TestOneRefusal(t *testing.T) {
	for _, refusal := range []string{"WRONGTYPE no", "OOM no", "READONLY no", "LOADING no", "CLUSTERDOWN no", "TRYAGAIN no"} {
		t.Run(refusal, func(t *testing.T) {
			t.Parallel()
			g := startGathering(t, nil)
			held := g.hold()
			refused := g.run(t.Context(), `return redis.error_reply("`+refusal+`")`, "refused")
			g.waits(1)
			none := g.run(t.Context(), `return false`, "none")
			g.waits(2)
			fine := g.run(t.Context(), counts, "fine")
			g.waits(3)
			g.server.thaw()
			if err := (<-refused).Err(); err == nil || err.Error() != refusal {
				t.Errorf("it is told %v", err)
			}
			if err := (<-none).Err(); !errors.Is(err, redis.Nil) {
				t.Errorf("who gets nothing is told %v", err)
			}
			for _, done := range append(held, fine) {
				one(t, done)
			}
			if n := g.ran("fine"); n != 1 {
				t.Errorf("the others ran %d times", n)
			}
		})
	}
}

// TestScriptsAreForgotten flushes them while many run, as a Redis that was
// restarted has none.
func TestScriptsAreForgotten(t *testing.T) {
	g := startGathering(t, nil)
	const callers, each = 20, 50
	increment := redis.NewScript(counts)
	var group sync.WaitGroup
	for i := range callers {
		group.Go(func() {
			for range each {
				if err := increment.Run(t.Context(), g.client, []string{g.key(fmt.Sprint(i))}).Err(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	worked := make(chan struct{})
	go func() { group.Wait(); close(worked) }()
	for flushes, over := 0, false; !over || flushes == 0; flushes++ {
		if err := g.client.ScriptFlush(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-worked:
			over = true
		default:
		}
	}
	for i := range callers {
		if n := g.ran(fmt.Sprint(i)); n != each {
			t.Errorf("it ran %d times for one of the callers", n)
		}
	}
}

// TestRedisDiesUnderAPipeline: all who wait get an error, those whose script was
// sent and those whose was not, and none of them hangs.
func TestRedisDiesUnderAPipeline(t *testing.T) {
	g := startGathering(t, nil)
	all := append(g.hold(), g.all(20)...)
	g.server.kill()
	for _, done := range all {
		var answer redis.Error
		if err := (<-done).Err(); err == nil || errors.As(err, &answer) {
			t.Errorf("it is told %v", err)
		}
	}
	g.server.start()
	programtest.Eventually(t, programtest.Patience, "it goes on", func() bool { return g.client.Eval(t.Context(), counts, []string{g.key("after")}).Err() == nil })
	for i := range 20 {
		if n := g.ran(fmt.Sprint(i)); n != 0 {
			t.Errorf("what was not sent has run %d times", n)
		}
	}
}

// TestAPipelineBreaks cuts the connection within the answers: who has got one keeps
// it and has run once, and the others go once more.
func TestAPipelineBreaks(t *testing.T) {
	const sent, answered = 10, 3
	cut := make(chan int, 1)
	g := startGathering(t, func(server string) string { return startRelay(t, server, cut) })
	connected := g.hold()
	g.server.thaw()
	for _, done := range connected {
		one(t, done)
	}
	held := g.hold()
	all := g.all(sent)
	cut <- answered * len(":1\r\n")
	g.server.thaw()
	for _, done := range held {
		one(t, done)
	}
	for i, done := range all {
		want := 1
		if i >= answered {
			want = 2
		}
		n, err := (<-done).Int()
		if ran := g.ran(fmt.Sprint(i)); n != want || err != nil || ran != want {
			t.Errorf("the answer to script %d was %d, %v, and it ran %d times; want %d", i, n, err, ran, want)
		}
	}
}

// TestCloseWhileScriptsWait: all get an error, and so does whoever comes later.
func TestCloseWhileScriptsWait(t *testing.T) {
	g := startGathering(t, nil)
	all := append(g.hold(), g.all(5)...)
	if err := g.client.Close(); err != nil {
		t.Error(err)
	}
	for _, done := range append(all, g.run(t.Context(), counts, "later")) {
		if err := (<-done).Err(); err == nil {
			t.Error("a script has got an answer")
		}
	}
}

// TestARefusedConnection: the client tells no command of a pipeline why, but it
// must not look as if Redis had run them.
func TestARefusedConnection(t *testing.T) {
	address, _ := startServer(t, "--requirepass", "secret")
	client := settings{hosts: []string{address}, password: "wrong"}.client()
	defer client.Close()
	client.AddHook(newGatherer(client))
	if err := client.Eval(t.Context(), counts, []string{"asynq:{q}:x"}).Err(); err == nil || !strings.Contains(err.Error(), "WRONGPASS") {
		t.Errorf("it is told %v", err)
	}
}

// TestARepeatIsGathered: asynq repeats the end of a task on a context that is
// dead, and the hook that revives it comes first.
func TestARepeatIsGathered(t *testing.T) {
	address, _ := startServer(t)
	q := open(t, "redis://"+address)
	var seen pipelines
	q.Client().AddHook(&seen)
	dead, cancel := context.WithTimeout(t.Context(), time.Minute)
	cancel()
	keys := []string{"asynq:{q}:active", "asynq:{q}:lease", "asynq:{q}:t:1"}
	if err := q.Client().Eval(dead, "return 1", keys).Err(); err != nil {
		t.Error(err)
	}
	if err := q.Client().Eval(dead, "return 1", keys[2:]).Err(); !errors.Is(err, context.Canceled) {
		t.Errorf("another script on a dead context: %v", err)
	}
	if got := seen.seen(); !cmp.Equal(got, []int{1}) {
		t.Errorf("the pipelines: %v", got)
	}
}

// TestTasksGoInPipelines has asynq itself put tasks into a queue, take them out and
// end them, in the Redis inside the program.
func TestTasksGoInPipelines(t *testing.T) {
	q := open(t, Embedded)
	var seen pipelines
	q.Client().AddHook(&seen)
	const tasks = 100
	var done sync.WaitGroup
	done.Add(tasks)
	server := asynq.NewServerFromRedisClient(q.Client(), asynq.Config{Concurrency: 10, Queues: map[string]int{"q": 1}, LogLevel: asynq.FatalLevel})
	if err := server.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error { done.Done(); return nil })); err != nil {
		t.Fatal(err)
	}
	client := asynq.NewClientFromRedisClient(q.Client())
	for i := range tasks {
		go func() {
			if _, err := client.Enqueue(asynq.NewTask("it", nil), asynq.TaskID(fmt.Sprint(i)), asynq.Queue("q")); err != nil {
				t.Error(err)
			}
		}()
	}
	done.Wait()
	server.Shutdown()
	total := 0
	for _, n := range seen.seen() {
		total += n
	}
	if total < 3*tasks {
		t.Errorf("%d scripts went in pipelines", total)
	}
	if info, err := asynq.NewInspectorFromRedisClient(q.Client()).GetQueueInfo("q"); err != nil || info.Size != 0 || info.Processed != tasks {
		t.Errorf("the queue is %+v, %v", info, err)
	}
}
