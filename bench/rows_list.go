package main

import (
	"bytes"
	"fmt"
	"io"
	"time"
)

// The rows about a long list.
const (
	nameImport       = "contact list to checked rows"
	nameMemory       = "memory with 1,000,000 rows"
	nameRedis        = "memory of Redis with 1,000,000 rows"
	nameReport       = "report of 1,000,000 rows"
	nameReportMemory = "memory during that report"
	nameShortMemory  = "memory with 100,000 rows"
	nameShortRedis   = "memory of Redis with 100,000 rows"
)

// The lengths of the lists.
const (
	longList  = 1_000_000
	shortList = 100_000
)

// The bars of memory, in MB.
const (
	barMemory, aimMemory = 75, 50
	barRedis, aimRedis   = 25, 10
)

// listExperiment uploads a list by HTTP and lets the campaign run for a few
// seconds. Rows a second are those of the whole request, until it is answered.
// Memory is the most that our process has held (VmHWM), and that Redis has used
// by its own account. The campaign is paused while its report is read.
func listExperiment() experiment {
	return experiment{
		name: "a list of 1,000,000",
		rows: []row{
			atLeast(nameImport, "rows/s", 80_000, 120_000),
			atMost(nameMemory, "MB", barMemory, aimMemory),
			atMost(nameRedis, "MB", barRedis, aimRedis),
			atLeast(nameReport, "rows/s", 200_000, 400_000),
			atMost(nameReportMemory, "MB", barMemory, aimMemory),
		},
		run: func(s *scene) error {
			h, id, err := s.runList(longList, nameImport, nameMemory, nameRedis)
			if err != nil {
				return err
			}
			return s.readReport(h, id, longList)
		},
	}
}

// shortListExperiment does the same with a shorter list: memory is flat in the
// length where the results are alike.
func shortListExperiment() experiment {
	return experiment{
		name: "a list of 100,000",
		rows: []row{informs(nameShortMemory, "MB"), informs(nameShortRedis, "MB")},
		run: func(s *scene) error {
			_, _, err := s.runList(shortList, "", nameShortMemory, nameShortRedis)
			return err
		},
	}
}

// runList fills the rows of these names; an empty one is left out.
func (s *scene) runList(rows int, speed, memory, redis string) (*house, string, error) {
	h, err := s.open(plan{engine: engineSQLite})
	if err != nil {
		return nil, "", err
	}
	const template = "order_update"
	begun := time.Now()
	c, err := h.upload(s.ctx, template, rows, false)
	if err != nil {
		return nil, "", err
	}
	if speed != "" {
		s.found(speed, float64(rows)/time.Since(begun).Seconds())
	}
	imported, err := h.peak()
	if err != nil {
		return nil, "", err
	}
	if err := h.act(s.ctx, c.ID, "start"); err != nil {
		return nil, "", err
	}
	if err := s.provider.arrived(s.ctx, template, 1); err != nil {
		return nil, "", err
	}
	if err := pause(s.ctx, min(s.window, 5*time.Second)); err != nil {
		return nil, "", err
	}
	if err := h.act(s.ctx, c.ID, "pause"); err != nil {
		return nil, "", err
	}
	most, err := h.peak()
	if err != nil {
		return nil, "", err
	}
	s.found(memory, most)
	s.note("%s: %.0f MB until the list was in", memory, imported)
	if most, err = h.redis.peak(s.ctx); err != nil {
		return nil, "", err
	}
	s.found(redis, most)
	return h, c.ID, s.provider.quiet(s.ctx, template)
}

func (s *scene) readReport(h *house, id string, rows int) error {
	if err := h.processes[0].forgetPeak(); err != nil {
		return err
	}
	var count lines
	begun := time.Now()
	if err := h.client.Report(s.ctx, id, &count); err != nil {
		return err
	}
	elapsed := time.Since(begun)
	if int(count) != rows+1 {
		return fmt.Errorf("the report has %d lines, want %d", count, rows+1)
	}
	s.found(nameReport, float64(rows)/elapsed.Seconds())
	most, err := h.peak()
	if err != nil {
		return err
	}
	s.found(nameReportMemory, most)
	return nil
}

// lines counts the lines that are written to it.
type lines int

var _ io.Writer = (*lines)(nil)

func (l *lines) Write(p []byte) (int, error) {
	*l += lines(bytes.Count(p, []byte{'\n'}))
	return len(p), nil
}
