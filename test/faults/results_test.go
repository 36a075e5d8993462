package faults

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// results gathers what all runs have come to.
type results struct {
	mu   sync.Mutex
	rows []*row
}

// row is the sum over the runs of one fault on one engine.
type row struct {
	fault, engine, provider                                         string
	order, runs, failed, accepted, twice, lost, outOfOrder, unknown int
	took                                                            time.Duration // of the longest run
}

// add takes in a run, and tells at once how it ended: all of them take an hour.
func (r *results) add(tr trial, o outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	ended := "ok"
	if o.failed {
		ended = "failed"
	}
	fmt.Fprintf(os.Stderr, "%s, %s, %s: %s after %.0f s\n", tr.fault.name, tr.kind(), tr.engine, ended, o.took.Seconds())
	at := slices.IndexFunc(r.rows, func(w *row) bool { return w.fault == tr.fault.name && w.engine == tr.engine && w.provider == tr.kind() })
	if at < 0 {
		at = len(r.rows)
		r.rows = append(r.rows, &row{fault: tr.fault.name, engine: tr.engine, provider: tr.kind(), order: tr.order})
	}
	w := r.rows[at]
	w.runs++
	if o.failed {
		w.failed++
	}
	w.accepted += o.Accepted
	w.twice += o.Duplicates
	w.lost += o.Lost
	w.outOfOrder += o.OutOfOrder
	w.unknown += o.unknown
	w.took = max(w.took, o.took)
}

// String is the table in Markdown, in the order of the faults.
func (r *results) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.SortFunc(r.rows, func(a, b *row) int {
		return cmp.Or(a.order-b.order, strings.Compare(a.provider, b.provider), strings.Compare(b.engine, a.engine)) // sqlite first
	})
	var text strings.Builder
	text.WriteString("| fault | provider | engine | runs | accepted | twice | lost | out of order | unknown | seconds |\n")
	text.WriteString("|---|---|---|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, w := range r.rows {
		runs := fmt.Sprint(w.runs)
		if w.failed > 0 {
			runs += fmt.Sprintf(", %d failed", w.failed)
		}
		fmt.Fprintf(&text, "| %s | %s | %s | %s | %d | %d | %d | %d | %d | %.0f |\n",
			w.fault, w.provider, w.engine, runs, w.accepted, w.twice, w.lost, w.outOfOrder, w.unknown, w.took.Seconds())
	}
	return text.String()
}

// TestThePageHasEveryFault keeps docs/faults.md from falling behind the table.
func TestThePageHasEveryFault(t *testing.T) {
	page, err := os.ReadFile("../../docs/faults.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range table() {
		for _, engine := range f.engines() {
			if row := fmt.Sprintf("\n| %s | cloud | %s |", f.name, engine); !strings.Contains(string(page), row) {
				t.Errorf("docs/faults.md has no row for %q on %s; run make faults", f.name, engine)
			}
		}
	}
}
