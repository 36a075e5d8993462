package ledgertest

import (
	"fmt"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// end lets everything go well from now on, and looks at how each message ends.
func (m *machine) end() {
	m.bench.Helper()
	const rounds = 150 // with five hours each, more than four gates' patience
	for n := 0; m.open(); n++ {
		if n == rounds {
			m.rt.Fatalf("a campaign does not end: %v", m.unfinished())
		}
		m.goWell()
	}
	for range 2 { // beyond every time to live, and that of what was held until then
		m.pass(60 * 24 * time.Hour)
	}
	for _, id := range m.campaigns {
		for _, line := range m.lines(id) {
			if line.Status.Open() && line.Status != campaign.Unknown {
				m.rt.Fatalf("row %d step %d is still %s", line.Row(), line.Step, line.Status)
			}
			if !line.Status.Arrived() && line.Reason == "" {
				m.rt.Fatalf("row %d step %d ended as %s without a reason", line.Row(), line.Step, line.Status)
			}
		}
		m.must(m.bench.Verify(m.bench.Context(), id))
	}
	m.must(m.bench.Tidy(m.bench.Context(), m.bench.now))
	m.holdForgotten("")
}

// open reports whether some campaign has not finished.
func (m *machine) open() bool {
	for _, id := range m.campaigns {
		state, err := m.bench.State(m.bench.Context(), id)
		m.must(err)
		if state != campaign.Finished {
			return true
		}
	}
	return false
}

// unfinished says where the messages stand that may still be sent.
func (m *machine) unfinished() (all []string) {
	for _, id := range m.campaigns {
		for _, line := range m.lines(id) {
			if line.Status.Open() {
				all = append(all, fmt.Sprintf("row %d step %d: %s (%s)", line.Row(), line.Step, line.Status, line.Reason))
			}
		}
	}
	return all
}

// goWell sends and delivers what may go, and lets the clocks run on.
func (m *machine) goWell() {
	m.look()
	m.queue = nil
	m.feed(nil)
	for _, task := range m.queue {
		if f := m.claim(task); f != nil {
			m.settleAs(f, ledger.OutcomeAccepted, nil, campaign.Failure{})
			m.report(f, campaign.Delivered, false, campaign.Failure{})
		}
	}
	m.pass(5 * time.Hour) // shorter than the hours are in any two zones
}
