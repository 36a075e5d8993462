package ledgertest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/ledger"
)

// behind is a definition of n steps on main, with second and then third to fall
// back on.
func behind(n int) *campaign.Definition {
	return steps(n, func(d *campaign.Definition) { d.Fallback = []string{"second", "third"} })
}

// channelsFault is a final failure that another channel may not meet, peoplesFault
// one that it would meet as well.
func channelsFault() campaign.Failure {
	return campaign.Failure{Code: 130497, Reason: "country_restricted", Detail: "Use another channel.", Elsewhere: true}
}

func peoplesFault() campaign.Failure {
	return campaign.Failure{Code: 131026, Reason: "undeliverable", Detail: "Ask the person."}
}

// channelTrouble is trouble that stops the channel it was met on.
func channelTrouble() campaign.Failure {
	f := trouble(campaign.PauseChannel)
	f.Elsewhere, f.Account = true, nil
	return f
}

var fallbackScenarios = map[string]func(*testing.T, *bench){
	"what a channel fails to send goes on to the next, with the steps behind": func(t *testing.T, b *bench) {
		c := b.running(behind(2), 2)
		id, other := c.Recipient(1).Message(0), c.Recipient(2).Message(0)
		b.claim(id, 1)
		b.settle(id, 1, ledger.OutcomeRefused, channelsFault())
		b.expect(id, campaign.Pending)
		if diff := cmp.Diff([]int{1, 1, 0, 0}, b.positions([]campaign.MessageID{id, id + 1, other, other + 1})); diff != "" {
			t.Error(diff)
		}
		if reason := b.tryClaimFrom(0, id, 2); reason != "gone" {
			t.Errorf("the channel before was refused as %q, want gone", reason)
		}
		b.send(id, 2)
		b.receive(b.receipt(id, 2, campaign.Delivered))
		b.send(id+1, 1)
		if line := b.line(id); line.Position != 1 || line.Attempts != 2 {
			t.Errorf("the report has channel %d after %d attempts, want 1 after 2", line.Position, line.Attempts)
		}
	},
	"a failure that a receipt reports goes on as well, and so does one after many tries": func(_ *testing.T, b *bench) {
		c := b.running(behind(1), 2)
		id := c.Recipient(1).Message(0)
		b.send(id, 1)
		b.receive(b.receipt(id, 1, campaign.Failed, channelsFault()))
		b.expect(id, campaign.Pending)
		b.send(id, 2)
		id = c.Recipient(2).Message(0)
		for n := 1; b.position(id) == 0; n++ {
			if n > campaign.MaxFailures {
				b.Fatalf("it has not moved after %d attempts", n-1)
			}
			b.advance(campaign.PassingFor)
			b.claim(id, n)
			b.settle(id, n, ledger.OutcomeRefused, campaign.Failure{Reason: "busy", Retry: true, Elsewhere: true})
		}
		b.expect(id, campaign.Pending)
	},
	"channels are tried in order, and then it fails": func(_ *testing.T, b *bench) {
		c := b.running(behind(1), 1)
		id := c.Recipient(1).Message(0)
		for n := 1; n <= 3; n++ {
			if got := b.position(id); got != n-1 {
				b.Fatalf("attempt %d is on channel %d", n, got)
			}
			b.claim(id, n)
			b.settle(id, n, ledger.OutcomeRefused, channelsFault())
		}
		b.expect(id, campaign.Failed)
	},
	"a failure that is the person's moves nobody": func(_ *testing.T, b *bench) {
		c := b.running(behind(1), 1)
		id := c.Recipient(1).Message(0)
		b.claim(id, 1)
		b.settle(id, 1, ledger.OutcomeRefused, peoplesFault())
		b.expect(id, campaign.Failed)
	},
	"where an attempt may have been accepted no other channel sends": func(t *testing.T, b *bench) {
		c := b.running(behind(1), 1)
		id := c.Recipient(1).Message(0)
		b.claim(id, 1)
		b.settle(id, 1, ledger.OutcomeUnknown)
		_, err := b.Resolve(t.Context(), c, ledger.Resend, by("tester"), b.now)
		b.check(err)
		b.claim(id, 2)
		b.settle(id, 2, ledger.OutcomeRefused, channelsFault())
		b.expect(id, campaign.Failed)
		if got := b.position(id); got != 0 {
			t.Errorf("it is on channel %d", got)
		}
	},
	"of a message that arrives after all no other channel sends a second": func(t *testing.T, b *bench) {
		c := b.running(behind(1), 1)
		id := c.Recipient(1).Message(0)
		b.send(id, 1)
		b.receive(b.receipt(id, 1, campaign.Failed, channelsFault()))
		late := b.receipt(id, 1, campaign.Delivered)
		late.Channel, late.Peers = "main", []string{"main"} // nobody but the channel that sent it
		b.receive(late)
		b.expect(id, campaign.Delivered)
		if reason := b.tryClaimFrom(1, id, 2); reason != "gone" {
			t.Errorf("the next channel was refused as %q, want gone", reason)
		}
		if got := b.position(id); got != 0 {
			t.Errorf("the report says that channel %d has delivered it", got)
		}
	},
	"only the channel of an attempt may tell of it": func(_ *testing.T, b *bench) {
		c := b.running(behind(1), 1)
		id := c.Recipient(1).Message(0)
		b.claim(id, 1)
		b.settle(id, 1, ledger.OutcomeRefused, channelsFault())
		b.send(id, 2)
		forged := b.receipt(id, 2, campaign.Delivered)
		forged.Channel, forged.Peers = "main", []string{"main"}
		b.receive(forged)
		b.expect(id, campaign.Accepted)
	},
	"a channel in trouble is stopped, and what it has not sent goes on": func(t *testing.T, b *bench) {
		c := b.running(behind(2), 4)
		first, second, third, last := c.Recipient(1).Message(0), c.Recipient(2).Message(0), c.Recipient(3).Message(0), c.Recipient(4).Message(0)
		b.send(first, 1)
		b.receive(b.receipt(first, 1, campaign.Delivered))
		b.claim(third, 1)
		b.settle(third, 1, ledger.OutcomeUnknown)
		b.claim(second, 1)
		b.settle(second, 1, ledger.OutcomeRefused, channelTrouble())
		if now := b.campaign(c); now.State != campaign.Running || now.Stopped[0].Reason != troubleReason {
			t.Errorf("the campaign is %s, its channels are stopped because %+v", now.State, now.Stopped)
		}
		for range 2 {
			b.check(b.FallBack(t.Context(), c, 0, b.now))
		}
		all := []campaign.MessageID{first, first + 1, second, second + 1, third, third + 1, last, last + 1}
		if diff := cmp.Diff([]int{0, 1, 1, 1, 0, 1, 1, 1}, b.positions(all)); diff != "" {
			t.Error(diff)
		}
		if !b.campaign(c).Stopped[0].Handed {
			t.Error("nobody knows that it is done")
		}
		for _, id := range []campaign.MessageID{first + 1, last} {
			b.send(id, 1)
		}
	},
	"what a stopped channel gives back goes on as well": func(t *testing.T, b *bench) {
		c := b.running(behind(1), 1)
		id := c.Recipient(1).Message(0)
		b.claim(id, 1)
		b.check(b.StopBecause(t.Context(), c, 0, "trouble", b.now))
		b.check(b.FallBack(t.Context(), c, 0, b.now))
		b.settle(id, 1, ledger.OutcomeReleased)
		if b.campaign(c).Stopped[0].Handed {
			t.Error("nobody looks at the channel again")
		}
		b.check(b.FallBack(t.Context(), c, 0, b.now))
		if got := b.position(id); got != 1 {
			t.Errorf("it is on channel %d", got)
		}
		b.send(id, 2)
	},
	"with all channels in trouble the campaign is paused, and a resume goes on": func(t *testing.T, b *bench) {
		c := b.running(behind(1), 1)
		id := c.Recipient(1).Message(0)
		for n := 1; n <= 3; n++ {
			b.claim(id, n)
			f := channelTrouble()
			b.settle(id, n, ledger.OutcomeRefused, f)
		}
		if now := b.campaign(c); now.State != campaign.Paused {
			t.Errorf("the campaign is %s", now.State)
		}
		b.expect(id, campaign.Pending)
		b.act(c, campaign.Resume)
		b.advance(campaign.PassingFor)
		b.send(id, 4)
	},
	"nothing goes on in a campaign that was cancelled; one that is finished runs again": func(t *testing.T, b *bench) {
		for action, want := range map[campaign.Action]campaign.Status{campaign.Cancel: campaign.Failed, "": campaign.Pending} {
			c := b.running(behind(1), 1)
			id := c.Recipient(1).Message(0)
			b.send(id, 1)
			if action != "" {
				b.act(c, action)
			} else {
				_, err := b.Finish(t.Context(), []campaign.ID{c}, b.now)
				b.check(err)
			}
			b.receive(b.receipt(id, 1, campaign.Failed, channelsFault()))
			b.expect(id, want)
		}
	},
}
