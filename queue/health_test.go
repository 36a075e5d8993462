package queue

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
)

// watched is a Health whose places fail as the test has it.
type watched struct {
	*Health
	log    bytes.Buffer
	wrong  [3]atomic.Pointer[error]
	looked atomic.Int64
}

// watch makes one with a place for each group of channels.
func watch(groups ...[]string) *watched {
	w := &watched{}
	w.Health = NewHealth(nil, nil, slog.New(slog.NewTextHandler(&w.log, nil)))
	for i, group := range groups {
		w.places = append(w.places, &place{channels: group, try: func(context.Context) error {
			w.looked.Add(1)
			if err := w.wrong[i].Load(); err != nil {
				return *err
			}
			return nil
		}})
	}
	return w
}

func (w *watched) fail(i int, err error) { w.wrong[i].Store(&err) }
func (w *watched) mend(i int)            { w.wrong[i].Store(nil) }

// lines are the log's, without their times.
func (w *watched) lines() []string {
	var lines []string
	for line := range strings.Lines(w.log.String()) {
		_, line, _ = strings.Cut(strings.TrimSpace(line), " ")
		lines = append(lines, line)
	}
	return lines
}

// betweenLooks puts what a test does between two looks, so that one sees all of it.
const betweenLooks = lookAgain / 2

// TestTroubleIsSaidOnce lets a queue fail for a while in several words, and then
// for another reason.
func TestTroubleIsSaidOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch([]string{"main", "south"})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			w.Run(ctx)
			close(ended)
		}()
		time.Sleep(betweenLooks)
		for _, err := range []error{io.EOF, context.DeadlineExceeded, io.EOF} {
			w.fail(0, err)
			time.Sleep(10 * time.Second)
		}
		w.fail(0, redisError("OOM no (at set)"))
		time.Sleep(30 * time.Second)
		w.mend(0)
		time.Sleep(30 * time.Second)
		stop()
		<-ended
		lines := w.lines()
		if len(lines) != 3 {
			t.Fatalf("want three lines, got\n%s", &w.log)
		}
		for i, want := range []string{
			`level=ERROR msg="the queue accepts no tasks; waiting messages are sent by themselves once it does" channels=main,south reason="Redis does not answer`,
			`level=ERROR msg="the queue accepts no tasks; waiting messages are sent by themselves once it does" channels=main,south reason="Redis is full`,
			`level=INFO msg="the queue accepts tasks again" channels=main,south after=59s`,
		} {
			if !strings.HasPrefix(lines[i], want) {
				t.Errorf("line %d is %s", i+1, lines[i])
			}
		}
		if n := w.looked.Load(); n < 265 || n > 275 {
			t.Errorf("looked %d times in 30 seconds, and in 60 seconds of trouble", n)
		}
	})
}

// TestATroubleThatComesAndGoesIsSaidOnce: a Redis that is nearly full refuses for
// a moment every few seconds. When it does so for good, the log has to tell.
func TestATroubleThatComesAndGoesIsSaidOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch([]string{"main"})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			w.Run(ctx)
			close(ended)
		}()
		time.Sleep(betweenLooks)
		refuse := func(text string, during time.Duration) {
			w.fail(0, redisError(text))
			time.Sleep(during)
			w.mend(0)
		}
		const full, replica = "OOM no (at set)", "READONLY no"
		for range 50 {
			refuse(full, lasting/2)
			time.Sleep(calm / 2)
		}
		refuse(replica, lasting/2) // which is another one
		time.Sleep(calm / 2)
		refuse(full, 2*lasting)
		time.Sleep(2 * calm)
		refuse(full, lasting/2)
		time.Sleep(calm / 2)
		stop()
		<-ended
		var got []string
		for _, line := range w.lines() {
			_, reason, begins := strings.Cut(line, `reason="`)
			reason, _, _ = strings.Cut(reason, `"`)
			if !begins {
				reason = "over"
			}
			got = append(got, reason)
		}
		const isFull, isReplica = "Redis is full (maxmemory)", "this Redis is a replica, which accepts no writes"
		want := []string{isFull, "over", isReplica, "over", isFull, "over", isFull, "over"}
		if !slices.Equal(got, want) {
			t.Errorf("the log says %q, want %q", got, want)
		}
	})
}

// TestAWholeClusterIsOneLine: each channel has a shard of its own.
func TestAWholeClusterIsOneLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch([]string{"main"}, []string{"north"}, []string{"south"})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			w.Run(ctx)
			close(ended)
		}()
		time.Sleep(betweenLooks)
		w.fail(1, io.EOF)
		time.Sleep(5 * time.Second)
		for i := range 3 {
			w.fail(i, redisError("CLUSTERDOWN The cluster is down"))
		}
		time.Sleep(5 * time.Second)
		if got := w.Refusals(); len(got) != 3 || got["main"] == nil || got["main"].kind != "CLUSTERDOWN" {
			t.Errorf("refusals: %v", got)
		}
		for i := range 3 {
			w.mend(i)
		}
		time.Sleep(5 * time.Second)
		if got := w.Refusals(); len(got) != 0 {
			t.Errorf("refusals: %v", got)
		}
		stop()
		<-ended
		lines := w.lines()
		if len(lines) != 3 || !strings.Contains(lines[0], "channels=north ") || !strings.Contains(lines[1], "channels=main,north,south ") ||
			!strings.Contains(lines[2], "channels=main,north,south ") {
			t.Errorf("want a line for the shard, one for the cluster and one for the end, got\n%s", &w.log)
		}
	})
}

// TestTroubleExplains: an error at the queue is looked into at once, and what a
// trouble has left behind is explained by it for a while.
func TestTroubleExplains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch([]string{"main"}, []string{"south"})
		if w.Explains("main") || w.looked.Load() != 1 {
			t.Errorf("an error where all is well is explained, or nobody looked (%d)", w.looked.Load())
		}
		time.Sleep(time.Millisecond)
		w.fail(0, io.EOF)
		if !w.Explains("main") || w.Explains("south") || w.Takes("main") || !w.Takes("south") {
			t.Error("main fails, and south does not")
		}
		before := w.looked.Load()
		if !w.Explains("main") || w.looked.Load() != before {
			t.Error("what is known is looked into again")
		}
		w.mend(0)
		time.Sleep(believedFor)
		if !w.Takes("main") || !w.Explains("main") {
			t.Error("what a trouble has left behind is not explained by it")
		}
		time.Sleep(echoFor)
		if w.Explains("main") {
			t.Error("a trouble that is long over explains an error")
		}
		if w.Explains("nobody") {
			t.Error("a channel that nobody knows has trouble")
		}
	})
}

// TestGroups: what one server has stands and falls together.
func TestGroups(t *testing.T) {
	server, cluster := redis.NewClient(&redis.Options{}), redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{"127.0.0.1:1"}})
	defer server.Close()
	defer cluster.Close()
	channels := []string{"south", "main"}
	if got := groups(server, channels); len(got) != 1 || strings.Join(got[0], ",") != "main,south" {
		t.Errorf("a server: %v", got)
	}
	if got := groups(cluster, channels); len(got) != 2 {
		t.Errorf("a cluster: %v", got)
	}
}
