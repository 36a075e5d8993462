package ledgertest

import (
	"errors"
	"testing"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// welcomes is a template, and a text of one's own for whoever answers it.
func welcomes(change ...func(s *campaign.Step)) *campaign.Definition {
	return steps(3, func(d *campaign.Definition) {
		s := &d.Steps[1]
		*s = campaign.Step{Text: &campaign.Text{Body: "Thanks!"}, After: campaign.AfterReply, Otherwise: campaign.Stop, Reply: true}
		for _, f := range change {
			f(s)
		}
	})
}

// otherwise has a template go out where the window is shut.
func otherwise(s *campaign.Step) {
	s.OtherwiseTemplate = &campaign.Step{Template: "thanks", Language: "en", Category: campaign.Utility}
}

// freely is one step without a gate, for whoever has written.
func freely(change ...func(s *campaign.Step)) *campaign.Definition {
	return steps(1, func(d *campaign.Definition) {
		d.Steps[0] = campaign.Step{Text: &campaign.Text{Body: "Hello!"}, Category: campaign.Utility}
		for _, f := range change {
			f(&d.Steps[0])
		}
	})
}

// opens has the first of people write, which opens their window.
func (b *bench) opens(id string, change ...func(*ledger.InboundEvent)) {
	b.Helper()
	b.answer(func(h *ledger.InboundEvent) {
		h.ID, h.Opens, h.Reply = id, true, campaign.Reply{Text: "hello"}
		for _, f := range change {
			f(h)
		}
	})
}

// ask claims an attempt and says what may be sent: "free", "template" or why
// nothing may.
func (b *bench) ask(id campaign.MessageID, n int) (ledger.Claimed, string) {
	b.Helper()
	claimed, err := b.Claim(b.Context(), campaign.Task{Message: id, Attempt: n}, ledger.Sender{Position: b.position(id)}, b.now, b.now.Add(claimLife))
	var refused *ledger.RefusedError
	switch {
	case errors.As(err, &refused):
		return claimed, refused.Reason
	case err != nil:
		b.Fatal(err)
	case claimed.FreeForm:
		return claimed, "free"
	}
	return claimed, "template"
}

// claimLife is when the claims of ask are taken for dead.
const claimLife = time.Minute

// takes holds what may be sent against what is wanted.
func (b *bench) takes(id campaign.MessageID, n int, want string) ledger.Claimed {
	b.Helper()
	claimed, got := b.ask(id, n)
	if got != want {
		b.Fatalf("attempt %d of step %d: %s, want %s", n, id.Step()+1, got, want)
	}
	return claimed
}

// outside is the provider's word that a window is shut.
func outside() campaign.Failure {
	return campaign.Failure{Code: 131047, Reason: "outside_window", Detail: "Send a template.", Invalid: true, WindowShut: true}
}

// greeted has the first of people answer the template, and returns the text that
// is due.
func (b *bench) greeted(d *campaign.Definition) campaign.MessageID {
	b.Helper()
	first := b.running(d, 1).Recipient(1).Message(0)
	b.send(first, 1)
	b.opens("wamid.answer "+first.Reference(1), func(h *ledger.InboundEvent) { h.ReplyTo = providerID(first, 1) })
	b.expect(first+1, campaign.Pending)
	return first + 1
}

var windowScenarios = map[string]func(*testing.T, *bench){
	"a text answers the reply that opened its gate": func(t *testing.T, b *bench) {
		id := b.greeted(welcomes(func(s *campaign.Step) { s.When = &campaign.When{Text: campaign.Texts{"hello"}} }))
		b.advance(time.Second)
		b.opens("wamid.more") // no answer to that one: it is the newest, and another one opened the gate
		claimed := b.takes(id, 1, "free")
		if want := "wamid.answer " + (id - 1).Reference(1); claimed.Answers != want {
			t.Errorf("it answers %q, want %q", claimed.Answers, want)
		}
		b.settle(id, 1, ledger.OutcomeAccepted)
		b.receive(b.receipt(id, 1, campaign.Delivered))
		b.takes(id+1, 1, "template")
	},
	"a text without a gate for replies answers the newest message": func(t *testing.T, b *bench) {
		b.opens("wamid.1")
		b.advance(time.Minute)
		b.opens("wamid.2")
		b.opens("wamid.thumb", func(h *ledger.InboundEvent) { h.At, h.Answers = b.now.Add(time.Second), false }) // nothing to quote
		b.opens("wamid.0", func(h *ledger.InboundEvent) { h.At = b.now.Add(-time.Hour) })
		if claimed := b.takes(b.running(freely(), 1).Recipient(1).Message(0), 1, "free"); claimed.Answers != "wamid.2" {
			t.Errorf("it answers %q", claimed.Answers)
		}
	},
	"the window is shut by the clock, to the millisecond": func(_ *testing.T, b *bench) {
		b.opens("wamid.1")
		c := b.running(freely(otherwise), 1)
		late := b.running(freely(otherwise), 1)
		b.now = start.Add(campaign.WindowFor - claimLife - time.Millisecond)
		b.takes(c.Recipient(1).Message(0), 1, "free")
		b.advance(time.Millisecond)
		b.takes(late.Recipient(1).Message(0), 1, "template")
	},
	"every message moves the window on, and none moves it back": func(_ *testing.T, b *bench) {
		b.opens("wamid.1")
		b.advance(10 * time.Hour)
		b.opens("wamid.2")
		b.opens("wamid.1", func(h *ledger.InboundEvent) { h.At = start }) // told again
		b.opens("wamid.future", func(h *ledger.InboundEvent) { h.At = b.now.Add(100 * time.Hour) })
		one, two := b.running(freely(otherwise), 1), b.running(freely(otherwise), 1)
		b.now = start.Add(33 * time.Hour)
		b.takes(one.Recipient(1).Message(0), 1, "free")
		b.advance(time.Hour)
		b.takes(two.Recipient(1).Message(0), 1, "template")
	},
	"a message that comes a day late opens nothing": func(_ *testing.T, b *bench) {
		b.opens("wamid.1", func(h *ledger.InboundEvent) { h.At = start.Add(-campaign.WindowFor) })
		b.takes(b.running(freely(otherwise), 1).Recipient(1).Message(0), 1, "template")
	},
	"what is no message of its own opens nothing, nor does one to another number": func(_ *testing.T, b *bench) {
		b.opens("wamid.1", func(h *ledger.InboundEvent) { h.Opens = false })
		b.opens("wamid.2", func(h *ledger.InboundEvent) { h.Channel = "second" })
		b.takes(b.running(freely(otherwise), 1).Recipient(1).Message(0), 1, "template")
	},
	"a window that a sign opened has nothing to react to": func(t *testing.T, b *bench) {
		reacts := func(s *campaign.Step) { s.Text, s.Reaction = nil, &campaign.Reaction{Emoji: "👍"} }
		b.opens("wamid.thumb", func(h *ledger.InboundEvent) { h.Answers = false })
		if claimed := b.takes(b.running(freely(), 1).Recipient(1).Message(0), 1, "free"); claimed.Answers != "" {
			t.Errorf("it answers %q", claimed.Answers)
		}
		b.takes(b.running(freely(otherwise, reacts), 1).Recipient(1).Message(0), 1, "template")
		b.opens("wamid.1", func(h *ledger.InboundEvent) { h.At = b.now.Add(-time.Second) })
		if claimed := b.takes(b.running(freely(otherwise, reacts), 1).Recipient(1).Message(0), 1, "free"); claimed.Answers != "wamid.1" {
			t.Errorf("it reacts to %q", claimed.Answers)
		}
	},
	"without a template the message is skipped, and its rule says what follows": func(t *testing.T, b *bench) {
		for rule, want := range map[campaign.Otherwise]campaign.Status{
			campaign.Stop: campaign.Skipped, campaign.Skip: campaign.Pending, campaign.Send: campaign.Pending, "": campaign.Skipped,
		} {
			id := b.greeted(welcomes(func(s *campaign.Step) { s.Otherwise = rule }))
			b.receive(b.receipt(id-1, 1, campaign.Delivered))
			b.advance(campaign.WindowFor)
			b.takes(id, 1, "window")
			b.expectAll(id.Recipient(), campaign.Delivered, campaign.Skipped, want)
			if line := b.line(id); line.Reason != campaign.ReasonWindowClosed || line.Detail == "" || line.Attempts != 0 {
				t.Errorf("it was skipped because of %q, %q, after %d attempts", line.Reason, line.Detail, line.Attempts)
			}
			b.takes(id, 1, "gone")
			b.receive(b.receipt(id-1, 1, campaign.Read)) // decides nothing anew
			b.expectAll(id.Recipient(), campaign.Read, campaign.Skipped, want)
		}
	},
	"what is behind a skipped text waits for what the text waited for": func(_ *testing.T, b *bench) {
		id := b.greeted(welcomes(func(s *campaign.Step) { s.Otherwise = campaign.Send }))
		b.advance(campaign.WindowFor)
		b.takes(id, 1, "window")
		b.expect(id+1, campaign.Waiting)
		b.receive(b.receipt(id-1, 1, campaign.Delivered))
		b.expect(id+1, campaign.Pending)
	},
	"a series that begins with a text for whoever wrote": func(_ *testing.T, b *bench) {
		d := steps(3, func(d *campaign.Definition) {
			d.Steps[0] = campaign.Step{Text: &campaign.Text{Body: "Hello!"}, Otherwise: campaign.Skip}
			d.Steps[1].Otherwise, d.Steps[2].Otherwise = campaign.Skip, campaign.Send
		})
		r := b.running(d, 1).Recipient(1)
		b.takes(r.Message(0), 1, "window")
		b.expectAll(r, campaign.Skipped, campaign.Skipped, campaign.Pending)
		b.wants(campaign.ScopeAll)
		b.expectAll(r, campaign.Skipped, campaign.Skipped, campaign.Skipped)
	},
	"the other branches are gone when the one that was taken is skipped": func(_ *testing.T, b *bench) {
		d := asks(func(d *campaign.Definition) {
			s := &d.Steps[1]
			*s = campaign.Step{Text: &campaign.Text{Body: "Fine!"}, After: s.After, When: s.When, Otherwise: campaign.Skip}
		})
		r := b.running(d, 1).Recipient(1)
		b.send(r.Message(0), 1)
		b.presses(r.Message(0), "yes") // which opens no window in this telling
		b.receive(b.receipt(r.Message(0), 1, campaign.Delivered))
		b.takes(r.Message(1), 1, "window")
		b.expectAll(r, campaign.Delivered, campaign.Skipped, campaign.Skipped, campaign.Pending)
	},
	"a person's keys share the window": func(t *testing.T, b *bench) {
		b.byID(func(h *ledger.InboundEvent) { h.ID, h.Message, h.Opens, h.Answers = "wamid.1", true, true, true })
		b.takes(b.running(freely(otherwise), 1).Recipient(1).Message(0), 1, "template") // whose it is nobody knows yet
		b.hear(ledger.InboundEvent{Channel: "main", Person: ana, Also: []string{anasID}, At: b.now, Source: ledger.SourcePerson})
		if claimed := b.takes(b.running(freely(otherwise), 1).Recipient(1).Message(0), 1, "free"); claimed.Answers != "wamid.1" {
			t.Errorf("it answers %q", claimed.Answers)
		}
		b.hear(ledger.InboundEvent{Channel: "main", Person: other, Also: []string{anasID}, At: b.now, Source: ledger.SourcePerson}) // they have moved
		moved := b.imported(freely(otherwise), []campaign.Row{row(1, other)})
		b.act(moved, campaign.Start)
		id := moved.Recipient(1).Message(0)
		b.takes(id, 1, "free")
		b.settle(id, 1, ledger.OutcomeRefused, outside())
		b.takes(b.running(freely(otherwise), 1).Recipient(1).Message(0), 1, "template")
	},
	"the number that a message has moved to has a window of its own": func(_ *testing.T, b *bench) {
		d := freely(otherwise)
		d.Fallback = []string{"second"}
		b.opens("wamid.1")
		id := b.running(d, 1).Recipient(1).Message(0)
		b.takes(id, 1, "free")
		b.settle(id, 1, ledger.OutcomeRefused, channelsFault())
		b.takes(id, 2, "template")
	},
	"whoever opted out gets no text either": func(_ *testing.T, b *bench) {
		b.opens("wamid.1")
		for _, d := range []*campaign.Definition{
			freely(func(s *campaign.Step) { s.Category = "" }),
			freely(otherwise, func(s *campaign.Step) { s.OtherwiseTemplate.Category = campaign.Marketing }),
			freely(otherwise, func(s *campaign.Step) { s.Category = campaign.Marketing }),
		} {
			id := b.running(d, 1).Recipient(1).Message(0)
			b.wants(campaign.ScopeMarketing)
			b.expect(id, campaign.Skipped)
		}
		b.expect(b.running(freely(otherwise, func(s *campaign.Step) { s.Category = "" }), 1).Recipient(1).Message(0), campaign.Pending)
	},
	"an erased person leaves no window": func(t *testing.T, b *bench) {
		b.opens("wamid.1")
		b.forget()
		removed, err := b.Unsuppress(t.Context(), ana, campaign.ScopeAll)
		b.check(err)
		if !removed {
			t.Error("the erasure was not taken back")
		}
		b.takes(b.running(freely(otherwise), 1).Recipient(1).Message(0), 1, "template")
	},
	"old windows are tidied away, open ones are not": func(_ *testing.T, b *bench) {
		b.opens("wamid.1")
		c := b.running(freely(otherwise), 1)
		b.advance(campaign.WindowFor - time.Hour)
		b.check(b.Tidy(b.Context(), b.now))
		b.takes(c.Recipient(1).Message(0), 1, "free")
		b.advance(3 * campaign.WindowFor)
		b.check(b.Tidy(b.Context(), b.now))
		b.now = start // only a clock that is turned back can tell
		b.takes(b.running(freely(otherwise), 1).Recipient(1).Message(0), 1, "template")
	},
	"two claims of one message at once: one is granted": func(t *testing.T, b *bench) {
		b.opens("wamid.1")
		id := b.running(freely(otherwise), 1).Recipient(1).Message(0)
		granted := make(chan bool)
		for range 2 {
			go func() {
				_, err := b.Claim(b.Context(), campaign.Task{Message: id, Attempt: 1}, ledger.Sender{}, b.now, b.now.Add(claimLife))
				granted <- err == nil
			}()
		}
		if one, two := <-granted, <-granted; one == two {
			t.Errorf("granted: %t and %t", one, two)
		}
	},
}
