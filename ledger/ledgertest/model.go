package ledgertest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"carillon/campaign"
	"carillon/ledger"
)

// model runs random sequences of what queues, workers, providers, clocks and
// crashes may do to a campaign, and holds the promises against them: a message
// is never posted again while an earlier attempt may have been accepted, a step
// is never posted before the one before it was delivered, the counts are those
// of the rows, and once nothing goes wrong any more every message comes to an
// end that has a reason.
func model(t *testing.T, open Open) {
	l := open(t)
	rapid.Check(t, func(rt *rapid.T) {
		m := newMachine(t, rt, l)
		rt.Repeat(map[string]func(*rapid.T){
			"feed":      m.feed,
			"deliver":   m.deliver,
			"redeliver": m.redeliver,
			"wipe":      m.wipe,
			"stray":     m.stray,
			"settle":    m.settle,
			"receipt":   m.receipt,
			"crash":     m.crash,
			"time":      m.time,
			"":          func(*rapid.T) {},
		})
		m.bench.verify()
		m.end()
	})
}

const modelPeople, modelSteps = 2, 2

// flight is one attempt as the provider sees it.
type flight struct {
	message  campaign.MessageID
	n        int
	settled  bool
	refused  bool // the provider surely did not take it
	reported bool // a receipt told that it failed
}

type machine struct {
	bench     *bench
	rt        *rapid.T
	campaign  campaign.ID
	queue     []campaign.Task
	flights   []*flight
	delivered map[campaign.MessageID]bool
}

func newMachine(t *testing.T, rt *rapid.T, l *ledger.Ledger) *machine {
	b := &bench{T: t, Ledger: l, now: start}
	return &machine{bench: b, rt: rt, campaign: b.running(steps(modelSteps), modelPeople), delivered: map[campaign.MessageID]bool{}}
}

// feed puts what may go now into the queue, once more where it is there already:
// the scheduler remembers nothing.
func (m *machine) feed(*rapid.T) {
	for _, f := range m.bench.feedable(m.campaign, modelPeople*modelSteps) {
		m.queue = append(m.queue, campaign.Task{Message: f.ID, Attempt: f.Attempt})
	}
}

// deliver hands a task to a worker.
func (m *machine) deliver(rt *rapid.T) {
	n := m.drawTask(rt)
	task := m.queue[n]
	m.queue = append(m.queue[:n:n], m.queue[n+1:]...)
	m.claim(rt, task)
}

// redeliver hands it out and keeps it, as after a lease that ran out.
func (m *machine) redeliver(rt *rapid.T) { m.claim(rt, m.queue[m.drawTask(rt)]) }

func (m *machine) drawTask(rt *rapid.T) int {
	if len(m.queue) == 0 {
		rt.Skip("the queue is empty")
	}
	return rapid.IntRange(0, len(m.queue)-1).Draw(rt, "task")
}

// wipe takes the queue away.
func (m *machine) wipe(*rapid.T) { m.queue = nil }

// stray is a task that nothing in this life has fed.
func (m *machine) stray(rt *rapid.T) {
	person := rapid.IntRange(1, modelPeople).Draw(rt, "person")
	step := rapid.IntRange(0, modelSteps-1).Draw(rt, "step")
	n := rapid.IntRange(1, len(m.flights)+1).Draw(rt, "attempt")
	m.claim(rt, campaign.Task{Message: m.campaign.Recipient(person).Message(step), Attempt: n})
}

// claim is what a worker does with a task.
func (m *machine) claim(rt *rapid.T, task campaign.Task) {
	id := task.Message
	_, err := m.bench.Claim(m.bench.Context(), task, ledger.Sender{}, m.bench.now, m.bench.now.Add(time.Minute))
	var refused *ledger.RefusedError
	if errors.As(err, &refused) {
		return
	}
	if err != nil {
		rt.Fatal(err)
	}
	for _, f := range m.flights {
		if f.message == id && !f.refused && !f.reported {
			rt.Fatalf("message %d: attempt %d was claimed although attempt %d may have been accepted", id, task.Attempt, f.n)
		}
	}
	if id.Step() > 0 && !m.delivered[id-1] {
		rt.Fatalf("step %d was claimed before step %d was delivered", id.Step()+1, id.Step())
	}
	m.flights = append(m.flights, &flight{message: id, n: task.Attempt})
}

// pick draws one of the flights that pass.
func (m *machine) pick(rt *rapid.T, pass func(*flight) bool) *flight {
	var list []*flight
	for _, f := range m.flights {
		if pass(f) {
			list = append(list, f)
		}
	}
	if len(list) == 0 {
		rt.Skip("no such attempt")
	}
	return list[rapid.IntRange(0, len(list)-1).Draw(rt, "flight")]
}

func (m *machine) settle(rt *rapid.T) {
	f := m.pick(rt, func(f *flight) bool { return !f.settled })
	f.settled = true
	outcomes := []ledger.Outcome{
		ledger.OutcomeAccepted, ledger.OutcomeHeld, ledger.OutcomeRefused, ledger.OutcomeUnknown, ledger.OutcomeReleased,
	}
	if f.reported || m.delivered[f.message] { // it was accepted, so the answer says so or is lost
		outcomes = []ledger.Outcome{ledger.OutcomeAccepted, ledger.OutcomeUnknown}
	}
	outcome := rapid.SampledFrom(outcomes).Draw(rt, "outcome")
	f.refused = outcome == ledger.OutcomeRefused || outcome == ledger.OutcomeReleased
	failure := campaign.Failure{Reason: "model", Retry: rapid.Bool().Draw(rt, "retry"), Throttled: rapid.Bool().Draw(rt, "throttled")}
	m.bench.settle(f.message, f.n, outcome, failure)
}

func (m *machine) receipt(rt *rapid.T) {
	f := m.pick(rt, func(f *flight) bool { return !f.refused })
	status := rapid.SampledFrom([]campaign.Status{campaign.Sent, campaign.Delivered, campaign.Read, campaign.Failed}).Draw(rt, "status")
	r := m.bench.receipt(f.message, f.n, status, campaign.Failure{Reason: "model", Retry: rapid.Bool().Draw(rt, "retry")})
	if rapid.Bool().Draw(rt, "without reference") {
		r.Message, r.Attempt = 0, 0
	}
	switch status {
	case campaign.Failed:
		f.reported = true
	case campaign.Delivered, campaign.Read:
		m.delivered[f.message] = true
	}
	m.bench.receive(r)
	if _, err := m.bench.MatchEarly(m.bench.Context(), m.bench.now); err != nil {
		rt.Fatal(err)
	}
}

// crash loses a worker: its attempt is never settled.
func (m *machine) crash(rt *rapid.T) {
	m.pick(rt, func(f *flight) bool { return !f.settled }).settled = true
}

func (m *machine) time(rt *rapid.T) {
	m.bench.advance(time.Duration(rapid.SampledFrom([]int{1, 60, 700, 90_000}).Draw(rt, "seconds")) * time.Second)
	for {
		n, err := m.bench.Sweep(m.bench.Context(), m.bench.now, m.bench.policy)
		if err != nil {
			rt.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

// end lets everything go well from now on, and looks at how each message ends.
func (m *machine) end() {
	m.bench.Helper()
	const rounds = 100 // far more than any way through the table of moves is long
	for n := 0; m.bench.campaign(m.campaign).Finished.IsZero(); n++ {
		if n == rounds {
			m.rt.Fatalf("the campaign does not end: %v", m.bench.campaign(m.campaign).Counts)
		}
		m.goWell()
		if _, err := m.bench.Finish(m.bench.Context(), []campaign.ID{m.campaign}, m.bench.now); err != nil {
			m.rt.Fatal(err)
		}
	}
	m.bench.advance(60 * 24 * time.Hour) // beyond every time to live
	m.bench.sweep()
	for person := 1; person <= modelPeople; person++ {
		for step := range modelSteps {
			line := m.bench.line(m.campaign.Recipient(person).Message(step))
			arrived := line.Status == campaign.Delivered || line.Status == campaign.Read
			if !arrived && line.Reason == "" {
				m.rt.Fatalf("row %d step %d ended as %s without a reason", person, step+1, line.Status)
			}
		}
	}
	m.bench.verify()
}

// goWell sends and delivers what may go, and lets the clocks run on.
func (m *machine) goWell() {
	m.queue = nil
	m.feed(nil)
	for _, task := range m.queue {
		before := len(m.flights)
		m.claim(m.rt, task)
		for _, f := range m.flights[before:] {
			f.settled = true
			m.delivered[f.message] = true
			m.bench.settle(f.message, f.n, ledger.OutcomeAccepted)
			m.bench.receive(m.bench.receipt(f.message, f.n, campaign.Delivered))
		}
	}
	m.bench.advance(time.Hour)
	m.bench.sweep()
}

func (f *flight) String() string { return fmt.Sprintf("%d.%d", f.message, f.n) }
