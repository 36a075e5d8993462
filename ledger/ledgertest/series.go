package ledgertest

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"carillon/campaign"
	"carillon/ledger"
)

// series draws a series of steps with all kinds of gates, and does to one
// recipient of it what people, providers and operators may do. It holds against
// it that of branches one goes out, that nothing is claimed against an opt-out, that
// the counts are those of the rows, and that the series ends.
func series(t *testing.T, fresh Fresh) {
	l, stories := fresh.open(t), 0
	rapid.Check(t, func(rt *rapid.T) {
		stories++
		s := newStory(t, rt, l, fmt.Sprintf("+44770%07d", stories))
		rt.Repeat(map[string]func(*rapid.T){
			"claim":   s.claim,
			"receipt": s.receipt,
			"reply":   s.reply,
			"optOut":  s.optOut,
			"time":    s.time,
			"expire":  s.expire,
			"retry":   s.retry,
			"":        func(*rapid.T) {},
		})
		s.bench.verify()
		s.end(rt)
	})
}

// story is one recipient's way through a series.
type story struct {
	bench     *bench
	def       *campaign.Definition
	phone     string
	recipient campaign.RecipientID
	attempts  map[campaign.MessageID]int
	last      campaign.MessageID // that was attempted
	heard     int
	stopped   map[campaign.SuppressionScope]bool
}

func newStory(t *testing.T, rt *rapid.T, l *ledger.Ledger, phone string) *story {
	b := &bench{T: t, Ledger: l, now: start}
	def := drawSeries(rt)
	id := b.imported(def, []campaign.Row{row(1, phone)})
	b.act(id, campaign.Start)
	s := &story{
		bench: b, def: def, phone: phone, recipient: id.Recipient(1),
		attempts: map[campaign.MessageID]int{}, stopped: map[campaign.SuppressionScope]bool{},
	}
	s.attempt(rt, s.recipient.Message(0), ledger.OutcomeAccepted, campaign.Failure{})
	return s
}

func drawSeries(rt *rapid.T) *campaign.Definition {
	def := steps(rapid.IntRange(2, 5).Draw(rt, "steps"))
	for i := range def.Steps {
		step := &def.Steps[i]
		if i == 0 {
			continue
		}
		step.Category = rapid.SampledFrom([]campaign.Category{campaign.Utility, campaign.Marketing}).Draw(rt, "category")
		step.After = rapid.SampledFrom([]campaign.After{campaign.AfterSent, campaign.AfterDelivered, campaign.AfterReply, campaign.AfterReply}).Draw(rt, "after")
		step.Otherwise = rapid.SampledFrom([]campaign.Otherwise{campaign.Stop, campaign.Skip, campaign.Send}).Draw(rt, "otherwise")
		step.Patience = campaign.Duration(rapid.IntRange(1, 3).Draw(rt, "patience")) * campaign.Duration(time.Hour)
		if step.After == campaign.AfterReply && rapid.IntRange(0, 3).Draw(rt, "condition") > 0 {
			step.When = &campaign.When{Text: campaign.Texts{rapid.SampledFrom([]string{"yes", "no"}).Draw(rt, "text")}}
		}
	}
	return def
}

// claim attempts the first message that may go, and settles the attempt.
func (s *story) claim(rt *rapid.T) {
	outcome := rapid.SampledFrom([]ledger.Outcome{ledger.OutcomeAccepted, ledger.OutcomeAccepted, ledger.OutcomeRefused, ledger.OutcomeUnknown}).Draw(rt, "outcome")
	failure := campaign.Failure{Reason: "series", Retry: rapid.Bool().Draw(rt, "retry"), Tries: 1}
	for step := range s.def.Steps {
		if s.attempt(rt, s.recipient.Message(step), outcome, failure) {
			return
		}
	}
}

func (s *story) attempt(rt *rapid.T, id campaign.MessageID, outcome ledger.Outcome, f campaign.Failure) bool {
	n := s.attempts[id] + 1
	if s.bench.tryClaim(id, n) != "" {
		return false
	}
	s.attempts[id], s.last = n, id
	if s.stopped[campaign.ScopeAll] || s.stopped[campaign.ScopeMarketing] && s.def.Steps[id.Step()].Category == campaign.Marketing {
		rt.Fatalf("step %d was claimed against an opt-out", id.Step()+1)
	}
	first, end := s.def.Branches(id.Step())
	for step := first; step < end; step++ {
		if step != id.Step() && s.attempts[s.recipient.Message(step)] > 0 {
			rt.Fatalf("steps %d and %d are branches, and both went out", id.Step()+1, step+1)
		}
	}
	s.bench.settle(id, n, outcome, f)
	return true
}

func (s *story) receipt(rt *rapid.T) {
	id := s.recipient.Message(rapid.IntRange(0, len(s.def.Steps)-1).Draw(rt, "step"))
	if s.attempts[id] == 0 {
		rt.Skip("not sent")
	}
	status := rapid.SampledFrom([]campaign.Status{campaign.Sent, campaign.Delivered, campaign.Failed}).Draw(rt, "status")
	n := rapid.IntRange(1, s.attempts[id]).Draw(rt, "attempt")
	s.bench.receive(s.bench.receipt(id, n, status, campaign.Failure{Reason: "series", Retry: rapid.Bool().Draw(rt, "retry")}))
}

func (s *story) say(change func(*ledger.InboundEvent)) {
	s.heard++
	s.bench.answer(func(h *ledger.InboundEvent) {
		h.ID, h.Person = fmt.Sprintf("%s %d", s.phone, s.heard), s.phone
		change(h)
	})
}

func (s *story) reply(rt *rapid.T) {
	s.say(func(h *ledger.InboundEvent) {
		h.Reply.Text = rapid.SampledFrom([]string{"yes", "no", "who is this"}).Draw(rt, "text")
		if s.last != 0 && rapid.Bool().Draw(rt, "reference") {
			h.ReplyTo = providerID(s.last, s.attempts[s.last])
		}
	})
}

func (s *story) optOut(rt *rapid.T) {
	scope := campaign.ScopeAll
	if rapid.IntRange(0, 9).Draw(rt, "all") > 0 {
		scope = rapid.SampledFrom([]campaign.SuppressionScope{"", campaign.ScopeMarketing}).Draw(rt, "optOut")
	}
	if s.bench.advance(time.Second); scope == "" {
		clear(s.stopped)
	} else {
		s.stopped[scope] = true
	}
	s.say(func(h *ledger.InboundEvent) { h.OptOut, h.OptIn = scope, scope == "" })
}

func (s *story) time(rt *rapid.T) {
	s.bench.advance(time.Duration(rapid.SampledFrom([]int{1, 60, 120, 24 * 60}).Draw(rt, "minutes")) * time.Minute)
	s.bench.sweep()
}

// expire ends what was not begun.
func (s *story) expire(rt *rapid.T) {
	if err := s.bench.CloseRows(s.bench.Context(), s.recipient.Campaign(), campaign.Expired, "time", s.bench.now); err != nil {
		rt.Fatal(err)
	}
}

func (s *story) retry(rt *rapid.T) {
	statuses := []campaign.Status{campaign.Failed, campaign.Expired}
	if _, err := s.bench.Retry(s.bench.Context(), s.recipient.Campaign(), statuses, by("ops"), s.bench.now); err != nil {
		rt.Fatal(err)
	}
}

// end lets everything go well from now on, and nobody say anything any more.
func (s *story) end(rt *rapid.T) {
	const rounds = 50 // far more than a series has turns
	for range rounds {
		for step := range s.def.Steps {
			s.attempt(rt, s.recipient.Message(step), ledger.OutcomeAccepted, campaign.Failure{})
		}
		s.bench.advance(24 * time.Hour)
		s.bench.sweep()
		finished, err := s.bench.Finish(s.bench.Context(), []campaign.ID{s.recipient.Campaign()}, s.bench.now)
		if err != nil {
			rt.Fatal(err)
		}
		if len(finished) > 0 {
			s.bench.verify()
			return
		}
	}
	rt.Fatalf("the series does not end: %v of %+v", s.bench.statuses(s.recipient, len(s.def.Steps)), s.def.Steps)
}
