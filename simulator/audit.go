package simulator

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"carillon/campaign"
)

// Record is what a sender says of one recipient and step.
type Record struct {
	// To is the recipient in E.164, or a user ID.
	To string
	// Template is the step's name, as StepName has it.
	Template string
	// Step counts from 0. It matters only where two steps share a template.
	Step   int
	Status campaign.Status
	// MessageID is the provider's id of the newest attempt, empty for none.
	MessageID string
	// Admitted says that the row took part; the others may get nothing.
	Admitted bool
	// Marketing says that the step is of that category: people may have stopped
	// it alone.
	Marketing bool
	// Unordered says that the step may go out without a delivery of the one
	// before: its rule waits for something else, or sends it all the same.
	Unordered bool
}

// Audit is what a sender's report is worth.
type Audit struct {
	// Accepted messages went to Recipients different people, by their numbers and
	// user IDs.
	Accepted, Recipients int
	// Duplicates are messages accepted while an earlier one of the same
	// template to the same number, or to its user ID, was not reported failed.
	Duplicates int
	// Lost are messages without a true record and records without a message,
	// a status that is not final, or behind what the receipts told.
	Lost int
	// OutOfOrder are messages accepted before delivered or read of the step
	// before was posted, unless their rule asks for something else.
	OutOfOrder int
	// WrongPerson are messages to numbers that are in no admitted record.
	WrongPerson int
	// AfterStop are messages accepted more than a second after the webhook with
	// the person's STOP was answered with 200, before a START was posted; for
	// marketing, likewise after they stopped it in the app's menu.
	AfterStop int
	// Stopped is how often people said so.
	Stopped int
	// OverRate is how many seconds, each begun by a request, hold more than
	// 1.02 × rate + 1 requests; refused requests count.
	OverRate int
	// PeakPerSecond is the most requests in any one second, MeanPerSecond
	// their number over the time from the first to the last.
	PeakPerSecond, MeanPerSecond float64
	// Examples are a few findings of each kind, for a person to read.
	Examples []string
}

// maxExamples is how many findings of each kind are told.
const maxExamples = 5

// OK reports whether nothing was found.
func (a Audit) OK() bool {
	return a.Duplicates+a.Lost+a.OutOfOrder+a.WrongPerson+a.AfterStop+a.OverRate == 0
}

// String is a table, and the examples below it.
func (a Audit) String() string {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	row := func(promise string, found int) {
		verdict := "ok"
		if found > 0 {
			verdict = "BROKEN"
		}
		_, _ = fmt.Fprintf(table, "%s\t%d\t%s\n", promise, found, verdict) // a Builder takes all
	}
	_, _ = fmt.Fprintf(table, "accepted messages\t%d\tto %d numbers\n", a.Accepted, a.Recipients)
	row("sent twice", a.Duplicates)
	row("lost", a.Lost)
	row("out of order", a.OutOfOrder)
	row("to the wrong person", a.WrongPerson)
	if a.Stopped > 0 { // else nothing is known of it
		row("after a stop", a.AfterStop)
	}
	row("seconds over the rate", a.OverRate)
	_, _ = fmt.Fprintf(table, "requests a second\t%.1f\tat most %.0f\n", a.MeanPerSecond, a.PeakPerSecond)
	_ = table.Flush()
	for _, example := range a.Examples {
		text.WriteString("- " + example + "\n")
	}
	return text.String()
}

// Audit holds the records, one per recipient and step, against the truth.
// steps are the names of the steps in their order, as StepName has them. rate is what the number may do, in
// messages a second, 0 for no limit. The campaign should be finished and the
// simulator drained.
func (t Truth) Audit(records iter.Seq[Record], steps []string, rate float64) Audit {
	a := &auditor{steps: steps, sent: map[slot][]Message{}, admitted: map[string]bool{}, marketing: map[slot]bool{}, unordered: map[slot]bool{}, told: map[string]int{}}
	a.Accepted, a.numbers = len(t.Messages), numbersOf(t.Messages)
	for _, m := range t.Messages {
		s := a.slot(m)
		a.sent[s] = append(a.sent[s], m)
	}
	seen := make(map[slot]bool, len(a.sent))
	for r := range records {
		if !r.Admitted {
			continue
		}
		s := a.place(r.To, r.Template, r.Step)
		a.admitted[s.to], seen[s] = true, true
		if r.Marketing {
			a.marketing[s] = true
		}
		if r.Unordered {
			a.unordered[s] = true
		}
		a.record(r, a.sent[s])
	}
	people := map[string]bool{}
	for _, m := range t.Messages { // not over the map: examples keep their order
		s := a.slot(m)
		people[s.to] = true
		first := a.sent[s][0].ID == m.ID
		switch {
		case !a.admitted[s.to]:
			a.find(&a.WrongPerson, "wrong person", "%s to %s, who is not in an admitted row", m.ID, m.To)
		case !seen[s] && first:
			a.find(&a.Lost, "lost", "%s to %s: no record of template %s", m.ID, m.To, m.Template)
		}
		if first {
			a.duplicates(a.sent[s])
		}
		a.order(s, m)
	}
	a.Recipients = len(people)
	a.stops(t)
	a.pace(t.Arrivals, rate)
	return a.Audit
}

// auditor is an audit in the making.
type auditor struct {
	Audit
	steps    []string
	sent     map[slot][]Message
	admitted map[string]bool
	// marketing holds the slots of that category.
	marketing map[slot]bool
	// unordered holds the slots that need no delivery before them.
	unordered map[slot]bool
	told      map[string]int
	// numbers are those that were written to, by the user IDs of their people.
	numbers map[string]string
}

// numbersOf are the numbers that messages went to, by the user IDs of their people.
func numbersOf(messages []Message) map[string]string {
	numbers := map[string]string{}
	byID := func(m Message) bool { return !campaign.IsNumber(m.To) }
	if !slices.ContainsFunc(messages, byID) {
		return numbers
	}
	for _, m := range messages {
		if !byID(m) {
			numbers[userID(m.To)] = m.To
		}
	}
	return numbers
}

// slot is one step for one person: they should get one message. They are named by
// what was written to, the number where that was both.
type slot struct {
	to, template string
	step         int // -1 for a template that is no step's
}

// slot is where a message belongs. Where steps share a template, its reference
// tells which one it is.
func (a *auditor) slot(m Message) slot {
	step := -1
	if id, _, ok := campaign.ParseReference(m.Reference); ok {
		step = id.Step()
	}
	return a.place(m.To, m.Template, step)
}

// place finds the step of a template, the hinted one if there are several.
func (a *auditor) place(to, template string, hint int) slot {
	to = cmp.Or(a.numbers[to], to)
	if hint < 0 || hint >= len(a.steps) || !sends(a.steps[hint], template) {
		hint = slices.IndexFunc(a.steps, func(step string) bool { return sends(step, template) })
	}
	if hint < 0 {
		return slot{to, template, -1}
	}
	return slot{to, a.steps[hint], hint}
}

// or stands between the names of what a step sends one of.
const or = "|"

// StepName is what Audit knows a step by: its template, and of a step that sends
// something else its kind, as Message.Template has it, and its template after that.
func StepName(step campaign.Step) string {
	if !step.FreeForm() {
		return step.Template
	}
	name := step.Title()
	if other := step.OtherwiseTemplate; other != nil {
		name += or + other.Template
	}
	return name
}

// sends reports whether a step of this name sends a template, or that name itself.
func sends(step, template string) bool {
	return step == template || strings.Contains(step, or) && slices.Contains(strings.Split(step, or), template)
}

// find counts a finding and keeps the first few as examples.
func (a *auditor) find(count *int, kind, format string, args ...any) {
	*count++
	if a.told[kind]++; a.told[kind] <= maxExamples {
		a.Examples = append(a.Examples, kind+": "+fmt.Sprintf(format, args...))
	}
}

// record checks one record against the messages that it speaks of.
func (a *auditor) record(r Record, messages []Message) {
	lost := func(format string, args ...any) {
		a.find(&a.Lost, "lost", "%s, template %s, recorded as %s: %s", r.To, r.Template, r.Status, fmt.Sprintf(format, args...))
	}
	named := slices.ContainsFunc(messages, func(m Message) bool { return m.ID == r.MessageID })
	alive := slices.IndexFunc(messages, func(m Message) bool { return m.answered(campaign.Failed) == 0 })
	claims := r.Status == campaign.Undelivered || taken(r.Status)
	switch {
	case r.Status.Open():
		lost("the status is not final")
	case claims && len(messages) == 0:
		lost("no message was accepted")
	case claims && r.MessageID != "" && !named:
		lost("%s is not the id of an accepted message", r.MessageID)
	case claims && alive < 0:
		lost("the receipt for failed of %s had no effect", messages[0].ID)
	case !claims && alive >= 0:
		lost("%s was accepted and did not fail", messages[alive].ID)
	case claims:
		if best := furthest(messages); best > r.Status || best > campaign.Sent && r.Status == campaign.Undelivered {
			lost("the receipt for %s had no effect", best)
		}
	}
}

// taken reports whether a status claims that the provider took the message.
func taken(s campaign.Status) bool {
	return s == campaign.Accepted || s == campaign.Sent || s.Arrived()
}

// furthest is the best that receipts told of the messages that did not fail;
// Accepted if none did.
func furthest(messages []Message) campaign.Status {
	best := campaign.Accepted
	for _, m := range messages {
		if m.answered(campaign.Failed) > 0 {
			continue
		}
		for _, r := range m.Receipts {
			if r.Answered > 0 {
				best = max(best, r.Status)
			}
		}
	}
	return best
}

// duplicates checks the messages of one slot against each other.
func (a *auditor) duplicates(messages []Message) {
	for i, later := range messages {
		for _, earlier := range messages[:i] {
			if failed := earlier.answered(campaign.Failed); failed == 0 || failed >= later.At {
				a.find(&a.Duplicates, "sent twice", "%s to %s, template %s, after %s", later.ID, later.To, later.Template, earlier.ID)
				break
			}
		}
	}
}

// order checks that the step before a message had arrived.
func (a *auditor) order(s slot, m Message) {
	if s.step < 1 || a.unordered[s] {
		return
	}
	before := a.sent[slot{s.to, a.steps[s.step-1], s.step - 1}]
	if !slices.ContainsFunc(before, func(b Message) bool { return b.arrivedBy(m.At) }) {
		a.find(&a.OutOfOrder, "out of order", "%s to %s, template %s, before %s had arrived", m.ID, m.To, m.Template, a.steps[s.step-1])
	}
}

// answered is Receipt.Answered of the status, 0 for never.
func (m Message) answered(s campaign.Status) time.Duration {
	for _, r := range m.Receipts {
		if r.Status == s {
			return r.Answered
		}
	}
	return 0
}

// arrivedBy reports whether delivered or read had been posted at a time.
func (m Message) arrivedBy(at time.Duration) bool {
	return slices.ContainsFunc(m.Receipts, func(r Receipt) bool {
		return r.Status.Arrived() && r.Posted > 0 && r.Posted <= at
	})
}

// pace measures the requests in every second that begins with one.
func (a *auditor) pace(arrivals []time.Duration, rate float64) {
	if len(arrivals) == 0 {
		return
	}
	end := 0
	for begin, from := range arrivals {
		for end < len(arrivals) && arrivals[end] < from+time.Second {
			end++
		}
		n := float64(end - begin)
		a.PeakPerSecond = max(a.PeakPerSecond, n)
		if rate > 0 && n > 1.02*rate+1 {
			a.find(&a.OverRate, "over the rate", "%.0f requests in the second from %s", n, from.Round(time.Millisecond))
		}
	}
	if span := (arrivals[len(arrivals)-1] - arrivals[0]).Seconds(); span > 0 {
		a.MeanPerSecond = float64(len(arrivals)-1) / span
	}
}
