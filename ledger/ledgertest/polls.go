package ledgertest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/ledger"
)

// sendPolled has attempt n of a message accepted by a provider that has to be asked
// about it.
func (b *bench) sendPolled(id campaign.MessageID, n int, outcome ledger.Outcome) {
	b.Helper()
	b.claim(id, n)
	b.settlePolled(id, n, outcome)
}

func (b *bench) settlePolled(id campaign.MessageID, n int, outcome ledger.Outcome) {
	b.Helper()
	s := ledger.Settlement{Message: id, Attempt: n, Outcome: outcome, At: b.now, UnknownAfter: 10 * time.Minute, Poll: "main"}
	if outcome == ledger.OutcomeAccepted || outcome == ledger.OutcomeHeld {
		s.ProviderID = providerID(id, n)
	}
	b.check(b.Settle(b.Context(), s))
}

// duePolls are the messages that a channel is to be asked about.
func (b *bench) duePolls(channel string) []campaign.MessageID {
	b.Helper()
	polls, err := b.DuePolls(b.Context(), channel, 100, b.now)
	b.check(err)
	var ids []campaign.MessageID
	for _, p := range polls {
		ids = append(ids, p.Message)
	}
	return ids
}

// poll asks about attempt n of a message, and is told a status; 0 for nothing.
func (b *bench) poll(id campaign.MessageID, n int, told campaign.Status, f ...campaign.Failure) ledger.Received {
	b.Helper()
	row, err := b.Poll(b.Context(), id, n)
	b.check(err)
	if row.ProviderID != providerID(id, n) || row.Channel != "main" {
		b.Errorf("asks %s for %q", row.Channel, row.ProviderID)
	}
	return b.polled(row, told, f...)
}

func (b *bench) polled(row ledger.PollRow, told campaign.Status, f ...campaign.Failure) ledger.Received {
	b.Helper()
	p := ledger.Polled{PollRow: row, At: b.now}
	if told != 0 {
		p.Receipt = &ledger.Receipt{Status: told, At: b.now}
		if len(f) > 0 {
			p.Receipt.Failure = f[0]
		}
	}
	about, err := b.Polled(b.Context(), p)
	b.check(err)
	return about
}

// unpolled reports whether nothing is left to ask about attempt n of a message.
func (b *bench) unpolled(id campaign.MessageID, n int) bool {
	b.Helper()
	_, err := b.Poll(b.Context(), id, n)
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		b.Fatal(err)
	}
	return err != nil
}

// nextPoll is how long from now the next poll of a message's first attempt is due.
func (b *bench) nextPoll(id campaign.MessageID) time.Duration {
	b.Helper()
	row, err := b.Poll(b.Context(), id, 1)
	b.check(err)
	return row.Due.Sub(b.now)
}

var pollScenarios = map[string]func(*testing.T, *bench){
	"what is accepted or held is asked about and nothing else": func(t *testing.T, b *bench) {
		c := b.running(steps(1), 5)
		message := func(row int) campaign.MessageID { return c.Recipient(row).Message(0) }
		b.sendPolled(message(1), 1, ledger.OutcomeAccepted)
		b.sendPolled(message(2), 1, ledger.OutcomeHeld)
		b.sendPolled(message(3), 1, ledger.OutcomeUnknown)
		b.sendPolled(message(4), 1, ledger.OutcomeReleased)
		b.send(message(5), 1) // by a channel that tells by itself
		if got := b.duePolls("main"); got != nil {
			t.Errorf("at once %v are asked about", got)
		}
		b.advance(5 * time.Second)
		if diff := cmp.Diff([]campaign.MessageID{message(1), message(2)}, b.duePolls("main")); diff != "" {
			t.Error(diff)
		}
		if got := b.duePolls("second"); got != nil {
			t.Errorf("another channel is asked about %v", got)
		}
	},
	"it is asked less and less often for a day": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.sendPolled(id, 1, ledger.OutcomeAccepted)
		accepted := b.now
		var waits []time.Duration
		for !b.unpolled(id, 1) {
			wait := b.nextPoll(id)
			waits = append(waits, wait)
			b.advance(wait)
			b.poll(id, 1, 0)
		}
		want := []time.Duration{5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute}
		for len(want) < len(waits) {
			want = append(want, time.Hour)
		}
		if diff := cmp.Diff(want, waits); diff != "" {
			t.Error(diff)
		}
		if asked := b.now.Sub(accepted); asked > 24*time.Hour || asked <= 23*time.Hour {
			t.Errorf("it was asked for %s", asked)
		}
	},
	"the answers are receipts and the last one ends it": func(t *testing.T, b *bench) {
		c := b.running(steps(2), 2)
		read, failed := c.Recipient(1).Message(0), c.Recipient(2).Message(0)
		b.sendPolled(read, 1, ledger.OutcomeAccepted)
		b.sendPolled(failed, 1, ledger.OutcomeAccepted)
		b.advance(5 * time.Second)
		if about := b.poll(read, 1, campaign.Sent); about.Message != read || about.Attempt != 1 {
			t.Errorf("it is about %+v", about)
		}
		b.expect(read, campaign.Sent)
		b.expect(read+1, campaign.Waiting)
		b.poll(read, 1, campaign.Delivered)
		b.expect(read, campaign.Delivered)
		b.expect(read+1, campaign.Pending) // the gate opens with the poll
		b.poll(read, 1, campaign.Delivered)
		if b.unpolled(read, 1) {
			t.Error("nobody asks whether it was read")
		}
		b.poll(read, 1, campaign.Read)
		b.poll(failed, 1, campaign.Failed, undeliverable)
		b.expect(read, campaign.Read)
		b.expect(failed, campaign.Failed)
		for _, id := range []campaign.MessageID{read, failed} {
			if !b.unpolled(id, 1) {
				t.Errorf("message %d is still asked about", id)
			}
		}
	},
	"an attempt that failed does not end the polls of the next": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.sendPolled(id, 1, ledger.OutcomeAccepted)
		b.poll(id, 1, campaign.Failed, campaign.Failure{Code: 408, Reason: "timeout", Retry: true})
		b.advance(time.Minute)
		b.sendPolled(id, 2, ledger.OutcomeAccepted)
		if !b.unpolled(id, 1) || b.unpolled(id, 2) {
			t.Error("the second attempt is to be asked about, the first is not")
		}
		b.poll(id, 2, campaign.Delivered)
		b.expect(id, campaign.Delivered)
	},
	"two who ask at once move it once": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.sendPolled(id, 1, ledger.OutcomeAccepted)
		b.advance(5 * time.Second)
		row, err := b.Poll(t.Context(), id, 1)
		b.check(err)
		b.polled(row, campaign.Delivered)
		b.polled(row, campaign.Delivered)
		if got := b.nextPoll(id); got != 15*time.Second {
			t.Errorf("it is asked again after %s", got)
		}
		b.polled(row, campaign.Read)
		b.polled(row, 0) // which was slower
		if !b.unpolled(id, 1) {
			t.Error("it is asked about although it was read")
		}
	},
	"being throttled costs no try": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.sendPolled(id, 1, ledger.OutcomeAccepted)
		b.advance(5 * time.Second)
		row, err := b.Poll(t.Context(), id, 1)
		b.check(err)
		_, err = b.Polled(t.Context(), ledger.Polled{PollRow: row, At: b.now, Wait: 40 * time.Second})
		b.check(err)
		if got := b.nextPoll(id); got != 40*time.Second {
			t.Errorf("it is asked again after %s", got)
		}
		b.advance(40 * time.Second)
		b.poll(id, 1, 0)
		if got := b.nextPoll(id); got != 15*time.Second {
			t.Errorf("after the first that counts it is asked again after %s", got)
		}
	},
	"after a long silence it is asked once more": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.sendPolled(id, 1, ledger.OutcomeAccepted)
		b.advance(3 * 24 * time.Hour) // nothing ran
		if got := b.duePolls("main"); len(got) != 1 {
			t.Fatalf("asked about are %v", got)
		}
		b.poll(id, 1, campaign.Delivered)
		b.expect(id, campaign.Delivered)
		if !b.unpolled(id, 1) {
			t.Error("it is asked about for ever")
		}
	},
	"a settlement that is repeated keeps what is known": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.sendPolled(id, 1, ledger.OutcomeAccepted)
		b.advance(5 * time.Second)
		b.poll(id, 1, 0)
		b.settlePolled(id, 1, ledger.OutcomeAccepted)
		if got := b.nextPoll(id); got != 15*time.Second {
			t.Errorf("it is asked again after %s", got)
		}
	},
	"it is asked about whatever becomes of its campaign": func(t *testing.T, b *bench) {
		c := b.running(steps(1), 2)
		id := c.Recipient(1).Message(0)
		b.sendPolled(id, 1, ledger.OutcomeAccepted)
		b.act(c, campaign.Cancel)
		b.advance(5 * time.Second)
		if got := b.duePolls("main"); len(got) != 1 {
			t.Fatalf("asked about are %v", got)
		}
		b.poll(id, 1, campaign.Delivered)
		b.expect(id, campaign.Delivered)
	},
	"nothing is asked about somebody who was erased": func(t *testing.T, b *bench) {
		c := b.running(steps(1), 2)
		id, other := c.Recipient(1).Message(0), c.Recipient(2).Message(0)
		b.sendPolled(id, 1, ledger.OutcomeAccepted)
		b.sendPolled(other, 1, ledger.OutcomeAccepted)
		row, err := b.Poll(t.Context(), id, 1)
		b.check(err)
		b.forget()
		if !b.unpolled(id, 1) || b.unpolled(other, 1) {
			t.Error("the first is erased, and the second is not")
		}
		b.polled(row, campaign.Delivered) // it was under way
		b.expect(id, campaign.Delivered)
		b.settlePolled(id, 1, ledger.OutcomeAccepted)
		if !b.unpolled(id, 1) {
			t.Error("an outcome that comes after the erasure has them asked about")
		}
	},
	"an answer is no proof that receipts come by themselves": func(t *testing.T, b *bench) {
		b.now, b.resend = time.Now(), true
		b.check(b.WebhooksUp(t.Context()))
		c := b.running(steps(1), 2)
		id, later := c.Recipient(1).Message(0), c.Recipient(2).Message(0)
		b.lost(id)
		b.advance(time.Minute)
		b.sendPolled(later, 1, ledger.OutcomeAccepted)
		b.poll(later, 1, campaign.Delivered)
		b.advance(20 * time.Minute)
		b.sweep()
		b.expect(id, campaign.Unknown)
	},
	"polls that nobody asks for are cleared away": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.sendPolled(id, 1, ledger.OutcomeAccepted)
		b.advance(7 * 24 * time.Hour)
		b.check(b.Tidy(t.Context(), b.now))
		if b.unpolled(id, 1) {
			t.Error("it is gone too soon")
		}
		b.advance(25 * time.Hour)
		b.check(b.Tidy(t.Context(), b.now))
		if !b.unpolled(id, 1) {
			t.Error("it stays for ever")
		}
	},
	"an answer of another channel is not believed": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.sendPolled(id, 1, ledger.OutcomeAccepted)
		row, err := b.Poll(t.Context(), id, 1)
		b.check(err)
		row.Channel = "second"
		if about := b.polled(row, campaign.Delivered); about.Message != 0 {
			t.Errorf("it is about %+v", about)
		}
		b.expect(id, campaign.Accepted)
	},
}
