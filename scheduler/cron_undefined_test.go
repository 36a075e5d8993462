package scheduler

import (
	"testing"
	"testing/synctest"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// A leader whose configuration lacks a schedule makes no slots of it and takes
// none, and so loses none: whoever has that configuration makes up for them.
func TestSchedulesOfAnotherConfigurationWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := wind(t)
		s := campaign.Schedule{Name: "s", CampaignFile: "x.yaml", Cron: "*/10 * * * *", Overlap: campaign.OverlapParallel, CatchUp: campaign.CatchUpAll}
		wanted := []ledger.NewSchedule{{Schedule: s, Next: parseCron(t, s.Cron, "").Next(time.Now())}}
		if err := c.ledger.SyncSchedules(t.Context(), wanted, time.Now()); err != nil {
			t.Fatal(err)
		}
		leader, _ := c.process(-1, false)
		c.run(leader, 11*time.Minute)
		c.want("s", "done running")
		if _, err := c.ledger.RunNow(t.Context(), "s", ledger.Actor{Name: "ada"}, time.Now()); err != nil {
			t.Fatal(err)
		}
		c.ledger.DefineSchedules(nil)
		c.run(leader, 20*time.Minute)
		c.want("s", "done running", "due")
		c.ledger.DefineSchedules([]campaign.Schedule{s})
		c.run(leader, time.Minute)
		c.want("s", "done running", "done running", "done running", "done running")
	})
}
