package ledgertest

import (
	"testing"
	"time"

	"carillon/campaign"
)

// awake are hours by the recipient's clock.
func awake(d *campaign.Definition) {
	d.Hours = &campaign.Hours{From: "09:00", To: "20:00", Zone: campaign.RecipientZone}
}

func inZone(number int, phone, zone string) campaign.Row {
	r := row(number, phone)
	r.Zone = zone
	return r
}

var hourScenarios = map[string]func(*testing.T, *bench){
	"a claim outside the hours is refused, and put off until they begin": func(t *testing.T, b *bench) {
		// It is ten o'clock in London, and five in New York.
		c := b.imported(steps(1, awake), []campaign.Row{
			inZone(1, "+447700900000", "Europe/London"), inZone(2, "+12025550123", "America/New_York"),
			inZone(3, "+12025550124", "America/New_York,Europe/London"),
		})
		b.act(c, campaign.Start)
		b.claim(c.Recipient(1).Message(0), 1)
		opens := time.Date(2026, 3, 2, 9, 0, 0, 0, time.FixedZone("EST", -5*60*60))
		for row := 2; row <= 3; row++ {
			id := c.Recipient(row).Message(0)
			if reason := b.tryClaim(id, 1); reason != "hours" {
				t.Errorf("row %d was refused as %q, want hours", row, reason)
			}
			if got := b.line(id); got.Reason != campaign.ReasonHours {
				t.Errorf("row %d waits because %q", row, got.Reason)
			}
		}
		b.now = opens.Add(-time.Millisecond)
		if found := b.feedable(c, 10); len(found) != 0 {
			t.Errorf("%d may go before the hours begin", len(found))
		}
		b.now = opens
		if found := b.feedable(c, 10); len(found) != 2 {
			t.Errorf("%d may go when the hours begin, want 2", len(found))
		}
		b.claim(c.Recipient(2).Message(0), 1)
		b.now = time.Date(2026, 3, 2, 20, 0, 0, 0, time.UTC) // over in London
		if reason := b.tryClaim(c.Recipient(3).Message(0), 1); reason != "hours" {
			t.Errorf("row 3 was refused as %q, want hours", reason)
		}
	},
	"a retry waits for the hours, too": func(t *testing.T, b *bench) {
		c := b.imported(steps(1, awake), []campaign.Row{inZone(1, "+447700900000", "Europe/London")})
		b.act(c, campaign.Start)
		id := c.Recipient(1).Message(0)
		b.now = time.Date(2026, 3, 28, 19, 59, 0, 0, time.UTC)
		b.send(id, 1)
		b.receive(b.receipt(id, 1, campaign.Failed, campaign.Failure{Reason: "timeout", Retry: true, Wait: 2 * time.Minute}))
		b.advance(2 * time.Minute)
		if reason := b.tryClaim(id, 2); reason != "hours" {
			t.Errorf("refused as %q, want hours", reason)
		}
		// The clocks go forward in the night: nine in the morning is eight in UTC.
		b.now = time.Date(2026, 3, 29, 8, 0, 0, 0, time.UTC)
		b.claim(id, 2)
	},
	"a message for whom no hour suits is looked at again and never claimed": func(t *testing.T, b *bench) {
		c := b.imported(steps(1, func(d *campaign.Definition) {
			d.Hours = &campaign.Hours{From: "09:00", To: "10:00", Zone: campaign.RecipientZone}
		}), []campaign.Row{inZone(1, "+447700900000", "Europe/London,America/New_York")})
		b.act(c, campaign.Start)
		for range 3 {
			if reason := b.tryClaim(c.Recipient(1).Message(0), 1); reason != "hours" {
				t.Errorf("refused as %q, want hours", reason)
			}
			b.advance(24 * time.Hour)
		}
	},
}
