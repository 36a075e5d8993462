package app

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"carillon/campaign"
)

// The messages that can be retried: those that failed, and those whose time ran
// out.
const (
	Failed  = "failed"
	Expired = "expired"
)

// Retried says what became of a campaign's messages when it was retried.
type Retried struct {
	// Again counts the messages that are attempted again.
	Again int `json:"again"`
	// Refused counts those that stay as they are, because the provider would
	// refuse them once more.
	Refused int `json:"refused"`
	// OptedOut counts those that stay as they are, because the person has opted
	// out.
	OptedOut int `json:"opted_out"`
	// Campaign is the campaign after it.
	Campaign Campaign `json:"campaign"`
}

// Retry attempts the messages of a campaign again that stand at one of the
// statuses: Failed, Expired. Any other is a *UsageError. After an
// error some may be attempted again; calling it again does the rest.
func (c *Client) Retry(ctx context.Context, id string, statuses []string) (Retried, error) {
	var done Retried
	if err := checkRetried(statuses); err != nil {
		return done, err
	}
	body := struct {
		Statuses []string `json:"statuses"`
	}{statuses}
	return done, c.call(ctx, http.MethodPost, campaignPath(id)+"/retry", body, &done)
}

func checkRetried(statuses []string) error {
	if len(statuses) == 0 {
		return usagef("it is not said which messages to retry; write --status failed, expired, or failed,expired")
	}
	for _, s := range statuses {
		if s != Failed && s != Expired {
			return usagef("messages that are %q are not retried; write --status failed, expired, or failed,expired", s)
		}
	}
	return nil
}

// WriteText says for a person what the retry did.
func (r Retried) WriteText(out io.Writer) error {
	text := fmt.Sprintf("attempted again: %d; refused for good: %d; opted out: %d", r.Again, r.Refused, r.OptedOut)
	if r.Again > 0 && r.Campaign.State == string(campaign.Paused) {
		text += "\nthe campaign is paused; carillon resume " + r.Campaign.ID + " goes on"
	}
	_, err := fmt.Fprintln(out, text)
	return err
}
