package main

import (
	"fmt"
	"slices"

	"carillon/campaign"
)

// growths are houses that a message is sent by, to see what it costs there.
func growths() []growth {
	workers := func(n int) []string {
		roles := []string{"web", "scheduler"}
		for range n {
			roles = append(roles, "worker")
		}
		return roles
	}
	return []growth{
		{name: "cost of a message: one channel, one worker process", house: plan{engine: enginePostgres, roles: workers(1)}},
		{name: "cost of a message: one channel, four worker processes", house: plan{engine: enginePostgres, roles: workers(4)}},
		{name: "cost of a message: eight channels, one worker process", house: plan{engine: enginePostgres, roles: workers(1), numbers: 8}},
		{name: "cost of a message: fifty channels, one worker process", house: plan{engine: enginePostgres, roles: workers(1), numbers: 50}},
		{name: "cost of a message: one channel, SQLite", house: plan{engine: engineSQLite}},
		{name: "cost of a message: eight channels, SQLite", house: plan{engine: engineSQLite, numbers: 8}},
		{name: "cost of a message: fifty channels, SQLite", house: plan{engine: engineSQLite, numbers: 50}},
		{name: "cost of a message: eight channels, SQLite, Redis Cluster", house: plan{engine: engineSQLite, numbers: 8, cluster: true}},
		{name: "cost of a message: two installations, SQLite", house: plan{engine: engineSQLite}, installations: 2},
	}
}

// growth is one of them.
type growth struct {
	name  string
	house plan
	// installations is how many such houses there are; 0 stands for one.
	installations int
}

// growthExperiment measures the processor's time for a message, of all our processes,
// Redis and PostgreSQL. A machine of few cores cannot show how fast many processes
// are, but what they cost each other.
func growthExperiment(g growth) experiment {
	return experiment{name: g.name, rows: []row{informs(g.name, "µs")}, run: func(s *scene) error {
		if err := s.provider.configure(s.ctx, settings{}); err != nil {
			return err
		}
		const template, most, slack = "order_update", 12_000, 5
		rows := most * (int(s.window.Seconds()) + slack) / max(g.installations, 1)
		var starts []func() error
		var all []*process
		for range max(g.installations, 1) {
			h, err := s.open(g.house)
			if err != nil {
				return err
			}
			more, err := s.draft(h, template, rows)
			if err != nil {
				return err
			}
			starts, all = append(starts, more...), append(all, h.costs()...)
		}
		for _, start := range starts {
			if err := start(); err != nil {
				return err
			}
		}
		taken, err := s.span(template, all...)
		if err != nil {
			return err
		}
		var cost float64
		var parts string
		for n, p := range all {
			cost += taken.perMessage(n)
			parts += fmt.Sprintf(", %s %.0f µs", p.name, taken.perMessage(n))
		}
		s.found(g.name, cost)
		s.note("%s: %.0f messages a second%s", g.name, taken.pace(), parts)
		return nil
	}}
}

// draft makes campaigns for all channels of a house, as many as that takes, and
// returns what starts each.
func (s *scene) draft(h *house, template string, rows int) (starts []func() error, err error) {
	groups := slices.Collect(slices.Chunk(h.channels, campaign.MaxChannels))
	for _, channels := range groups {
		made, err := h.uploadOn(s.ctx, channels, template, rows/len(groups), false)
		if err != nil {
			return nil, err
		}
		starts = append(starts, func() error { return h.act(s.ctx, made.ID, "start") })
	}
	return starts, nil
}
