package main

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func with(r row, result float64, bare ...float64) row {
	r.Result = &result
	if len(bare) > 0 {
		r.Bare = &bare[0]
	}
	return r
}

func TestVerdicts(t *testing.T) {
	broken := with(atLeast("broken", "", 1, 2), 3)
	broken.Problem = "it is not so"
	noAim := atMost("no aim", "ms", 10, 0)
	noAim.Aim = nil
	for _, c := range []struct {
		row  row
		want string
	}{
		{with(atLeast("", "", 10, 20), 9.9), verdictBelow},
		{with(atLeast("", "", 10, 20), 10), verdictOK},
		{with(atLeast("", "", 10, 20), 20), verdictAim},
		{with(atMost("", "", 20, 10), 20.1), verdictBelow},
		{with(atMost("", "", 20, 10), 20), verdictOK},
		{with(atMost("", "", 20, 10), 10), verdictAim},
		{with(noAim, 0), verdictOK},
		{with(ofBare("", "", 0.5, 0.7), 49, 100), verdictBelow},
		{with(ofBare("", "", 0.5, 0.7), 50, 100), verdictOK},
		{with(ofBare("", "", 0.5, 0.7), 70, 100), verdictAim},
		{with(ofBare("", "", 0.5, 0.7), 70), verdictBelow},    // bare was not measured
		{with(ofBare("", "", 0.5, 0.7), 70, 0), verdictBelow}, // bare did nothing
		{atMost("not measured", "", 20, 10), verdictBelow},
		{broken, verdictBelow},
		{with(informs("", ""), 0), verdictNone},
		{informs("", ""), verdictNone},
	} {
		if got := c.row.judged().Verdict; got != c.want {
			t.Errorf("%+v: got %q, want %q", c.row.cells(), got, c.want)
		}
	}
}

func TestMarkdown(t *testing.T) {
	lost := atLeast("a list", "rows/s", 40_000, 80_000)
	lost.Problem = "not measured: a | b\nc"
	var out bytes.Buffer
	report{
		Rows: []row{
			with(ofBare("send", "/s", 0.65, 0.85), 7123, 10_000).judged(),
			with(atMost("wait", "ms", 250, 100), 99.5).judged(),
			lost.judged(),
			with(informs("more", "MB"), 12.345).judged(),
		},
		Notes: []string{"a note"},
	}.markdown(&out)
	want := `
| measure | result | bare | ratio | bar | aim | |
|---|---:|---:|---:|---:|---:|---|
| send | 7,123 /s | 10k /s | 0.71 | 0.65 of bare | 0.85 of bare | ok |
| wait | 99.50 ms |  |  | ≤ 250 ms | ≤ 100 ms | ok, aim |
| a list | not measured: a / b; c |  |  | ≥ 40k rows/s | ≥ 80k rows/s | below |
| more | 12.35 MB |  |  |  |  | - |

- a note
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 0.126: "0.13", 81: "81", 82.6: "82.60", 123.45: "123.5", 999.99: "1000.0", 1021: "1,021", 9999.4: "9,999", 9999.5: "10k", 81_499: "81k",
	} {
		if got := number(v); got != want {
			t.Errorf("%v: got %s, want %s", v, got, want)
		}
	}
}

// TestExperiments looks that rows have names of their own, by which they can be
// chosen.
func TestExperiments(t *testing.T) {
	var names []string
	for _, e := range experiments(mostWaiting) {
		for _, r := range e.rows {
			if slices.Contains(names, r.Name) {
				t.Errorf("two rows are named %q", r.Name)
			}
			names = append(names, r.Name)
			found := chosen(experiments(mostWaiting), regexp.MustCompile("^"+regexp.QuoteMeta(r.Name)+"$"))
			if len(found) != 1 || found[0].name != e.name {
				t.Errorf("%q chooses %d experiments", r.Name, len(found))
			}
		}
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"--seconds", "0"}, {"--seconds", "x"}, {"--only", "("}, {"--only", "no such row"}, {"rows"}, {"--fast"}} {
		var log bytes.Buffer
		if code := run(t.Context(), args, &log, &log); code != exitUsage || log.Len() == 0 {
			t.Errorf("%v: exits with %d and says %q", args, code, log.String())
		}
	}
	var log bytes.Buffer
	if code := run(t.Context(), []string{"--help"}, &log, &log); code != exitFine || !strings.Contains(log.String(), "-only") {
		t.Errorf("--help exits with %d and says %q", code, log.String())
	}
}
