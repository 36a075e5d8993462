package scheduler

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// ended is a ledger in which nothing is left to do.
type ended struct {
	Ledger
	campaigns []ledger.Campaign
}

func (e *ended) Unfinished(context.Context) ([]ledger.Campaign, error) { return e.campaigns, nil }

func (e *ended) Finish(_ context.Context, ids []campaign.ID, _ time.Time) ([]campaign.ID, error) {
	return ids, nil
}

func TestTheLogSaysHowACampaignEnded(t *testing.T) {
	t.Parallel()
	for state, want := range map[campaign.State]string{
		campaign.Running:   "campaign finished",
		campaign.Paused:    "campaign finished",
		campaign.Cancelled: "campaign cancelled",
	} {
		var log bytes.Buffer
		s := &Scheduler{Options: Options{
			Ledger: &ended{campaigns: []ledger.Campaign{{ID: 1, State: state}}}, Log: slog.New(slog.NewTextHandler(&log, nil)),
		}}
		if err := s.finish(t.Context(), time.Now()); err != nil {
			t.Fatal(err)
		}
		if strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), `msg="`+want+`" campaign=0000001`) {
			t.Errorf("%s: want %q, got %s", state, want, &log)
		}
	}
}
