package ledgertest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/ledger"
)

// miscounted is a refusal in a provider's words.
var miscounted = campaign.Failure{
	Code: 132000, Reason: "parameter_count", Invalid: true, Detail: "Compare the parameters.",
	Said: "(#132000) Number of buttons (0) does not match the expected number of params (1)",
}

// failures are the counts of a campaign's failures.
func (b *bench) failures(id campaign.ID) []ledger.Failures {
	b.Helper()
	all, err := b.Failures(b.Context(), id)
	b.check(err)
	return all
}

// pauseBecause pauses a campaign that runs.
func (b *bench) pauseBecause(id campaign.ID, reason string) {
	b.Helper()
	ran, err := b.PauseBecause(b.Context(), id, reason, b.now)
	b.check(err)
	if !ran {
		b.Errorf("campaign %s did not run", id)
	}
	if again, err := b.PauseBecause(b.Context(), id, "another reason", b.now); err != nil || again {
		b.Errorf("paused already, and %t, %v", again, err)
	}
}

// refuseAt claims attempt n of a message and has it refused.
func (b *bench) refuseAt(id campaign.MessageID, n int, f campaign.Failure) {
	b.Helper()
	b.claim(id, n)
	b.settle(id, n, ledger.OutcomeRefused, f)
}

var failureScenarios = map[string]func(*testing.T, *bench){
	"a refusal keeps its words": func(t *testing.T, b *bench) {
		c := b.running(steps(1), 4)
		for row := 1; row <= 3; row++ {
			b.refuseAt(c.Recipient(row).Message(0), 1, miscounted)
		}
		b.refuseAt(c.Recipient(4).Message(0), 1, undeliverable)
		line := b.line(c.Recipient(1).Message(0))
		if want := miscounted.Said + ". Compare the parameters."; line.Detail != want || line.Reason != "parameter_count" {
			t.Errorf("%q, %q; want %q", line.Reason, line.Detail, want)
		}
		want := []ledger.Failures{
			{Reason: "parameter_count", Code: 132000, Count: 3, Said: miscounted.Said, Hint: miscounted.Detail},
			{Reason: "undeliverable", Code: 131026, Count: 1},
		}
		if diff := cmp.Diff(want, b.failures(c)); diff != "" {
			t.Error(diff)
		}
	},
	"words come by receipt, too": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.send(id, 1)
		b.receive(b.receipt(id, 1, campaign.Failed, miscounted))
		if line := b.line(id); !strings.HasPrefix(line.Detail, miscounted.Said) {
			t.Errorf("%+v", line)
		}
	},
	"words that no column or terminal takes as they are": func(t *testing.T, b *bench) {
		odd := miscounted
		odd.Said = "a\x00b\x1b[31mc\u202ed\r\n\"e\"\\ \xff" + strings.Repeat("ö", 5000)
		c := b.running(steps(1), 2)
		answered, told := c.Recipient(1).Message(0), c.Recipient(2).Message(0)
		b.refuseAt(answered, 1, odd)
		b.receive(ledger.Receipt{Channel: "main", ProviderID: "wamid.odd", Status: campaign.Failed, Failure: odd, At: b.now}) // before its answer
		b.claim(told, 1)
		b.check(b.Settle(t.Context(), ledger.Settlement{Message: told, Attempt: 1, Outcome: ledger.OutcomeAccepted, ProviderID: "wamid.odd", At: b.now, UnknownAfter: time.Hour}))
		for _, id := range []campaign.MessageID{answered, told} {
			if got := b.line(id).Detail; !strings.HasPrefix(got, `a b [31mcd "e"\ `) || strings.ContainsFunc(got, unicode.IsControl) || utf8.RuneCountInString(got) > 1000 {
				t.Errorf("%.60q", got)
			}
		}
		if all := b.failures(c); len(all) != 1 || all[0].Count != 2 || !strings.HasPrefix(all[0].Said, `a b [31mcd "e"\ `) {
			t.Errorf("%.200v", all)
		}
	},
	"words of what waits for another attempt, and of what nobody knows": func(t *testing.T, b *bench) {
		c := b.running(steps(1), 2)
		waits, unknown := c.Recipient(1).Message(0), c.Recipient(2).Message(0)
		b.refuseAt(waits, 1, campaign.Failure{Code: 131016, Reason: "busy", Said: "Service unavailable", Detail: "It is tried again.", Retry: true, Passing: true})
		b.claim(unknown, 1)
		b.settle(unknown, 1, ledger.OutcomeUnknown, campaign.Failure{Reason: "server_error", Said: "upstream failed", Detail: "A receipt will tell."})
		for id, want := range map[campaign.MessageID]string{
			waits: "Service unavailable. It is tried again.", unknown: "upstream failed. A receipt will tell.",
		} {
			if got := b.line(id).Detail; got != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
		if got := b.failures(c); len(got) != 0 {
			t.Errorf("counted as failures: %+v", got)
		}
		b.advance(time.Minute)
		b.send(waits, 2)
		if line := b.line(waits); line.Detail != "" || line.Reason != "" || line.Code != 0 {
			t.Errorf("accepted, and still %+v", line)
		}
	},
	"a delivery, a retry and an operator clear what no longer holds": func(t *testing.T, b *bench) {
		busy := campaign.Failure{Code: 7, Reason: "busy", Said: "busy", Retry: true, Tries: 1}
		c := b.running(steps(1), 4)
		delivered, retried, skipped, dropped := c.Recipient(1).Message(0), c.Recipient(2).Message(0), c.Recipient(3).Message(0), c.Recipient(4).Message(0)
		b.send(delivered, 1)
		b.receive(b.receipt(delivered, 1, campaign.Failed, miscounted))
		b.refuseAt(retried, 1, busy)
		b.refuseAt(skipped, 1, campaign.Failure{Code: 8, Reason: "busy", Said: "busy", Retry: true})
		b.claim(dropped, 1)
		b.settle(dropped, 1, ledger.OutcomeUnknown, campaign.Failure{Code: 506, Reason: "duplicate_post", Said: "twice"})
		b.receive(b.receipt(delivered, 1, campaign.Delivered))
		b.retry(c, campaign.Failed)
		b.check(b.CloseRows(t.Context(), c, campaign.Skipped, "the campaign was cancelled", b.now))
		_, err := b.Resolve(t.Context(), c, ledger.Drop, by("ops"), b.now)
		b.check(err)
		for id, want := range map[campaign.MessageID][2]string{
			delivered: {}, retried: {"the campaign was cancelled"}, skipped: {"the campaign was cancelled"},
			dropped: {"dropped by ops", "It may have arrived: a receipt would still tell."},
		} {
			if line := b.line(id); line.Reason != want[0] || line.Detail != want[1] || line.Code != 0 {
				t.Errorf("row %d: %d %q, %q; want %q", line.Row(), line.Code, line.Reason, line.Detail, want)
			}
		}
		want := []ledger.Failures{{Reason: "dropped by ops", Count: 1, Hint: "It may have arrived: a receipt would still tell."}}
		if diff := cmp.Diff(want, b.failures(c)); diff != "" {
			t.Error(diff)
		}
	},
	"what is put off has another reason": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.refuseAt(id, 1, campaign.Failure{Code: 7, Reason: "busy", Said: "busy", Retry: true})
		b.advance(time.Minute)
		b.check(b.Postpone(t.Context(), map[campaign.MessageID]time.Time{id: b.now.Add(time.Hour)}, "it is night", b.now))
		if line := b.line(id); line.Reason != "it is night" || line.Code != 0 || line.Detail != "" {
			t.Errorf("%+v", line)
		}
	},
	"each kind of refusal is told once per campaign": func(t *testing.T, b *bench) {
		var told []ledger.Refusal
		b.OnRefusal(func(r ledger.Refusal) { told = append(told, r) })
		quiet := campaign.Failure{Reason: "unreachable", Detail: "Check the network.", Retry: true, Passing: true, Throttled: true}
		first, second := b.running(steps(1), 6), b.running(steps(1), 2)
		unexplained := campaign.Failure{Reason: "unexplained"}
		for row := 1; row <= 2; row++ {
			b.refuseAt(first.Recipient(row).Message(0), 1, miscounted)
			b.refuseAt(second.Recipient(row).Message(0), 1, miscounted)
		}
		b.send(first.Recipient(3).Message(0), 1)
		b.receive(b.receipt(first.Recipient(3).Message(0), 1, campaign.Failed, undeliverable))
		b.refuseAt(first.Recipient(4).Message(0), 1, quiet)
		b.refuseAt(first.Recipient(5).Message(0), 1, unexplained)
		b.lost(first.Recipient(6).Message(0))
		_, err := b.Resolve(t.Context(), first, ledger.Drop, by("ops"), b.now)
		b.check(err)
		want := []ledger.Refusal{
			{Message: first.Recipient(1).Message(0), Failure: miscounted, Values: []string{"Ana", "+447700900000", "+447700900000"}},
			{Message: second.Recipient(1).Message(0), Failure: miscounted, Values: []string{"Ana", "+447700900000", "+447700900000"}},
			{Message: first.Recipient(3).Message(0), Failure: undeliverable, Values: []string{"Ana", "+447700900002", "+447700900002"}},
			{Message: first.Recipient(5).Message(0), Failure: unexplained, Values: []string{"Ana", "+447700900004", "+447700900004"}},
		}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Error(diff)
		}
	},
	"words of one who is erased go": func(t *testing.T, b *bench) {
		quoting := campaign.Failure{Code: 131009, Reason: "invalid_parameter", Said: "'Ana' of " + ana + " is not valid", Detail: "Correct it."}
		c := b.running(steps(1), 3)
		mine, late, others := c.Recipient(1).Message(0), b.running(steps(1), 1).Recipient(1).Message(0), c.Recipient(2).Message(0)
		b.refuseAt(mine, 1, quoting)
		b.refuseAt(others, 1, miscounted)
		b.claim(late, 1)
		b.pauseBecause(c, fmt.Sprintf("the last 5 messages were refused alike: %s Ana should look.", quoting))
		b.forget()
		b.settle(late, 1, ledger.OutcomeRefused, quoting)
		for _, id := range []campaign.MessageID{mine, late} {
			if line := b.line(id); strings.Contains(line.Detail, "Ana") || line.Reason != "invalid_parameter" {
				t.Errorf("still %q, %q", line.Reason, line.Detail)
			}
			for _, f := range b.failures(id.Campaign()) {
				if strings.Contains(f.Said, "Ana") || f.Hint == "" {
					t.Errorf("still %+v", f)
				}
			}
		}
		if line := b.line(others); line.Detail == "" {
			t.Error("another one's words went with them")
		}
		want := `the last 5 messages were refused alike: invalid_parameter (131009), "'***' of *** is not valid": Correct it. Ana should look.`
		if got := b.campaign(c).Reason; got != want {
			t.Errorf("paused because %q, want %q", got, want)
		}
	},
	"a message that met passing trouble alone is tried for a quarter of an hour": func(t *testing.T, b *bench) {
		c := b.running(steps(1), 1)
		id := c.Recipient(1).Message(0)
		began := b.now
		n := b.refuseUntilFailed(id, 1, busyFor(408), busyFor(500), busyFor(131000))
		if tried := b.now.Sub(began); tried < campaign.PassingFor || n > 10 {
			t.Errorf("given up after %s and %d attempts", tried, n)
		}
		b.retry(c, campaign.Failed)
		began = b.now
		if again := b.refuseUntilFailed(id, n+1, busyFor(408)); b.now.Sub(began) < campaign.PassingFor || again-n > 10 {
			t.Errorf("retried, and given up after %s and %d attempts", b.now.Sub(began), again-n)
		}
	},
	"passing trouble that receipts tell of counts alike": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		for n := 1; n <= campaign.MaxFailures+1; n++ {
			b.send(id, n)
			b.receive(b.receipt(id, n, campaign.Failed, busyFor(408)))
			b.expect(id, campaign.Pending)
			b.advance(campaign.Backoff(n))
		}
		b.advance(campaign.PassingFor)
		b.send(id, campaign.MaxFailures+2)
		b.receive(b.receipt(id, campaign.MaxFailures+2, campaign.Failed, busyFor(408)))
		b.expect(id, campaign.Failed)
	},
	"a limit on one code counts the refusals with that code": func(t *testing.T, b *bench) {
		limited := busyFor(131000)
		limited.Tries, limited.Passing = 2, false
		other := busyFor(408)
		other.Passing = false
		c := b.running(steps(1), 1)
		id := c.Recipient(1).Message(0)
		for n, f := range []campaign.Failure{other, other, limited} {
			b.refuseAt(id, n+1, f)
			b.expect(id, campaign.Pending)
			b.advance(time.Hour)
		}
		b.refuseAt(id, 4, limited)
		b.expect(id, campaign.Failed)
		b.retry(c, campaign.Failed)
		b.refuseAt(id, 5, limited) // what was refused before does not count any more
		b.expect(id, campaign.Pending)
	},
	"a receipt's code counts with those of answers": func(t *testing.T, b *bench) {
		limited := campaign.Failure{Code: 131000, Reason: "busy", Retry: true, Tries: 2}
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.send(id, 1)
		b.receive(b.receipt(id, 1, campaign.Failed, limited))
		b.receive(b.receipt(id, 1, campaign.Failed, limited)) // told again
		b.expect(id, campaign.Pending)
		b.settle(id, 1, ledger.OutcomeAccepted) // told late
		b.advance(time.Minute)
		b.refuseAt(id, 2, limited)
		b.expect(id, campaign.Failed)
	},
	"what is resent without an answer has met passing trouble": func(t *testing.T, b *bench) {
		b.now, b.resend = time.Now(), true
		b.check(b.WebhooksUp(t.Context()))
		c := b.running(steps(1), 2)
		id, later := c.Recipient(1).Message(0), c.Recipient(2).Message(0)
		b.lost(id)
		b.advance(time.Second)
		b.send(later, 1)
		b.receive(b.receipt(later, 1, campaign.Delivered))
		b.advance(10 * time.Minute)
		b.sweep()
		b.expect(id, campaign.Pending)
		began := b.now
		n := b.refuseUntilFailed(id, 2, busyFor(408), busyFor(131000))
		if tried := b.now.Sub(began); tried < campaign.PassingFor || n > 10 {
			t.Errorf("given up after %s and %d attempts", tried, n)
		}
	},
	"what is resent often is resent no more": func(t *testing.T, b *bench) {
		b.resend, b.mute = true, true
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		for n := 1; n < campaign.MaxFailures; n++ {
			b.refuseAt(id, n, busyFor(408))
			b.advance(campaign.Backoff(n))
		}
		b.claim(id, campaign.MaxFailures)
		b.settle(id, campaign.MaxFailures, ledger.OutcomeUnknown, campaign.Failure{Reason: "timeout"})
		b.advance(10 * time.Minute)
		b.sweep()
		if line := b.line(id); line.Status != campaign.Unknown || line.Reason != "unconfirmed" {
			t.Errorf("%+v", line)
		}
	},
	"a campaign that expires ends what meets passing trouble": func(t *testing.T, b *bench) {
		c := b.running(steps(1, func(d *campaign.Definition) { d.Expires = campaign.Duration(time.Minute) }), 2)
		id := c.Recipient(1).Message(0)
		busy := busyFor(408)
		busy.Said = "Too late"
		b.refuseAt(id, 1, busy)
		b.advance(time.Minute)
		if reason := b.tryClaim(id, 2); reason != "expired" {
			t.Errorf("refused as %q, want expired", reason)
		}
		b.check(b.CloseRows(t.Context(), c, campaign.Expired, "the campaign's time ran out", b.now))
		if line := b.line(id); line.Status != campaign.Expired || line.Reason != "the campaign's time ran out" || line.Code != 408 || line.Detail != "Too late" {
			t.Errorf("%+v", line)
		}
		if line := b.line(c.Recipient(2).Message(0)); line.Status != campaign.Expired || line.Code != 0 || line.Detail != "" {
			t.Errorf("never sent, and %+v", line)
		}
		b.retry(c, campaign.Expired)
		if line := b.line(id); line.Code != 0 || line.Detail != "" {
			t.Errorf("retried, and still %+v", line)
		}
	},
}

// busyFor is passing trouble under a code of its own.
func busyFor(code int) campaign.Failure {
	f := campaign.Failure{Code: code, Reason: fmt.Sprint("busy ", code), Retry: true, Passing: true}
	if code == 131000 {
		f.Tries = 4
	}
	return f
}

// refuseUntilFailed claims and refuses a message, with the failures in turn, from
// attempt n on, as soon as it may go each time. It returns the last attempt.
func (b *bench) refuseUntilFailed(id campaign.MessageID, n int, turn ...campaign.Failure) int {
	b.Helper()
	for ; ; n++ {
		b.refuseAt(id, n, turn[n%len(turn)])
		if b.line(id).Status == campaign.Failed {
			return n
		}
		if n > 100 {
			b.Fatal("it is tried for ever")
		}
		for b.waits(id) {
			b.advance(time.Second)
		}
	}
}

// waits reports whether a pending message has to wait still.
func (b *bench) waits(id campaign.MessageID) bool {
	b.Helper()
	return !slices.Contains(ids(b.feedable(id.Campaign(), 100)), id)
}
