package ratelimit

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns()
		if !turns.tryTake() || turns.tryTake() {
			t.Fatal("the first of two takes its turn at once, and the second does not")
		}
		var mu sync.Mutex
		var served []string
		var all sync.WaitGroup
		wait := func(name string, missed bool) {
			all.Go(func() {
				if err := turns.take(t.Context(), missed); err != nil {
					t.Error(err)
				}
				mu.Lock()
				served = append(served, name)
				mu.Unlock()
				time.Sleep(time.Second)
				turns.done()
			})
			synctest.Wait()
		}
		for _, name := range []string{"first", "second", "third"} {
			wait(name, false)
		}
		wait("missed", true)
		wait("missed too", true)
		turns.done()
		all.Wait()
		// The first was about to be served when the others came.
		if want := []string{"first", "missed", "missed too", "second", "third"}; !slices.Equal(served, want) {
			t.Errorf("they were served in the order %q, want %q", served, want)
		}
	})
}

func TestTurnsEndWithTheContext(t *testing.T) {
	for _, missed := range []bool{false, true} {
		turns := newTurns()
		turns.tryTake()
		ctx, cancel := context.WithCancelCause(t.Context())
		gone := errors.New("the caller is gone")
		cancel(gone)
		if err := turns.take(ctx, missed); !errors.Is(err, gone) {
			t.Errorf("got %v, want the cause", err)
		}
		turns.done()
		if err := turns.take(t.Context(), missed); err != nil {
			t.Errorf("the next one gets %v", err)
		}
	}
}

// Two at most go before whoever missed a departure, however many wait.
func TestReplaceGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const perSecond = 20
		l := NewLocal(perSecond, time.Now)
		var all sync.WaitGroup
		for range perSecond {
			all.Go(func() { reserve(t, l) })
		}
		synctest.Wait()
		called := time.Now()
		d, err := l.Replace(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if wait := d.At.Sub(called); wait > ahead+3*time.Second/perSecond {
			t.Errorf("it leaves after %s", wait)
		}
		all.Wait()
	})
}
