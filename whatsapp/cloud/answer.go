package cloud

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"carillon/whatsapp"
)

// maxAnswer is the longest answer that is read, in bytes.
const maxAnswer = 1 << 20

// maxWait is the longest wait that is believed when the provider asks for one.
const maxWait = 24 * time.Hour

var errTooLong = errors.New("the answer is longer than 1 MiB")

// answerBody is what may stand in the answer to a message (Meta, send-messages
// page).
type answerBody struct {
	Contacts []contact `json:"contacts"`
	Messages []struct {
		ID     text `json:"id"`
		Status text `json:"message_status"`
	} `json:"messages"`
	Error *graphError `json:"error"`
}

// readBody reads an answer to its end, so that the connection can be used
// again. Of one that is too long it gives the beginning, and errTooLong.
func readBody(r io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, maxAnswer+1))
	if len(body) > maxAnswer {
		return body[:maxAnswer], errTooLong
	}
	return body, err
}

// read tells what an answer means. broken is the error that ended the body
// too soon, if one did.
func (c *Client) read(answer *http.Response, body []byte, broken error) (whatsapp.Accepted, *whatsapp.Error) {
	var told answerBody
	if !errors.Is(broken, errTooLong) {
		if err := decode(body, &told); err != nil && broken == nil {
			broken = err
		}
	}
	if told.names() && succeeded(answer.StatusCode) {
		return told.accepted(), nil
	}
	refusal := told.refusal(answer.StatusCode, broken)
	if refusal.Message == "" && !told.Error.own() {
		refusal.Message = cmp.Or(bodyText(body), statusText(answer.StatusCode))
	}
	c.raiseWait(refusal, answer.Header)
	return whatsapp.Accepted{}, refusal
}

func succeeded(status int) bool { return status >= 200 && status <= 299 }

// names reports whether the answer names a message.
func (a answerBody) names() bool { return len(a.Messages) > 0 && a.Messages[0].ID != "" }

// refusal is what an answer of this status means when it is not a yes.
func (a answerBody) refusal(status int, broken error) *whatsapp.Error {
	f := a.Error.fault()
	f.mode, f.status = inAnswer, status
	var refusal *whatsapp.Error
	switch {
	case succeeded(status):
		refusal = noMessageID.of(f)
	case status == http.StatusRequestTimeout || !a.Error.own():
		refusal = classifyStatus(f)
	default:
		return classify(f)
	}
	refusal.Cause = broken
	return refusal
}

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

// raiseWait makes a retry wait as long as the answer's headers ask for. Of a
// template's limit the provider's word counts even where it is shorter than
// ours: one message tries whether it is over.
func (c *Client) raiseWait(refusal *whatsapp.Error, header http.Header) {
	if refusal.Class != whatsapp.RetrySoon && refusal.Class != whatsapp.RetrySlow {
		return
	}
	asked := retryAfter(header.Get("Retry-After"), c.now())
	if refusal.Budget == whatsapp.AppBudget || refusal.Budget == whatsapp.AccountBudget {
		asked = max(asked, regainAccess(header.Get("X-Business-Use-Case-Usage")))
	}
	asked = min(asked, maxWait)
	if asked > 0 && (asked >= refusal.Wait || refusal.Budget == whatsapp.TemplateBudget) {
		refusal.Wait, refusal.Asked = asked, true
	}
}

// retryAfter reads a Retry-After header: seconds or a date (RFC 9110, 10.2.3).
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
		return limited(seconds, time.Second)
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}

// regainAccess reads how long a limit lasts out of the usage header: minutes,
// in lists by business (Meta, rate limits page). The longest one counts.
func regainAccess(value string) time.Duration {
	if value == "" {
		return 0
	}
	var usage map[string][]struct {
		Minutes text `json:"estimated_time_to_regain_access"`
	}
	if err := decode([]byte(value), &usage); err != nil {
		return 0
	}
	var longest time.Duration
	for _, uses := range usage {
		for _, use := range uses {
			minutes, err := strconv.ParseInt(string(use.Minutes), 10, 64)
			if err == nil {
				longest = max(longest, limited(minutes, time.Minute))
			}
		}
	}
	return longest
}

// limited is n units, between nothing and maxWait.
func limited(n int64, unit time.Duration) time.Duration {
	return time.Duration(min(max(n, 0), int64(maxWait/unit))) * unit
}

// decode reads JSON leniently: a value of another type than the documented
// one is passed over, the rest is read.
func decode(body []byte, into any) error {
	err := json.Unmarshal(body, into)
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &mismatch) && mismatch.Field != "" {
		return nil
	}
	return err
}
