package ledger

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"carillon/campaign"
	"carillon/internal/postgrestest"
)

// TestNothingIsDoneThatIsNotOnRecord takes the audit log away: whatever would stand
// in it fails, and has changed nothing.
func TestNothingIsDoneThatIsNotOnRecord(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]func(*testing.T) string{
		"sqlite":   func(t *testing.T) string { t.Helper(); return "sqlite:" + filepath.Join(t.TempDir(), "carillon.db") },
		"postgres": func(t *testing.T) string { t.Helper(); return postgrestest.Start(t).Database(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := Open(t.Context(), url(t))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := l.Close(); err != nil {
					t.Error(err)
				}
			})
			id := patient(t, l)
			message := id.Recipient(1).Message(0)
			fail(t, l, message)
			ctx, by, someone := t.Context(), Actor{Name: "ana", Way: WayPage}, "+447700000007"
			execute(t, l, `ALTER TABLE audit RENAME TO taken_away`)
			_, acted := l.Act(ctx, id, campaign.Pause, by, noon)
			_, retried := l.Retry(ctx, id, []campaign.Status{campaign.Failed}, by, noon)
			_, forgotten := l.Forget(ctx, "+447700000002", by, noon)
			_, _, added := l.AddSchedule(ctx, NewSchedule{Schedule: campaign.Schedule{Name: "s", Cron: "0 9 * * *"}, Next: noon}, by, noon)
			_, paused := l.PauseBecause(ctx, id, "trouble", noon)
			for what, err := range map[string]error{
				"act": acted, "retry": retried, "forget": forgotten, "add": added, "pause": paused,
				"suppress": l.Suppress(ctx, []Suppression{{Person: someone, Scope: campaign.ScopeAll}}, by, noon),
			} {
				if err == nil {
					t.Errorf("%s is done and not on record", what)
				}
			}
			execute(t, l, `ALTER TABLE taken_away RENAME TO audit`)
			c, err := l.Campaign(ctx, id)
			if err != nil || c.State != campaign.Running || c.Counts[campaign.Failed] != 1 {
				t.Errorf("the campaign is %s, %v, %v", c.State, c.Counts, err)
			}
			if found, _, err := l.FindSuppressions(ctx, SuppressionQuery{Search: someone, Limit: 1}); err != nil || len(found) > 0 {
				t.Errorf("suppressed: %v, %v", found, err)
			}
			if _, err := l.Schedule(ctx, "s"); !errors.Is(err, ErrNotFound) {
				t.Errorf("the schedule is there: %v", err)
			}
		})
	}
}

// fail has the first attempt of a message refused for good reason to try again.
func fail(t *testing.T, l *Ledger, id campaign.MessageID) {
	t.Helper()
	if _, err := l.Claim(t.Context(), campaign.Task{Message: id, Attempt: 1}, Sender{}, noon, noon.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	err := l.Settle(t.Context(), Settlement{
		Message: id, Attempt: 1, Outcome: OutcomeRefused, At: noon, Failure: campaign.Failure{Code: 1, Reason: "full", Retry: true, Tries: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
}
