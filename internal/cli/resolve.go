package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"carillon/campaign"
	"carillon/ledger"
)

// What can be decided about unknown messages: to send them again, or to give
// them up.
const (
	Resend = string(ledger.Resend)
	Drop   = string(ledger.Drop)
)

// Resolved says what became of a decision about unknown messages.
type Resolved struct {
	// Resolved counts the messages that it was about.
	Resolved int `json:"resolved"`
	// Campaign is the campaign after it.
	Campaign Campaign `json:"campaign"`
}

// Resolve decides about all unknown messages of a campaign; the decision is
// Resend or Drop. After an error some may be decided; calling it again does
// the rest.
func (c *Client) Resolve(ctx context.Context, id, decision string) (Resolved, error) {
	var done Resolved
	body := struct {
		Decision string `json:"decision"`
	}{decision}
	return done, c.call(ctx, http.MethodPost, campaignPath(id)+"/resolve", body, &done)
}

// WriteText says for a person what the decision did.
func (r Resolved) WriteText(out io.Writer, decision string) error {
	text := fmt.Sprintf("given up: %d", r.Resolved)
	switch {
	case r.Resolved == 0:
		text = "there are no unknown messages"
	case decision == Resend:
		text = quantity(int64(r.Resolved), "unknown message") + " will be sent again"
		if r.Campaign.State == string(campaign.Paused) {
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
