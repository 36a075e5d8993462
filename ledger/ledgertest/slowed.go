package ledgertest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/ledger"
)

// throttled slows a template on the numbers of the account.
func throttled(account ...string) campaign.Failure {
	return campaign.Failure{Code: 132069, Reason: "flow_throttled", Retry: true, Throttled: true, Slows: true, Wait: time.Hour, Account: account}
}

// slowed are the templates that are slowed.
func (b *bench) slowed() []ledger.Slowed {
	b.Helper()
	all, err := b.Slowed(b.Context())
	b.check(err)
	return all
}

// probe has attempt n of a message accepted as one that tries a template out,
// whose request leaves now.
func (b *bench) probe(id campaign.MessageID, n int, template campaign.TemplateName, channels ...string) {
	b.Helper()
	b.claim(id, n)
	b.check(b.Settle(b.Context(), ledger.Settlement{
		Message: id, Attempt: n, Outcome: ledger.OutcomeAccepted, At: b.now, ProviderID: providerID(id, n),
		Probe: ledger.Probe{Template: template, Channels: channels, Left: b.now},
	}))
}

var slowedScenarios = map[string]func(*testing.T, *bench){
	"a throttled template is slowed on the numbers of its account": func(t *testing.T, b *bench) {
		id := b.running(steps(2), 1).Recipient(1).Message(0)
		b.refuseAt(id, 1, throttled("main", "second"))
		first := campaign.TemplateName{Name: "step_1", Language: "en"}
		until := b.now.Add(time.Hour)
		want := []ledger.Slowed{
			{Channel: "main", Template: first, Until: until, Allowed: 1, Reason: "flow_throttled", Code: 132069},
			{Channel: "second", Template: first, Until: until, Allowed: 1, Reason: "flow_throttled", Code: 132069},
		}
		if diff := cmp.Diff(want, b.slowed()); diff != "" {
			t.Error(diff)
		}
		b.expect(id, campaign.Pending)
		b.advance(time.Hour - time.Millisecond)
		if reason := b.tryClaim(id, 2); reason != "early" {
			t.Errorf("refused as %q, want early", reason)
		}
	},
	"by a receipt, too, and the longest wait counts": func(t *testing.T, b *bench) {
		c := b.running(steps(1), 3)
		long, short := throttled(), throttled()
		long.Wait, short.Wait = 2*time.Hour, time.Minute
		for row, f := range []campaign.Failure{long, short} {
			id := c.Recipient(row + 1).Message(0)
			b.send(id, 1)
			b.receive(b.receipt(id, 1, campaign.Failed, f))
		}
		if got := b.slowed(); len(got) != 1 || !got[0].Until.Equal(b.now.Add(2*time.Hour)) {
			t.Errorf("%+v", got)
		}
	},
	"the language comes from the row where the list has it": func(t *testing.T, b *bench) {
		d := steps(1, func(d *campaign.Definition) { d.Steps[0].Language = "{{Name}}" })
		rows := people(2)
		rows[0].Values[0], rows[1].Values[0] = "pt-br", "de"
		c := b.imported(d, rows)
		b.act(c, campaign.Start)
		b.refuseAt(c.Recipient(1).Message(0), 1, throttled())
		if got := b.slowed(); len(got) != 1 || got[0].Template != (campaign.TemplateName{Name: "step_1", Language: "pt_BR"}) {
			t.Errorf("%+v", got)
		}
		b.claim(c.Recipient(2).Message(0), 1)
		b.check(func() error { _, err := b.Forget(t.Context(), "+447700900001", by("tester"), b.now); return err }())
		b.settle(c.Recipient(2).Message(0), 1, ledger.OutcomeRefused, throttled()) // nobody knows any more which language it was
		if got := b.slowed(); len(got) != 1 {
			t.Errorf("%+v", got)
		}
	},
	"what is accepted lets more go, and in the end all": func(t *testing.T, b *bench) {
		c := b.running(steps(1), ledger.MostProbes+6)
		name := campaign.TemplateName{Name: "step_1", Language: "en"}
		message := func(row int) campaign.MessageID { return c.Recipient(row).Message(0) }
		b.refuseAt(message(1), 1, throttled("main", "second"))
		b.probe(message(2), 1, name, "main", "second") // left before the wait was over
		if got := b.slowed(); got[0].Allowed != 1 {
			t.Errorf("%+v", got)
		}
		b.advance(time.Hour)
		for n := 1; n <= 3; n++ {
			b.probe(message(2+n), 1, name, "main", "second")
			for _, s := range b.slowed() {
				if s.Allowed != 1+n {
					t.Errorf("%d may be under way on %s after %d were accepted", s.Allowed, s.Channel, n)
				}
			}
		}
		b.refuseAt(message(ledger.MostProbes+6), 1, throttled("main", "second"))
		if got := b.slowed(); got[0].Allowed != 1 || !got[0].Until.Equal(b.now.Add(time.Hour)) {
			t.Errorf("refused again, and %+v", got)
		}
		b.advance(time.Hour)
		for n := 1; n <= ledger.MostProbes; n++ {
			if got := b.slowed(); len(got) != 2 || got[0].Allowed != n {
				t.Fatalf("%d accepted, and %+v", n-1, got)
			}
			b.probe(message(5+n), 1, name, "main", "second")
		}
		if got := b.slowed(); len(got) != 0 {
			t.Errorf("still %+v", got)
		}
	},
	"a claim that is given back for it waits": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.claim(id, 1)
		until := b.now.Add(time.Hour)
		b.check(b.Settle(t.Context(), ledger.Settlement{
			Message: id, Attempt: 1, Outcome: ledger.OutcomeReleased, At: b.now, Due: until, Why: "the template is slowed down",
		}))
		if line := b.line(id); line.Status != campaign.Pending || line.Reason != "the template is slowed down" || line.Attempts != 0 {
			t.Errorf("%+v", line)
		}
		if reason := b.tryClaim(id, 2); reason != "early" {
			t.Errorf("refused as %q, want early", reason)
		}
		b.now = until
		b.send(id, 2)
	},
	"what nobody has sent for a day is forgotten": func(t *testing.T, b *bench) {
		b.refuseAt(b.running(steps(1), 1).Recipient(1).Message(0), 1, throttled())
		b.advance(25 * time.Hour)
		b.check(b.Tidy(t.Context(), b.now))
		if got := b.slowed(); len(got) != 1 {
			t.Errorf("%+v", got)
		}
		b.advance(time.Millisecond)
		b.check(b.Tidy(t.Context(), b.now))
		if got := b.slowed(); len(got) != 0 {
			t.Errorf("%+v", got)
		}
	},
}
