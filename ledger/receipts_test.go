package ledger

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"carillon/campaign"
)

// TestReceiptsThatCrossed: two transactions at once, one of which keeps a receipt
// for later while the other tells whose it is, leave it to the sweep.
func TestReceiptsThatCrossed(t *testing.T) {
	l, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "carillon.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	id := patient(t, l)
	message := id.Recipient(1).Message(0)
	if _, err := l.Claim(t.Context(), campaign.Task{Message: message, Attempt: 1}, Sender{}, noon, noon.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := l.Settle(t.Context(), Settlement{Message: message, Attempt: 1, Outcome: OutcomeAccepted, At: noon, ProviderID: "x"}); err != nil {
		t.Fatal(err)
	}
	crossed := []Receipt{{ProviderID: "x", Status: campaign.Delivered, At: noon}}
	err = l.do(t.Context(), urgent, func(ctx context.Context, t *tx) error { return t.keepEarly(ctx, crossed, noon) })
	if err != nil {
		t.Fatal(err)
	}
	if n, err := l.MatchEarly(t.Context(), noon); n != 1 || err != nil {
		t.Errorf("matched %d, %v; want 1", n, err)
	}
	page, err := l.Report(t.Context(), ReportQuery{Campaign: id, Recipients: 1})
	if err != nil || len(page.Rows) == 0 || page.Rows[0].Status != campaign.Delivered {
		t.Errorf("it stands at %+v, %v", page, err)
	}
}
