package ledgertest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"carillon/campaign"
	"carillon/ledger"
)

// model runs random sequences of what queues, workers, providers, people,
// operators, clocks and crashes may do to a few campaigns that have the same
// people, and holds the promises against them. What must never be is in
// model_laws.go, what people do in model_people.go, how it ends in
// model_end.go.
func model(t *testing.T, fresh Fresh) {
	url := fresh(t)
	l := opened(t, url)
	traces := newTraces(t, url)
	lives := 0
	rapid.Check(t, func(rt *rapid.T) {
		lives++
		m := newMachine(t, rt, l, lives)
		m.traces = traces
		rt.Repeat(map[string]func(*rapid.T){
			"list":       m.list,
			"feed":       m.feed,
			"deliver":    m.deliver,
			"redeliver":  m.redeliver,
			"wipe":       m.wipe,
			"stray":      m.stray,
			"settle":     m.settle,
			"receipt":    m.receipt,
			"send":       m.send,
			"send more":  m.send,
			"trouble":    m.trouble,
			"crash":      m.crash,
			"time":       m.time,
			"retry":      m.retry,
			"hear":       m.hear,
			"hear more":  m.hear,
			"hear again": m.hearAgain,
			"suppress":   m.suppress,
			"unsuppress": m.unsuppress,
			"forget":     m.forget,
			"":           func(*rapid.T) { m.look() },
		})
		m.end()
	})
}

// flight is one attempt as the provider sees it.
type flight struct {
	message  campaign.MessageID
	n        int
	settled  bool
	accepted bool               // an answer has told so
	refused  bool               // the provider surely did not take it
	reported bool               // a receipt told that it failed
	named    bool               // the provider's identifier is on record
	early    []campaign.Failure // what receipts told that nobody has taken for true yet
}

// machine is one life of a few campaigns, with what is known of it from
// outside.
type machine struct {
	*world
	bench   *bench
	rt      *rapid.T
	traces  *traces
	queue   []campaign.Task
	flights []*flight
	past    map[campaign.MessageID]*past
	persons map[string]*person // by every key of theirs
	erased  map[string]string  // keys that must stand nowhere → under which the person was erased
	learnt  map[string]string  // keys that are to be erased, too → as whose
	heard   []ledger.InboundEvent
	told    int // failures, each with words of its own
}

func newMachine(t *testing.T, rt *rapid.T, l *ledger.Ledger, life int) *machine {
	m := &machine{
		world: newWorld(life), bench: &bench{T: t, Ledger: l, now: start}, rt: rt,
		past: map[campaign.MessageID]*past{}, persons: map[string]*person{}, erased: map[string]string{}, learnt: map[string]string{},
	}
	m.list(rt)
	return m
}

// must ends this life where the ledger fails.
func (m *machine) must(err error) {
	if err != nil {
		m.rt.Fatal(err)
	}
}

// feed puts what may go now into the queue, once more where it is there already:
// the scheduler remembers nothing.
func (m *machine) feed(*rapid.T) {
	for _, id := range m.campaigns {
		found, err := m.bench.Feedable(m.bench.Context(), id, 0, 100, m.bench.now)
		m.must(err)
		for _, f := range found {
			m.queue = append(m.queue, campaign.Task{Message: f.ID, Attempt: f.Attempt})
		}
	}
}

// deliver hands a task to a worker.
func (m *machine) deliver(rt *rapid.T) {
	n := m.drawTask(rt)
	task := m.queue[n]
	m.queue = append(m.queue[:n:n], m.queue[n+1:]...)
	m.claim(task)
}

// redeliver hands it out and keeps it, as after a lease that ran out.
func (m *machine) redeliver(rt *rapid.T) { m.claim(m.queue[m.drawTask(rt)]) }

func (m *machine) drawTask(rt *rapid.T) int {
	if len(m.queue) == 0 {
		m.feed(rt)
	}
	if len(m.queue) == 0 {
		rt.Skip("nothing may go")
	}
	return rapid.IntRange(0, len(m.queue)-1).Draw(rt, "task")
}

// wipe takes the queue away.
func (m *machine) wipe(*rapid.T) { m.queue = nil }

// stray is a task that nothing in this life has fed.
func (m *machine) stray(rt *rapid.T) {
	id := rapid.SampledFrom(m.campaigns).Draw(rt, "campaign")
	row := rapid.IntRange(1, len(m.people)+1).Draw(rt, "row")
	step := rapid.IntRange(0, len(m.definitions[id].Steps)-1).Draw(rt, "step")
	n := rapid.IntRange(1, len(m.flights)+1).Draw(rt, "attempt")
	m.claim(campaign.Task{Message: id.Recipient(row).Message(step), Attempt: n})
}

// claim is what a worker does with a task; nil where it is refused.
func (m *machine) claim(task campaign.Task) *flight {
	by := ledger.Sender{Portfolio: "portfolio"}
	claimed, err := m.bench.Claim(m.bench.Context(), task, by, m.bench.now, m.bench.now.Add(time.Minute))
	var refused *ledger.RefusedError
	if errors.As(err, &refused) {
		return nil
	}
	m.must(err)
	m.holdLaws(task, claimed)
	f := &flight{message: task.Message, n: task.Attempt}
	m.flights = append(m.flights, f)
	m.pastOf(task.Message).claimed(m.bench.now)
	return f
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
	outcomes := []ledger.Outcome{
		ledger.OutcomeAccepted, ledger.OutcomeHeld, ledger.OutcomeRefused, ledger.OutcomeUnknown, ledger.OutcomeReleased,
	}
	if f.reported || m.pastOf(f.message).best > 0 { // it was accepted, so the answer says so or is lost
		outcomes = []ledger.Outcome{ledger.OutcomeAccepted, ledger.OutcomeUnknown}
	}
	outcome := rapid.SampledFrom(outcomes).Draw(rt, "outcome")
	m.settleAs(f, outcome, m.drawKeys(rt, m.keyOf(f.message)), m.drawFailure(rt, f))
}

// drawKeys are keys of a person that a provider tells in one breath: none, or some
// of them.
func (m *machine) drawKeys(rt *rapid.T, key string) (keys []string) {
	for range rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(rt, "keys") {
		keys = append(keys, rapid.SampledFrom(append(m.twins(key), key)).Draw(rt, "key"))
	}
	return keys
}

func (m *machine) settleAs(f *flight, outcome ledger.Outcome, keys []string, failure campaign.Failure) {
	s := ledger.Settlement{Message: f.message, Attempt: f.n, Outcome: outcome, At: m.bench.now, UnknownAfter: 10 * time.Minute, Keys: keys}
	switch outcome {
	case ledger.OutcomeAccepted, ledger.OutcomeHeld:
		s.ProviderID = m.providerID(f)
	case ledger.OutcomeRefused:
		s.Failure = failure
	}
	m.must(m.bench.Settle(m.bench.Context(), s))
	f.settled = true
	f.accepted = s.ProviderID != ""
	f.named = f.named || f.accepted && !m.rows[f.message.Recipient()].erased
	f.refused = outcome == ledger.OutcomeRefused || outcome == ledger.OutcomeReleased
	m.met(f, keys)
	m.failed(f, s.Failure)
	m.takeEarly(f)
}

// drawFailure is one that may be repeated or not, quotes the number that it is
// about, and may say more of the person.
func (m *machine) drawFailure(rt *rapid.T, about *flight) campaign.Failure {
	m.told++
	f := campaign.Failure{
		Reason: rapid.SampledFrom([]string{"busy", "odd"}).Draw(rt, "reason"), Detail: detailOf(m.told),
		Said:  "not to " + m.keyOf(about.message),
		Retry: rapid.Bool().Draw(rt, "retry"), Throttled: rapid.Bool().Draw(rt, "throttled"),
		Passing: rapid.IntRange(0, 2).Draw(rt, "passing") > 0, Slows: rapid.Bool().Draw(rt, "slows"),
		Code: rapid.IntRange(1, 2).Draw(rt, "code"), Tries: rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(rt, "tries"),
	}
	switch rapid.SampledFrom([]string{"", "", "unreachable", "marketing"}).Draw(rt, "about the person") {
	case "unreachable":
		f.Unreachable = true
	case "marketing":
		f.Suppress = campaign.ScopeMarketing
	}
	return f
}

func (m *machine) receipt(rt *rapid.T) {
	f := m.pick(rt, func(f *flight) bool { return !f.refused })
	status := rapid.SampledFrom([]campaign.Status{campaign.Sent, campaign.Delivered, campaign.Read, campaign.Failed}).Draw(rt, "status")
	bare, keys := rapid.Bool().Draw(rt, "without reference"), m.drawKeys(rt, m.keyOf(f.message))
	switch {
	case bare && m.rows[f.message.Recipient()].erased:
		keys = nil // the identifier is erased, so that another message of theirs might seem to be meant
	case bare && len(keys) > 0: // of one who stands in a list twice it is told which row is meant
		keys = append([]string{m.keyOf(f.message)}, keys...)
	}
	m.report(f, status, bare, m.drawFailure(rt, f), keys...)
}

// report has the provider send a receipt.
func (m *machine) report(f *flight, status campaign.Status, bare bool, failure campaign.Failure, keys ...string) {
	r := ledger.Receipt{
		Channel: "main", Peers: []string{"main"}, Keys: keys,
		Message: f.message, Attempt: f.n, ProviderID: m.providerID(f), Status: status, At: m.bench.now,
	}
	if bare {
		r.Message, r.Attempt = 0, 0
	}
	if status == campaign.Failed {
		r.Failure, f.reported = failure, true
	} else {
		m.pastOf(f.message).reached(status)
		m.personOf(m.keyOf(f.message)).alive = true
	}
	about, err := m.bench.Receive(m.bench.Context(), []ledger.Receipt{r}, m.bench.now)
	m.must(err)
	if about[0].Message != 0 && (about[0] != ledger.Received{Message: f.message, Attempt: f.n}) {
		m.rt.Fatalf("a receipt of attempt %d of message %d was taken for one of %+v", f.n, f.message, about[0])
	}
	_, err = m.bench.MatchEarly(m.bench.Context(), m.bench.now)
	m.must(err)
	switch tellsIDs := slices.ContainsFunc(keys, func(key string) bool { return !campaign.IsNumber(key) }); {
	case about[0].Message != 0 && (tellsIDs || !f.named):
		m.met(f, keys)
	case tellsIDs:
		m.breath(keys)
	}
	f.named = f.named || about[0].Message != 0 && !m.rows[f.message.Recipient()].erased
	if r.Failure.Reason != "" && !m.failed(f, r.Failure) {
		f.early = append(f.early, r.Failure)
	}
	m.takeEarly(f)
}

// send lets one message go the good way, as far as it is drawn.
func (m *machine) send(rt *rapid.T) {
	before := len(m.queue)
	m.feed(rt)
	fresh := m.queue[before:]
	if len(fresh) == 0 {
		rt.Skip("nothing may go")
	}
	f := m.claim(rapid.SampledFrom(fresh).Draw(rt, "task"))
	if f == nil {
		return
	}
	m.settleAs(f, ledger.OutcomeAccepted, nil, campaign.Failure{})
	for _, status := range []campaign.Status{campaign.Delivered, campaign.Read} {
		if !rapid.Bool().Draw(rt, status.String()) {
			return
		}
		m.report(f, status, false, campaign.Failure{})
	}
}

// trouble has one message refused again and again, as soon as it may go.
func (m *machine) trouble(rt *rapid.T) {
	n := m.drawTask(rt)
	task := m.queue[n]
	for range rapid.IntRange(1, 12).Draw(rt, "refusals") {
		f := m.claim(task)
		if f == nil || m.pastOf(f.message).best > 0 {
			return
		}
		failure := m.drawFailure(rt, f)
		failure.Retry = failure.Retry || rapid.IntRange(0, 7).Draw(rt, "for good") > 0
		m.settleAs(f, ledger.OutcomeRefused, nil, failure)
		m.look()
		if m.line(task.Message).Status == campaign.Failed {
			m.retry(rt)
		}
		task.Attempt++
		m.pass(rapid.SampledFrom([]time.Duration{time.Second, time.Minute, 5 * time.Minute}).Draw(rt, "until the next"))
	}
}

// crash loses a worker: its attempt is never settled.
func (m *machine) crash(rt *rapid.T) {
	m.pick(rt, func(f *flight) bool { return !f.settled }).settled = true
}

func (m *machine) time(rt *rapid.T) {
	m.pass(time.Duration(rapid.SampledFrom([]int{1, 60, 700, 3600, 40_000, 90_000}).Draw(rt, "seconds")) * time.Second)
}

// pass lets the clocks run on, and the scheduler do what is due.
func (m *machine) pass(d time.Duration) {
	m.bench.advance(d)
	for {
		n, err := m.bench.Sweep(m.bench.Context(), m.bench.now, m.bench.policy)
		m.must(err)
		if n == 0 {
			break
		}
	}
	_, err := m.bench.Finish(m.bench.Context(), m.campaigns, m.bench.now)
	m.must(err)
	_, err = m.bench.ForgetLearnt(m.bench.Context(), m.bench.now)
	m.must(err)
	m.eraseLearnt()
	for _, f := range m.flights {
		m.takeEarly(f)
	}
}

// retry is an operator's.
func (m *machine) retry(rt *rapid.T) {
	id := rapid.SampledFrom(m.campaigns).Draw(rt, "campaign")
	failed := m.lines(id)
	_, err := m.bench.Retry(m.bench.Context(), id, []campaign.Status{campaign.Failed}, by("tester"), m.bench.now)
	m.must(err)
	for _, line := range failed {
		if id := line.Recipient.Message(max(0, line.Step-1)); line.Status == campaign.Failed && m.line(id).Status != campaign.Failed {
			m.pastOf(id).refused = nil
		}
	}
}
