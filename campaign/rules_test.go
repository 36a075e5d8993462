package campaign

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestGate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		after     After
		otherwise Otherwise
		before    Status
		impatient bool
		want      GateDecision
	}{
		{AfterSent, Stop, Accepted, false, GateShut},
		{AfterSent, Stop, Sent, false, GateOpen},
		{AfterSent, Stop, Read, false, GateOpen},
		{AfterDelivered, Stop, Sent, false, GateShut},
		{AfterDelivered, Stop, Delivered, false, GateOpen},
		{AfterDelivered, Stop, Read, false, GateOpen},
		{AfterRead, Stop, Delivered, false, GateShut},
		{AfterRead, Stop, Read, false, GateOpen},
		{AfterDelivered, Stop, Sent, true, GateStop},
		{AfterDelivered, Skip, Sent, true, GateSkip},
		{AfterDelivered, Send, Sent, true, GateOpen},
		{AfterDelivered, Stop, Delivered, true, GateOpen},
		{AfterDelivered, Stop, Failed, false, GateStop},
		{AfterDelivered, Skip, Undelivered, false, GateSkip},
		{AfterDelivered, Send, Skipped, false, GateOpen},
		{AfterDelivered, Stop, Unknown, false, GateShut},
		{AfterDelivered, Stop, Pending, false, GateShut},
	}
	for _, test := range tests {
		got := Step{After: test.after, Otherwise: test.otherwise}.Gate(Before{Status: test.before, Impatient: test.impatient})
		if got != test.want {
			t.Errorf("%+v: got %d", test, got)
		}
	}
}

func TestGateAfterReply(t *testing.T) {
	t.Parallel()
	yes := Step{After: AfterReply, When: &When{Button: Texts{"yes"}}, Otherwise: Send}
	pressed := []Reply{{Text: "Hm"}, {Payload: "YES", Pressed: true}}
	tests := []struct {
		name   string
		before Before
		want   GateDecision
	}{
		{"read is no reply", Before{Status: Read}, GateShut},
		{"another answer", Before{Status: Read, Replies: pressed[:1]}, GateShut},
		{"the answer", Before{Status: Accepted, Replies: pressed}, GateOpen},
		{"the answer when patience runs out", Before{Status: Read, Replies: pressed, Impatient: true}, GateOpen},
		{"no answer when patience runs out", Before{Status: Read, Impatient: true}, GateOpen},
		{"it failed and might have gone", Before{Status: Failed}, GateOpen},
		{"it failed and nobody is there", Before{Status: Failed, Permanent: true}, GateStop},
	}
	for _, test := range tests {
		if got := yes.Gate(test.before); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
	}
}

// TestGateHolds draws gates and what is on record, and checks what nobody may
// ever see: a gate that opens without its receipt while there is hope for it,
// one that stays shut when there is none, or that shuts again.
func TestGateHolds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := Step{
			After:     rapid.SampledFrom([]After{AfterSent, AfterDelivered, AfterRead, AfterReply}).Draw(t, "after"),
			Otherwise: rapid.SampledFrom([]Otherwise{Stop, Skip, Send}).Draw(t, "otherwise"),
		}
		b := Before{
			Status:    rapid.SampledFrom(Statuses()).Draw(t, "status"),
			Permanent: rapid.Bool().Draw(t, "permanent"),
			Impatient: rapid.Bool().Draw(t, "impatient"),
		}
		if rapid.Bool().Draw(t, "answered") {
			b.Replies = []Reply{{Text: "hello"}}
		}
		got := s.Gate(b)
		met := s.opens(b)
		hopeless := b.Impatient || b.Status.Over()
		switch {
		case met && got != GateOpen:
			t.Fatalf("%+v with %+v: %d though it is on record", s, b, got)
		case !met && !hopeless && got != GateShut:
			t.Fatalf("%+v with %+v: %d though it may still come", s, b, got)
		case !met && hopeless && got == GateShut:
			t.Fatalf("%+v with %+v hangs", s, b)
		case !met && got == GateOpen && s.Otherwise != Send:
			t.Fatalf("%+v with %+v opens by itself", s, b)
		}
		if met { // better news shut nothing
			for _, better := range b.Status.Moves() {
				if better.rank() <= b.Status.rank() {
					continue
				}
				later := b
				later.Status = better
				if again := s.Gate(later); again != GateOpen {
					t.Fatalf("%+v opened with %+v and is %d with %s", s, b, again, better)
				}
			}
		}
	})
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	for i, want := range []time.Duration{
		time.Second, time.Second, 4 * time.Second, 16 * time.Second, 64 * time.Second, 256 * time.Second, 5 * time.Minute, 5 * time.Minute,
	} {
		if got := Backoff(i); got != want {
			t.Errorf("after %d refusals: %s, want %s", i, got, want)
		}
	}
}

func TestActions(t *testing.T) {
	t.Parallel()
	states := []State{Draft, Scheduled, Running, Paused, Finished, Cancelled}
	want := map[Action][]State{
		Start:  {Running, Running, Running, "", "", ""},
		Pause:  {"", "", Paused, Paused, "", ""},
		Resume: {"", "", Running, Running, "", ""},
		Cancel: {Cancelled, Cancelled, Cancelled, Cancelled, "", Cancelled},
	}
	for action, after := range want {
		for i, state := range states {
			next, allowed := state.Do(action)
			if allowed != (after[i] != "") || allowed && next != after[i] {
				t.Errorf("%s of a campaign that is %s: %s, %v; want %q", action, state, next, allowed, after[i])
			}
		}
	}
}

func TestDurations(t *testing.T) {
	t.Parallel()
	good := map[string]time.Duration{"30s": 30 * time.Second, "72h": 72 * time.Hour, "3d": 72 * time.Hour, "0.5d": 12 * time.Hour, "0s": 0}
	for text, want := range good {
		if got, err := ParseDuration(text); err != nil || time.Duration(got) != want {
			t.Errorf("%s: %s, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "3", "-1h", "infd", "nand", "1e9d", "x"} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("%q was read as %s", text, got)
		}
	}
}
