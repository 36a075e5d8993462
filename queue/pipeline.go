package queue

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// mostFlights is how many pipelines of a lane are under way at once. With one alone,
	// whoever sends one script after the other to a Redis that is far away, as asynq's
	// servers do, would wait twice as long.
	mostFlights = 4
	// boardAfter is how long scripts wait for a flight under way to come back, before
	// another one leaves with them (ours). A Redis that is near answers before, so that
	// a pipeline carries more; one that is far away takes many times as long anyway.
	boardAfter = time.Millisecond
	// mostGathered is how many scripts one pipeline holds at most.
	mostGathered = 128
	// lateAfter is how long a pipeline may be under way before another one takes its
	// place (ours: many times what a busy Redis takes).
	lateAfter = 250 * time.Millisecond
	// flightWithin bounds a pipeline with all that comes before it is sent: the
	// wait for a connection, and for a Sentinel's word on where to connect to. It
	// is longer than failoverClient's DialTimeout.
	flightWithin = 10 * time.Second
)

// gatherer sends asynq's scripts in pipelines: those that come while others are
// under way share the next round trip. Where nothing is under way a script is sent
// at once, so an idle system waits for nothing. All other commands go their own
// way, and so do pipelines, transactions and subscriptions.
//
// A caller is none the wiser. Its own context ends its wait, and no one else's; a
// script whose caller has given up before the pipeline leaves stays behind. What
// Redis says to one script is told to that one's caller alone. If the connection
// breaks, those that have their answer keep it, and the others go once more, as
// single commands do: Redis may have run them. If there is no answer in time, or no
// other connection, they get the error.
//
// A pipeline that is late, on a connection that hangs or to a master that is gone,
// holds nobody up: another one takes its place.
//
// No pipeline is sent again whole. The client would do so if the connection breaks,
// or if its first command is refused for the moment, and so run scripts a second
// time that have been answered. go-redis v9.23.0 has a gatherer of its own,
// AutoPipeline, which does that too, forgets the contexts of those that wait, and
// in a cluster has shards wait for each other.
type gatherer struct {
	client redis.UniversalClient
	late   time.Duration // lateAfter

	mu    sync.Mutex
	lanes map[string]*lane
}

// lane is what shares pipelines: the queues of a Redis, but in a cluster each
// queue alone, so that none waits for another one's shard.
type lane struct {
	waiting []*gathered
	flights int // those that are not late
	// boarding says that board will look at those that wait.
	boarding bool
}

var _ redis.Hook = (*gatherer)(nil)

func newGatherer(client redis.UniversalClient) *gatherer {
	return &gatherer{client: client, late: lateAfter, lanes: map[string]*lane{}}
}

// DialHook leaves connecting as it is.
func (*gatherer) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessPipelineHook leaves pipelines as they are.
func (*gatherer) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// ProcessHook gathers asynq's scripts, and hands on every other command.
func (g *gatherer) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		script, isPlain := cmd.(*redis.Cmd)
		queue, isScript := scriptOf(cmd)
		if !isPlain || !isScript {
			return next(ctx, cmd)
		}
		answer, err := g.run(ctx, queue, script)
		if isBroken(err) {
			answer, err = g.run(ctx, queue, script)
		}
		script.SetVal(answer)
		return err
	}
}

// run has a script answered in a pipeline, within its caller's context.
func (g *gatherer) run(ctx context.Context, queue string, script *redis.Cmd) (answer any, err error) {
	s := &gathered{Cmd: redis.NewCmd(ctx, script.Args()...), over: ctx.Done(), done: make(chan struct{})}
	g.add(queue, s)
	select {
	case <-s.done:
		return s.Result()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// scriptOf reports whether a command runs a script on the keys of a queue of
// asynq's, and which.
func scriptOf(cmd redis.Cmder) (queue string, isScript bool) {
	args := cmd.Args()
	if name := cmd.Name(); name != "evalsha" && name != "eval" || len(args) <= firstKey {
		return "", false
	}
	key, _ := args[firstKey].(string)
	rest, isAsynq := strings.CutPrefix(key, "asynq:{")
	queue, _, closed := strings.Cut(rest, "}")
	return queue, isAsynq && closed
}

// add puts a script into its lane, and has it fly where there is room.
func (g *gatherer) add(queue string, s *gathered) {
	if _, isCluster := g.client.(*redis.ClusterClient); !isCluster {
		queue = ""
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.lanes[queue]
	if l == nil {
		l = &lane{}
		g.lanes[queue] = l
	}
	l.waiting = append(l.waiting, s)
	switch {
	case l.flights == 0:
		l.flights++
		go g.fly(l)
	case !l.boarding:
		l.boarding = true
		time.AfterFunc(boardAfter, func() { g.board(l) })
	}
}

// board has those fly that have waited long enough for a flight to come back.
func (g *gatherer) board(l *lane) {
	g.mu.Lock()
	l.boarding = false
	flies := len(l.waiting) > 0 && l.flights < mostFlights
	if flies {
		l.flights++
	}
	g.mu.Unlock()
	if flies {
		g.fly(l)
	}
}

// fly sends what a lane has gathered, until nothing is left or another flight has its
// place.
func (g *gatherer) fly(l *lane) {
	for batch := g.take(l); batch != nil; batch = g.take(l) {
		late := time.AfterFunc(g.late, func() { g.fly(l) })
		g.send(batch)
		if !late.Stop() {
			return
		}
	}
}

// take is what a pipeline takes out of its lane. With nothing in it the flight
// ends.
func (g *gatherer) take(l *lane) []*gathered {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(len(l.waiting), mostGathered)
	if n == 0 {
		l.waiting = nil
		l.flights--
		return nil
	}
	batch := l.waiting[:n:n]
	l.waiting = l.waiting[n:]
	return batch
}

// send sends a pipeline of those that are still waited for.
func (g *gatherer) send(batch []*gathered) {
	ctx, cancel := context.WithTimeout(context.Background(), flightWithin)
	defer cancel()
	pipeline := g.client.Pipeline()
	batch = slices.DeleteFunc(batch, (*gathered).abandoned)
	for _, s := range batch {
		_ = pipeline.Process(ctx, s) // which only adds it
	}
	_, err := pipeline.Exec(ctx) // of the first that has one
	for _, s := range batch {
		if !s.answered && s.Err() == nil {
			s.SetErr(err) // Redis has refused the connection: the client tells no command
		}
		close(s.done)
	}
}

// gathered is a script on its way in a pipeline. It is a copy of the caller's,
// who may have turned to other things when the answer comes.
type gathered struct {
	*redis.Cmd
	over <-chan struct{} // closed when its caller's context ends
	done chan struct{}   // closed when it has its answer or error

	answered bool
}

var _ redis.Cmder = (*gathered)(nil)

// abandoned reports whether nobody waits for the answer any more.
func (s *gathered) abandoned() bool {
	select {
	case <-s.over:
		return true
	default:
		return false
	}
}

// NoRetry keeps the client from sending the pipeline again.
func (*gathered) NoRetry() bool { return true }

// SetErr keeps an answer: where the rest of a pipeline is lost, the client would
// have every command fail.
func (s *gathered) SetErr(err error) {
	if s.answered {
		return
	}
	s.answered = err == nil
	s.Cmd.SetErr(err)
}
