package ledger

import "fmt"

// rotation says whose row comes next: the positions of a campaign's numbers in an order
// in which each comes as often as its weight wants, as evenly spread as can be.
type rotation []int8

// roundLength is how many rows there are before the order begins anew. It can be
// divided by any number up to ten, so that simple ratios are kept exactly, and
// all others to within a two thousandth.
const roundLength = 2520

// newRotation makes the order for n numbers; no weights are equal ones.
func newRotation(n int, weights []float64) (rotation, error) {
	if weights != nil && len(weights) != n {
		return nil, fmt.Errorf("ledger: %d weights for %d numbers", len(weights), n)
	}
	if n == 1 {
		return rotation{0}, nil
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
	// With each row everybody gains their share, and whoever has most pays for it.
	saved := make([]float64, n)
	order := make(rotation, roundLength)
	for row := range order {
		richest := 0
		for i := range saved {
			saved[i] += share[i]
			if saved[i] > saved[richest] {
				richest = i
			}
		}
		saved[richest] -= sum
		order[row] = int8(richest)
	}
	return order, nil
}

// of is the position that the n-th gets, counted from anywhere.
func (t rotation) of(n int) int { return int(t[n%len(t)]) }
