package pages

import (
	"fmt"
	"strings"
	"time"

	"carillon/api"
)

// chartWidth and chartHeight are the size of the drawing, in units of its own.
const chartWidth, chartHeight = 720, 160

// chart is how fast a campaign has sent, as curves and in words.
type chart struct {
	// Accepted, Failed and Throttled are paths of SVG, each empty where nothing of
	// the kind happened.
	Accepted, Failed, Throttled string
	// Pauses are the times at which it did not send.
	Pauses []stretch
	// LimitY is the height of the allowed rate, and 0 where that is not drawn.
	LimitY float64
	// Top is the rate at the upper edge, From and Until are the left and the right
	// one.
	Top         float64
	From, Until time.Time
	// Summary says it in a sentence.
	Summary string
	Rows    []chartRow
	Marks   []api.RateMark
}

// stretch is a part of the chart from left to right.
type stretch struct{ X, Width float64 }

// chartRow is a point in the table.
type chartRow struct {
	api.RatePoint
	// Rate is how many were accepted a second.
	Rate float64
}

// span is the time that a campaign may send in.
type span struct{ from, until time.Time }

// within is how much of a point of a length the span has, in seconds, and a second at
// the least.
func (s span) within(at time.Time, every time.Duration) float64 {
	from, until := at, at.Add(every)
	if s.from.After(from) {
		from = s.from
	}
	if s.until.Before(until) {
		until = s.until
	}
	return max(until.Sub(from).Seconds(), 1)
}

// chartOf draws the rates of a campaign that could send within a span; nil where
// nothing has happened yet.
func chartOf(r api.Rates, sends span) *chart {
	if len(r.Points) == 0 || r.Every <= 0 {
		return nil
	}
	every := time.Duration(r.Every) * time.Second
	last := r.Points[len(r.Points)-1]
	c := &chart{From: r.Points[0].At, Until: last.At.Add(every), Marks: r.Marks}
	if n := len(r.Marks); n > 0 && r.Marks[n-1].At.After(c.Until) {
		c.Until = r.Marks[n-1].At
	}
	var peak float64
	for _, p := range r.Points {
		row := chartRow{p, float64(p.Accepted) / sends.within(p.At, every)}
		peak = max(peak, row.Rate)
		c.Rows = append(c.Rows, row)
	}
	c.scale(r.Limit, peak)
	c.Accepted = c.curve(every, sends, func(p api.RatePoint) int64 { return p.Accepted })
	c.Failed = c.curve(every, sends, func(p api.RatePoint) int64 { return p.Failed })
	c.Throttled = c.curve(every, sends, func(p api.RatePoint) int64 { return p.Throttled })
	c.pauses(r.Marks)
	c.Summary = c.sentence(r.Limit, peak)
	return c
}

// scale chooses the rate at the upper edge. A limit that nothing comes near would
// make the curves flat, and is told in words alone.
func (c *chart) scale(limit, peak float64) {
	const far, air = 3, 1.05
	c.Top = max(peak, 0.1) * air
	if limit > 0 && limit <= far*c.Top {
		c.Top = max(c.Top, limit*air)
		c.LimitY = c.y(limit)
	}
}

func (c *chart) x(at time.Time) float64 {
	part := at.Sub(c.From).Seconds() / max(c.Until.Sub(c.From).Seconds(), 1)
	return min(max(part, 0), 1) * chartWidth
}

func (c *chart) y(rate float64) float64 {
	return (1 - min(max(rate/c.Top, 0), 1)) * chartHeight
}

// curve is the outline of steps, down to 0 where nothing happened.
func (c *chart) curve(every time.Duration, sends span, of func(api.RatePoint) int64) string {
	var path strings.Builder
	some := false
	fmt.Fprintf(&path, "M%.1f %d", c.x(c.From), chartHeight)
	end := c.From
	for _, row := range c.Rows {
		if row.At.After(end) {
			fmt.Fprintf(&path, "V%dH%.1f", chartHeight, c.x(row.At))
		}
		n := of(row.RatePoint)
		some = some || n > 0
		end = row.At.Add(every)
		fmt.Fprintf(&path, "V%.1fH%.1f", c.y(float64(n)/sends.within(row.At, every)), c.x(end))
	}
	if !some {
		return ""
	}
	fmt.Fprintf(&path, "V%d", chartHeight)
	return path.String()
}

// pauses finds the times from a pause to whatever came next.
func (c *chart) pauses(marks []api.RateMark) {
	var since time.Time
	end := func(until time.Time) {
		if from := c.x(since); !since.IsZero() && c.x(until) > from {
			c.Pauses = append(c.Pauses, stretch{from, c.x(until) - from})
		}
	}
	for _, m := range marks {
		switch {
		case m.Action != "pause":
			end(m.At)
			since = time.Time{}
		case since.IsZero():
			since = m.At
		}
	}
	end(c.Until)
}

// sentence is the chart in words.
func (c *chart) sentence(limit, peak float64) string {
	var accepted, failed, throttled int64
	for _, row := range c.Rows {
		accepted, failed, throttled = accepted+row.Accepted, failed+row.Failed, throttled+row.Throttled
	}
	text := fmt.Sprintf("From %s to %s UTC the providers accepted %s, at most %s", clock(c.From), clock(c.Until), plural(accepted, "message"), rate(peak))
	if limit > 0 {
		text += " of " + rate(limit) + " allowed"
	}
	text += fmt.Sprintf("; %s failed, and %s met a limit.", count(failed), plural(throttled, "attempt"))
	if n := len(c.Pauses); n > 0 {
		text += " It was paused " + several(n, "time", "times") + "."
	}
	return text
}

func clock(at time.Time) string { return at.UTC().Format("2 Jan 15:04:05") }
