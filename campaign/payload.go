package campaign

import (
	"fmt"
	"strconv"
	"strings"
)

// TaskType is the type of the queue's tasks.
const TaskType = "message:send"

// Queue is the name of a channel's queue.
func Queue(channel string) string { return "send:" + channel }

// Task is what the queue carries for one attempt: numbers alone. Names and
// phone numbers stay in the ledger.
type Task struct {
	// Message is the message to send.
	Message MessageID
	// Attempt is the number this attempt will have, 1 being the first.
	Attempt int
	// Feed counts how often this attempt was put into the queue.
	Feed int
}

// ID is the task's identifier in the queue: message.attempt.feed.
func (t Task) ID() string {
	return t.Message.Reference(t.Attempt) + "." + strconv.Itoa(t.Feed)
}

// Payload is the task as the queue stores it, the same as its identifier.
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
