package worker

import (
	"context"

	"carillon/campaign"
)

// watchCampaign tells the guard how an attempt ended, and pauses the campaign
// where that was one too many. What is still under way when it pauses does not
// count for the time after a resume.
func (w *Worker) watchCampaign(ctx context.Context, s *send, f campaign.Failure) {
	if !s.campaign.believedRunning() {
		return
	}
	reason, logged := w.guard.Observe(s.task.Message, s.task.Attempt, f)
	if w.pauseBecause(ctx, s.task.Message.Campaign(), reason, logged) {
		s.campaign.paused()
	}
}

// pauseBecause pauses a campaign where there is a reason, and reports whether it
// does not run any more.
func (w *Worker) pauseBecause(ctx context.Context, id campaign.ID, reason, logged string) bool {
	if reason == "" {
		return false
	}
	bounded, cancel := context.WithTimeout(ctx, settlePatience)
	defer cancel()
	ran, err := w.ledger.PauseBecause(bounded, id, reason, w.now())
	if err != nil {
		w.log.Error("cannot pause a campaign that should stop", "campaign", id, "reason", logged, "error", err)
		return false
	}
	if ran { // another process may have been first
		w.log.Error("campaign paused", "campaign", id, "reason", logged)
	}
	return true
}

// believedRunning reports whether the campaign ran when that was last looked at.
func (c *loaded) believedRunning() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state == campaign.Running
}

// paused notes that the campaign does not run; the next send looks again.
func (c *loaded) paused() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state = campaign.Paused
}
