package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"carillon/api"
	"carillon/campaign"
	"carillon/client"
)

// Retry attempts the messages of a campaign again that stand at one of the
// statuses: failed, expired. Any other is a *UsageError.
func Retry(ctx context.Context, c *client.Client, id string, statuses []string) (client.Retried, error) {
	which, err := readRetried(statuses)
	if err != nil {
		return client.Retried{}, err
	}
	return c.Retry(ctx, id, which)
}

func readRetried(statuses []string) (which api.Retry, err error) {
	if len(statuses) == 0 {
		return which, Usagef("the statuses to retry are missing; write --status failed, expired, or failed,expired")
	}
	for _, name := range statuses {
		status, err := campaign.ParseStatus(name)
		if err != nil || status != campaign.Failed && status != campaign.Expired {
			return which, Usagef("messages that are %q are not retried; write --status failed, expired, or failed,expired", name)
		}
		which.Statuses = append(which.Statuses, status)
	}
	return which, nil
}

// WriteRetried says for a person what a retry did.
func WriteRetried(out io.Writer, r client.Retried) error {
	var all bytes.Buffer
	text := fmt.Sprintf("attempted again: %d; permanently refused: %d; opted out: %d", r.Again, r.Refused, r.OptedOut)
	if r.Again > 0 && r.Campaign.State == campaign.Paused {
		text += "\nthe campaign is paused; carillon resume " + r.Campaign.ID + " goes on"
	}
	fmt.Fprintln(&all, text)
	writeLeftOut(&all, r)
	_, err := out.Write(all.Bytes())
	return err
}

// writeLeftOut writes a table of those that stay as they are.
func writeLeftOut(text *bytes.Buffer, r client.Retried) {
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
