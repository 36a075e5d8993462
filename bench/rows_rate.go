package main

import (
	"fmt"
	"time"
)

const (
	nameLatency  = "1,000/s at 100 ms of latency: of the rate"
	nameDistance = "200/s with Redis 10 ms away: of the rate"
)

// latencyExperiment sends at 1,000 a second to a provider that takes 100 ms.
// The result is the pace between the first and the last message of the window.
func latencyExperiment() experiment {
	const rate, latency = 1000, 100 * time.Millisecond
	return experiment{
		name: nameLatency,
		rows: []row{atLeast(nameLatency, "%", 98, 99.5)},
		run: func(s *scene) error {
			all, share, err := s.sendAtRate(plan{engine: engineSQLite, rate: rate}, latency)
			if err != nil {
				return err
			}
			s.found(nameLatency, 100*share)
			s.note("%s: at most %d in a second and %d in 100 ms", nameLatency, worst(all, time.Second), worst(all, time.Second/10))
			return nil
		},
	}
}

// distanceExperiment sends at 200 a second with a Redis in another data center.
func distanceExperiment() experiment {
	return experiment{
		name: nameDistance,
		rows: []row{atLeast(nameDistance, "%", 98, 99.5)},
		run: func(s *scene) error {
			all, share, err := s.sendAtRate(plan{engine: engineSQLite, rate: 200, distance: 10 * time.Millisecond}, 0)
			if err != nil {
				return err
			}
			s.found(nameDistance, 100*share)
			s.note("%s: at most %d in a second and %d in 100 ms", nameDistance, worst(all, time.Second), worst(all, time.Second/10))
			return nil
		},
	}
}

// sharedExperiment has three worker processes share one number. The windows are
// judged over all messages, the first ones too; the pace without the first
// second.
func sharedExperiment(rate int) experiment {
	name := number(float64(rate)) + "/s by three workers"
	ofRate, inSecond, inTenth := name+": of the rate", name+": worst second", name+": worst 100 ms"
	full, tenth := float64(rate), float64(rate)/10
	return experiment{
		name: name,
		rows: []row{
			atLeast(ofRate, "%", 98, 99.5),
			atMost(inSecond, "", 1.02*full+1, full+1),
			atMost(inTenth, "", 2*tenth+1, 1.3*tenth+1),
		},
		run: func(s *scene) error {
			roles := []string{"web", "scheduler", "worker", "worker", "worker"}
			all, share, err := s.sendAtRate(plan{engine: enginePostgres, rate: rate, roles: roles}, 0)
			if err != nil {
				return err
			}
			s.found(ofRate, 100*share)
			s.found(inSecond, float64(worst(all, time.Second)))
			s.found(inTenth, float64(worst(all, time.Second/10)))
			return nil
		},
	}
}

// sendAtRate gives all messages that came until the end of the window, and the
// share of the rate that was reached in it.
func (s *scene) sendAtRate(p plan, latency time.Duration) ([]time.Duration, float64, error) {
	if err := s.provider.configure(s.ctx, settings{Latency: latency}); err != nil {
		return nil, 0, err
	}
	h, err := s.open(p)
	if err != nil {
		return nil, 0, err
	}
	const template, slack = "order_update", 5
	rows := p.rate * (int(s.window.Seconds()) + slack)
	if _, err := h.upload(s.ctx, template, rows, true); err != nil {
		return nil, 0, err
	}
	taken, err := s.span(template, h.processes...)
	if err != nil {
		return nil, 0, err
	}
	all, err := s.provider.moments(s.ctx, template)
	if err != nil {
		return nil, 0, err
	}
	var used time.Duration
	for _, cpu := range taken.cpu {
		used += cpu
	}
	s.note("%s: our processes use %.2f cores", s.rows[0].Name, used.Seconds()/taken.lasted.Seconds())
	if len(all) >= rows {
		return nil, 0, fmt.Errorf("%d messages came before the window ended: far more than the rate allows", len(all))
	}
	return all, taken.pace() / float64(p.rate), nil
}
