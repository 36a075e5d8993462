package simulator

import (
	"encoding/json"
	"slices"
	"time"
)

// window is how long a person may be written to freely after they wrote (Meta,
// customer service window).
const window = 24 * time.Hour

// reEngagement is Meta's code of a free-form message outside the window (error codes
// page).
const reEngagement = 131047

// freeKinds are the kinds of messages that are no templates.
func freeKinds() []string {
	return []string{"text", "image", "video", "audio", "document", "sticker", "location", "contacts", "interactive", "reaction"}
}

// freeName stands in the place of a template's name for a message that is none.
func freeName(kind string) string { return "(" + kind + ")" }

// asFree has a request ask for a message that is no template.
func (m request) asFree(kind string, content json.RawMessage) request {
	m.free, m.template, m.language, m.components = true, freeName(kind), "", content
	return m
}

// checkFree refuses a content that is not there or lacks what it is nothing without.
// Answers is the message that the request names beside it.
func checkFree(kind string, content json.RawMessage, answers string) *refusal {
	var told map[string]json.RawMessage
	has := func(key string) bool {
		return len(told[key]) > 0 && string(told[key]) != `""` && string(told[key]) != "null"
	}
	whole := false
	var list []json.RawMessage
	switch {
	case !slices.Contains(freeKinds(), kind):
		return &refusal{reason: unsupported, details: "There is no message of type " + kind + "."}
	case kind == "contacts":
		whole = json.Unmarshal(content, &list) == nil && len(list) > 0
	case json.Unmarshal(content, &told) != nil:
		return malformed("The parameter " + kind + " must be an object.")
	case kind == "text":
		whole = has("body")
	case kind == "location":
		whole = has("latitude") && has("longitude")
	case kind == "interactive":
		whole = has("type") && has("action")
	case kind == "reaction":
		whole = has("emoji") && (has("message_id") || answers != "")
	default:
		whole = has("id") != has("link")
	}
	if !whole {
		return &refusal{reason: missingText, details: "The parameter " + kind + " lacks what it is nothing without."}
	}
	return nil
}

// heard notes when a person says something.
func (b *book) heard(person string, at time.Duration) { b.words[person] = append(b.words[person], at) }

// open reports whether a person has written within the window before now.
func (b *book) open(person string, now time.Duration) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(b.words[person], func(at time.Duration) bool { return at <= now && now-at < window })
}

// read counts a message of a person that was marked as read.
func (b *book) read() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reads++
}
