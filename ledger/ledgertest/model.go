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

// model runs random sequences of what workers, providers, clocks and crashes
// may do to a campaign, and holds the promises against them: a message is
// never posted again while an earlier attempt may have been accepted, a step
// is never posted before the one before it was delivered, and the counts are
// those of the rows.
func model(t *testing.T, open Open) {
	l := open(t)
	rapid.Check(t, func(rt *rapid.T) {
		m := newMachine(t, rt, l)
		rt.Repeat(map[string]func(*rapid.T){
			"claim":   m.claim,
			"settle":  m.settle,
			"receipt": m.receipt,
			"crash":   m.crash,
			"time":    m.time,
			"":        func(*rapid.T) {},
		})
		m.bench.verify()
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
	flights   []*flight
	delivered map[campaign.MessageID]bool
}

func newMachine(t *testing.T, rt *rapid.T, l *ledger.Ledger) *machine {
	b := &bench{T: t, Ledger: l, now: start}
	return &machine{bench: b, rt: rt, campaign: b.running(steps(modelSteps), modelPeople), delivered: map[campaign.MessageID]bool{}}
}

func (m *machine) claim(rt *rapid.T) {
	person := rapid.IntRange(1, modelPeople).Draw(rt, "person")
	step := rapid.IntRange(0, modelSteps-1).Draw(rt, "step")
	n := rapid.IntRange(1, len(m.flights)+1).Draw(rt, "attempt")
	id := m.campaign.Recipient(person).Message(step)
	_, err := m.bench.Claim(m.bench.Context(), campaign.Task{Message: id, Attempt: n}, m.bench.now, m.bench.now.Add(time.Minute))
	var refused *ledger.RefusedError
	if errors.As(err, &refused) {
		return
	}
	if err != nil {
		rt.Fatal(err)
	}
	for _, f := range m.flights {
		if f.message == id && !f.refused && !f.reported {
			rt.Fatalf("message %d: attempt %d was claimed although attempt %d may have been accepted", id, n, f.n)
		}
	}
	if step > 0 && !m.delivered[id-1] {
		rt.Fatalf("step %d was claimed before step %d was delivered", step+1, step)
	}
	m.flights = append(m.flights, &flight{message: id, n: n})
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

func (f *flight) String() string { return fmt.Sprintf("%d.%d", f.message, f.n) }
