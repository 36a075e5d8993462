package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"text/tabwriter"

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
	// LeftOut are the first hundred of those, in the order of the list.
	LeftOut []LeftOut `json:"left_out"`
	// Campaign is the campaign after it.
	Campaign Campaign `json:"campaign"`
}

// LeftOut is a message that a retry left as it was.
type LeftOut struct {
	Row int `json:"row"`
	// Step counts from 1.
	Step   int    `json:"step"`
	Phone  string `json:"phone"`
	Status string `json:"status"`
	// Why says why it is not attempted again.
	Why string `json:"why"`
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
		return Usagef("it is not said which messages to retry; write --status failed, expired, or failed,expired")
	}
	for _, s := range statuses {
		if s != Failed && s != Expired {
			return Usagef("messages that are %q are not retried; write --status failed, expired, or failed,expired", s)
		}
	}
	return nil
}

// WriteText says for a person what the retry did.
func (r Retried) WriteText(out io.Writer) error {
	var all bytes.Buffer
	text := fmt.Sprintf("attempted again: %d; refused for good: %d; opted out: %d", r.Again, r.Refused, r.OptedOut)
	if r.Again > 0 && r.Campaign.State == string(campaign.Paused) {
		text += "\nthe campaign is paused; carillon resume " + r.Campaign.ID + " goes on"
	}
	fmt.Fprintln(&all, text)
	r.writeLeftOut(&all)
	_, err := out.Write(all.Bytes())
	return err
}

// writeLeftOut writes a table of those that stay as they are.
func (r Retried) writeLeftOut(text *bytes.Buffer) {
	if len(r.LeftOut) == 0 {
		return
	}
	text.WriteString("\n")
	table := tabwriter.NewWriter(text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ROW\tSTEP\tNUMBER\tSTATUS\tWHY NOT AGAIN")
	for _, m := range r.LeftOut {
		fmt.Fprintf(table, "%d\t%d\t%s\t%s\t%s\n", m.Row, m.Step, m.Phone, m.Status, m.Why)
	}
	_ = table.Flush() // a buffer takes everything
	if more := r.Refused + r.OptedOut - len(r.LeftOut); more > 0 {
		fmt.Fprintf(text, "and %d more; carillon report %s has all\n", more, r.Campaign.ID)
	}
}
