package campaign

import (
	"fmt"
	"strconv"
	"strings"
)

// The types of the queue's tasks.
const (
	// TaskType is that of tasks that send an attempt.
	TaskType = "message:send"
	// PollType is that of tasks that ask the provider what became of one.
	PollType = "message:poll"
)

// Queue is the name of a channel's queue.
func Queue(channel string) string { return "send:" + channel }

// Task is what the queue carries to send one attempt, or to ask about it: numbers alone. Names and
// phone numbers stay in the ledger.
type Task struct {
	// Message is the message to send or to ask about.
	Message MessageID
	// Attempt is the number the attempt will have, or has; 1 being the first.
	Attempt int
	// Feed counts how often this attempt was put into the queue.
	Feed int
}

// ID is the identifier in the queue of a task that sends: message.attempt.feed.
func (t Task) ID() string {
	return t.Message.Reference(t.Attempt) + "." + strconv.Itoa(t.Feed)
}

// PollID is that of a task that asks.
func (t Task) PollID() string { return "poll." + t.ID() }

// Payload is the task as the queue stores it, whatever its type. A version that
// does not know a type takes the task for one that sends: the attempt exists, so
// the claim is refused.
func (t Task) Payload() []byte { return []byte(t.ID()) }

// ParseTask reads what Payload wrote.
func ParseTask(payload []byte) (Task, error) {
	var t Task
	var numbers [3]int64
	rest := string(payload)
	for i := range numbers {
		part, behind, more := strings.Cut(rest, ".")
		n, err := strconv.ParseInt(part, 10, 64)
		if err != nil || more != (i < len(numbers)-1) {
			return t, fmt.Errorf("the task payload %q is not message.attempt.feed", payload)
		}
		numbers[i], rest = n, behind
	}
	t = Task{Message: MessageID(numbers[0]), Attempt: int(numbers[1]), Feed: int(numbers[2])}
	if t.Message <= 0 || t.Attempt <= 0 {
		return Task{}, fmt.Errorf("the task payload %q does not name a message", payload)
	}
	return t, nil
}
