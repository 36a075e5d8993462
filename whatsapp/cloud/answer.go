package cloud

import (
	"strconv"
	"time"

	"carillon/whatsapp"
	"carillon/whatsapp/call"
	"carillon/whatsapp/wire"
)

// answerBody is what may stand in the answer to a message (Meta, send-messages
// page).
type answerBody struct {
	Contacts []contact `json:"contacts"`
	Messages []struct {
		ID     wire.Text `json:"id"`
		Status wire.Text `json:"message_status"`
	} `json:"messages"`
	Error *graphError `json:"error"`
	// Errors are those of the on-premises API.
	Errors graphErrors `json:"errors"`
}

// names reports whether the answer names a message.
func (a answerBody) names() bool { return len(a.Messages) > 0 && a.Messages[0].ID != "" }

// accepted is the provider's word that it took the message. A paused one is
// taken like one held for quality assessment (Meta, template-pacing page).
func (a answerBody) accepted() whatsapp.Accepted {
	accepted := whatsapp.Accepted{ID: string(a.Messages[0].ID)}
	switch a.Messages[0].Status {
	case "held_for_quality_assessment", "paused":
		accepted.Held = true
	}
	if len(a.Contacts) > 0 {
		accepted.Recipient = a.Contacts[0].who()
	}
	return accepted
}

// regainAccess reads how long a limit lasts out of the usage header: minutes,
// in lists by business (Meta, rate limits page). The longest one counts.
func regainAccess(value string) time.Duration {
	if value == "" {
		return 0
	}
	var usage map[string][]struct {
		Minutes wire.Text `json:"estimated_time_to_regain_access"`
	}
	if err := wire.Decode([]byte(value), &usage); err != nil {
		return 0
	}
	var longest time.Duration
	for _, uses := range usage {
		for _, use := range uses {
			minutes, err := strconv.ParseInt(string(use.Minutes), 10, 64)
			if err == nil {
				longest = max(longest, call.Limited(minutes, time.Minute))
			}
		}
	}
	return longest
}
