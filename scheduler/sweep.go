package scheduler

import (
	"context"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// mostSweeps is how many batches are swept before the other work of a tick gets
// its turn.
const mostSweeps = 8

// sweep does what is due and is no sending.
func (s *Scheduler) sweep(ctx context.Context, now time.Time) error {
	if _, err := s.Ledger.MatchEarly(ctx, now); err != nil {
		return err
	}
	for range mostSweeps {
		n, err := s.Ledger.Sweep(ctx, now, s.policy)
		if err != nil {
			return err
		}
		if n == 0 || ctx.Err() != nil {
			break
		}
	}
	return nil
}

// finish closes what is cancelled or expired, has stopped numbers hand over, and
// ends campaigns in which nothing is left to do.
func (s *Scheduler) finish(ctx context.Context, now time.Time) error {
	unfinished, err := s.Ledger.Unfinished(ctx)
	if err != nil {
		return err
	}
	var over []campaign.ID
	cancelled := map[campaign.ID]bool{}
	for _, c := range unfinished {
		begun := c.Counts[campaign.Waiting] + c.Counts[campaign.Pending]
		switch {
		case c.State == campaign.Scheduled:
		case c.Open == 0:
			over = append(over, c.ID)
			cancelled[c.ID] = c.State == campaign.Cancelled
		case begun == 0:
		case c.State == campaign.Cancelled:
			s.closeRows(ctx, c.ID, campaign.Skipped, "the campaign was cancelled")
		case !c.Expires.IsZero() && !c.Expires.After(now):
			s.closeRows(ctx, c.ID, campaign.Expired, "the campaign's time ran out")
		default:
			s.handOver(ctx, c)
		}
	}
	if len(over) == 0 {
		return nil
	}
	finished, err := s.Ledger.Finish(ctx, over, now)
	for _, id := range finished {
		if cancelled[id] {
			s.Log.Info("campaign cancelled", "campaign", id)
		} else {
			s.Log.Info("campaign finished", "campaign", id)
		}
	}
	return err
}

// closeRows ends what a campaign has not begun to send.
func (s *Scheduler) closeRows(ctx context.Context, id campaign.ID, to campaign.Status, reason string) {
	s.closing.start(id, "close", func() error { return s.Ledger.CloseRows(ctx, id, to, reason, s.Now()) })
}

func (s *Scheduler) policy(channel string) ledger.UnknownPolicy { return s.Channels[channel].Unknown }
