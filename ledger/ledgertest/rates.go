package ledgertest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/ledger"
)

func (b *bench) rates(id campaign.ID) ledger.Rates {
	b.Helper()
	r, err := b.Rates(b.Context(), id)
	b.check(err)
	return r
}

var rateScenarios = map[string]func(*testing.T, *bench){
	"what went out is kept by time, whatever is told twice": func(t *testing.T, b *bench) {
		c := b.running(steps(1), 5)
		message := func(row int) campaign.MessageID { return c.Recipient(row).Message(0) }
		b.send(message(1), 1)
		b.settle(message(1), 1, ledger.OutcomeAccepted)
		b.receive(b.receipt(message(1), 1, campaign.Delivered))
		b.claim(message(2), 1)
		b.receive(b.receipt(message(2), 1, campaign.Sent)) // before it is settled
		b.settle(message(2), 1, ledger.OutcomeAccepted)
		b.claim(message(3), 1)
		b.settle(message(3), 1, ledger.OutcomeRefused, campaign.Failure{Code: 130429, Reason: "rate", Retry: true, Throttled: true})
		b.claim(message(4), 1)
		b.settle(message(4), 1, ledger.OutcomeUnknown)
		b.advance(25 * time.Second)
		b.receive(b.receipt(message(4), 1, campaign.Delivered))
		b.claim(message(5), 1)
		b.settle(message(5), 1, ledger.OutcomeRefused, campaign.Failure{Code: 1, Reason: "gone"})
		want := ledger.Rates{Width: 10 * time.Second, Points: []ledger.RatePoint{
			{At: start, Accepted: 2, Throttled: 1}, {At: start.Add(20 * time.Second), Accepted: 1, Failed: 1},
		}}
		if diff := cmp.Diff(want, b.rates(c)); diff != "" {
			t.Error(diff)
		}
	},

	"rates become coarse, lose nothing, and end": func(t *testing.T, b *bench) {
		c := b.running(steps(1), 12)
		for i := range 12 {
			b.send(c.Recipient(i+1).Message(0), 1)
			b.advance(15 * time.Second)
		}
		ended := b.now
		fine := b.rates(c)
		if fine.Width != 10*time.Second || len(fine.Points) != 12 {
			t.Errorf("%+v", fine)
		}
		want := ledger.Rates{Width: time.Minute, Points: []ledger.RatePoint{
			{At: start, Accepted: 4}, {At: start.Add(time.Minute), Accepted: 4}, {At: start.Add(2 * time.Minute), Accepted: 4},
		}}
		for _, after := range []time.Duration{time.Hour, time.Hour + 30*time.Second, 2 * time.Hour, 48 * time.Hour} {
			b.now = ended.Add(after)
			b.check(b.Tidy(t.Context(), b.now))
			if diff := cmp.Diff(want, b.rates(c)); after > time.Hour && diff != "" {
				t.Errorf("%s later: %s", after, diff)
			}
		}
		b.now = ended.Add(40 * 24 * time.Hour)
		b.check(b.Tidy(t.Context(), b.now))
		if got := b.rates(c); len(got.Points) > 0 {
			t.Errorf("%+v", got)
		}
	},

	"a long campaign has few points": func(t *testing.T, b *bench) {
		c := b.running(steps(1), 40)
		for i := range 40 {
			b.send(c.Recipient(i+1).Message(0), 1)
			b.advance(17 * time.Hour)
		}
		b.check(b.Tidy(t.Context(), b.now))
		var sum int64
		got := b.rates(c)
		for _, p := range got.Points {
			sum += p.Accepted
		}
		if got.Width != 6*time.Hour || sum != 40 || len(got.Points) != 40 {
			t.Errorf("%s, %d in %d points", got.Width, sum, len(got.Points))
		}
	},
}
