package main

import (
	"slices"
	"time"
)

// between are the moments from one to another, that one not included. The
// moments are in order.
func between(moments []time.Duration, from, to time.Duration) []time.Duration {
	first, _ := slices.BinarySearch(moments, from)
	end, _ := slices.BinarySearch(moments, to)
	return moments[first:max(first, end)]
}

// pace is how many a second there were between the first and the last moment;
// 0 for fewer than two.
func pace(moments []time.Duration) float64 {
	if len(moments) < 2 {
		return 0
	}
	elapsed := moments[len(moments)-1] - moments[0]
	if elapsed <= 0 {
		return 0
	}
	return float64(len(moments)-1) / elapsed.Seconds()
}

// worst is the largest number of moments in any span of that length, its end
// not included, wherever it begins.
func worst(moments []time.Duration, span time.Duration) int {
	most, first := 0, 0
	for last := range moments {
		for moments[last]-moments[first] >= span {
			first++
		}
		most = max(most, last-first+1)
	}
	return most
}

// quantile is the smallest duration that the share q of all does not exceed; 0
// where there are none.
func quantile(durations []time.Duration, q float64) time.Duration {
	if len(durations) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(durations))
	rank := int(q*float64(len(sorted))+0.999999) - 1
	return sorted[min(max(rank, 0), len(sorted)-1)]
}

// milliseconds is d as a row gives it.
func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
