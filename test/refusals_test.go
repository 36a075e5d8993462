package test

import (
	"bytes"
	"encoding/csv"
	"strings"
	"sync"
	"testing"

	"carillon/internal/app"
	"carillon/simulator"
)

// locked is a log that many write to.
type locked struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// TestWhatARefusalSaidIsShown has a provider refuse everybody, and looks for its
// words wherever an operator would.
func TestWhatARefusalSaidIsShown(t *testing.T) {
	const refused = 20
	log := &locked{}
	h := startHouse(t, setup{redis: startRedis(t), log: log, simulator: simulator.Options{Faults: simulator.Faults{Invalid: 1}, Seed: 1}})
	c := h.finish(t, h.launch(t, campaignOf(t, ""), people(t, refused)).ID)
	var counted int64
	for _, f := range c.Failures {
		counted += f.Count
		if !strings.Contains(f.Said, "The recipient +4915123") || f.Hint == "" || f.Code == 0 {
			t.Errorf("the status has %+v", f)
		}
	}
	if counted != refused || c.Counts["failed"] != refused || len(c.Failures) != 2 { // with one code or the other
		t.Errorf("%d failed, %d are told in %d kinds", c.Counts["failed"], counted, len(c.Failures))
	}
	var status strings.Builder
	if err := c.WriteText(&status); err != nil {
		t.Fatal(err)
	}
	for _, f := range c.Failures {
		if !strings.Contains(status.String(), f.Said) || !strings.Contains(status.String(), f.Hint) {
			t.Errorf("%q is missing in\n%s", f.Said, status.String())
		}
	}
	h.wordsInReport(t, c.ID)
	h.wordsInLog(t, log.String(), c)
}

// wordsInReport looks for the words of each recipient in the report.
func (h *house) wordsInReport(t *testing.T, id string) {
	t.Helper()
	var report bytes.Buffer
	if err := h.client.Report(t.Context(), id, &report); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&report).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	last := len(lines[0]) - 1
	if lines[0][last] != "detail" {
		t.Errorf("the last column is %q", lines[0][last])
	}
	for _, line := range lines[1:] {
		if detail := line[last]; !strings.Contains(detail, "The recipient "+line[1]+" is never valid here.") || !strings.HasSuffix(detail, ".") {
			t.Errorf("row %s: %q", line[0], detail)
		}
	}
}

// wordsInLog looks for one line of each kind of refusal, without anybody's number.
func (h *house) wordsInLog(t *testing.T, log string, c app.Campaign) {
	t.Helper()
	if n := strings.Count(log, "a message was refused, the first"); n != len(c.Failures) {
		t.Errorf("%d lines about refusals for %d kinds:\n%s", n, len(c.Failures), log)
	}
	if !strings.Contains(log, "The recipient *** is never valid here.") || strings.Contains(log, "4915123") {
		t.Errorf("the log has\n%s", log)
	}
}
