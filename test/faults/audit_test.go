package faults

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"carillon/campaign"
	"carillon/simulator"
)

// trial is one fault on one engine.
type trial struct {
	fault    fault
	order    int // of the fault in the table
	engine   string
	size     size
	program  string // the path of the binary
	database string // the ledger's address
	login    string // of the program in Redis, as its address has it; usually none
	provider string // the kind; empty for the Cloud API
	beside   string // the kind of a second provider that shares the list; empty for none
	// takes is the token that the first provider takes, where that is not the
	// channel's: the second one is then to fall back on.
	takes string
}

// kind is the kind of provider.
func (tr trial) kind() string { return cmp.Or(tr.provider, "cloud") }

// outcome is what a run has come to.
type outcome struct {
	simulator.Audit
	unknown int // left so, which the audit does not count
	took    time.Duration
	failed  bool
}

// run lets the fault strike a campaign and audits what comes of it.
func (tr trial) run(t *testing.T, all *results) *stage {
	begun := time.Now()
	var o outcome
	defer func() { // also where the test ends on the way
		o.took, o.failed = time.Since(begun), t.Failed()
		if !t.Skipped() {
			all.add(tr, o)
		}
	}()
	s := tr.set(t)
	if tr.fault.launch != nil {
		tr.fault.launch(s)
	} else {
		s.launch()
	}
	if tr.fault.strike != nil {
		tr.fault.strike(s)
	}
	s.finish()
	o = s.audit()
	if !o.OK() {
		t.Errorf("the audit found something:\n%s", o.Audit)
	}
	return s
}

// audit holds the report against the provider's truth.
func (s *stage) audit() outcome {
	s.Helper()
	var o outcome
	// A receipt that was there before its attempt was known is matched within a
	// second; until then its message looks lost.
	deadline := time.Now().Add(10 * time.Second)
	for {
		truth, records := s.truth(), s.report(steps[:])
		o.unknown = settleUnknown(records, truth)
		o.Audit = truth.Audit(slices.Values(records), steps[:], 0)
		if o.Lost == 0 || time.Now().After(deadline) {
			s.ending(o, records)
			return o
		}
		<-time.After(100 * time.Millisecond)
	}
}

// settleUnknown replaces the messages that are left unknown and counts them.
// Whether one was accepted is for nobody here to know, so either is right; but
// of one that was, a receipt was answered, and then it must not be unknown. So
// it becomes accepted, which the audit takes for lost where a receipt has told
// more; the others become skipped, among them those of which all that was accepted
// was reported failed: another attempt is the unknown one.
func settleUnknown(records []simulator.Record, truth simulator.Truth) (unknown int) {
	type slot struct{ to, template string }
	taken := map[slot]bool{}
	for _, m := range truth.Messages {
		failed := slices.ContainsFunc(m.Receipts, func(r simulator.Receipt) bool { return r.Status == campaign.Failed && r.Answered > 0 })
		if !failed {
			taken[slot{m.To, m.Template}] = true
		}
	}
	for i := range records {
		r := &records[i]
		if r.Status != campaign.Unknown {
			continue
		}
		unknown++
		if r.Status = campaign.Skipped; taken[slot{r.To, r.Template}] {
			r.Status = campaign.Accepted
		}
	}
	return unknown
}

// ending checks how the messages have ended, as the fault's row says.
func (s *stage) ending(o outcome, records []simulator.Record) {
	s.Helper()
	if want := s.size.people * len(steps); len(records) != want {
		s.Errorf("%d lines in the report, want %d", len(records), want)
	}
	at := map[campaign.Status]int{}
	for _, r := range records {
		at[r.Status]++
	}
	arrived := at[campaign.Delivered] + at[campaign.Read]
	switch s.fault.ends {
	case allArrive:
		if o.unknown > 0 || arrived != len(records) {
			s.Errorf("%d of %d have arrived and %d are unknown; this fault should cost nothing: %v", arrived, len(records), o.unknown, at)
		}
	case someUnknown:
		if arrived == 0 {
			s.Errorf("nothing has arrived: %v", at)
		}
	case cutShort:
		ended := arrived + at[campaign.Skipped] + at[campaign.Failed] // between its claim and its request
		if o.unknown > 0 || arrived == 0 || at[campaign.Skipped] == 0 || ended != len(records) {
			s.Errorf("want some to have arrived and no others to be sent, but %d are unknown: %v", o.unknown, at)
		}
	}
}

// report reads the report of a campaign with these templates as the audit wants
// it.
func (s *stage) report(templates []string) []simulator.Record {
	s.Helper()
	var text bytes.Buffer
	if err := s.client.Report(s.Context(), s.id, &text); err != nil {
		s.Fatal(err)
	}
	lines, err := csv.NewReader(&text).ReadAll()
	if err != nil {
		s.Fatal(err)
	}
	column := map[string]int{}
	for n, name := range lines[0] {
		column[name] = n
	}
	records := make([]simulator.Record, 0, len(lines))
	for _, line := range lines[1:] {
		record, err := read(line, column, templates)
		if err != nil {
			s.Fatalf("%v in the line %q of the report", err, line)
		}
		if record.Status == campaign.Unknown && s.fault.ends == allArrive {
			s.tellUnknown(line[column["row"]], record)
		}
		records = append(records, record)
	}
	return records
}

// tellUnknown logs all that both sides know of an unknown message, whose cause is in
// its history alone.
func (s *stage) tellUnknown(row string, record simulator.Record) {
	s.Helper()
	history, err := s.client.History(s.Context(), s.id, row)
	known, _ := json.Marshal(history)
	s.Logf("row %s, %s, is unknown. On record (%v): %s", row, record.Template, err, known)
	for _, m := range s.truth().Messages {
		if m.To == record.To {
			s.Logf("the provider accepted of row %s: %+v", row, m)
		}
	}
}

func read(line []string, column map[string]int, templates []string) (simulator.Record, error) {
	status, err := campaign.ParseStatus(line[column["status"]])
	if err != nil {
		return simulator.Record{}, err
	}
	step, err := strconv.Atoi(line[column["step"]])
	if err != nil || step < 1 || step > len(templates) {
		return simulator.Record{}, fmt.Errorf("step %q", line[column["step"]])
	}
	return simulator.Record{
		To: line[column["phone"]], Template: templates[step-1], Step: step - 1, Status: status,
		MessageID: line[column["message_id"]], Admitted: status != campaign.Rejected,
	}, nil
}

// TestUnknownIsSettled pins what the audit makes of messages of unknown fate.
func TestUnknownIsSettled(t *testing.T) {
	heard := []simulator.Receipt{{Status: campaign.Delivered, Posted: 1, Answered: 1}}
	failed := []simulator.Receipt{{Status: campaign.Failed, Posted: 1, Answered: 1}}
	unanswered := []simulator.Receipt{{Status: campaign.Failed, Posted: 1}}
	for name, c := range map[string]struct {
		messages []simulator.Message
		lost     int
	}{
		"it was not accepted":                {nil, 0},
		"it was, and nothing was ever told":  {[]simulator.Message{{ID: "a", To: "+1", Template: steps[0]}}, 0},
		"it was, and a receipt was answered": {[]simulator.Message{{ID: "a", To: "+1", Template: steps[0], Receipts: heard}}, 1},
		"it was, and its failure was not":    {[]simulator.Message{{ID: "a", To: "+1", Template: steps[0], Receipts: unanswered}}, 0},
		"one before it was, and failed":      {[]simulator.Message{{ID: "a", To: "+1", Template: steps[0], Receipts: failed}}, 0},
		"one before it failed, and a receipt of it was answered": {[]simulator.Message{
			{ID: "a", To: "+1", Template: steps[0], Receipts: failed}, {ID: "b", To: "+1", Template: steps[0], Receipts: heard}}, 1},
	} {
		truth := simulator.Truth{Messages: c.messages}
		records := []simulator.Record{{To: "+1", Template: steps[0], Status: campaign.Unknown, Admitted: true}}
		if unknown := settleUnknown(records, truth); unknown != 1 {
			t.Errorf("%s: %d unknown, want 1", name, unknown)
		}
		if audit := truth.Audit(slices.Values(records), steps[:], 0); audit.Lost != c.lost {
			t.Errorf("%s: %d lost, want %d\n%s", name, audit.Lost, c.lost, audit)
		}
	}
}
