package scheduler

import (
	"testing"
	"time"
)

func TestLostTasks(t *testing.T) {
	t.Parallel()
	start := time.Unix(1_760_000_000, 0)
	after := start.Add
	const soon, late = time.Second, lostAfter + time.Second

	t.Run("one behind it was taken up long ago", func(t *testing.T) {
		var l lost
		first, second, third := l.next(), l.next(), l.next()
		l.waiting(3, start)
		l.taken(second, start)
		if l.is(first, after(soon)) || !l.is(first, after(late)) {
			t.Error("the first is lost once the second was taken up long ago, and not before")
		}
		if l.is(third, after(late)) {
			t.Error("the third was not overtaken")
		}
		l.taken(third, after(late))
		if !l.is(first, after(late)) {
			t.Error("a newer mark hides the older one")
		}
	})
	t.Run("nothing waits any more", func(t *testing.T) {
		var l lost
		sequence := l.next()
		l.waiting(0, start)
		if l.is(sequence, after(soon)) || !l.is(sequence, after(late)) {
			t.Error("it is lost once nothing has waited for long, and not before")
		}
		later := l.next()
		l.waiting(1, after(late))
		if l.is(later, after(2*late)) || l.is(sequence, after(late)) {
			t.Error("something waits again")
		}
	})
	t.Run("a paused queue loses nothing", func(t *testing.T) {
		var l lost
		sequence := l.next()
		l.next()
		for d := time.Duration(0); d < time.Hour; d += time.Minute {
			l.waiting(2, after(d))
			if l.is(sequence, after(d)) {
				t.Fatalf("lost after %s although nothing was taken up", d)
			}
		}
	})
}

func TestMarksDoNotPileUp(t *testing.T) {
	t.Parallel()
	var l lost
	now := time.Unix(1_760_000_000, 0)
	for range 10_000 {
		l.taken(l.next(), now)
		now = now.Add(100 * time.Millisecond)
	}
	if most := int(lostAfter/(100*time.Millisecond)) + 2; len(l.marks) > most {
		t.Errorf("%d marks kept, want at most %d", len(l.marks), most)
	}
}
