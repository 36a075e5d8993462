package simulator

import (
	"cmp"
	"math"
	"time"

	"carillon/campaign"
)

// stopGrace is how long after the answer to a STOP a message may still be
// accepted (ours): what was claimed by then leaves within a tenth of a second,
// and its request takes its time.
const stopGrace = time.Second

// stops checks that nobody was written to after a STOP.
func (a *auditor) stops(t Truth) {
	said := map[string][]Inbound{} // by person
	for _, i := range t.Inbound {
		switch i.Kind {
		case Stop, StopMarketing:
			a.Stopped++
		case Start, WantMarketing:
		default:
			continue
		}
		person := a.person(i.Person)
		said[person] = append(said[person], i)
	}
	if a.Stopped == 0 {
		return
	}
	known := a.knownIDs(t)
	for _, m := range t.Messages {
		person := a.person(m.To)
		words := said[person]
		for _, stop := range words {
			if stop.Hidden && campaign.IsNumber(m.To) { // nobody could know whose word it was before
				stop.Answered = max(stop.Answered, known[person])
			}
			if !stop.forbids(a.marketing[a.slot(m)]) || !stop.heededBy(m.At) || takenBack(stop, words, m.At) {
				continue
			}
			a.find(&a.AfterStop, "after a stop", "%s to %s, template %s, %s after %s was answered",
				m.ID, m.To, m.Template, (m.At - stop.Answered).Round(time.Millisecond), stop.Kind)
			break
		}
	}
}

// person is who is written to, by one key.
func (a *auditor) person(to string) string { return campaign.Person(cmp.Or(a.numbers[to], to)) }

// never is a time that does not come.
const never = time.Duration(math.MaxInt64) - stopGrace

// knownIDs tells of each person when a receiver could first know which user ID is
// theirs: by a receipt of a message to their number, failed ones excepted.
func (a *auditor) knownIDs(t Truth) map[string]time.Duration {
	known := map[string]time.Duration{}
	for _, m := range t.Messages {
		person := a.person(m.To)
		if _, seen := known[person]; !seen {
			known[person] = never
		}
		for _, r := range m.Receipts {
			if r.Status != campaign.Failed && r.Answered > 0 && campaign.IsNumber(m.To) {
				known[person] = min(known[person], r.Answered)
			}
		}
	}
	return known
}

// forbids reports whether what a person said is about messages of this kind.
func (i Inbound) forbids(marketing bool) bool {
	return i.Kind == Stop || i.Kind == StopMarketing && marketing
}

// heededBy reports whether a receiver must act on it at a time.
func (i Inbound) heededBy(at time.Duration) bool {
	return i.Answered > 0 && i.Answered+stopGrace < at
}

// takenBack reports whether the person had said the contrary since.
func takenBack(stop Inbound, words []Inbound, at time.Duration) bool {
	contrary := Start
	if stop.Kind == StopMarketing {
		contrary = WantMarketing
	}
	for _, w := range words {
		if w.Kind == contrary && w.At > stop.At && w.Posted > 0 && w.Posted <= at {
			return true
		}
	}
	return false
}
