package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"carillon/campaign"
	"carillon/client"
)

// TestedMessage is what the test tells of its message.
type TestedMessage struct {
	Row     int    `json:"row"`
	Phone   string `json:"phone"`
	Channel string `json:"channel"`
	// Status is the name of a campaign.Status.
	Status    string `json:"status"`
	Attempts  int    `json:"attempts"`
	MessageID string `json:"message_id"`
	// ErrorCode is the provider's, 0 for none.
	ErrorCode int    `json:"error_code"`
	Reason    string `json:"reason"`
	// Detail is what the provider said of it and what to do.
	Detail string `json:"detail"`
}

// Tested is what became of a test message.
type Tested struct {
	Testing
	Message TestedMessage `json:"message"`
	// TimedOut says that this is how it stands so far: nobody waited longer.
	TimedOut bool `json:"timed_out"`
	// Hint is what to do about it, empty for nothing.
	Hint string `json:"hint"`
}

// ErrTest is for a test message that the provider has not taken, or has given up.
var ErrTest = errors.New("the test message did not go through; see above")

// AwaitTest waits until it is known what became of a test message, at most so
// long. Where the context ends first the message goes on, and the error says so.
func AwaitTest(ctx context.Context, c *client.Client, t Testing, patience time.Duration) (Tested, error) {
	limit := time.Now().Add(patience)
	for {
		done, err := lookAtTest(ctx, c, &t)
		if err == nil && (done.decided() || !time.Now().Before(limit)) {
			done.TimedOut, done.Hint = !done.decided(), done.hint()
			return done, nil
		}
		if ctx.Err() == nil && err != nil && (!client.Passing(err) || !time.Now().Before(limit)) {
			return done, fmt.Errorf("the test is campaign %s, but it cannot be read: %w", t.Campaign.ID, err)
		}
		select {
		case <-ctx.Done():
			return done, fmt.Errorf("waiting was interrupted; `carillon status %[1]s` shows the result of the test, `carillon cancel %[1]s` ends it", t.Campaign.ID)
		case <-time.After(min(c.Pause, max(time.Until(limit), 0))):
		}
	}
}

// lookAtTest asks for the campaign first: one that is found paused has written
// down why before its message is looked at.
func lookAtTest(ctx context.Context, c *client.Client, t *Testing) (Tested, error) {
	now, err := c.Campaign(ctx, t.Campaign.ID)
	if err != nil {
		return Tested{Testing: *t}, err
	}
	t.Campaign = now
	list, err := c.Recipients(ctx, now.ID, "")
	if err != nil {
		return Tested{Testing: *t}, err
	}
	if len(list.Items) != 1 {
		return Tested{Testing: *t}, fmt.Errorf("campaign %s has %d messages, and a test has one; is --server right?", now.ID, len(list.Items))
	}
	m := list.Items[0]
	return Tested{Testing: *t, Message: TestedMessage{
		Row: m.Row, Phone: m.Phone, Channel: m.Channel, Status: m.Status, Attempts: m.Attempts,
		MessageID: m.MessageID, ErrorCode: m.ErrorCode, Reason: m.Reason, Detail: m.Detail,
	}}, nil
}

// decided reports whether nothing more is to be waited for.
func (t Tested) decided() bool {
	switch status, err := campaign.ParseStatus(t.Message.Status); {
	case err != nil:
		return true // a later version's word
	case status == campaign.Accepted, status == campaign.Held, status == campaign.Sent:
		return false // a receipt will tell more
	case status == campaign.Pending:
		return t.Campaign.State != campaign.Running
	default:
		return !status.Open()
	}
}

// OK reports whether the provider has taken the message and not given it up.
func (t Tested) OK() bool {
	switch t.Message.Status {
	case campaign.Accepted.String(), campaign.Sent.String(), campaign.Delivered.String(), campaign.Read.String():
		return true
	}
	return false
}

// hint is what to do about the message's status.
func (t Tested) hint() string {
	id := t.Campaign.ID
	switch t.Message.Status {
	case campaign.Accepted.String(), campaign.Sent.String():
		return "No receipt has confirmed the delivery yet. Is the phone on, and does the webhook lead to the server? `carillon status " + id + "` shows it when it comes."
	case campaign.Held.String():
		return "The provider holds it back for now. `carillon status " + id + "` shows what becomes of it."
	case campaign.Unknown.String():
		return orElse(t.known(), "It may have been sent: a receipt will tell.") + " `carillon status " + id + "` shows it."
	case campaign.Posting.String():
		return strings.TrimSpace(t.known() + " An attempt is under way: `carillon status " + id + "` shows what becomes of it.")
	case campaign.Pending.String():
		return t.pendingHint()
	case campaign.Skipped.String():
		return "The usual rules apply to a test, too: nothing is sent to people who opted out (`carillon suppress list`), and no marketing to the United States."
	case campaign.Undelivered.String():
		return "The provider could not deliver it in time. Is the phone on, with WhatsApp on it?"
	}
	return t.known()
}

// known is what was said and what to do by the record, which is that of the
// newest attempt with an end; empty where that tells nothing.
func (t Tested) known() string {
	return t.Message.Detail
}

func (t Tested) pendingHint() string {
	if t.Campaign.State != campaign.Running {
		return "Correct what the reason says and test again."
	}
	unless := ", unless `carillon cancel " + t.Campaign.ID + "` ends it."
	if t.Message.Reason != "" {
		return strings.TrimSpace(t.known() + " It is tried again for up to an hour" + unless)
	}
	return "It has not been sent yet: the number may be busy, its provider may be failing (the server's log says so), or no worker runs for it. It is sent within the hour" + unless
}

// WriteText says for a person what became of the message.
func (t Tested) WriteText(out io.Writer) error {
	var text bytes.Buffer
	text.WriteString(t.Message.Status)
	if t.TimedOut {
		text.WriteString(" so far")
	}
	if why := (campaign.Failure{Code: t.Message.ErrorCode, Reason: t.Message.Reason}).String(); why != "" {
		if t.Message.Status == campaign.Posting.String() && t.known() != "" {
			text.WriteString("; the previous attempt")
		}
		fmt.Fprintf(&text, ": %s", why)
	}
	text.WriteString("\n")
	if state := t.Campaign.State; t.Message.Status == campaign.Pending.String() && state != campaign.Running {
		fmt.Fprintf(&text, "the test is %s: %s\n", state, t.Campaign.Reason)
	}
	if t.Hint != "" {
		fmt.Fprintln(&text, t.Hint)
	}
	_, err := out.Write(text.Bytes())
	return err
}
