package test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"carillon/campaign"
	"carillon/client"
	"carillon/internal/app"
	"carillon/internal/programtest"
	"carillon/simulator"
)

// tellNews has the provider send news, and returns once they are taken.
func (h *house) tellNews(t *testing.T, e simulator.Event) {
	t.Helper()
	if _, err := h.provider.Tell(t.Context(), e); err != nil {
		t.Fatal(err)
	}
}

func (h *house) act(t *testing.T, id string, a campaign.Action) {
	t.Helper()
	if _, err := h.client.Act(t.Context(), id, string(a)); err != nil {
		t.Fatal(err)
	}
}

// TestANoticePausesOnce has a template notice pause a campaign that runs. It is
// resumed, and neither the same notice again nor an older one stops it.
func TestANoticePausesOnce(t *testing.T) {
	const size = 200
	h := startHouse(t, setup{redis: startRedis(t), rate: 50})
	c := h.launch(t, campaignOf(t, ""), people(t, size))
	programtest.Eventually(t, programtest.Patience, "some are sent", func() bool { return h.provider.Counts().Accepted > 5 })
	news := simulator.Event{Kind: "template_status", Template: "hello", Language: "en", Event: "PAUSED", Title: "FIRST_PAUSE", At: time.Now().Unix()}
	h.tellNews(t, news)
	paused := h.state(t, c.ID)
	if paused.State != campaign.Paused || !strings.HasPrefix(paused.Reason, "template_paused: ") {
		t.Fatalf("%s, %q", paused.State, paused.Reason)
	}
	if len(paused.Notices) != 1 || paused.Notices[0].Effect != "paused 1 campaign" {
		t.Errorf("%+v", paused.Notices)
	}
	h.act(t, c.ID, campaign.Resume)
	h.tellNews(t, news)
	older := news
	older.At, older.Title = news.At-60, "SECOND_PAUSE"
	h.tellNews(t, older)
	if now := h.state(t, c.ID); now.State == campaign.Paused {
		t.Errorf("paused again: %q", now.Reason)
	}
	h.finish(t, c.ID)
	h.audit(t, c.ID)
	shown, err := h.client.Channel(t.Context(), "main")
	if err != nil || len(shown.Notices) != 2 {
		t.Errorf("%+v, %v", shown.Notices, err)
	}
}

// TestTheRateFollowsTheProvider, up and down, and no second is over what was
// allowed in it.
func TestTheRateFollowsTheProvider(t *testing.T) {
	const standard, high = 80, 1000
	s := setup{redis: startRedis(t), rate: 20}
	provider, url := startProvider(t, s.simulator)
	provider.SetNumber(simulator.Number{Tier: "TIER_2K"})
	config := config(t, s, url)
	main := config.Channels["main"]
	main.RateAuto, main.DailyAuto, main.DailyRecipients = true, true, campaign.LowestDailyRecipients
	config.Channels["main"] = main
	h := startApp(t, config, s, provider)
	becomes := func(rate float64, daily int) {
		t.Helper()
		programtest.Eventually(t, programtest.Patience, "the provider's word is taken over", func() bool {
			c, err := h.client.Channel(t.Context(), "main")
			return err == nil && c.Rate == rate && (daily == 0) == (c.Daily == nil) && (daily == 0 || c.Daily.Limit == daily)
		})
	}
	becomes(standard, 2000)
	c := h.launch(t, campaignOf(t, ""), people(t, 900))
	programtest.Eventually(t, programtest.Patience, "a second of them is sent", func() bool { return h.provider.Counts().Accepted > standard })
	begun := len(h.provider.Truth().Arrivals)
	h.provider.SetNumber(simulator.Number{Throughput: "HIGH", Tier: "TIER_UNLIMITED"})
	h.tellNews(t, simulator.Event{Kind: "number_update", Event: "THROUGHPUT_UPGRADE", Tier: "TIER_UNLIMITED"})
	becomes(high, 0)
	h.finish(t, c.ID)
	h.paced(t, c, 0, begun, standard)
	h.paced(t, c, 0, len(h.provider.Truth().Arrivals), high)

	h.provider.SetNumber(simulator.Number{Throughput: "STANDARD", Tier: "TIER_10K"})
	h.tellNews(t, simulator.Event{Kind: "number_update", Event: "DOWNGRADE", Tier: "TIER_10K"})
	becomes(standard, 10_000)
	slowed := len(h.provider.Truth().Arrivals)
	again := h.launch(t, campaignOf(t, ""), people(t, 200))
	h.finish(t, again.ID)
	h.paced(t, again, slowed, len(h.provider.Truth().Arrivals), standard)
}

// paced holds some of the requests against a rate.
func (h *house) paced(t *testing.T, c client.Campaign, first, last int, rate float64) {
	t.Helper()
	id, err := campaign.ParseID(c.ID)
	if err != nil {
		t.Fatal(err)
	}
	truth := h.provider.Truth()
	truth.Arrivals = slices.Clone(truth.Arrivals[first:last])
	audit, err := app.Audit(t.Context(), h.Ledger(), id, truth, rate)
	if err != nil {
		t.Fatal(err)
	}
	if audit.OverRate > 0 {
		t.Errorf("%d of the seconds are over %v a second:\n%s", audit.OverRate, rate, audit)
	}
}
