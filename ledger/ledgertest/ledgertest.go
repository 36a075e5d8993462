// Package ledgertest is the suite that every engine of the ledger must pass.
//
// Each scenario works on a ledger of its own and ends with Ledger.Verify, so
// that the counts are held against the rows whatever has happened.
package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// Start is the time at which every scenario begins.
var start = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// Fresh makes room for an empty ledger and returns its address, as ledger.Open
// takes it.
type Fresh func(t *testing.T) (url string)

// open returns an empty ledger that is closed with the test.
func (fresh Fresh) open(t *testing.T) *ledger.Ledger {
	t.Helper()
	return opened(t, fresh(t))
}

func opened(t *testing.T, url string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// Run runs the suite.
func Run(t *testing.T, fresh Fresh) {
	for _, group := range []map[string]func(*testing.T, *bench){
		intakeScenarios, claimScenarios, settleScenarios, failureScenarios, slowedScenarios, templateScenarios, auditScenarios, historyScenarios, rateScenarios, mediaScenarios, pauseScenarios, noticeScenarios, channelScenarios, stopScenarios, handoverScenarios, fallbackScenarios, unknownScenarios, retryScenarios, receiptScenarios, pollScenarios, gateScenarios, sweepScenarios, limitScenarios, peopleScenarios, replyScenarios, editScenarios, optOutScenarios, suppressionScenarios, userIDScenarios, erasedIDScenarios, listedIDScenarios, whoseScenarios, forgetScenarios, uploadScenarios, sessionScenarios, hourScenarios, windowScenarios, windowWordScenarios, leaseScenarios, reportScenarios, searchScenarios, scheduleScenarios, slotScenarios, lateScenarios,
		observeScenarios,
	} {
		for name, scenario := range group {
			t.Run(name, func(t *testing.T) {
				b := &bench{T: t, Ledger: fresh.open(t), now: start}
				scenario(t, b)
				b.verify()
			})
		}
	}
	t.Run("model", func(t *testing.T) { model(t, fresh) })
	t.Run("series", func(t *testing.T) { series(t, fresh) })
	t.Run("windows", func(t *testing.T) { windows(t, fresh) })
	t.Run("sealing", func(t *testing.T) { sealing(t, fresh) })
	t.Run("sessions", func(t *testing.T) { sessions(t, fresh) })
}

// bench is a ledger with a clock and the shorthand of the scenarios.
type bench struct {
	*testing.T
	*ledger.Ledger
	now       time.Time
	campaigns []campaign.ID
	resend    bool // what becomes of unknown messages
	mute      bool // receipts carry no reference
}

func (b *bench) policy(string) ledger.UnknownPolicy {
	return ledger.UnknownPolicy{After: 10 * time.Minute, Resend: b.resend, Echoes: !b.mute}
}

func (b *bench) verify() {
	b.Helper()
	for _, id := range b.campaigns {
		if err := b.Verify(b.Context(), id); err != nil {
			b.Errorf("campaign %s: %v", id, err)
		}
	}
}

func (b *bench) check(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) advance(d time.Duration) { b.now = b.now.Add(d) }

// steps is a definition of n steps, each behind the delivery of the one before.
func steps(n int, change ...func(*campaign.Definition)) *campaign.Definition {
	d := &campaign.Definition{Name: "scenario", Channel: "main"}
	for i := range n {
		step := campaign.Step{Template: fmt.Sprintf("step_%d", i+1), Language: "en", Category: campaign.Utility}
		if i > 0 {
			step.After, step.Otherwise = campaign.AfterDelivered, campaign.Stop
		}
		d.Steps = append(d.Steps, step)
	}
	for _, f := range change {
		f(d)
	}
	return d
}

// people are n admitted rows with numbers of their own.
func people(n int) []campaign.Row {
	rows := make([]campaign.Row, n)
	for i := range rows {
		rows[i] = row(i+1, fmt.Sprintf("+4477009%05d", i))
	}
	return rows
}

func row(number int, phone string) campaign.Row {
	return campaign.Row{Number: number, Phone: phone, Person: phone, Verdict: campaign.OK, Values: []string{"Ana", phone}}
}

// imported makes a visible campaign out of rows.
func (b *bench) imported(d *campaign.Definition, rows []campaign.Row) campaign.ID {
	b.Helper()
	in, err := b.BeginIntake(b.Context(), ledger.NewCampaign{Definition: d, Columns: []string{"Name", "Phone"}}, b.now)
	b.check(err)
	for len(rows) > 0 {
		n := min(len(rows), ledger.IntakeBatch)
		b.check(in.Add(b.Context(), rows[:n], b.now))
		rows = rows[n:]
	}
	b.check(in.Reveal(b.Context()))
	b.campaigns = append(b.campaigns, in.ID())
	return in.ID()
}

// running makes a campaign of n people and starts it.
func (b *bench) running(d *campaign.Definition, n int) campaign.ID {
	b.Helper()
	id := b.imported(d, people(n))
	b.act(id, campaign.Start)
	return id
}

func (b *bench) act(id campaign.ID, a campaign.Action) ledger.Campaign {
	b.Helper()
	c, err := b.Act(b.Context(), id, a, by("tester"), b.now)
	b.check(err)
	return c
}

func (b *bench) campaign(id campaign.ID) ledger.Campaign {
	b.Helper()
	c, err := b.Campaign(b.Context(), id)
	b.check(err)
	return c
}

// claim claims attempt n of a message for the number that it is on.
func (b *bench) claim(id campaign.MessageID, n int) {
	b.Helper()
	if reason := b.tryClaim(id, n); reason != "" {
		b.Fatalf("claim of attempt %d refused: %s", n, reason)
	}
}

// tryClaim returns why a claim was refused, or an empty text.
func (b *bench) tryClaim(id campaign.MessageID, n int) string {
	b.Helper()
	return b.tryClaimFrom(b.position(id), id, n)
}

// tryClaimFrom is the same for a worker of the number at a position.
func (b *bench) tryClaimFrom(position int, id campaign.MessageID, n int) string {
	b.Helper()
	_, err := b.Claim(b.Context(), campaign.Task{Message: id, Attempt: n}, ledger.Sender{Position: position}, b.now, b.now.Add(time.Minute))
	var refused *ledger.RefusedError
	if errors.As(err, &refused) {
		return refused.Reason
	}
	b.check(err)
	return ""
}

func (b *bench) settle(id campaign.MessageID, n int, outcome ledger.Outcome, f ...campaign.Failure) {
	b.Helper()
	s := ledger.Settlement{Message: id, Attempt: n, Outcome: outcome, At: b.now, UnknownAfter: 10 * time.Minute}
	if outcome == ledger.OutcomeAccepted || outcome == ledger.OutcomeHeld {
		s.ProviderID = providerID(id, n)
	}
	if len(f) > 0 {
		s.Failure = f[0]
	}
	b.check(b.Settle(b.Context(), s))
}

// send claims attempt n and has it accepted.
func (b *bench) send(id campaign.MessageID, n int) {
	b.Helper()
	b.claim(id, n)
	b.settle(id, n, ledger.OutcomeAccepted)
}

func providerID(id campaign.MessageID, n int) string { return "wamid." + id.Reference(n) }

// receipt is one that carries our reference.
func (b *bench) receipt(id campaign.MessageID, n int, s campaign.Status, f ...campaign.Failure) ledger.Receipt {
	r := ledger.Receipt{Message: id, Attempt: n, ProviderID: providerID(id, n), Status: s, At: b.now, Peers: everyone()}
	if len(f) > 0 {
		r.Failure = f[0]
	}
	return r
}

// receive takes in receipts that may speak of every channel, unless they say
// otherwise, and returns what they are about.
func (b *bench) receive(receipts ...ledger.Receipt) []ledger.Received {
	b.Helper()
	for i := range receipts {
		if receipts[i].Peers == nil {
			receipts[i].Channel, receipts[i].Peers = "main", everyone()
		}
	}
	about, err := b.Receive(b.Context(), receipts, b.now)
	b.check(err)
	return about
}

// everyone are the channels of all scenarios, as those of one app.
func everyone() []string { return []string{"main", "second", "third"} }

// hear takes in something that is heard, and returns what became of it.
func (b *bench) hear(h ledger.InboundEvent) ledger.Fate {
	b.Helper()
	if h.Peers == nil {
		h.Peers = everyone()
	}
	fates, err := b.Hear(b.Context(), []ledger.InboundEvent{h}, b.now)
	b.check(err)
	return fates[0]
}

func (b *bench) sweep() {
	b.Helper()
	for {
		n, err := b.Sweep(b.Context(), b.now, b.policy)
		b.check(err)
		if n == 0 {
			return
		}
	}
}

// line is the report's line of a message.
func (b *bench) line(id campaign.MessageID) ledger.ReportRow {
	b.Helper()
	page, err := b.Report(b.Context(), ledger.ReportQuery{
		Campaign: id.Campaign(), After: id.Recipient() - 1, Recipients: 1,
	})
	b.check(err)
	for _, r := range page.Rows {
		if r.Recipient == id.Recipient() && r.Step == id.Step()+1 {
			return r
		}
	}
	b.Fatalf("no line of message %d in the report", id)
	return ledger.ReportRow{}
}

// expect holds a message's status against the wanted one.
func (b *bench) expect(id campaign.MessageID, want campaign.Status) {
	b.Helper()
	if got := b.line(id).Status; got != want {
		b.Errorf("row %d step %d is %s, want %s", id.Recipient().Row(), id.Step()+1, got, want)
	}
}

// position is where the message's number stands in the campaign's list; 0 for a
// message that does not exist.
func (b *bench) position(id campaign.MessageID) int {
	b.Helper()
	page, err := b.Report(b.Context(), ledger.ReportQuery{Campaign: id.Campaign(), After: id.Recipient() - 1, Recipients: 1})
	b.check(err)
	for _, r := range page.Rows {
		if r.Recipient == id.Recipient() && r.Step == id.Step()+1 {
			return r.Position
		}
	}
	return 0
}

// feedable are the messages that may go out now from a campaign's first number.
func (b *bench) feedable(id campaign.ID, limit int) []ledger.Feedable {
	b.Helper()
	return b.feedableFrom(0, id, limit)
}

// feedableFrom are those of the number at a position.
func (b *bench) feedableFrom(position int, id campaign.ID, limit int) []ledger.Feedable {
	b.Helper()
	found, err := b.Feedable(context.Background(), id, position, limit, b.now)
	b.check(err)
	return found
}

// by is somebody who asks over the HTTP API.
func by(name string) ledger.Actor { return ledger.Actor{Name: name, Way: ledger.WayAPI} }
