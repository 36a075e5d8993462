package ledgertest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"carillon/campaign"
	"carillon/ledger"
)

// account is that of the channels main and second; third has one of its own.
var account = []string{"main", "second"}

// trouble is a failure of the kind that stops campaigns.
func trouble(scope campaign.PauseScope) campaign.Failure {
	return campaign.Failure{
		Code: 190, Reason: "token_rejected", Said: "Session has expired", Detail: "Make a new token, then resume.",
		Retry: true, Throttled: true, Pause: scope, Account: account,
	}
}

// troubleReason is what it leaves as the reason of the campaign that met it.
const troubleReason = `token_rejected (190), "Session has expired": Make a new token, then resume.`

// on is a campaign of one step.
func on(channel, template, language string) *campaign.Definition {
	return steps(1, func(d *campaign.Definition) {
		d.Channel, d.Steps[0].Template, d.Steps[0].Language = channel, template, language
	})
}

// neighbours run beside the campaign that meets the trouble, which sends the
// template offer in English from main.
var neighbours = map[string]*campaign.Definition{
	"same template":          on("main", "offer", "en"),
	"its language in a list": on("main", "offer", "{{Name|en}}"),
	"another language":       on("main", "offer", "fr"),
	"another template":       on("main", "order", "en"),
	"second, same template":  on("second", "offer", "EN"),
	"second, another":        on("second", "order", "en"),
	"third, same template":   on("third", "offer", "en"),
}

var pauseScenarios = map[string]func(*testing.T, *bench){
	"trouble with the template": stops(campaign.PauseTemplate, "same template", "its language in a list", "second, same template"),
	"trouble with the number": stops(campaign.PauseChannel,
		"same template", "its language in a list", "another language", "another template"),
	"trouble with the whole account": stops(campaign.PauseAccount,
		"same template", "its language in a list", "another language", "another template", "second, same template", "second, another"),
	"trouble stops none that a person has paused, and none that has not begun": func(t *testing.T, b *bench) {
		met, paused, draft := b.running(on("main", "offer", "en"), 1), b.running(on("main", "order", "en"), 1), b.imported(on("main", "order", "en"), people(1))
		b.act(paused, campaign.Pause)
		b.refuse(met.Recipient(1).Message(0), trouble(campaign.PauseChannel))
		if got := b.campaign(paused); got.Reason != "paused by tester" {
			t.Errorf("the paused one says %q", got.Reason)
		}
		if got := b.campaign(draft); got.State != campaign.Draft {
			t.Errorf("the draft is %s", got.State)
		}
	},
	"trouble of the second step counts for its own template": func(t *testing.T, b *bench) {
		met := b.running(steps(2), 1)
		first, second := b.running(on("main", "step_1", "en"), 1), b.running(on("main", "step_2", "en"), 1)
		b.send(met.Recipient(1).Message(0), 1)
		b.receive(b.receipt(met.Recipient(1).Message(0), 1, campaign.Delivered))
		b.refuse(met.Recipient(1).Message(1), trouble(campaign.PauseTemplate))
		if one, two := b.campaign(first).State, b.campaign(second).State; one != campaign.Running || two != campaign.Paused {
			t.Errorf("the campaign of the first template is %s, of the second %s", one, two)
		}
	},
	"trouble in a receipt": func(t *testing.T, b *bench) {
		met, other := b.running(on("main", "offer", "en"), 1), b.running(on("second", "order", "en"), 1)
		id := met.Recipient(1).Message(0)
		b.send(id, 1)
		b.receive(b.receipt(id, 1, campaign.Failed, trouble(campaign.PauseAccount)))
		for _, c := range []campaign.ID{met, other} {
			if got := b.campaign(c).State; got != campaign.Paused {
				t.Errorf("campaign %s is %s", c, got)
			}
		}
	},
	"trouble in a receipt that comes before its answer": func(t *testing.T, b *bench) {
		met, other := b.running(on("main", "offer", "en"), 1), b.running(on("second", "order", "en"), 1)
		id := met.Recipient(1).Message(0)
		b.claim(id, 1)
		b.receive(ledger.Receipt{ProviderID: providerID(id, 1), Status: campaign.Failed, At: b.now, Failure: trouble(campaign.PauseAccount)})
		b.settle(id, 1, ledger.OutcomeAccepted)
		b.expect(id, campaign.Pending)
		if got := b.campaign(other).State; got != campaign.Paused {
			t.Errorf("the other campaign is %s", got)
		}
	},
	"trouble that a campaign met at its end": func(t *testing.T, b *bench) {
		met := b.running(on("main", "offer", "en"), 1)
		id := met.Recipient(1).Message(0)
		b.send(id, 1)
		_, err := b.Finish(t.Context(), []campaign.ID{met}, b.now)
		b.check(err)
		b.receive(b.receipt(id, 1, campaign.Failed, trouble(campaign.PauseAccount)))
		if got := b.campaign(met).State; got != campaign.Paused {
			t.Errorf("it is %s, want paused: its message is to be attempted again", got)
		}
	},
	"a resume goes on where the trouble began": func(t *testing.T, b *bench) {
		met, other := b.running(on("main", "offer", "en"), 3), b.running(on("second", "order", "en"), 2)
		b.send(met.Recipient(1).Message(0), 1)
		b.send(other.Recipient(1).Message(0), 1)
		b.claim(other.Recipient(2).Message(0), 1) // under way while its campaign is stopped
		b.refuse(met.Recipient(2).Message(0), trouble(campaign.PauseAccount))
		b.settle(other.Recipient(2).Message(0), 1, ledger.OutcomeAccepted)
		if reason := b.tryClaim(met.Recipient(3).Message(0), 1); reason != "stopped" {
			t.Errorf("a claim meanwhile was refused as %q", reason)
		}
		b.act(met, campaign.Resume)
		b.act(other, campaign.Resume)
		b.advance(time.Minute)
		if left := b.feedable(other, 10); len(left) != 0 {
			t.Errorf("the other campaign would send %v again", left)
		}
		var left []ledger.Feedable
		for _, f := range b.feedable(met, 10) {
			b.send(f.ID, f.Attempt)
			left = append(left, f)
		}
		if len(left) != 2 {
			t.Errorf("fed after the resume: %v, want the refused message and the third", left)
		}
		if line := b.line(met.Recipient(2).Message(0)); line.Status != campaign.Accepted || line.Attempts != 1 {
			t.Errorf("the refused message: %+v", line)
		}
	},
	"trouble that strikes many campaigns in the same moment": func(t *testing.T, b *bench) {
		var all []campaign.ID
		var group errgroup.Group
		for i := range 8 {
			id := b.running(on(account[i%2], "offer", "en"), 5)
			all = append(all, id)
			for row := 1; row <= 5; row++ {
				b.claim(id.Recipient(row).Message(0), 1)
			}
		}
		for row := 1; row <= 5; row++ {
			for _, id := range all {
				group.Go(func() error {
					return b.Settle(t.Context(), ledger.Settlement{
						Message: id.Recipient(row).Message(0), Attempt: 1, Outcome: ledger.OutcomeRefused, At: b.now, Failure: trouble(campaign.PauseAccount),
					})
				})
			}
		}
		b.check(group.Wait())
		for _, id := range all {
			if got := b.campaign(id); got.State != campaign.Paused || got.Changes != 2 {
				t.Errorf("campaign %s is %s after %d changes, want it paused once", id, got.State, got.Changes)
			}
		}
	},
}

// refuse claims a message and has it refused.
func (b *bench) refuse(id campaign.MessageID, f campaign.Failure) {
	b.Helper()
	b.claim(id, 1)
	b.settle(id, 1, ledger.OutcomeRefused, f)
}

// stops is a scenario in which trouble of the scope pauses the campaign that
// meets it and the named neighbours, and leaves the others running.
func stops(scope campaign.PauseScope, names ...string) func(*testing.T, *bench) {
	return func(t *testing.T, b *bench) {
		ids := map[string]campaign.ID{}
		for name, definition := range neighbours {
			ids[name] = b.running(definition, 1)
		}
		met := b.running(on("main", "offer", "en"), 1)
		b.refuse(met.Recipient(1).Message(0), trouble(scope))
		if got := b.campaign(met); got.State != campaign.Paused || got.Reason != troubleReason {
			t.Errorf("it is %s, %q", got.State, got.Reason)
		}
		want, got := map[string]string{}, map[string]string{}
		for _, name := range names {
			want[name] = troubleReason + " (met by campaign " + met.String() + ")"
		}
		for name, id := range ids {
			if c := b.campaign(id); c.State == campaign.Paused {
				got[name] = c.Reason
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("paused beside it, -want +got:\n%s", diff)
		}
	}
}
