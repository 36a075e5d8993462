package main

import (
	"errors"
	"fmt"
	"time"
)

// The rows about how soon something happens.
const (
	nameLaunch     = "launch to first message"
	namePause      = "pause to last message"
	nameLaunchBusy = "launch to first message, while another campaign sends"
)

// reactExperiment looks how soon the provider sees what was asked for. The
// clock starts before the request: the upload of 1,000 rows that starts at
// once, the pause of a campaign that shares its number with another one, both
// at full speed. Three times each; the worst one counts.
func reactExperiment() experiment {
	return experiment{
		name: "launch and pause",
		rows: []row{atMost(nameLaunch, "ms", 500, 200), atMost(namePause, "ms", 500, 200), atMost(nameLaunchBusy, "ms", 500, 200)},
		run: func(s *scene) error {
			h, err := s.open(plan{engine: engineSQLite})
			if err != nil {
				return err
			}
			if err := s.launches(h); err != nil {
				return err
			}
			return s.pauses(h)
		},
	}
}

const repeats = 3

func (s *scene) launches(h *house) error {
	const rows = 1000
	var all []time.Duration
	for n := range repeats {
		template := fmt.Sprintf("launch_%d", n)
		asked := time.Now()
		if _, err := h.upload(s.ctx, template, rows, true); err != nil {
			return err
		}
		if err := s.provider.arrived(s.ctx, template, rows); err != nil {
			return err
		}
		moments, err := s.provider.moments(s.ctx, template)
		if err != nil {
			return err
		}
		all = append(all, moments[0]-moment(asked))
	}
	s.found(nameLaunch, milliseconds(quantile(all, 1)))
	s.note("%s: %v", nameLaunch, rounded(all))
	return nil
}

func (s *scene) pauses(h *house) error {
	const rows, others, other = 50_000, 300_000, "other"
	long, err := h.upload(s.ctx, other, others, true)
	if err != nil {
		return err
	}
	var launched, paused []time.Duration
	for n := range repeats {
		template := fmt.Sprintf("pause_%d", n)
		first, last, err := s.launchAndPause(h, template, rows)
		if err != nil {
			return err
		}
		launched, paused = append(launched, first), append(paused, last)
	}
	until := time.Now()
	if err := s.provider.arrived(s.ctx, other, 1); err != nil {
		return err
	}
	moments, err := s.provider.moments(s.ctx, other)
	if err != nil {
		return err
	}
	if moments[len(moments)-1] < moment(until)-time.Second {
		return errors.New("the other campaign ended too soon")
	}
	s.found(namePause, milliseconds(quantile(paused, 1)))
	s.note("%s: %v", namePause, rounded(paused))
	s.found(nameLaunchBusy, milliseconds(quantile(launched, 1)))
	return h.act(s.ctx, long.ID, "pause")
}

// launchAndPause pauses a campaign while its messages come: campaigns that share
// a number take turns by the thousand. It returns how long the first message
// took, and how long after the pause the last one came.
func (s *scene) launchAndPause(h *house, template string, rows int) (first, last time.Duration, err error) {
	c, err := h.upload(s.ctx, template, rows, false)
	if err != nil {
		return 0, 0, err
	}
	started := time.Now()
	if err := h.act(s.ctx, c.ID, "start"); err != nil {
		return 0, 0, err
	}
	const underWay = 500
	if err := s.provider.arrived(s.ctx, template, underWay); err != nil {
		return 0, 0, err
	}
	asked := time.Now()
	if err := h.act(s.ctx, c.ID, "pause"); err != nil {
		return 0, 0, err
	}
	if err := s.provider.quiet(s.ctx, template); err != nil {
		return 0, 0, err
	}
	moments, err := s.provider.moments(s.ctx, template)
	if err != nil {
		return 0, 0, err
	}
	if len(moments) == rows {
		return 0, 0, errors.New("the campaign was over before it was paused")
	}
	return moments[0] - moment(started), max(0, moments[len(moments)-1]-moment(asked)), nil
}

func rounded(all []time.Duration) []time.Duration {
	out := make([]time.Duration, len(all))
	for i, d := range all {
		out[i] = d.Round(time.Millisecond)
	}
	return out
}
