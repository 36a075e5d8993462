package test

import (
	"testing"
	"time"

	"carillon/campaign"
	"carillon/configs"
	"carillon/internal/programtest"
)

// campaignOf is a one-step campaign with one more line.
func campaignOf(t *testing.T, line string) string {
	t.Helper()
	return write(t, "campaign.yaml", oneStep+line+"\n")
}

// TestADayIsUsedUp sends to more people than the portfolio may reach in a day.
// What does not fit waits and says so, and slows down nobody who fits.
func TestADayIsUsedUp(t *testing.T) {
	const limit, wanted = 30, 50
	h := startHouse(t, setup{redis: startRedis(t), daily: limit})
	large := h.launch(t, campaignOf(t, ""), people(t, wanted))
	programtest.Eventually(t, programtest.Patience, "the day's recipients are reached", func() bool { return h.state(t, large.ID).Counts[campaign.Delivered] == limit })
	c := h.state(t, large.ID)
	if c.State != "running" || c.Daily == nil || c.Daily.Used != limit || c.Daily.Later != wanted-limit || c.Daily.FreesAt == nil || c.Daily.LastOn == nil {
		t.Errorf("the campaign is %s with %+v; want it to run, and %d recipients to wait", c.State, c.Daily, wanted-limit)
	}
	small := h.finish(t, h.launch(t, campaignOf(t, ""), people(t, limit)).ID) // people who were reached today
	if small.Counts[campaign.Delivered] != limit {
		t.Errorf("the second campaign ended with %v", small.Counts)
	}
	if c := h.state(t, large.ID); c.Counts[campaign.Pending] != wanted-limit {
		t.Errorf("the first one went on: %v", c.Counts)
	}
}

// TestARecipientHasHadEnough lets one campaign wait for its recipients' pair
// limit, while another one to other people does not.
func TestARecipientHasHadEnough(t *testing.T) {
	h := startHouse(t, setup{redis: startRedis(t), pair: configs.Pair{Every: configs.Duration(time.Hour), Burst: 1}})
	h.finish(t, h.launch(t, campaignOf(t, ""), people(t, 5)).ID)
	again := h.launch(t, campaignOf(t, ""), people(t, 5))
	other := h.finish(t, h.launch(t, campaignOf(t, ""), write(t, "others.csv", "Full Name,Phone\nAda,+4915112345601\nGrace,+4915112345602\n")).ID)
	if other.Counts[campaign.Delivered] != 2 {
		t.Errorf("the campaign to others ended with %v", other.Counts)
	}
	if c := h.state(t, again.ID); c.State != "running" || c.Counts[campaign.Pending] != 5 {
		t.Errorf("the campaign to the same people is %s with %v; want 5 to wait", c.State, c.Counts)
	}
}

// TestASlowCampaignSlowsNoOther has one with a cap of its own on the number.
func TestASlowCampaignSlowsNoOther(t *testing.T) {
	h := startHouse(t, setup{redis: startRedis(t), rate: 200})
	slow := h.launch(t, campaignOf(t, "rate: 1"), people(t, 1000))
	fast := h.finish(t, h.launch(t, campaignOf(t, ""), people(t, 300)).ID)
	if fast.Counts[campaign.Delivered] != 300 {
		t.Errorf("the campaign without a cap ended with %v", fast.Counts)
	}
	if c := h.state(t, slow.ID); c.State != "running" {
		t.Errorf("the slow campaign is %s with %v", c.State, c.Counts)
	}
}
