package ledger

import "fmt"

// turns says whose turn it is: the positions of a campaign's numbers in an order
// in which each comes as often as its weight wants, as evenly spread as can be.
type turns []int8

// roundTurns is how many turns there are before the order begins anew. It can be
// divided by any number up to ten, so that simple ratios are kept exactly, and
// all others to within a two thousandth.
const roundTurns = 2520

// newTurns makes the order for n numbers; no weights are equal ones.
func newTurns(n int, weights []float64) (turns, error) {
	if weights != nil && len(weights) != n {
		return nil, fmt.Errorf("ledger: %d weights for %d numbers", len(weights), n)
	}
	if n == 1 {
		return turns{0}, nil
	}
	share := make([]float64, n)
	var sum float64
	for i := range share {
		share[i] = 1
		if weights != nil {
			share[i] = weights[i]
		}
		if !(share[i] > 0) {
			return nil, fmt.Errorf("ledger: the weight %v of number %d is not above 0", share[i], i+1)
		}
		sum += share[i]
	}
	// Each turn everybody gains their share, and whoever has most pays for it.
	saved := make([]float64, n)
	order := make(turns, roundTurns)
	for turn := range order {
		richest := 0
		for i := range saved {
			saved[i] += share[i]
			if saved[i] > saved[richest] {
				richest = i
			}
		}
		saved[richest] -= sum
		order[turn] = int8(richest)
	}
	return order, nil
}

// of is the position that the n-th gets, counted from anywhere.
func (t turns) of(n int) int { return int(t[n%len(t)]) }
