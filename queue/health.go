package queue

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"carillon/campaign"
)

const (
	// lookEvery is how often the queues are tried, and lookAgain while one of them
	// takes no tasks.
	lookEvery = time.Second
	lookAgain = lookEvery / 4
	// believedFor is how long an answer counts: until the next one has to be
	// there, if Run runs.
	believedFor = 2*lookEvery + probeWithin
	// echoFor is how long after its end a trouble explains what still goes wrong:
	// a command that waited for an answer fails late.
	echoFor = 10 * time.Second
	// calm is how long after its end a trouble is the same one when it comes again:
	// a Redis that is nearly full refuses for a moment every few seconds. Then the
	// log tells of it where it lasts, which is for lasting.
	calm    = time.Minute
	lasting = 10 * time.Second
)

// Health knows whether the channels' queues take tasks. It tries them by writing,
// and says in the log when one ceases to and when it does again, once.
//
// It is safe for concurrent use.
type Health struct {
	log    *slog.Logger
	places []*place
	kick   chan struct{}       // wakes Run: something has gone wrong
	said   map[string]*trouble // by channel; Run's alone
}

// trouble is what goes wrong, or went wrong not long ago, with a channel's queue.
type trouble struct {
	told  map[string]bool // the kinds that the log was told of
	open  bool            // the log was told that it has begun, and not that it is over
	since time.Time
	ended time.Time // zero while it lasts
}

// begins takes in that a queue refuses, and reports whether that is news.
func (t *trouble) begins(kind string, now time.Time) bool {
	if !t.ended.IsZero() {
		t.since, t.ended = now, time.Time{}
	}
	if t.told[kind] && (t.open || now.Sub(t.since) < lasting) {
		return false
	}
	t.told[kind], t.open = true, true
	return true
}

// ends takes in that a queue takes tasks, and reports whether that is news.
func (t *trouble) ends(now time.Time) bool {
	if t.ended.IsZero() {
		t.ended = now
	}
	news := t.open
	t.open = false
	return news
}

// place is a Redis, or a shard of a cluster, with the channels whose queues it
// has.
type place struct {
	channels []string
	try      func(ctx context.Context) error

	trying sync.Mutex // held while one asks for all

	mu    sync.Mutex
	asked time.Time // when the newest answer was asked for
	told  time.Time // when it came
	wrong *Refusal  // nil: it takes tasks
	over  time.Time // when the last trouble was found to be over
}

// NewHealth makes what watches the queues of some channels. It asks nothing
// before it is asked.
func NewHealth(client redis.UniversalClient, channels []string, log *slog.Logger) *Health {
	h := &Health{log: log, kick: make(chan struct{}, 1), said: map[string]*trouble{}}
	for _, group := range groups(client, channels) {
		name := campaign.Queue(group[0])
		h.places = append(h.places, &place{
			channels: group, try: func(ctx context.Context) error { return probe(ctx, client, name) },
		})
	}
	return h
}

// groups are the channels whose queues stand and fall together: all of them, but
// in a cluster each by itself.
func groups(client redis.UniversalClient, channels []string) [][]string {
	if len(channels) == 0 {
		return nil
	}
	channels = slices.Sorted(slices.Values(channels))
	if _, isCluster := client.(*redis.ClusterClient); !isCluster {
		return [][]string{channels}
	}
	var all [][]string
	for _, name := range channels {
		all = append(all, []string{name})
	}
	return all
}

// Run looks after the queues until the context ends.
func (h *Health) Run(ctx context.Context) {
	for every := lookEvery; ; {
		var group sync.WaitGroup
		for _, p := range h.places {
			group.Go(func() { p.look(func() bool { return p.toldSince(time.Now().Add(-every / 2)) }) })
		}
		group.Wait()
		every = lookEvery
		if h.say(time.Now()) {
			every = lookAgain
		}
		next := time.NewTimer(every)
		select {
		case <-next.C:
		case <-h.kick:
		case <-ctx.Done():
			next.Stop()
			return
		}
		next.Stop()
	}
}

// Refusals are the channels whose queues take no tasks, and why.
func (h *Health) Refusals() map[string]*Refusal {
	found := map[string]*Refusal{}
	for _, p := range h.places {
		if wrong := p.refusal(); wrong != nil {
			for _, name := range p.channels {
				found[name] = wrong
			}
		}
	}
	return found
}

// Takes reports whether a channel's queue takes tasks.
func (h *Health) Takes(channel string) bool {
	p := h.place(channel)
	return p == nil || p.refusal() == nil
}

// Explains reports whether the trouble of a channel's queue is the cause of an
// error that somebody has just met there: it is known, or found by a new look,
// or was over only a moment ago. Then the log tells of it already, or will.
func (h *Health) Explains(channel string) bool {
	p := h.place(channel)
	if p == nil {
		return false
	}
	now := time.Now()
	p.look(func() bool { return p.explains() || p.askedSince(now) })
	if !p.explains() {
		return false
	}
	select {
	case h.kick <- struct{}{}:
	default:
	}
	return true
}

func (h *Health) place(channel string) *place {
	for _, p := range h.places {
		if slices.Contains(p.channels, channel) {
			return p
		}
	}
	return nil
}

// refusal is what is known to be wrong, found out now where nothing is known.
func (p *place) refusal() *Refusal {
	if !p.toldSince(time.Now().Add(-believedFor)) {
		p.look(func() bool { return p.toldSince(time.Now().Add(-lookEvery)) })
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.wrong
}

// look tries the place, unless that is in vain once it is its turn. What it finds
// out is for others too, so no caller's context ends it.
func (p *place) look(inVain func() bool) {
	if inVain() {
		return
	}
	p.trying.Lock()
	defer p.trying.Unlock()
	if inVain() {
		return
	}
	asked := time.Now()
	wrong := refusalOf(p.try(context.Background()))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked, p.told = asked, time.Now()
	if wrong == nil && p.wrong != nil {
		p.over = p.told
	}
	p.wrong = wrong
}

func (p *place) toldSince(t time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.told.After(t)
}

func (p *place) askedSince(t time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked.After(t)
}

func (p *place) explains() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.wrong != nil || time.Since(p.over) < echoFor
}

// say tells the log what has changed, in a line for all channels that are alike.
// It reports whether any queue takes no tasks.
func (h *Health) say(now time.Time) (refused bool) {
	begun, ended := map[string]*news{}, map[string]*news{}
	for _, p := range h.places {
		p.mu.Lock()
		wrong := p.wrong
		p.mu.Unlock()
		refused = refused || wrong != nil
		for _, name := range p.channels {
			h.note(name, wrong, now, begun, ended)
		}
	}
	for _, n := range begun {
		h.log.Error("the queue accepts no tasks; waiting messages are sent by themselves once it does",
			"channels", strings.Join(n.channels, ","), "reason", n.wrong.Reason, "hint", n.wrong.Hint, "error", n.wrong.err)
	}
	for _, n := range ended {
		h.log.Info("the queue accepts tasks again", "channels", strings.Join(n.channels, ","), "after", now.Sub(n.since).Round(lookEvery))
	}
	return refused
}

// note takes in how a channel's queue does, and gathers what is new.
func (h *Health) note(channel string, wrong *Refusal, now time.Time, begun, ended map[string]*news) {
	known := h.said[channel]
	switch {
	case wrong == nil && known == nil:
	case wrong == nil:
		if known.ends(now) {
			gather(ended, "", channel, wrong, known.since)
		}
		if now.Sub(known.ended) >= calm {
			delete(h.said, channel)
		}
	default:
		if known == nil {
			known = &trouble{told: map[string]bool{}, since: now}
			h.said[channel] = known
		}
		if known.begins(wrong.kind, now) {
			gather(begun, wrong.kind, channel, wrong, known.since)
		}
	}
}

// news is a line for the log.
type news struct {
	channels []string
	wrong    *Refusal
	since    time.Time // of the channel that met it first
}

func gather(all map[string]*news, kind, channel string, wrong *Refusal, since time.Time) {
	n := all[kind]
	if n == nil {
		n = &news{wrong: wrong, since: since}
		all[kind] = n
	}
	n.channels = append(n.channels, channel)
	if since.Before(n.since) {
		n.since = since
	}
}
