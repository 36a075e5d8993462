package scheduler

import (
	"testing"

	"carillon/ledger"
)

// TestTheNewestRoundCounts: a feeder that Redis holds up finds what runs now, and
// holds up nobody.
func TestTheNewestRoundCounts(t *testing.T) {
	t.Parallel()
	f := &feeder{rounds: make(chan round, 1)}
	for n := range int64(5) {
		f.hand(round{term: ledger.Term{Fence: n + 1}})
	}
	if r := <-f.rounds; r.term.Fence != 5 {
		t.Errorf("it is handed the round of term %v", r.term)
	}
	select {
	case <-f.rounds:
		t.Error("there is another round behind it")
	default:
	}
}
