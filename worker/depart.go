package worker

import (
	"context"
	"fmt"
	"time"

	"carillon/campaign"
	"carillon/ledger"
	"carillon/whatsapp"
)

// missedBy is how late a departure may be used. A later one would leave
// together with the next, so a new one is taken.
const missedBy = 5 * time.Millisecond

// depart renders the message and waits for its departure. It is the last act
// before the request, so that a slow claim cannot bunch requests.
func (w *Worker) depart(ctx context.Context, s *send) error {
	free := context.WithoutCancel(ctx)
	template, err := s.campaign.renderer.Render(s.task.Message.Step(), s.claimed.Cells)
	if err != nil {
		s.departure.Cancel()
		return w.unrenderable(free, s, err)
	}
	s.template = template
	for w.now().Sub(s.departure.At) > missedBy {
		if s.departure, err = w.channel.Limiter.Reserve(free); err != nil {
			return w.release(free, s)
		}
	}
	if !w.sleep(free, s.departure.At) || w.stopping.Err() != nil {
		s.departure.Cancel()
		return w.release(free, s)
	}
	s.left = w.now()
	return nil
}

// unrenderable fails a message that no attempt could send. Lists are checked
// when they are imported, so this is a mistake of ours.
func (w *Worker) unrenderable(ctx context.Context, s *send, err error) error {
	w.log.Error("cannot render a message", "campaign", s.task.Message.Campaign(),
		"row", s.task.Message.Recipient().Row(), "step", s.task.Message.Step()+1, "error", err)
	return w.write(ctx, s, ledger.Settlement{
		Outcome: ledger.OutcomeRefused,
		Failure: campaign.Failure{Reason: "unrenderable", Detail: err.Error()},
	})
}

// release gives a claim back that has not been posted.
func (w *Worker) release(ctx context.Context, s *send) error {
	if err := w.write(ctx, s, ledger.Settlement{Outcome: ledger.OutcomeReleased}); err != nil {
		return fmt.Errorf("release: %w", err)
	}
	return errDone
}

// message is the request's content.
func (s *send) message() whatsapp.Message {
	return whatsapp.Message{
		To:        s.claimed.Phone,
		Reference: s.task.Message.Reference(s.task.Attempt),
		Template:  s.template,
	}
}
