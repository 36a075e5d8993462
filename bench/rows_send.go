package main

import (
	"errors"
	"fmt"
	"time"
)

// sending is what a throughput is measured with: a number without a limit, a
// provider that answers at once, a real Redis, one process.
type sending struct {
	name   string
	engine string
	// batch is how many receipts come in a POST; with 0 there are none.
	batch int
	// bar and aim are shares of bare.
	bar, aim float64
	// cost is the row of the processor's time a message, ours and that of our Redis;
	// empty for none.
	cost string
}

// The bars of that row, as shares of what bare and its Redis use.
const barCost, aimCost = 1.1, 0.9

// rounds is how often bare and ours take turns.
const rounds = 2

// sendExperiment measures bare and ours in turns, and takes each side's
// messages of all windows by the time between the first and the last of each
// window. A window begins a second after the first message of its round. The
// list is in the ledger before. With receipts, sent and delivered, a message
// counts once both are taken: where the receipts fall behind, half their number
// is the result.
func sendExperiment(what sending) experiment {
	all := []row{ofBare(what.name, "/s", what.bar, what.aim)}
	if what.cost != "" {
		cost := ofBare(what.cost, "µs", barCost, aimCost)
		cost.Least = true
		all = append(all, cost)
	}
	return experiment{name: what.name, rows: all, run: func(s *scene) error { return s.send(what) }}
}

// span is what happened in one or several windows.
type span struct {
	messages int
	elapsed  time.Duration
	receipts int64
	lasted   time.Duration // the windows
	cpu      []time.Duration
}

func (a span) plus(b span) span {
	for i := range a.cpu {
		b.cpu[i] += a.cpu[i]
	}
	return span{a.messages + b.messages, a.elapsed + b.elapsed, a.receipts + b.receipts, a.lasted + b.lasted, b.cpu}
}

// pace is messages a second.
func (a span) pace() float64 { return float64(a.messages) / max(a.elapsed.Seconds(), 1e-9) }

// confirmed is messages a second of which both receipts are taken.
func (a span) confirmed() float64 {
	return min(a.pace(), float64(a.receipts)/2/max(a.lasted.Seconds(), 1e-9))
}

// perMessage is the time that the nth process has used for a message, in µs.
func (a span) perMessage(n int) float64 {
	return float64(a.cpu[n].Microseconds()) / float64(max(a.messages, 1))
}

func (s *scene) send(what sending) error {
	theirs, err := s.startRedis("redis-of-bare")
	if err != nil {
		return err
	}
	h, err := s.open(plan{engine: what.engine})
	if err != nil {
		return err
	}
	baseline, err := s.bareRound(theirs, roleBare)
	if err != nil {
		return err
	}
	const warmUp, slack = 1, 3
	rows := 20_000 + int(1.5*baseline.pace()*rounds*(s.window.Seconds()+warmUp+slack))
	template := "order_update"
	c, err := h.upload(s.ctx, template, rows, false)
	if err != nil {
		return err
	}
	ours, err := s.ourRound(h, what, c.ID, "start", template)
	if err != nil {
		return err
	}
	for range rounds - 1 {
		more, err := s.bareRound(theirs, roleBare)
		if err != nil {
			return err
		}
		baseline = baseline.plus(more)
		if more, err = s.ourRound(h, what, c.ID, "resume", template); err != nil {
			return err
		}
		ours = ours.plus(more)
	}
	result := ours.pace()
	if what.batch > 0 {
		result = ours.confirmed()
	}
	s.foundBeside(what.name, result, baseline.pace())
	if what.cost != "" {
		s.foundBeside(what.cost, ours.perMessage(0)+ours.perMessage(1), baseline.perMessage(0)+baseline.perMessage(1))
	}
	return s.tellCost(what, h, theirs, ours, baseline)
}

// tellCost notes what a message costs each process.
func (s *scene) tellCost(what sending, h *house, theirs *redisServer, ours, baseline span) error {
	now, most, err := h.processes[0].memory()
	if err != nil {
		return err
	}
	peak, err := h.redis.peak(s.ctx)
	if err != nil {
		return err
	}
	theirPeak, err := theirs.peak(s.ctx)
	if err != nil {
		return err
	}
	s.note("%s: CPU a message: ours %.0f µs, its Redis %.0f µs, stub %.0f µs; bare %.0f µs, its Redis %.0f µs, stub %.0f µs. Memory: ours %.0f MB, at most %.0f MB; its Redis at most %.0f MB, bare's %.0f MB",
		what.name, ours.perMessage(0), ours.perMessage(1), ours.perMessage(2),
		baseline.perMessage(0), baseline.perMessage(1), baseline.perMessage(2), now, most, peak, theirPeak)
	if h.database != nil {
		s.note("%s: PostgreSQL itself %.0f µs", what.name, ours.perMessage(3))
	}
	if what.batch > 0 {
		s.note("%s: %.0f messages and %.0f receipts a second", what.name, ours.pace(), float64(ours.receipts)/ours.lasted.Seconds())
	}
	return nil
}

// pipelinedExperiment measures bare with pipelines beside bare without, in turns.
func pipelinedExperiment() experiment {
	const name = "send, bare with pipelining"
	return experiment{name: name, rows: []row{informs(name, "/s")}, run: func(s *scene) error {
		redis, err := s.startRedis("redis-of-bare")
		if err != nil {
			return err
		}
		pace := map[string]float64{}
		for range rounds {
			for _, role := range []string{roleBare, rolePipelined} {
				taken, err := s.bareRound(redis, role)
				if err != nil {
					return err
				}
				pace[role] += taken.pace() / rounds
			}
		}
		s.foundBeside(name, pace[rolePipelined], pace[roleBare])
		return nil
	}}
}

func (s *scene) bareRound(redis *redisServer, role string) (span, error) {
	if err := redis.client.FlushDB(s.ctx).Err(); err != nil {
		return span{}, err
	}
	if err := s.provider.configure(s.ctx, settings{}); err != nil {
		return span{}, err
	}
	if err := s.provider.forget(s.ctx); err != nil {
		return span{}, err
	}
	p, err := s.start(role, s.self, role, redis.address, s.provider.url)
	if err != nil {
		return span{}, err
	}
	defer p.kill()
	return s.span(bareTemplate, p, redis.process, s.provider.process)
}

// ourRound starts or resumes the campaign, and pauses it after the window.
func (s *scene) ourRound(h *house, what sending, id, action, template string) (span, error) {
	if what.batch > 0 {
		if err := s.provider.configure(s.ctx, settings{Webhook: h.webhook(), Batch: what.batch}); err != nil {
			return span{}, err
		}
	}
	if err := s.provider.forget(s.ctx); err != nil {
		return span{}, err
	}
	if err := h.act(s.ctx, id, action); err != nil {
		return span{}, err
	}
	processes := []*process{h.processes[0], h.redis.process, s.provider.process}
	if h.database != nil {
		processes = append(processes, h.database)
	}
	taken, err := s.span(template, processes...)
	if err != nil {
		return span{}, err
	}
	if err := h.act(s.ctx, id, "pause"); err != nil {
		return span{}, err
	}
	return taken, s.provider.quiet(s.ctx, template)
}

// span measures one window, and the time that the processes use in it.
func (s *scene) span(template string, processes ...*process) (span, error) {
	if err := s.provider.arrived(s.ctx, template, 1); err != nil {
		return span{}, err
	}
	if err := pause(s.ctx, time.Second); err != nil {
		return span{}, err
	}
	begun, before, err := s.look(template, processes)
	if err != nil {
		return span{}, err
	}
	if err := pause(s.ctx, s.window); err != nil {
		return span{}, err
	}
	ended, after, err := s.look(template, processes)
	if err != nil {
		return span{}, err
	}
	all, err := s.provider.moments(s.ctx, template)
	if err != nil {
		return span{}, err
	}
	inside := between(all, moment(begun), moment(ended))
	if len(inside) < 2 {
		return span{}, fmt.Errorf("%d messages in %s", len(inside), s.window)
	}
	last := inside[len(inside)-1]
	if moment(ended)-last > s.window/4 {
		return span{}, errors.New("the messages ended before the window did")
	}
	result := span{
		messages: len(inside) - 1, elapsed: last - inside[0],
		receipts: after.posted - before.posted, lasted: ended.Sub(begun),
	}
	for i := range processes {
		result.cpu = append(result.cpu, after.cpu[i]-before.cpu[i])
	}
	return result, nil
}

// glance is what can be seen at one moment.
type glance struct {
	cpu    []time.Duration
	posted int64
}

func (s *scene) look(template string, processes []*process) (time.Time, glance, error) {
	counted, err := s.provider.tally(s.ctx, template)
	if err != nil {
		return time.Time{}, glance{}, err
	}
	g := glance{posted: counted.Posted}
	for _, p := range processes {
		used, err := p.cpu()
		if err != nil {
			return time.Time{}, glance{}, fmt.Errorf("CPU of %s: %w", p.name, err)
		}
		g.cpu = append(g.cpu, used)
	}
	return time.Now(), g, nil
}
