package main

import "fmt"

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
		{"cost of a message: eight channels, SQLite", plan{engine: engineSQLite, numbers: 8}},
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
		if err := s.provider.configure(s.ctx, settings{}); err != nil {
			return err
		}
		h, err := s.open(g.house)
		if err != nil {
			return err
		}
		const template, most, slack = "order_update", 10_000, 5
		rows := most * (int(s.window.Seconds()) + slack)
		if _, err := h.upload(s.ctx, template, rows, true); err != nil {
			return err
		}
		all := append(h.processes, h.redis.process)
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
