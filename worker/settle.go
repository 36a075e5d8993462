package worker

import (
	"context"
	"errors"
	"time"

	"carillon/campaign"
	"carillon/ledger"
	"carillon/whatsapp"
)

const (
	// settlePatience bounds one try to write an outcome down; the tries go on.
	settlePatience = 10 * time.Second
	// settleReport is how many failed tries go by between two lines of the log,
	// about a minute.
	settleReport = 60
)

// settle writes the outcome down, and has what it says about the provider and
// the campaign looked after.
func (w *Worker) settle(ctx context.Context, s *send) error {
	detached := context.WithoutCancel(ctx)
	w.watchProvider(s)
	w.watchReach(s)
	var settlement ledger.Settlement
	if s.refusal == nil {
		settlement = w.success(s)
	} else {
		settlement = w.refused(s)
	}
	w.watchTemplate(s, &settlement)
	if err := w.write(detached, s, settlement); err != nil {
		return err
	}
	if settlement.Failure.Slows {
		w.templates.known(s.templateName())
	}
	renews := w.renews(s)
	if renews {
		w.files.forget(s.task.Message.Campaign())
	}
	if settlement.Outcome != ledger.OutcomeUnknown && !renews {
		w.watchCampaign(detached, s, settlement.Failure)
	}
	return nil
}

func (w *Worker) refused(s *send) ledger.Settlement {
	w.slowDown(s)
	w.metrics.failed(w.channel.Name, s.refusal.Reason)
	settlement := ledger.Settlement{Outcome: ledger.OutcomeRefused, Failure: s.refusal.Failure()}
	if s.refusal.Class == whatsapp.Ambiguous {
		settlement.Outcome = ledger.OutcomeUnknown
	}
	if s.free != nil {
		settlement.Failure = settlement.Failure.OfFreeForm()
		settlement.Failure.Slows = false // there is no template
		if settlement.Failure.WindowShut {
			w.metrics.windowShut(w.channel.Name)
		}
	}
	stops := settlement.Failure.Pause
	if stops != campaign.PauseNothing || settlement.Failure.Slows {
		settlement.Failure.Account = w.channel.Account
	}
	if stops != campaign.PauseNothing {
		if s.campaign.believedRunning() { // the first of all that are under way
			w.log.Error("a refusal paused campaigns or stopped channels", "campaign", s.task.Message.Campaign(), "trouble", stops, "error", s.masked(), "hint", s.refusal.Hint)
			s.campaign.paused()
		}
	}
	return settlement
}

// masked is the refusal as the log may have it: the provider's words may quote
// the recipient's values.
func (s *send) masked() string {
	told := *s.refusal
	told.Message = campaign.Masked(told.Message, append([]string{s.claimed.Phone}, s.claimed.Cells...))
	return told.Error()
}

func (w *Worker) success(s *send) ledger.Settlement {
	settlement := ledger.Settlement{Outcome: ledger.OutcomeAccepted, ProviderID: s.accepted.ID}
	if w.channel.Poller != nil {
		settlement.Poll = w.channel.Name
	}
	if s.accepted.Held {
		settlement.Outcome = ledger.OutcomeHeld
	}
	for _, key := range s.accepted.Recipient.Keys() {
		if key != s.claimed.Person {
			settlement.Keys = append(settlement.Keys, key)
		}
	}
	return settlement
}

// slowDown tells the limiters whom a refusal concerns.
func (w *Worker) slowDown(s *send) {
	e := s.refusal
	switch {
	case e.Unwritten:
		w.channel.Limiter.Throttled(s.left, 0)
	case e.Class != whatsapp.RetrySlow:
	case e.Budget == whatsapp.AccountBudget || e.Budget == whatsapp.AppBudget:
		// All of its numbers use up one limit, which is over for minutes.
		w.channel.Limiter.Throttled(s.left, e.Wait)
		for _, l := range w.channel.Siblings {
			l.Throttled(s.left, e.Wait)
		}
	case e.Budget == whatsapp.NumberBudget || e.Budget == whatsapp.NoBudget:
		var wait time.Duration
		if e.Asked {
			wait = e.Wait
		}
		w.channel.Limiter.Throttled(s.left, wait)
	}
}

// write settles until the ledger has it: an outcome that is known must not be
// lost while this process lives.
func (w *Worker) write(ctx context.Context, s *send, settlement ledger.Settlement) error {
	settlement.Message, settlement.Attempt = s.task.Message, s.task.Attempt
	settlement.At, settlement.UnknownAfter = w.now(), w.channel.UnknownAfter
	for n := 1; ; n++ {
		bounded, cancel := context.WithTimeout(ctx, settlePatience)
		err := w.ledger.Settle(bounded, settlement)
		cancel()
		if err == nil {
			w.metrics.settled(w.channel.Name, settlement.Outcome)
			return nil
		}
		if errors.Is(err, ledger.ErrClosed) {
			return err
		}
		if n%settleReport == 1 {
			w.log.Error("cannot record the result of an attempt and keeps trying", "message", settlement.Message, "tries", n, "error", err)
		}
		<-time.After(min(time.Duration(n)*100*time.Millisecond, time.Second))
	}
}
