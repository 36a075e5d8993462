package cloud

import (
	"net/http"
	"strconv"
	"time"

	"carillon/whatsapp"
	"carillon/whatsapp/call"
	"carillon/whatsapp/codes"
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
}

// read tells what an answer means.
func (c *Client) read(answer *call.Answer) (whatsapp.Accepted, *whatsapp.Error) {
	var told answerBody
	broken := answer.Broken
	if err := wire.Decode(answer.Body, &told); err != nil && broken == nil {
		broken = err
	}
	if told.names() && answer.OK() {
		return told.accepted(), nil
	}
	refusal := c.refusal(told.Error, answer, broken)
	if refusal.Message == "" {
		refusal.Message = answer.PlainText()
	}
	var longer time.Duration
	if refusal.Budget == whatsapp.AppBudget || refusal.Budget == whatsapp.AccountBudget {
		longer = regainAccess(answer.Header.Get("X-Business-Use-Case-Usage"))
	}
	answer.RaiseWait(refusal, c.now(), longer)
	return whatsapp.Accepted{}, refusal
}

// refusal is what an answer with this error means when it is not a yes.
func (c *Client) refusal(told *graphError, answer *call.Answer, broken error) *whatsapp.Error {
	f := told.fault(codes.InAnswer)
	f.Status = answer.Status
	var refusal *whatsapp.Error
	switch {
	case answer.OK():
		refusal = c.book.Others.NoMessageID.Of(f)
	case answer.Status == http.StatusRequestTimeout || !told.own():
		refusal = c.book.JudgeStatus(f)
	default:
		return c.book.Judge(f)
	}
	refusal.Cause = broken
	return refusal
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
