package campaign

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestStatusNamesRoundTrip(t *testing.T) {
	t.Parallel()
	if n := len(Statuses()); n != 14 {
		t.Fatalf("%d statuses, want 14", n)
	}
	for _, s := range Statuses() {
		got, err := ParseStatus(s.String())
		if err != nil || got != s {
			t.Errorf("%s: got %v, %v", s, got, err)
		}
	}
	if _, err := ParseStatus("posted"); err == nil {
		t.Error("an unknown name was read")
	}
}

// What each rule of the design says of the table of moves.
func TestTableOfMoves(t *testing.T) {
	t.Parallel()
	for _, from := range Statuses() {
		for _, to := range from.Moves() {
			switch {
			case from == to:
				t.Errorf("%s moves to itself", from)
			case from == Rejected || to == Rejected:
				t.Errorf("%s to %s: a rejected row has no message", from, to)
			case to == Posting && from != Pending:
				t.Errorf("%s to %s: only a pending message is claimed", from, to)
			case to == Unknown && from != Posting:
				t.Errorf("%s to %s: only a post becomes unknown", from, to)
			case from.Arrived() && !to.Arrived():
				t.Errorf("%s to %s: what arrived stays arrived", from, to)
			case from == Waiting && (to == Posting || to.rank() > 0):
				t.Errorf("%s to %s: a shut gate sends nothing", from, to)
			case to == Waiting && from != Skipped && from != Expired:
				t.Errorf("%s to %s: a gate once decided stays decided", from, to)
			}
		}
		if !from.Open() && from != Rejected {
			for _, to := range from.Moves() {
				if to == Posting {
					t.Errorf("%s is not open and can be posted", from)
				}
			}
		}
	}
}

// Every status can be reached, and every open one can end.
func TestNoStatusIsADeadEnd(t *testing.T) {
	t.Parallel()
	reach := func(from Status) map[Status]bool {
		seen := map[Status]bool{from: true}
		for queue := []Status{from}; len(queue) > 0; queue = queue[1:] {
			for _, to := range queue[0].Moves() {
				if !seen[to] {
					seen[to] = true
					queue = append(queue, to)
				}
			}
		}
		return seen
	}
	fromWaiting := reach(Waiting)
	for _, s := range Statuses() {
		if s != Rejected && !fromWaiting[s] {
			t.Errorf("%s cannot be reached", s)
		}
		if s.Open() && !reach(s)[Read] {
			t.Errorf("%s can never be read", s)
		}
	}
}

func TestCountsAsJSON(t *testing.T) {
	t.Parallel()
	tests := map[string]Counts{
		`{}`:                         nil,
		`{"delivered":2,"failed":1}`: {Delivered: 2, Failed: 1, Sent: 0},
	}
	for want, counts := range tests {
		got, err := json.Marshal(counts)
		if err != nil || string(got) != want {
			t.Errorf("got %s, %v; want %s", got, err, want)
		}
	}
}

// Whatever receipts come, a message only moves as the table allows, never
// back, and a delivery is never forgotten.
func TestReceiptsOnlyMoveForward(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := Standing{
			Status:  rapid.SampledFrom([]Status{Pending, Posting, Unknown, Accepted, Held, Sent, Failed, Undelivered, Skipped, Expired}).Draw(t, "status"),
			Attempt: rapid.IntRange(1, 3).Draw(t, "attempt"),
		}
		now := time.Unix(0, 0)
		for range rapid.IntRange(1, 12).Draw(t, "receipts") {
			now = now.Add(time.Minute)
			r := Receipt{
				Attempt: rapid.IntRange(1, 3).Draw(t, "of attempt"),
				Status:  rapid.SampledFrom([]Status{Sent, Delivered, Read, Failed}).Draw(t, "says"),
				Failed:  rapid.Bool().Draw(t, "failed before"),
				Failure: Failure{Retry: rapid.Bool().Draw(t, "retry"), Throttled: rapid.Bool().Draw(t, "throttled"), Passing: rapid.Bool().Draw(t, "passing")},
			}
			after, wait, changed := s.Apply(r, now)
			switch {
			case !changed && after != s:
				t.Fatalf("%+v became %+v without a change", s, after)
			case changed && !s.Status.CanBecome(after.Status):
				t.Fatalf("%s became %s by %s", s.Status, after.Status, r.Status)
			case s.Status.Arrived() && !after.Status.Arrived():
				t.Fatalf("%s became %s", s.Status, after.Status)
			case r.Status == Failed && r.Attempt != s.Attempt && changed:
				t.Fatalf("attempt %d was touched by the failure of attempt %d", s.Attempt, r.Attempt)
			case changed && r.Failed && r.Status == Sent:
				t.Fatalf("sent of a failed attempt made %s of %s", after.Status, s.Status)
			case after.Status.rank() < r.Status.rank() && s.Status.CanBecome(r.Status) && (!r.Failed || r.Status != Sent):
				t.Fatalf("%s was told to %s and became %s", r.Status, s.Status, after.Status)
			case changed && after.Status == Pending && wait <= 0:
				t.Fatal("a retry without a wait")
			}
			s = after
		}
	})
}
