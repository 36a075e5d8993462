package ledgertest

import (
	"fmt"
	"testing"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// anasID is the user ID of the first of people.
const anasID = "GB.11"

// byID is something that the first of people lets us know while their number is
// hidden.
func (b *bench) byID(change func(*ledger.InboundEvent)) ledger.Fate {
	b.Helper()
	h := ledger.InboundEvent{Channel: "main", Person: anasID, At: b.now, Source: ledger.SourcePerson}
	change(&h)
	return b.hear(h)
}

func (b *bench) stopByID() ledger.Fate {
	b.Helper()
	return b.byID(func(h *ledger.InboundEvent) { h.OptOut = campaign.ScopeAll })
}

func (b *bench) expectFate(got, want ledger.Fate) {
	b.Helper()
	if got != want {
		b.Errorf("it is %s, want %s", got, want)
	}
}

// meets are the ways in which it is told that a number and a user ID are one
// person's; each gets a message of the person that was sent.
var meets = map[string]func(b *bench, id campaign.MessageID){
	"in a receipt": func(b *bench, id campaign.MessageID) {
		r := b.receipt(id, 1, campaign.Sent)
		r.Keys = []string{ana, anasID}
		b.receive(r)
	},
	"in a receipt without the number": func(b *bench, id campaign.MessageID) {
		r := b.receipt(id, 1, campaign.Sent)
		r.Keys = []string{anasID}
		b.receive(r)
	},
	"in a receipt of a message that is not ours": func(b *bench, _ campaign.MessageID) {
		b.receive(ledger.Receipt{ProviderID: "wamid.stranger", Status: campaign.Sent, At: b.now, Keys: []string{ana, anasID}})
	},
	"in a receipt by the provider's id": func(b *bench, id campaign.MessageID) {
		b.receive(ledger.Receipt{ProviderID: providerID(id, 1), Status: campaign.Sent, At: b.now, Keys: []string{anasID}})
	},
	"in an answer": func(b *bench, id campaign.MessageID) {
		later := b.running(steps(1), 1).Recipient(1).Message(0)
		b.claim(later, 1)
		b.check(b.Settle(b.Context(), ledger.Settlement{
			Message: later, Attempt: 1, Outcome: ledger.OutcomeAccepted, At: b.now, ProviderID: "wamid.later", Keys: []string{anasID},
		}))
	},
	"in a contact": func(b *bench, _ campaign.MessageID) {
		b.hear(ledger.InboundEvent{Channel: "main", Person: ana, Also: []string{anasID}, At: b.now})
	},
	"in a message of theirs": func(b *bench, _ campaign.MessageID) {
		b.answer(func(h *ledger.InboundEvent) { h.ID, h.Also = "hello", []string{anasID} })
	},
	"in a reply that hides the number": func(b *bench, id campaign.MessageID) {
		b.answer(func(h *ledger.InboundEvent) { h.ID, h.Person, h.ReplyTo = "hello", anasID, providerID(id, 1) })
	},
	"through another key": func(b *bench, id campaign.MessageID) {
		b.hear(ledger.InboundEvent{Channel: "main", Person: "GB.ENT.1", Also: []string{anasID}, At: b.now})
		b.hear(ledger.InboundEvent{Channel: "main", Person: other, Also: []string{"GB.ENT.1"}, At: b.now})
		b.hear(ledger.InboundEvent{Channel: "main", Person: ana, Also: []string{other}, At: b.now})
	},
}

var userIDScenarios = map[string]func(*testing.T, *bench){
	"an opt-out by user ID holds for the number that is known for it": func(t *testing.T, b *bench) {
		for how, meet := range meets {
			b := &bench{T: t, Ledger: b.Ledger, now: b.now}
			first := b.running(steps(2), 1).Recipient(1).Message(0)
			b.send(first, 1)
			meet(b, first)
			b.expectFate(b.stopByID(), ledger.FateOnRecord)
			b.expect(first+1, campaign.Skipped)
			later := b.running(steps(1), 1).Recipient(1).Message(0)
			if reason := b.tryClaim(later, 1); reason != "suppressed" {
				t.Errorf("%s: refused as %q, want suppressed", how, reason)
			}
			b.expectFate(b.byID(func(h *ledger.InboundEvent) { h.OptIn = true }), ledger.FateOnRecord)
			b.claim(b.running(steps(1), 1).Recipient(1).Message(0), 1)
			b.verify()
			b.forgetAnd(ana, anasID)
		}
	},
	"an opt-out by user ID waits for the number, and ends what is to be sent when it is known": func(t *testing.T, b *bench) {
		for how, meet := range meets {
			b := &bench{T: t, Ledger: b.Ledger, now: b.now}
			first := b.running(steps(2), 1).Recipient(1).Message(0)
			b.send(first, 1)
			b.expectFate(b.stopByID(), ledger.FateWaiting)
			if reason := b.tryClaim(b.running(steps(1), 1).Recipient(1).Message(0), 1); reason != "" {
				t.Errorf("%s: the number was refused as %q before anybody knew it", how, reason)
			}
			meet(b, first)
			b.expect(first+1, campaign.Skipped)
			later := b.running(steps(1), 1).Recipient(1).Message(0)
			if reason := b.tryClaim(later, 1); reason != "suppressed" {
				t.Errorf("%s: refused as %q, want suppressed", how, reason)
			}
			b.verify()
			b.forgetAnd(ana, anasID)
		}
	},
	"a reply by user ID opens the gate": func(t *testing.T, b *bench) {
		r := b.running(asks(), 1).Recipient(1)
		b.send(r.Message(0), 1)
		meets["in a receipt"](b, r.Message(0))
		b.byID(func(h *ledger.InboundEvent) {
			h.ID, h.Message, h.Answers, h.Reply = "yes", true, true, campaign.Reply{Payload: "yes", Pressed: true}
		})
		b.expectAll(r, campaign.Sent, campaign.Pending, campaign.Skipped, campaign.Waiting)
	},
	"an opt-out that names nobody is said to be nobody's": func(_ *testing.T, b *bench) {
		b.expectFate(b.hear(ledger.InboundEvent{Channel: "main", OptOut: campaign.ScopeAll, At: b.now, Source: ledger.SourcePerson}), ledger.FateNobody)
	},
	"of opt-outs under two keys the newer holds once they are known to be one person's": func(t *testing.T, b *bench) {
		stopFirst := func(person string, at time.Time) ledger.InboundEvent {
			return ledger.InboundEvent{Channel: "main", Person: person, OptOut: campaign.ScopeAll, At: at, Source: ledger.SourcePerson}
		}
		start := func(person string, at time.Time) ledger.InboundEvent {
			return ledger.InboundEvent{Channel: "main", Person: person, OptIn: true, At: at, Source: ledger.SourcePerson}
		}
		early, late := b.now.Add(-time.Hour), b.now
		for name, c := range map[string]struct {
			told   []ledger.InboundEvent
			reason string
		}{
			"stop, then start under the number":  {[]ledger.InboundEvent{stopFirst(anasID, early), start(ana, late)}, ""},
			"the same, told the other way round": {[]ledger.InboundEvent{start(ana, late), stopFirst(anasID, early)}, ""},
			"start, then stop by user ID":        {[]ledger.InboundEvent{start(ana, early), stopFirst(anasID, late)}, "suppressed"},
			"stop, then start by user ID":        {[]ledger.InboundEvent{stopFirst(ana, early), start(anasID, late)}, ""},
			"in the same second":                 {[]ledger.InboundEvent{start(ana, late), stopFirst(anasID, late)}, "suppressed"},
		} {
			for _, optOut := range c.told {
				b.hear(optOut)
			}
			meets["in a contact"](b, 0)
			if reason := b.tryClaim(b.running(steps(1), 1).Recipient(1).Message(0), 1); reason != c.reason {
				t.Errorf("%s: refused as %q, want %q", name, reason, c.reason)
			}
			b.forgetAnd(ana, anasID)
		}
	},
	"of two opt-outs under two keys the newer holds, however late these are known to be one person's": func(t *testing.T, b *bench) {
		early := b.now
		for name, told := range map[string][]ledger.InboundEvent{
			"stop by user ID, start under the number": {{Person: anasID, OptOut: campaign.ScopeAll}, {Person: ana, OptIn: true}},
			"stop under the number, start by user ID": {{Person: ana, OptOut: campaign.ScopeAll}, {Person: anasID, OptIn: true}},
		} {
			for i, optOut := range told {
				optOut.Channel, optOut.At, optOut.Source = "main", early.Add(time.Duration(i)*time.Hour), ledger.SourcePerson
				b.hear(optOut)
			}
			b.now = early.Add(40 * 24 * time.Hour)
			b.check(b.Tidy(t.Context(), b.now))
			meets["in a contact"](b, 0)
			if reason := b.tryClaim(b.running(steps(1), 1).Recipient(1).Message(0), 1); reason != "" {
				t.Errorf("%s: refused as %q", name, reason)
			}
			b.forgetAnd(ana, anasID)
		}
	},
	"an operator's word is not taken back by user ID": func(t *testing.T, b *bench) {
		b.check(b.Suppress(t.Context(), []ledger.Suppression{{Person: ana, Scope: campaign.ScopeAll}}, by("tester"), b.now))
		b.byID(func(h *ledger.InboundEvent) { h.OptIn, h.At = true, b.now.Add(time.Minute) })
		meets["in a contact"](b, 0)
		if reason := b.tryClaim(b.running(steps(1), 1).Recipient(1).Message(0), 1); reason != "suppressed" {
			t.Errorf("refused as %q, want suppressed", reason)
		}
	},
	"a new number brings a new user ID, and the opt-out goes along": func(t *testing.T, b *bench) {
		c := b.imported(steps(1), []campaign.Row{row(1, ana), row(2, other)})
		b.act(c, campaign.Start)
		b.stopByID()
		b.hear(ledger.InboundEvent{Channel: "main", Person: "GB.22", Also: []string{anasID}, At: b.now}) // user_id_update
		b.hear(ledger.InboundEvent{Channel: "main", Person: other, Also: []string{"GB.22"}, At: b.now})
		if reason := b.tryClaim(c.Recipient(2).Message(0), 1); reason != "suppressed" && reason != "gone" {
			t.Errorf("the new number was refused as %q", reason)
		}
		b.claim(c.Recipient(1).Message(0), 1) // of whom it is not known that it is the same person's
	},
	"the keys of many people are learnt at once, and those who opted out as well": func(t *testing.T, b *bench) {
		const many = 300
		c := b.running(steps(2), many)
		var receipts []ledger.Receipt
		for n := 1; n <= many; n++ {
			id := c.Recipient(n).Message(0)
			b.send(id, 1)
			r := b.receipt(id, 1, campaign.Sent)
			r.Keys = []string{people(many)[n-1].Person, "GB." + id.Reference(1), "GB.ENT." + id.Reference(1)}
			receipts = append(receipts, r, r)
			if n%100 == 0 {
				b.expectFate(b.hear(ledger.InboundEvent{
					Channel: "main", Person: r.Keys[2], OptOut: campaign.ScopeAll, At: b.now, Source: ledger.SourcePerson,
				}), ledger.FateWaiting)
			}
		}
		b.receive(receipts...)
		for n := 1; n <= many; n++ {
			id := c.Recipient(n).Message(0)
			want := campaign.Waiting
			if n%100 == 0 {
				want = campaign.Skipped
			}
			if got := b.line(id + 1).Status; got != want {
				t.Errorf("row %d is %s, want %s", n, got, want)
			}
			if n%50 == 0 {
				b.expectFate(b.hear(ledger.InboundEvent{Channel: "main", Person: "GB." + id.Reference(1), At: b.now}), ledger.FateOnRecord)
			}
		}
	},
	"each of many businesses has a user ID for the person, for each of their numbers": func(t *testing.T, b *bench) {
		const businesses = 20
		id := func(business int, number string) string { return fmt.Sprintf("GB.%s%d", number[1:], business) }
		for _, number := range []string{ana, other} {
			for n := range businesses {
				b.receive(ledger.Receipt{ProviderID: "w" + id(n, number), Status: campaign.Sent, At: b.now, Keys: []string{number, id(n, number)}})
			}
		}
		b.hear(ledger.InboundEvent{Channel: "main", Person: other, Also: []string{ana}, At: b.now}) // a new number
		b.expectFate(b.hear(ledger.InboundEvent{
			Channel: "main", Person: id(businesses-1, ana), OptOut: campaign.ScopeAll, At: b.now, Source: ledger.SourcePerson,
		}), ledger.FateOnRecord)
		c := b.imported(steps(1), []campaign.Row{row(1, ana), row(2, other)})
		b.act(c, campaign.Start)
		for n := 1; n <= 2; n++ {
			if reason := b.tryClaim(c.Recipient(n).Message(0), 1); reason == "" {
				t.Errorf("number %d is written to", n)
			}
		}
	},
	"a provider that tells one number of everybody links few numbers": func(t *testing.T, b *bench) {
		const many, wrong = 40, "+447700999999"
		numbers := people(many)
		for n, p := range numbers {
			userID := fmt.Sprintf("GB.%d", n)
			b.receive(ledger.Receipt{ProviderID: "w" + userID, Status: campaign.Sent, At: b.now, Keys: []string{wrong, userID}},
				ledger.Receipt{ProviderID: "v" + userID, Status: campaign.Sent, At: b.now, Keys: []string{p.Person, userID}})
		}
		b.check(b.Suppress(t.Context(), []ledger.Suppression{{Person: wrong, Scope: campaign.ScopeAll}}, by("tester"), b.now))
		list, err := b.Suppressions(t.Context(), ledger.Suppression{}, 100)
		b.check(err)
		stopped := 0
		for _, s := range list {
			if campaign.IsNumber(s.Person) {
				stopped++
			}
		}
		if stopped > 8 {
			t.Errorf("%d numbers were suppressed", stopped)
		}
	},
	"a provider that tells one user ID of everybody links few": func(t *testing.T, b *bench) {
		const many = 40
		c := b.running(steps(1), many)
		for n := 1; n <= many; n++ {
			id := c.Recipient(n).Message(0)
			b.send(id, 1)
			r := b.receipt(id, 1, campaign.Sent)
			r.Keys = []string{anasID}
			b.receive(r)
		}
		b.stopByID()
		list, err := b.Suppressions(t.Context(), ledger.Suppression{}, 100)
		b.check(err)
		if len(list) == 0 || len(list) > 12 {
			t.Errorf("%d keys were suppressed", len(list))
		}
	},
}

// forgetAnd erases people and lets them be written to again, so that nothing of
// them is left.
func (b *bench) forgetAnd(keys ...string) {
	b.Helper()
	for _, key := range keys {
		_, err := b.Forget(b.Context(), key, by("tester"), b.now)
		b.check(err)
		_, err = b.Unsuppress(b.Context(), key, campaign.ScopeAll, by("tester"), b.now)
		b.check(err)
	}
}

var erasedIDScenarios = map[string]func(*testing.T, *bench){
	"who is erased by the number is erased by the user ID": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.send(id, 1)
		meets["in a receipt"](b, id)
		b.forget()
		b.expectFate(b.stopByID(), ledger.FateErased)
		list, err := b.Suppressions(t.Context(), ledger.Suppression{}, 10)
		b.check(err)
		for _, s := range list {
			if s.Person == ana || s.Person == anasID {
				t.Errorf("on record is again %+v", s)
			}
		}
	},
	"who is erased by the user ID is erased by the number": func(_ *testing.T, b *bench) {
		id := b.running(steps(2), 1).Recipient(1).Message(0)
		b.send(id, 1)
		meets["in a receipt"](b, id)
		done, err := b.Forget(b.Context(), anasID, by("tester"), b.now)
		b.check(err)
		if done != (ledger.Erased{Rows: 1, Skipped: 1}) {
			b.Errorf("erased %+v", done)
		}
	},
	"a number that turns out later to be an erased user ID's is erased": func(t *testing.T, b *bench) {
		first := b.running(steps(2), 1).Recipient(1).Message(0)
		b.send(first, 1)
		_, err := b.Forget(t.Context(), anasID, by("tester"), b.now)
		b.check(err)
		meets["in a receipt"](b, first)
		if reason := b.tryClaim(b.running(steps(1), 1).Recipient(1).Message(0), 1); reason != "suppressed" {
			t.Errorf("refused as %q before it is erased", reason)
		}
		n, err := b.ForgetLearnt(t.Context(), b.now)
		b.check(err)
		if line := b.line(first); n != 1 || line.Phone != "forgotten" {
			t.Errorf("erased %d, the list has %s", n, line.Phone)
		}
		if n, err := b.ForgetLearnt(t.Context(), b.now); n != 0 || err != nil {
			t.Errorf("erased %d again, %v", n, err)
		}
		removed, err := b.Unsuppress(t.Context(), anasID, campaign.ScopeAll, by("tester"), b.now)
		b.check(err)
		if !removed {
			t.Error("there was nobody to write to again")
		}
		b.claim(b.running(steps(1), 1).Recipient(1).Message(0), 1) // also under the number
	},
	"a user ID that turns out later to be an erased number's is erased": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.send(id, 1)
		b.forget()
		r := b.receipt(id, 1, campaign.Delivered)
		r.Keys = []string{anasID}
		b.receive(r)
		_, err := b.ForgetLearnt(t.Context(), b.now)
		b.check(err)
		b.expectFate(b.stopByID(), ledger.FateErased)
	},
	"who may be written to again before the rest was erased is not erased": func(t *testing.T, b *bench) {
		b.forget()
		b.hear(ledger.InboundEvent{Channel: "main", Person: ana, Also: []string{anasID}, At: b.now})
		_, err := b.Unsuppress(t.Context(), ana, campaign.ScopeAll, by("tester"), b.now)
		b.check(err)
		if n, err := b.ForgetLearnt(t.Context(), b.now); n != 0 || err != nil {
			t.Errorf("erased %d, %v", n, err)
		}
		meets["in a contact"](b, 0)
		b.claim(b.running(steps(1), 1).Recipient(1).Message(0), 1)
	},
	"who may be written to again before the rest was erased is so under every key": func(t *testing.T, b *bench) {
		b.hear(ledger.InboundEvent{Channel: "main", Person: other, Also: []string{anasID}, At: b.now})
		for name, before := range map[string]func(){
			"no opt-out":    func() {},
			"of the person": func() { b.stopByID() },
			"of an operator": func() {
				b.check(b.Suppress(t.Context(), []ledger.Suppression{{Person: anasID, Scope: campaign.ScopeAll, Reason: "by letter"}}, by("tester"), b.now))
			},
			"of a narrow scope": func() {
				b.check(b.Suppress(t.Context(), []ledger.Suppression{{Person: anasID, Scope: campaign.ScopeMarketing}}, by("tester"), b.now))
			},
		} {
			before()
			b.forget()
			b.hear(ledger.InboundEvent{Channel: "main", Person: ana, Also: []string{anasID}, At: b.now})
			_, err := b.Unsuppress(t.Context(), ana, campaign.ScopeAll, by("tester"), b.now)
			b.check(err)
			list, err := b.Suppressions(t.Context(), ledger.Suppression{}, 10)
			b.check(err)
			for _, s := range list {
				if s.Scope == campaign.ScopeAll {
					t.Errorf("%s: on record is still %+v", name, s)
				}
			}
		}
	},
}
