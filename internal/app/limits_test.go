package app

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"carillon/campaign"
	"carillon/configs"
	"carillon/ledger"
	"carillon/whatsapp/cloud"
)

// TestLimitsFollowWhatIsKnown where a channel says auto, and nowhere else.
func TestLimitsFollowWhatIsKnown(t *testing.T) {
	t.Parallel()
	made := func(auto bool, portfolio string) configs.Channel {
		c := configs.NewChannel(cloud.Spec())
		c.RateAuto, c.DailyAuto, c.DailyRecipients, c.Portfolio = auto, auto, campaign.LowestDailyRecipients, portfolio
		return c
	}
	config := &configs.Config{Channels: map[string]configs.Channel{"one": made(true, "p"), "two": made(true, "p"), "alone": made(true, ""), "fixed": made(false, "")}}
	at := time.Unix(1_760_000_000, 0)
	fact := func(channel, name, value string, later int) ledger.Fact {
		return ledger.Fact{Channel: channel, Name: name, Value: value, At: at.Add(time.Duration(later) * time.Second)}
	}
	facts := map[string]map[string]ledger.Fact{}
	var changed int
	m := newLimits(config, nil, slog.New(slog.DiscardHandler))
	m.known = func(context.Context) (map[string]map[string]ledger.Fact, error) { return facts, nil }
	m.changed = func(string, campaign.Limits) { changed++ }
	expect := func(channel string, rate float64, daily int) {
		t.Helper()
		if err := m.refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := m.of(channel); got != (campaign.Limits{Rate: rate, DailyRecipients: daily}) {
			t.Errorf("%s: %+v, want %v a second and %d a day", channel, got, rate, daily)
		}
	}
	for name := range config.Channels {
		expect(name, cloud.DefaultRate, 250)
	}
	if changed != 0 {
		t.Errorf("%d changes before anything is known", changed)
	}
	for name := range config.Channels {
		facts[name] = map[string]ledger.Fact{ledger.FactRate: fact(name, ledger.FactRate, "1000", 0)}
	}
	facts["one"][ledger.FactDaily] = fact("one", ledger.FactDaily, "2000", 1)
	expect("one", 1000, 2000)
	expect("two", 1000, 2000)
	expect("alone", 1000, 250)
	expect("fixed", cloud.DefaultRate, 250)
	facts["two"][ledger.FactDaily] = fact("two", ledger.FactDaily, "0", 2) // no limit
	expect("one", 1000, 0)
	facts["one"][ledger.FactDaily] = fact("one", ledger.FactDaily, "250", 3)
	expect("two", 1000, 250)
	if changed != 3+2+2 {
		t.Errorf("%d changes", changed)
	}
}
