package app

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"carillon/campaign"
	"carillon/configs"
	"carillon/ledger"
)

// limits are what each number may send at this moment: what the configuration
// says, and where that is auto, what the provider has told last.
type limits struct {
	config *configs.Config
	known  func(ctx context.Context) (map[string]map[string]ledger.Fact, error)
	// changed is told of a number whose limits have changed.
	changed func(channel string, to campaign.Limits)
	log     *slog.Logger

	mu  sync.Mutex
	now map[string]campaign.Limits
}

func newLimits(config *configs.Config, l *ledger.Ledger, log *slog.Logger) *limits {
	m := &limits{config: config, known: l.Facts, log: log, now: map[string]campaign.Limits{}, changed: func(string, campaign.Limits) {}}
	for name, c := range config.Channels {
		m.now[name] = campaign.Limits{Rate: c.Rate, DailyRecipients: c.DailyRecipients}
	}
	return m
}

// of are the limits of a channel.
func (m *limits) of(channel string) campaign.Limits {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now[channel]
}

// auto reports whether any of them may change.
func (m *limits) auto() bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(m.config.Channels)), func(c configs.Channel) bool { return c.RateAuto || c.DailyAuto })
}

// refreshEvery is how soon another limit holds in all processes.
const refreshEvery = time.Second

// run takes over what becomes known, until the context ends.
func (m *limits) run(ctx context.Context) {
	if !m.auto() {
		return
	}
	ticker := time.NewTicker(refreshEvery)
	defer ticker.Stop()
	for failed := false; ; {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		err := m.refresh(ctx)
		if err != nil && !failed && ctx.Err() == nil {
			m.log.Error("cannot read what providers have told of numbers; their limits stay as they are", "error", err)
		}
		failed = err != nil
	}
}

// refresh takes over what is known.
func (m *limits) refresh(ctx context.Context) error {
	if !m.auto() {
		return nil
	}
	known, err := m.known(ctx)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(m.config.Channels)) {
		before, now := m.of(name), m.tell(name, known)
		if before == now {
			continue
		}
		m.mu.Lock()
		m.now[name] = now
		m.mu.Unlock()
		m.changed(name, now)
		m.log.Info("the provider has told other limits of a number", "channel", name, "rate", now.Rate, "rate_before", before.Rate,
			"daily_recipients", now.DailyRecipients, "daily_recipients_before", before.DailyRecipients)
	}
	return nil
}

// tell are the limits of a channel by what is known of all.
func (m *limits) tell(name string, known map[string]map[string]ledger.Fact) campaign.Limits {
	c := m.config.Channels[name]
	l := campaign.Limits{Rate: c.Rate, DailyRecipients: c.DailyRecipients}
	if state := ledger.StateOf(known[name]); c.RateAuto && state.Rate > 0 {
		l.Rate = state.Rate
	}
	if !c.DailyAuto {
		return l
	}
	// The limit is the portfolio's: the last word on any of its numbers.
	portfolio, _ := m.config.DailyLimit(name)
	var last time.Time
	for _, other := range slices.Sorted(maps.Keys(m.config.Channels)) {
		its, _ := m.config.DailyLimit(other)
		fact, found := known[other][ledger.FactDaily]
		if its != portfolio || !found || fact.At.Before(last) {
			continue
		}
		last = fact.At
		l.DailyRecipients = max(0, ledger.StateOf(known[other]).DailyRecipients)
	}
	return l
}

// follow has the parts that keep a rate take over other limits.
func (a *App) follow(channel string, to campaign.Limits) {
	a.limiters[channel].SetRate(to.Rate)
	if w := a.workers[channel]; w != nil {
		if err := w.SetRate(to.Rate); err != nil {
			a.log.Error("the worker cannot keep up with a higher rate", "channel", channel, "rate", to.Rate, "error", fmt.Errorf("start more of its queue: %w", err))
		}
	}
}
