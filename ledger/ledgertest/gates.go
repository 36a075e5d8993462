package ledgertest

import (
	"strings"
	"testing"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// second changes the rule of the second step.
func second(change func(*campaign.Step)) func(*campaign.Definition) {
	return func(d *campaign.Definition) { change(&d.Steps[1]) }
}

var gateScenarios = map[string]func(*testing.T, *bench){
	"opens with its receipt and no other": func(t *testing.T, b *bench) {
		opens := map[campaign.After]map[campaign.Status]bool{
			campaign.AfterSent:      {campaign.Sent: true, campaign.Delivered: true, campaign.Read: true},
			campaign.AfterDelivered: {campaign.Delivered: true, campaign.Read: true},
			campaign.AfterRead:      {campaign.Read: true},
		}
		for after, open := range opens {
			for _, receipt := range []campaign.Status{campaign.Sent, campaign.Delivered, campaign.Read} {
				c := b.running(steps(2, second(func(s *campaign.Step) { s.After = after })), 1)
				first := c.Recipient(1).Message(0)
				b.send(first, 1)
				b.expect(first+1, campaign.Waiting)
				b.receive(b.receipt(first, 1, receipt))
				want := campaign.Waiting
				if open[receipt] {
					want = campaign.Pending
				}
				if got := b.line(first + 1).Status; got != want {
					t.Errorf("after %s, receipt %s: %s, want %s", after, receipt, got, want)
				}
			}
		}
	},
	"waits once it is open": func(t *testing.T, b *bench) {
		c := b.running(steps(2, second(func(s *campaign.Step) { s.Wait = campaign.Duration(10 * time.Minute) })), 1)
		first := c.Recipient(1).Message(0)
		b.send(first, 1)
		b.receive(b.receipt(first, 1, campaign.Delivered))
		if reason := b.tryClaim(first+1, 1); reason != "early" {
			t.Errorf("refused as %q, want early", reason)
		}
		b.advance(10*time.Minute + time.Second)
		b.claim(first+1, 1)
	},
	"patience runs out": func(t *testing.T, b *bench) {
		wants := map[campaign.Otherwise][2]campaign.Status{
			campaign.Stop: {campaign.Skipped, campaign.Skipped},
			campaign.Skip: {campaign.Skipped, campaign.Waiting},
			campaign.Send: {campaign.Pending, campaign.Waiting},
		}
		for otherwise, want := range wants {
			c := b.running(steps(3, second(func(s *campaign.Step) {
				s.Otherwise, s.Patience = otherwise, campaign.Duration(time.Hour)
			})), 1)
			first := c.Recipient(1).Message(0)
			b.send(first, 1)
			b.advance(time.Hour)
			b.sweep()
			for i, status := range want {
				if got := b.line(first + 1 + campaign.MessageID(i)).Status; got != status {
					t.Errorf("otherwise %s: step %d is %s, want %s", otherwise, i+2, got, status)
				}
			}
			if otherwise == campaign.Skip { // the third step waits for the first
				b.receive(b.receipt(first, 1, campaign.Delivered))
				b.expect(first+2, campaign.Pending)
			}
		}
	},
	"a receipt after patience opens nothing": func(t *testing.T, b *bench) {
		c := b.running(steps(2), 1)
		first := c.Recipient(1).Message(0)
		b.send(first, 1)
		b.advance(campaign.DefaultPatience)
		b.sweep()
		b.receive(b.receipt(first, 1, campaign.Delivered))
		b.expect(first+1, campaign.Skipped)
	},
	"a failed step decides at once, by its class": func(t *testing.T, b *bench) {
		passing := campaign.Failure{Reason: "timeout", Retry: true, Tries: 1}
		tests := []struct {
			otherwise campaign.Otherwise
			failure   campaign.Failure
			want      campaign.Status
		}{
			{campaign.Stop, passing, campaign.Skipped},
			{campaign.Skip, passing, campaign.Skipped},
			{campaign.Send, passing, campaign.Pending},
			{campaign.Send, undeliverable, campaign.Skipped}, // nobody is there
		}
		for _, test := range tests {
			c := b.running(steps(2, second(func(s *campaign.Step) { s.Otherwise = test.otherwise })), 1)
			first := c.Recipient(1).Message(0)
			b.send(first, 1)
			b.receive(b.receipt(first, 1, campaign.Failed, test.failure))
			if got := b.line(first + 1); got.Status != test.want {
				t.Errorf("otherwise %s after %s: %s (%s), want %s", test.otherwise, test.failure.Reason, got.Status, got.Reason, test.want)
			}
		}
	},
	"a held step starts no patience": func(t *testing.T, b *bench) {
		c := b.running(steps(2, second(func(s *campaign.Step) { s.Patience = campaign.Duration(time.Hour) })), 1)
		first := c.Recipient(1).Message(0)
		b.claim(first, 1)
		b.settle(first, 1, ledger.OutcomeHeld)
		b.advance(2 * time.Hour)
		b.sweep()
		b.expect(first+1, campaign.Waiting)
		b.receive(b.receipt(first, 1, campaign.Sent))
		b.advance(time.Hour)
		b.sweep()
		b.expect(first+1, campaign.Skipped)
	},
	"a retried step stops the patience": func(t *testing.T, b *bench) {
		c := b.running(steps(2, second(func(s *campaign.Step) { s.Patience = campaign.Duration(time.Hour) })), 1)
		first := c.Recipient(1).Message(0)
		b.send(first, 1)
		b.receive(b.receipt(first, 1, campaign.Failed, campaign.Failure{Reason: "timeout", Retry: true}))
		b.advance(2 * time.Hour)
		b.sweep()
		b.expect(first+1, campaign.Waiting)
	},
	"runs on while the campaign is paused": func(t *testing.T, b *bench) {
		c := b.running(steps(2), 1)
		first := c.Recipient(1).Message(0)
		b.send(first, 1)
		b.act(c, campaign.Pause)
		b.advance(campaign.DefaultPatience)
		b.sweep()
		b.expect(first+1, campaign.Skipped)
	},
	"no marketing to numbers of the United States": func(t *testing.T, b *bench) {
		marketing := func(step int) func(*campaign.Definition) {
			return func(d *campaign.Definition) { d.Steps[step].Category = campaign.Marketing }
		}
		list := []campaign.Row{row(1, "+12025550123"), row(2, "+14165550123")}
		first := b.imported(steps(2, marketing(0)), list)
		b.expect(first.Recipient(1).Message(0), campaign.Skipped)
		b.expect(first.Recipient(1).Message(1), campaign.Skipped) // otherwise: stop
		b.expect(first.Recipient(2).Message(0), campaign.Pending)
		if reason := b.line(first.Recipient(1).Message(0)).Reason; !strings.Contains(reason, "United States") {
			t.Errorf("it is skipped because %q", reason)
		}
		goOn := func(d *campaign.Definition) { d.Steps[2].Otherwise = campaign.Send }
		later := b.imported(steps(3, marketing(1), goOn), list)
		b.act(later, campaign.Start)
		for row := 1; row <= 2; row++ {
			b.send(later.Recipient(row).Message(0), 1)
			b.expect(later.Recipient(row).Message(1), campaign.Waiting)
			b.receive(b.receipt(later.Recipient(row).Message(0), 1, campaign.Delivered))
		}
		b.expect(later.Recipient(1).Message(1), campaign.Skipped)
		b.expect(later.Recipient(1).Message(2), campaign.Pending)
		b.expect(later.Recipient(2).Message(1), campaign.Pending)
	},
}
