package ledgertest

import (
	"maps"
	"testing"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// asks is a question with a branch for each of two answers, and a word of
// thanks after whichever went out.
func asks(change ...func(*campaign.Definition)) *campaign.Definition {
	all := append([]func(*campaign.Definition){func(d *campaign.Definition) {
		for i, answer := range []string{"yes", "no"} {
			s := &d.Steps[i+1]
			s.After, s.When = campaign.AfterReply, &campaign.When{Button: campaign.Texts{answer}, Text: campaign.Texts{answer + " please"}}
			s.Otherwise, s.Patience = campaign.Skip, campaign.Duration(time.Hour)
		}
	}}, change...)
	return steps(4, all...)
}

// answer is what the first person of people says.
func (b *bench) answer(change func(*ledger.InboundEvent)) {
	b.Helper()
	h := ledger.InboundEvent{Channel: "main", Person: "+447700900000", At: b.now, Message: true, Answers: true, Source: ledger.SourcePerson}
	change(&h)
	b.hear(h)
}

// presses answers a message with a button.
func (b *bench) presses(id campaign.MessageID, payload string) {
	b.Helper()
	b.answer(func(h *ledger.InboundEvent) {
		h.ID, h.ReplyTo = "press "+payload+" "+id.Reference(1), providerID(id, 1)
		h.Reply = campaign.Reply{Payload: payload, Text: "a button", Pressed: true}
	})
}

func (b *bench) writes(text string) {
	b.Helper()
	b.answer(func(h *ledger.InboundEvent) { h.ID, h.Reply = "text "+text, campaign.Reply{Text: text} })
}

// statuses are those of a recipient's messages.
func (b *bench) statuses(r campaign.RecipientID, steps int) []campaign.Status {
	b.Helper()
	var all []campaign.Status
	for step := range steps {
		all = append(all, b.line(r.Message(step)).Status)
	}
	return all
}

func (b *bench) expectAll(r campaign.RecipientID, want ...campaign.Status) {
	b.Helper()
	for step, got := range b.statuses(r, len(want)) {
		if got != want[step] {
			b.Errorf("step %d is %s, want %s", step+1, got, want[step])
		}
	}
}

var replyScenarios = map[string]func(*testing.T, *bench){
	"any reply opens, and a receipt does not": func(t *testing.T, b *bench) {
		first := b.running(steps(2, second(func(s *campaign.Step) { s.After = campaign.AfterReply })), 1).Recipient(1).Message(0)
		b.send(first, 1)
		b.receive(b.receipt(first, 1, campaign.Read))
		b.expect(first+1, campaign.Waiting)
		b.writes("What is this?")
		b.expect(first+1, campaign.Pending)
	},
	"who replied is counted once for each step": func(t *testing.T, b *bench) {
		c := b.running(asks(), 2)
		other := b.running(asks(), 1).Recipient(1).Message(0)
		first, second := c.Recipient(1).Message(0), c.Recipient(2).Message(0)
		for _, id := range []campaign.MessageID{first, second, other} {
			b.send(id, 1)
		}
		want := map[int]int64{}
		counted := func() {
			t.Helper()
			got, err := b.Replied(t.Context(), c)
			if b.check(err); !maps.Equal(got, want) {
				t.Errorf("%v replied to each step, want %v", got, want)
			}
		}
		counted()
		b.presses(first, "perhaps")
		b.presses(first, "no")
		b.presses(other, "no")
		want[0] = 1
		counted()
		b.presses(second, "perhaps")
		b.send(first+2, 1)
		b.presses(first+2, "thanks")
		want[0] = 2 // nothing waits for an answer to the third step
		counted()
	},
	"the branch of the answer goes out, and no other": func(t *testing.T, b *bench) {
		for payload, want := range map[string][]campaign.Status{
			"YES": {campaign.Accepted, campaign.Pending, campaign.Skipped, campaign.Waiting},
			"no!": {campaign.Accepted, campaign.Skipped, campaign.Pending, campaign.Waiting},
		} {
			r := b.running(asks(), 1).Recipient(1)
			b.send(r.Message(0), 1)
			b.presses(r.Message(0), "perhaps")
			b.expectAll(r, campaign.Accepted, campaign.Waiting, campaign.Waiting, campaign.Waiting)
			b.presses(r.Message(0), payload)
			b.expectAll(r, want...)
			b.presses(r.Message(0), "yes") // a change of mind
			b.presses(r.Message(0), "no")
			b.expectAll(r, want...)
		}
	},
	"the step behind branches waits for the one that went out": func(t *testing.T, b *bench) {
		r := b.running(asks(), 1).Recipient(1)
		b.send(r.Message(0), 1)
		b.presses(r.Message(0), "yes")
		b.receive(b.receipt(r.Message(0), 1, campaign.Read))
		b.expect(r.Message(3), campaign.Waiting)
		b.send(r.Message(1), 1)
		b.receive(b.receipt(r.Message(1), 1, campaign.Delivered))
		b.expectAll(r, campaign.Read, campaign.Delivered, campaign.Skipped, campaign.Pending)
	},
	"no answer takes the way of the rules": func(t *testing.T, b *bench) {
		r := b.running(asks(func(d *campaign.Definition) { d.Steps[2].Otherwise = campaign.Send }), 1).Recipient(1)
		b.send(r.Message(0), 1)
		b.advance(time.Hour)
		b.sweep()
		b.expectAll(r, campaign.Accepted, campaign.Skipped, campaign.Pending, campaign.Waiting)
		b.presses(r.Message(0), "yes") // too late
		b.expectAll(r, campaign.Accepted, campaign.Skipped, campaign.Pending, campaign.Waiting)
		if reason := b.line(r.Message(1)).Reason; reason != "step 1 was not answered so within 1h0m0s" {
			t.Errorf("the first branch was skipped because %q", reason)
		}
	},
	"a branch that stops leaves the last one for who says nothing": func(t *testing.T, b *bench) {
		r := b.running(asks(func(d *campaign.Definition) {
			d.Steps[1].Otherwise, d.Steps[2].Otherwise = campaign.Stop, campaign.Send
		}), 1).Recipient(1)
		b.send(r.Message(0), 1)
		b.advance(time.Hour)
		b.sweep()
		b.expectAll(r, campaign.Accepted, campaign.Skipped, campaign.Pending, campaign.Waiting)
	},
	"a branch that runs out early leaves the other its time": func(t *testing.T, b *bench) {
		for _, first := range []campaign.Otherwise{campaign.Stop, campaign.Skip} {
			r := b.running(asks(func(d *campaign.Definition) {
				d.Steps[1].Otherwise, d.Steps[2].Otherwise, d.Steps[2].Patience = first, campaign.Stop, campaign.Duration(2*time.Hour)
				d.Steps[3].Otherwise = campaign.Send
			}), 1).Recipient(1)
			b.send(r.Message(0), 1)
			b.advance(time.Hour)
			b.sweep()
			b.expectAll(r, campaign.Accepted, campaign.Skipped, campaign.Waiting, campaign.Waiting)
			b.advance(time.Hour)
			b.sweep()
			b.expectAll(r, campaign.Accepted, campaign.Skipped, campaign.Skipped, campaign.Skipped)
		}
	},
	"nobody is there to answer: no branch goes out": func(t *testing.T, b *bench) {
		r := b.running(asks(func(d *campaign.Definition) {
			d.Steps[1].Otherwise, d.Steps[2].Otherwise = campaign.Stop, campaign.Send
		}), 1).Recipient(1)
		b.send(r.Message(0), 1)
		b.receive(b.receipt(r.Message(0), 1, campaign.Failed, undeliverable))
		b.expectAll(r, campaign.Failed, campaign.Skipped, campaign.Skipped, campaign.Skipped)
	},
	"all branches passed over: the step behind waits for the question": func(t *testing.T, b *bench) {
		r := b.running(asks(), 1).Recipient(1)
		b.send(r.Message(0), 1)
		b.advance(time.Hour)
		b.sweep()
		b.expectAll(r, campaign.Accepted, campaign.Skipped, campaign.Skipped, campaign.Waiting)
		b.receive(b.receipt(r.Message(0), 1, campaign.Delivered))
		b.expect(r.Message(3), campaign.Pending)
	},
	"a branch that its person does not want leaves the others their turn": func(t *testing.T, b *bench) {
		d := asks(func(d *campaign.Definition) {
			d.Steps[1].Category, d.Steps[1].Otherwise = campaign.Marketing, campaign.Stop
			d.Steps[3].Otherwise = campaign.Send
		})
		for _, answers := range []bool{true, false} {
			r := b.running(d, 1).Recipient(1)
			b.wants(campaign.ScopeMarketing)
			b.expectAll(r, campaign.Pending, campaign.Skipped, campaign.Waiting, campaign.Waiting)
			b.send(r.Message(0), 1)
			if answers {
				b.presses(r.Message(0), "no")
				b.expectAll(r, campaign.Accepted, campaign.Skipped, campaign.Pending, campaign.Waiting)
				continue
			}
			b.advance(time.Hour)
			b.sweep()
			// The step behind them sees what was not wanted, as it would without the other.
			b.expectAll(r, campaign.Accepted, campaign.Skipped, campaign.Skipped, campaign.Pending)
		}
	},
	"a branch for any other answer": func(t *testing.T, b *bench) {
		d := asks(func(d *campaign.Definition) { d.Steps[2].When = &campaign.When{Any: true} })
		r := b.running(d, 1).Recipient(1)
		b.send(r.Message(0), 1)
		b.presses(r.Message(0), "maybe")
		b.expectAll(r, campaign.Accepted, campaign.Skipped, campaign.Pending, campaign.Waiting)
	},
	"the clock of a reply runs on while the message is read": func(t *testing.T, b *bench) {
		first := b.running(steps(2, second(func(s *campaign.Step) {
			s.After, s.Patience = campaign.AfterReply, campaign.Duration(time.Hour)
		})), 1).Recipient(1).Message(0)
		b.send(first, 1)
		b.receive(b.receipt(first, 1, campaign.Read))
		b.advance(time.Hour)
		b.sweep()
		b.expect(first+1, campaign.Skipped)
	},
	"an answer without a reference is one to the newest message": func(t *testing.T, b *bench) {
		older := b.running(asks(), 1).Recipient(1)
		b.send(older.Message(0), 1)
		b.advance(time.Minute)
		newer := b.running(asks(), 1).Recipient(1)
		b.send(newer.Message(0), 1)
		b.advance(time.Minute)
		silent := b.running(steps(1), 1).Recipient(1) // waits for no answer
		b.send(silent.Message(0), 1)
		b.advance(time.Minute)
		b.writes("Yes, please!")
		b.expect(newer.Message(1), campaign.Pending)
		b.expect(older.Message(1), campaign.Waiting)
	},
	"an answer that was written before the message is none to it": func(t *testing.T, b *bench) {
		r := b.running(asks(), 1).Recipient(1)
		b.send(r.Message(0), 1)
		b.answer(func(h *ledger.InboundEvent) {
			h.ID, h.At, h.Reply = "old", b.now.Add(-time.Minute), campaign.Reply{Text: "yes please"}
		})
		b.expect(r.Message(1), campaign.Waiting)
	},
	"an answer to another number is none": func(t *testing.T, b *bench) {
		r := b.running(asks(), 1).Recipient(1)
		b.send(r.Message(0), 1)
		b.answer(func(h *ledger.InboundEvent) {
			h.ID, h.Channel, h.Reply = "elsewhere", "second", campaign.Reply{Text: "yes please"}
		})
		b.expect(r.Message(1), campaign.Waiting)
	},
	"a sign of life that answers nothing opens nothing": func(t *testing.T, b *bench) {
		first := b.running(steps(2, second(func(s *campaign.Step) { s.After = campaign.AfterReply })), 1).Recipient(1).Message(0)
		b.send(first, 1)
		b.answer(func(h *ledger.InboundEvent) {
			h.ID, h.ReplyTo, h.Answers, h.Reply = "thumb", providerID(first, 1), false, campaign.Reply{Text: "👍"}
		})
		b.expect(first+1, campaign.Waiting)
	},
	"a failed question is decided by the rules": func(t *testing.T, b *bench) {
		r := b.running(asks(), 1).Recipient(1)
		b.send(r.Message(0), 1)
		b.receive(b.receipt(r.Message(0), 1, campaign.Failed, undeliverable))
		b.expectAll(r, campaign.Failed, campaign.Skipped, campaign.Skipped, campaign.Skipped)
	},
	"an answer that comes before the outcome of the question": func(t *testing.T, b *bench) {
		for _, reference := range []bool{true, false} {
			b.advance(time.Minute)
			r := b.running(asks(), 1).Recipient(1)
			b.claim(r.Message(0), 1)
			b.answer(func(h *ledger.InboundEvent) {
				h.ID, h.Reply = r.Message(0).Reference(1), campaign.Reply{Payload: "no", Pressed: true}
				if reference {
					h.ReplyTo = providerID(r.Message(0), 1)
				}
			})
			b.expectAll(r, campaign.Posting, campaign.Waiting, campaign.Waiting, campaign.Waiting)
			b.settle(r.Message(0), 1, ledger.OutcomeAccepted)
			b.expectAll(r, campaign.Accepted, campaign.Skipped, campaign.Pending, campaign.Waiting)
		}
	},
	"an answer opens nothing while the question is to be sent again": func(t *testing.T, b *bench) {
		r := b.running(asks(), 1).Recipient(1)
		b.send(r.Message(0), 1)
		b.receive(b.receipt(r.Message(0), 1, campaign.Failed, campaign.Failure{Reason: "timeout", Retry: true}))
		b.presses(r.Message(0), "yes")
		b.expectAll(r, campaign.Pending, campaign.Waiting, campaign.Waiting, campaign.Waiting)
		b.advance(24 * time.Hour)
		b.send(r.Message(0), 2)
		b.expectAll(r, campaign.Accepted, campaign.Pending, campaign.Skipped, campaign.Waiting)
	},
	"a start answers who asks for that very word": func(t *testing.T, b *bench) {
		named := func(d *campaign.Definition) {
			d.Steps[1].When = &campaign.When{Text: campaign.Texts{"start"}}
			d.Steps[2].When = &campaign.When{Any: true}
		}
		says := func(r campaign.RecipientID, text string) {
			b.answer(func(h *ledger.InboundEvent) {
				h.ID, h.ReplyTo, h.OptIn, h.Reply = text+" "+r.Message(0).Reference(1), providerID(r.Message(0), 1), true, campaign.Reply{Text: text}
			})
		}
		b.wants(campaign.ScopeMarketing)
		b.advance(time.Second)
		r := b.running(asks(named), 1).Recipient(1)
		b.send(r.Message(0), 1)
		says(r, "subscribe") // is none of the answers
		b.expectAll(r, campaign.Accepted, campaign.Waiting, campaign.Waiting, campaign.Waiting)
		if reason := b.refusal(marketing); reason != "" {
			t.Errorf("the opt-out that was taken back forbids: %s", reason)
		}
		says(r, "START!")
		b.expectAll(r, campaign.Accepted, campaign.Pending, campaign.Skipped, campaign.Waiting)
		plain := b.running(steps(2, second(func(s *campaign.Step) { s.After = campaign.AfterReply })), 1).Recipient(1)
		b.send(plain.Message(0), 1)
		says(plain, "start")
		b.expectAll(plain, campaign.Accepted, campaign.Waiting)
	},
	"a start that a later step names opens none before it that takes any answer": func(t *testing.T, b *bench) {
		for _, any := range []*campaign.When{nil, {Any: true}} {
			for _, edited := range []bool{false, true} {
				r := b.running(steps(4, func(d *campaign.Definition) {
					d.Steps[1].After, d.Steps[1].When = campaign.AfterReply, any
					d.Steps[3].After, d.Steps[3].When = campaign.AfterReply, &campaign.When{Text: campaign.Texts{"start"}}
				}), 1).Recipient(1)
				b.send(r.Message(0), 1)
				b.answer(func(h *ledger.InboundEvent) {
					h.ID, h.ReplyTo, h.OptIn, h.Edit = "start "+r.Message(0).Reference(1), providerID(r.Message(0), 1), true, edited
					h.Reply = campaign.Reply{Text: "START"}
				})
				b.expectAll(r, campaign.Accepted, campaign.Waiting, campaign.Waiting, campaign.Waiting)
				b.answer(func(h *ledger.InboundEvent) {
					h.ID, h.ReplyTo = "hello "+r.Message(0).Reference(1), providerID(r.Message(0), 1)
					h.Reply = campaign.Reply{Text: "hello"}
				})
				b.expectAll(r, campaign.Accepted, campaign.Pending, campaign.Waiting, campaign.Waiting)
			}
		}
	},
	"an answer that is edited into a start is that start": func(t *testing.T, b *bench) {
		for _, asked := range []string{"start", "go"} {
			r := b.running(asks(func(d *campaign.Definition) {
				d.Steps[1].When, d.Steps[2].When = &campaign.When{Text: campaign.Texts{asked}}, &campaign.When{Any: true}
			}), 1).Recipient(1)
			b.advance(time.Second) // the newest message is the one that is answered
			b.claim(r.Message(0), 1)
			for i, text := range []string{"hm", "start"} {
				b.answer(func(h *ledger.InboundEvent) {
					h.ID, h.Edit, h.OptIn, h.Reply = "edited "+r.Message(0).Reference(1), i > 0, i > 0, campaign.Reply{Text: text}
				})
			}
			b.settle(r.Message(0), 1, ledger.OutcomeAccepted)
			b.expect(r.Message(1), map[string]campaign.Status{"start": campaign.Pending, "go": campaign.Waiting}[asked])
			b.expect(r.Message(2), map[string]campaign.Status{"start": campaign.Skipped, "go": campaign.Waiting}[asked])
		}
	},
	"an answer to what is not ours is none": func(t *testing.T, b *bench) {
		r := b.running(asks(), 1).Recipient(1)
		b.send(r.Message(0), 1)
		b.answer(func(h *ledger.InboundEvent) {
			h.ID, h.ReplyTo, h.Reply = "chat", "wamid.of.an.agent", campaign.Reply{Text: "yes please"}
		})
		b.expect(r.Message(1), campaign.Waiting)
	},
}
