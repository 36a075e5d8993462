package scheduler

import (
	"testing"
	"time"
)

// TestWhatIsNotUsedIsGivenBack takes more of a campaign's rate than there is to
// send, from whichever number asks.
func TestWhatIsNotUsedIsGivenBack(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_760_000_000, 0)
	caps := newCaps()
	c := several("main", "second")
	c.Definition.Rate = 100
	caps.take(c, 0, now)
	now = now.Add(time.Second)
	if n := caps.take(c, 500, now); n != 20 {
		t.Fatalf("%d let through, want what two ticks save up", n)
	}
	if n := caps.take(c, 500, now); n != 0 {
		t.Errorf("another number gets %d in the same moment", n)
	}
	caps.giveBack(c.ID, 15)
	if n := caps.take(c, 500, now.Add(-tick)); n != 15 { // a clock that was read before
		t.Errorf("%d let through, want what was given back", n)
	}
	caps.forget(c.ID)
	caps.giveBack(c.ID, 15) // late
	if n := caps.take(c, 500, now); n != 1 {
		t.Errorf("%d let through for a campaign that begins", n)
	}
}
