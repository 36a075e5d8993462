package campaign

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// TaskType is the type of the queue's tasks.
const TaskType = "message:send"

// Queue is the name of a channel's queue.
func Queue(channel string) string { return "send:" + channel }

// Task is what the queue carries for one attempt: numbers alone. Names and
// phone numbers stay in the ledger.
type Task struct {
	// Message is the message to send.
	Message MessageID `json:"m"`
	// Attempt is the number this attempt will have, 1 being the first.
	Attempt int `json:"a"`
	// Feed counts how often this attempt was put into the queue.
	Feed int `json:"f"`
}

// ID is the task's identifier in the queue: message.attempt.feed.
func (t Task) ID() string {
	return t.Message.Reference(t.Attempt) + "." + strconv.Itoa(t.Feed)
}

// Payload is the task as the queue stores it.
func (t Task) Payload() []byte {
	payload, err := json.Marshal(t)
	if err != nil {
		panic(err) // three integers always marshal
	}
	return payload
}

// ParseTask reads what Payload wrote.
func ParseTask(payload []byte) (Task, error) {
	var t Task
	if err := json.Unmarshal(payload, &t); err != nil {
		return Task{}, fmt.Errorf("task payload: %w", err)
	}
	if t.Message <= 0 || t.Attempt <= 0 {
		return Task{}, fmt.Errorf("task payload %q names no message", payload)
	}
	return t, nil
}
