package main

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func seconds(values ...float64) []time.Duration {
	var all []time.Duration
	for _, v := range values {
		all = append(all, time.Duration(v*float64(time.Second)))
	}
	return all
}

func TestBetween(t *testing.T) {
	all := seconds(1, 2, 2, 3, 4)
	for name, c := range map[string]struct {
		from, to float64
		want     []time.Duration
	}{
		"its beginning belongs to it, its end does not": {2, 4, seconds(2, 2, 3)},
		"all":             {0, 9, all},
		"before":          {0, 1, nil},
		"after":           {5, 9, nil},
		"the wrong way":   {3, 2, nil},
		"between moments": {2.5, 3.5, seconds(3)},
	} {
		got := between(all, seconds(c.from)[0], seconds(c.to)[0])
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestPace(t *testing.T) {
	for _, c := range []struct {
		moments []time.Duration
		want    float64
	}{
		{nil, 0}, {seconds(1), 0}, {seconds(1, 1), 0}, {seconds(1, 2), 1}, {seconds(1, 1.25, 1.5, 1.75, 2), 4},
	} {
		if got := pace(c.moments); got != c.want {
			t.Errorf("%v: got %v, want %v", c.moments, got, c.want)
		}
	}
}

// TestWorst holds the sliding count against one that looks at every window.
func TestWorst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		moments := rapid.SliceOfN(rapid.Map(rapid.Int64Range(0, 50), func(n int64) time.Duration { return time.Duration(n) }), 0, 40).Draw(t, "moments")
		span := time.Duration(rapid.Int64Range(1, 20).Draw(t, "span"))
		slices.Sort(moments)
		want := 0
		for _, from := range moments {
			want = max(want, len(between(moments, from, from+span)))
		}
		if got := worst(moments, span); got != want {
			t.Errorf("got %d, want %d", got, want)
		}
	})
}

func TestQuantile(t *testing.T) {
	var hundred []time.Duration
	for n := range 100 {
		hundred = append(hundred, time.Duration(100-n))
	}
	got := map[float64]time.Duration{}
	for _, q := range []float64{0, 0.01, 0.5, 0.99, 0.991, 1} {
		got[q] = quantile(hundred, q)
	}
	want := map[float64]time.Duration{0: 1, 0.01: 1, 0.5: 50, 0.99: 99, 0.991: 100, 1: 100}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := quantile(nil, 0.5); got != 0 {
		t.Errorf("of nothing: %v", got)
	}
	if hundred[0] != 100 {
		t.Error("it has sorted what it was given")
	}
}

func TestSpan(t *testing.T) {
	one := span{messages: 100, elapsed: time.Second, receipts: 100, lasted: time.Second, cpu: []time.Duration{time.Second}}
	two := span{messages: 300, elapsed: time.Second, receipts: 300, lasted: time.Second, cpu: []time.Duration{time.Second}}
	sum := one.plus(two)
	if sum.pace() != 200 || sum.confirmed() != 100 || sum.perMessage(0) != 5000 {
		t.Errorf("got %v a second, %v confirmed, %v µs each", sum.pace(), sum.confirmed(), sum.perMessage(0))
	}
	if sum.receipts = 10_000; sum.confirmed() != 200 {
		t.Errorf("more receipts than messages: %v", sum.confirmed())
	}
}
