package campaign

import (
	"testing"

	"pgregory.net/rapid"
)

func TestIdentifiersHoldTheirParents(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := ID(rapid.Int64Range(1, lastID).Draw(t, "campaign"))
		row := rapid.IntRange(1, MaxRows).Draw(t, "row")
		step := rapid.IntRange(0, MaxSteps-1).Draw(t, "step")
		message := id.Recipient(row).Message(step)
		if message.Campaign() != id || message.Recipient().Row() != row || message.Step() != step || message <= 0 {
			t.Fatalf("campaign %s row %d step %d became %d", id, row, step, message)
		}
		if first, end := id.Messages(); message < first || message >= end {
			t.Fatalf("message %d is not within [%d, %d)", message, first, end)
		}
		parsed, err := ParseID(id.String())
		if err != nil || parsed != id {
			t.Fatalf("%s became %s, %v", id, parsed, err)
		}
		attempt := rapid.IntRange(1, 1_000_000).Draw(t, "attempt")
		reference := message.Reference(attempt)
		if got, n, ok := ParseReference(reference); !ok || got != message || n != attempt || len(reference) > 40 {
			t.Fatalf("%q became %d.%d, %v", reference, got, n, ok)
		}
		task := Task{Message: message, Attempt: attempt, Feed: 2}
		if got, err := ParseTask(task.Payload()); err != nil || got != task {
			t.Fatalf("%+v became %+v, %v", task, got, err)
		}
		if task.ID() != reference+".2" {
			t.Fatalf("task id %q", task.ID())
		}
	})
}

func TestNewID(t *testing.T) {
	t.Parallel()
	seen := map[ID]bool{}
	for range 1000 {
		id := NewID()
		if id <= 0 || seen[id] || len(id.String()) != 7 {
			t.Fatalf("drew %d (%s)", id, id)
		}
		seen[id] = true
	}
}

func TestForeignTexts(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "abc", "0000000", "zzzzzzz", "abcdefgh", "il0o123", "../../x"} {
		if id, err := ParseID(text); err == nil {
			t.Errorf("%q was read as campaign %s", text, id)
		}
	}
	for _, text := range []string{"", "12", "1.0", "0.1", "-1.1", "x.1", "1.x", "order-17.2b", "99999999999999999999.1"} {
		if id, n, ok := ParseReference(text); ok {
			t.Errorf("%q was read as %d.%d", text, id, n)
		}
	}
	for _, payload := range []string{"", "{}", `{"m":1}`, `{"m":-1,"a":1}`, "nonsense"} {
		if task, err := ParseTask([]byte(payload)); err == nil {
			t.Errorf("%q was read as %+v", payload, task)
		}
	}
}
