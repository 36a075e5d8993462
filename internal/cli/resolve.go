package cli

import (
	"fmt"
	"io"

	"carillon/api"
	"carillon/campaign"
	"carillon/client"
)

// WriteResolved says for a person what a decision did.
func WriteResolved(out io.Writer, r client.Resolved, decision api.Decision) error {
	text := fmt.Sprintf("given up: %d", r.Resolved.Resolved)
	switch {
	case r.Resolved.Resolved == 0:
		text = "the campaign has no unknown messages"
	case decision == api.Resend:
		text = quantity(int64(r.Resolved.Resolved), "unknown message") + " will be sent again"
		if r.Campaign.State == campaign.Paused {
			text += " once the campaign is resumed"
		}
	}
	_, err := fmt.Fprintln(out, text)
	return err
}

// quantity is a number of things.
func quantity(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
