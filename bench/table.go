package main

import (
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// row is one measure.
type row struct {
	Name string `json:"name"`
	Unit string `json:"unit"`
	// Bar has to be reached, Aim is hoped for. They are about the ratio to bare
	// where Relative, else about the result; nil in rows that only inform.
	Bar      *float64 `json:"bar,omitempty"`
	Aim      *float64 `json:"aim,omitempty"`
	Relative bool     `json:"relative"`
	// Least is for results that are the better the smaller they are.
	Least bool `json:"smaller_is_better"`
	// Result and Bare are nil where they were not measured.
	Result *float64 `json:"result"`
	Bare   *float64 `json:"bare,omitempty"`
	// Problem says why it was not.
	Problem string `json:"problem,omitempty"`
	Verdict string `json:"verdict"`
}

// The verdicts on a row.
const (
	verdictAim   = "ok, aim"
	verdictOK    = "ok"
	verdictBelow = "below"
	verdictNone  = "-"
)

// atLeast is a row whose result has to reach the bar.
func atLeast(name, unit string, bar, aim float64) row {
	return row{Name: name, Unit: unit, Bar: &bar, Aim: &aim}
}

// atMost is a row whose result must not exceed the bar.
func atMost(name, unit string, bar, aim float64) row {
	r := atLeast(name, unit, bar, aim)
	r.Least = true
	return r
}

// ofBare is a row whose ratio to bare has to reach the bar.
func ofBare(name, unit string, bar, aim float64) row {
	r := atLeast(name, unit, bar, aim)
	r.Relative = true
	return r
}

// informs is a row without a bar.
func informs(name, unit string) row { return row{Name: name, Unit: unit} }

// ratio is the result as a share of bare; ok is false where there is none.
func (r row) ratio() (ratio float64, ok bool) {
	if r.Result == nil || r.Bare == nil || *r.Bare <= 0 {
		return 0, false
	}
	return *r.Result / *r.Bare, true
}

// judged is the row with its verdict. What was not measured is below.
func (r row) judged() row {
	value, known := r.ratio()
	if !r.Relative {
		if known = r.Result != nil; known {
			value = *r.Result
		}
	}
	reaches := func(goal *float64) bool {
		return goal != nil && (value >= *goal && !r.Least || value <= *goal && r.Least)
	}
	switch {
	case r.Bar == nil:
		r.Verdict = verdictNone
	case !known || r.Problem != "" || math.IsNaN(value) || !reaches(r.Bar):
		r.Verdict = verdictBelow
	case reaches(r.Aim):
		r.Verdict = verdictAim
	default:
		r.Verdict = verdictOK
	}
	return r
}

// matching are the rows whose name matches; nil matches all.
func matching(rows []row, only *regexp.Regexp) []row {
	var found []row
	for _, r := range rows {
		if only == nil || only.MatchString(r.Name) {
			found = append(found, r)
		}
	}
	return found
}

// report is all that is printed.
type report struct {
	Machine machine  `json:"machine"`
	Rows    []row    `json:"rows"`
	Notes   []string `json:"notes"`
}

func (r report) below() bool {
	for _, row := range r.Rows {
		if row.Verdict == verdictBelow {
			return true
		}
	}
	return false
}

// markdown prints the table and the notes under it.
func (r report) markdown(out io.Writer) {
	fmt.Fprint(out, "\n| measure | result | bare | ratio | bar | aim | |\n|---|---:|---:|---:|---:|---:|---|\n")
	for _, row := range r.Rows {
		fmt.Fprintf(out, "| %s |\n", strings.Join(row.cells(), " | "))
	}
	if len(r.Notes) > 0 {
		fmt.Fprintln(out)
	}
	for _, note := range r.Notes {
		fmt.Fprintf(out, "- %s\n", note)
	}
}

func (r row) cells() []string {
	result := r.quantity(r.Result)
	if r.Problem != "" {
		result = strings.TrimSpace(result + " " + strings.NewReplacer("|", "/", "\n", "; ").Replace(r.Problem))
	}
	ratio := ""
	if value, ok := r.ratio(); ok {
		ratio = strconv.FormatFloat(value, 'f', 2, 64)
	}
	return []string{r.Name, result, r.quantity(r.Bare), ratio, r.goal(r.Bar), r.goal(r.Aim), r.Verdict}
}

func (r row) goal(goal *float64) string {
	if goal != nil && r.Relative {
		most := ""
		if r.Least {
			most = "≤ "
		}
		return most + strconv.FormatFloat(*goal, 'f', -1, 64) + " of bare"
	}
	text := r.quantity(goal)
	switch {
	case text == "":
		return ""
	case r.Least:
		return "≤ " + text
	}
	return "≥ " + text
}

func (r row) quantity(v *float64) string {
	if v == nil {
		return ""
	}
	return strings.TrimSpace(number(*v) + " " + r.Unit)
}

// number writes no more digits than tell something.
func number(v float64) string {
	switch magnitude := math.Abs(v); {
	case magnitude >= 9999.5:
		return strconv.FormatFloat(math.Round(v/1000), 'f', 0, 64) + "k"
	case magnitude >= 1000:
		whole := strconv.FormatFloat(math.Round(v), 'f', 0, 64)
		return whole[:len(whole)-3] + "," + whole[len(whole)-3:]
	case v == math.Trunc(v):
		return strconv.FormatFloat(v, 'f', 0, 64)
	case magnitude >= 100:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}
