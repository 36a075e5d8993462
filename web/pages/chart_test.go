package pages

import (
	"strings"
	"testing"
	"time"

	"carillon/api"
)

var began = time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)

func TestChart(t *testing.T) {
	t.Parallel()
	at := func(seconds int) time.Time { return began.Add(time.Duration(seconds) * time.Second) }
	r := api.Rates{
		Every: 10, Limit: 80,
		Points: []api.RatePoint{{At: at(0), Accepted: 400}, {At: at(10), Accepted: 800, Throttled: 2}, {At: at(60), Accepted: 300, Failed: 7}},
		Marks:  []api.RateMark{{At: at(5), Action: "start"}, {At: at(20), Action: "pause"}, {At: at(30), Action: "pause"}, {At: at(60), Action: "resume"}, {At: at(65), Action: "pause"}},
	}
	c := chartOf(r, span{at(5), at(65)})
	for i, want := range []float64{80, 80, 60} { // of 5, 10 and 5 seconds
		if c.Rows[i].Rate != want {
			t.Errorf("point %d: %v/s, want %v", i, c.Rows[i].Rate, want)
		}
	}
	if c.Accepted == "" || c.Failed == "" || c.Throttled == "" || c.LimitY <= 0 || len(c.Pauses) != 2 {
		t.Errorf("%+v", c)
	}
	if first := c.Pauses[0]; first.X < 205 || first.X > 206 || first.Width < 411 || first.Width > 412 {
		t.Errorf("a pause from 20 to 60 of 70 s is drawn at %+v of %d", first, chartWidth)
	}
	const want = "From 1 May 09:00:00 to 1 May 09:01:10 UTC the providers accepted 1,500 messages, at most 80/s of 80/s allowed; " +
		"7 failed, and 2 attempts met a limit. It was paused 2 times."
	if c.Summary != want {
		t.Errorf("got  %s\nwant %s", c.Summary, want)
	}
}

func TestChartOfLittle(t *testing.T) {
	t.Parallel()
	if c := chartOf(api.Rates{Every: 10, Marks: []api.RateMark{{At: began, Action: "start"}}}, span{}); c != nil {
		t.Errorf("nothing has gone out: %+v", c)
	}
	c := chartOf(api.Rates{Every: 10, Limit: 1000, Points: []api.RatePoint{{At: began, Failed: 1}}}, span{began, began.Add(time.Hour)})
	if c.LimitY != 0 || c.Accepted != "" || c.Top <= 0 || strings.Contains(c.Failed, "NaN") {
		t.Errorf("a limit far above is drawn, or what did not happen: %+v", c)
	}
}

// TestChartOfTheMostPoints: a page has 150 KB at most.
func TestChartOfTheMostPoints(t *testing.T) {
	t.Parallel()
	r := api.Rates{Every: 3600, Limit: 80}
	for i := range 240 {
		r.Points = append(r.Points, api.RatePoint{At: began.Add(time.Duration(i) * time.Hour), Accepted: 288_000, Failed: int64(i), Throttled: 3})
	}
	p := New(nil, time.Now)
	var drawn strings.Builder
	if err := p.views().ExecuteTemplate(&drawn, "chart", chartOf(r, span{began, began.Add(240 * time.Hour)})); err != nil {
		t.Fatal(err)
	}
	if n := drawn.Len(); n > 90_000 || strings.Contains(drawn.String(), "style=") || strings.Contains(drawn.String(), "ZgotmplZ") {
		t.Errorf("%d bytes:\n%.2000s", n, drawn.String())
	}
}

func TestAbout(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "1 second", 59 * time.Second: "59 seconds", 150 * time.Second: "3 minutes", 3 * time.Hour: "3 hours", 73 * time.Hour: "3 days",
	} {
		if got := about(d); got != want {
			t.Errorf("%s: %s", d, got)
		}
	}
}
