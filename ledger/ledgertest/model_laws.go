package ledgertest

import (
	"maps"
	"slices"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// past is what has ever been seen of a message.
type past struct {
	first     time.Time       // when it was first claimed
	best      campaign.Status // that a receipt has told: Sent, Delivered or Read
	permanent bool            // its last failure was
	ended     bool            // it once stood where a step behind may go on without it
	skipped   bool            // it once was
	refused   []refused       // since an operator retried it, by what was taken for true
}

// refused is one attempt that was, and when.
type refused struct {
	campaign.Failure
	at time.Time
}

// patient reports whether a message must be tried again after all those refusals:
// they were passing trouble, and few or new.
func (p *past) patient() bool {
	counted, alike := 0, 0
	last := p.refused[len(p.refused)-1]
	var first time.Time
	passing := true
	for _, r := range p.refused {
		if r.Code == last.Code && r.Reason == last.Reason {
			alike++
		}
		if r.Throttled {
			continue
		}
		if counted++; first.IsZero() {
			first = r.at
		}
		passing = passing && r.Passing
	}
	if passing && last.at.Sub(first) < campaign.PassingFor || last.Throttled {
		return true
	}
	return counted < campaign.MaxFailures && (last.Tries == 0 || alike < last.Tries)
}

func (m *machine) pastOf(id campaign.MessageID) *past {
	if m.past[id] == nil {
		m.past[id] = &past{}
	}
	return m.past[id]
}

func (p *past) claimed(now time.Time) {
	if p.first.IsZero() {
		p.first = now
	}
}

func (p *past) reached(s campaign.Status) { p.best = max(p.best, s) }

// look notes where all messages stand.
func (m *machine) look() {
	for _, id := range m.campaigns {
		for _, line := range m.lines(id) {
			if line.Step == 0 {
				continue
			}
			message := line.Recipient.Message(line.Step - 1)
			for _, f := range m.flights { // some receipts wait until it is clear which attempt they name
				f.named = f.named || f.message == message && line.ProviderID == m.providerID(f)
			}
			p := m.pastOf(message)
			p.skipped = p.skipped || line.Status == campaign.Skipped
			p.ended = p.ended || line.Status.Over() && (line.Status != campaign.Failed || !p.permanent)
		}
	}
}

func (m *machine) lines(id campaign.ID) []ledger.ReportRow {
	page, err := m.bench.Report(m.bench.Context(), ledger.ReportQuery{Campaign: id, Recipients: 10})
	m.must(err)
	return page.Rows
}

func (m *machine) line(id campaign.MessageID) ledger.ReportRow {
	for _, line := range m.lines(id.Campaign()) {
		if line.Recipient == id.Recipient() && line.Step == id.Step()+1 {
			return line
		}
	}
	m.rt.Fatalf("row %d, step %d is not in the report", id.Recipient().Row(), id.Step()+1)
	return ledger.ReportRow{}
}

// holdLaws ends this life where a claim was granted that should not have been.
func (m *machine) holdLaws(task campaign.Task, claimed ledger.Claimed) {
	id := task.Message
	d := m.definitions[id.Campaign()]
	rule, row := d.Steps[id.Step()], m.rows[id.Recipient()]
	wrong := func(because string) {
		m.rt.Fatalf("attempt %d of row %d, step %d was claimed although %s", task.Attempt, id.Recipient().Row(), id.Step()+1, because)
	}
	for _, f := range m.flights {
		if f.message == id && !f.refused && !f.reported {
			wrong("an earlier attempt may have been accepted")
		}
	}
	switch {
	case row == nil:
		wrong("the row takes no part")
	case row.erased:
		wrong("the person was erased")
	case claimed.Phone != row.key:
		wrong("it would go to another number")
	case m.personOf(row.key).forbids(id, rule.Category):
		wrong("the person does not want it")
	case rule.Barred(row.key) != "":
		wrong(rule.Barred(row.key))
	case d.Hours != nil && !d.Hours.Within(row.zone, m.bench.now):
		wrong("it is outside the hours")
	case m.pastOf(id).best > campaign.Sent:
		wrong("it has arrived")
	case !m.gateOpened(id, d):
		wrong("its gate has not opened")
	}
	first, end := d.Branches(id.Step())
	for step := first; step < end; step++ {
		if step != id.Step() && !m.pastOf(id.Recipient().Message(step)).first.IsZero() {
			wrong("another branch went out")
		}
	}
}

// holdOptOuts ends this life where what is on record of a person is not what they
// asked for. Silences are counted by the claims that they forbid.
func (m *machine) holdOptOuts(p *person) {
	want := map[campaign.SuppressionScope]bool{}
	for scope, s := range p.stops {
		want[scope] = s.source != ledger.SourceSilence
	}
	for _, key := range p.keys {
		got := map[campaign.SuppressionScope]bool{}
		for _, s := range m.suppressions(key) {
			got[s.Scope] = s.Source != ledger.SourceSilence
		}
		for _, scope := range append(slices.Collect(maps.Keys(want)), slices.Collect(maps.Keys(got))...) {
			if want[scope] != got[scope] {
				m.rt.Fatalf("that %s is left alone in the scope %q is on record: %t, want %t", key, scope, got[scope], want[scope])
			}
		}
	}
}

// gateOpened reports whether a step's rule was satisfied at some time, by the
// step before or, where those between were skipped, by one before them.
func (m *machine) gateOpened(id campaign.MessageID, d *campaign.Definition) bool {
	first, _ := d.Branches(id.Step())
	if id.Step() == 0 {
		return true
	}
	for step := first - 1; step >= 0; step-- {
		before := id.Recipient().Message(step)
		if m.satisfied(d.Steps[id.Step()], before) {
			return true
		}
		if !m.pastOf(before).skipped {
			return false
		}
	}
	return false
}

func (m *machine) satisfied(rule campaign.Step, before campaign.MessageID) bool {
	p := m.pastOf(before)
	if rule.Otherwise == campaign.Send {
		if p.ended || !p.first.IsZero() && m.bench.now.Sub(p.first) >= rule.Patient() {
			return true
		}
	}
	switch rule.After {
	case campaign.AfterSent:
		return p.best >= campaign.Sent
	case campaign.AfterRead:
		return p.best >= campaign.Read
	case campaign.AfterReply:
		for _, a := range m.personOf(m.keyOf(before)).said {
			if (a.to == 0 || a.to == before) && a.opens(rule.When) {
				return true
			}
		}
		return false
	}
	return p.best >= campaign.Delivered
}

// holdForgotten ends this life where something is left of one who was erased,
// but in a table of which it is not known yet whose rows they are.
func (m *machine) holdForgotten(but string) {
	for key := range m.erased {
		for _, table := range m.traces.of(m.rt, key) {
			if table != but {
				m.rt.Fatalf("key %s was erased and stands in %s", key[len(key)-1:], table)
			}
		}
	}
}
