package ledger

import (
	"fmt"
	"path/filepath"
	"testing"

	"carillon/campaign"
)

// TestBatchesAskForAllAtOnce: what is done for each message of a campaign asks the
// database about as many times for a batch as for one message.
func TestBatchesAskForAllAtOnce(t *testing.T) {
	l, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "carillon.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	by := Actor{Name: "ops"}
	for name, c := range map[string]struct {
		from campaign.Status
		do   func(id campaign.ID) (int, error)
	}{
		"retry": {campaign.Failed, func(id campaign.ID) (int, error) {
			done, err := l.Retry(t.Context(), id, []campaign.Status{campaign.Failed}, by, noon)
			return done.Again, err
		}},
		"resend": {campaign.Unknown, func(id campaign.ID) (int, error) { return l.Resolve(t.Context(), id, Resend, by, noon) }},
		"drop":   {campaign.Unknown, func(id campaign.ID) (int, error) { return l.Resolve(t.Context(), id, Drop, by, noon) }},
	} {
		id := patient(t, l)
		execute(t, l, fmt.Sprintf(`UPDATE messages SET status = CASE WHEN (id & 15) = 0 THEN %d ELSE %d END, attempt = 1, due = NULL WHERE campaign_id = %d`, c.from, campaign.Waiting, id))
		told, done := overhear(l), 0
		statements := told.during(func() { done, err = c.do(id) })
		if err != nil || done != IntakeBatch {
			t.Fatalf("%s of %d messages: %d, %v", name, IntakeBatch, done, err)
		}
		if most := 50 * IntakeBatch / sweepBatch; statements > most {
			t.Errorf("%s of %d messages took %d statements, want at most %d", name, IntakeBatch, statements, most)
		}
	}
}
