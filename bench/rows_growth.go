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
		{"cost of a message: one channel, one worker process", plan{engine: enginePostgres, roles: workers(1)}},
		{"cost of a message: one channel, four worker processes", plan{engine: enginePostgres, roles: workers(4)}},
		{"cost of a message: eight channels, one worker process", plan{engine: enginePostgres, roles: workers(1), numbers: 8}},
		{"cost of a message: fifty channels, one worker process", plan{engine: enginePostgres, roles: workers(1), numbers: 50}},
		{"cost of a message: one channel, SQLite", plan{engine: engineSQLite}},
		{"cost of a message: eight channels, SQLite", plan{engine: engineSQLite, numbers: 8}},
		{"cost of a message: fifty channels, SQLite", plan{engine: engineSQLite, numbers: 50}},
		{"cost of a message: eight channels, SQLite, Redis Cluster", plan{engine: engineSQLite, numbers: 8, cluster: true}},
	}
}

// growth is one of them.
type growth struct {
	name  string
	house plan
}

// growthExperiment measures the processor's time for a message, of all our processes
// and Redis. A machine of few cores cannot show how fast many processes are, but what
// they cost each other. What PostgreSQL itself uses is not in it.
func growthExperiment(g growth) experiment {
	return experiment{name: g.name, rows: []row{informs(g.name, "µs")}, run: func(s *scene) error {
		var ids []string
		if err := s.provider.configure(s.ctx, settings{}); err != nil {
			return err
		}
		h, err := s.open(g.house)
		if err != nil {
			return err
		}
		const template, most, slack = "order_update", 10_000, 5
		rows := most * (int(s.window.Seconds()) + slack)
		groups := slices.Collect(slices.Chunk(h.channels, campaign.MaxChannels)) // several campaigns
		for _, channels := range groups {
			made, err := h.uploadOn(s.ctx, channels, template, rows/len(groups), false)
			if err != nil {
				return err
			}
			ids = append(ids, made.ID)
		}
		for _, id := range ids {
			if err := h.act(s.ctx, id, "start"); err != nil {
				return err
			}
		}
		all := h.processes
		for _, shard := range h.shards {
			all = append(all, shard.process)
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
