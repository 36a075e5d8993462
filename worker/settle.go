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

// settle writes the outcome down.
func (w *Worker) settle(ctx context.Context, s *send) error {
	free := context.WithoutCancel(ctx)
	if s.refusal == nil {
		return w.write(free, s, s.success())
	}
	w.slowDown(s)
	w.metrics.failed(w.channel.Name, s.refusal.Reason)
	settlement := ledger.Settlement{Outcome: ledger.OutcomeRefused, Failure: s.refusal.Failure()}
	if s.refusal.Class == whatsapp.Ambiguous {
		settlement.Outcome = ledger.OutcomeUnknown
	}
	if s.refusal.Class == whatsapp.Pause {
		w.log.Error("campaign paused", "campaign", s.task.Message.Campaign(), "error", s.refusal, "hint", s.refusal.Hint)
	}
	return w.write(free, s, settlement)
}

func (s *send) success() ledger.Settlement {
	settlement := ledger.Settlement{Outcome: ledger.OutcomeAccepted, ProviderID: s.accepted.ID}
	if s.accepted.Held {
		settlement.Outcome = ledger.OutcomeHeld
	}
	if s.accepted.WaID != "" {
		if alias := campaign.Person("+" + s.accepted.WaID); alias != s.claimed.Person {
			settlement.Alias = alias
		}
	}
	return settlement
}

// slowDown tells the limiter what a refusal says about the number.
func (w *Worker) slowDown(s *send) {
	e := s.refusal
	number := e.Class == whatsapp.RetrySlow && e.Budget != whatsapp.PairBudget && e.Budget != whatsapp.UserBudget
	if !number && !e.Unwritten {
		return
	}
	var wait time.Duration
	if e.Asked {
		wait = e.Wait
	}
	w.channel.Limiter.Throttled(s.left, wait)
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
			w.log.Error("cannot write an outcome down, trying on", "message", settlement.Message, "tries", n, "error", err)
		}
		<-time.After(min(time.Duration(n)*100*time.Millisecond, time.Second))
	}
}
