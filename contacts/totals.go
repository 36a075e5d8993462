package contacts

import (
	"slices"
	"strconv"
	"strings"

	"carillon/campaign"
)

// A list may end in a row of totals, and the sum of some numbers may be the number
// of a stranger.

// totalOf is the function of a formula whose result says something of many cells,
// SUM and its like; empty for another formula. What only rounds the result or writes
// it differently is passed over.
func totalOf(formula string) string {
	for {
		formula = strings.TrimLeft(formula, "=+-( \n")
		name, arguments, found := strings.Cut(formula, "(")
		name = strings.ToUpper(strings.TrimPrefix(name, "_xlfn."))
		switch {
		case !found:
			return ""
		case slices.Contains([]string{"ROUND", "ROUNDUP", "ROUNDDOWN", "INT", "TRUNC", "ABS", "VALUE", "N", "IFERROR"}, name):
			formula = arguments
			continue
		case strings.HasPrefix(name, "AVERAGE"), slices.Contains([]string{"SUM", "SUBTOTAL", "AGGREGATE", "SUMIF", "SUMIFS", "SUMPRODUCT", "PRODUCT", "COUNT", "COUNTA", "COUNTBLANK", "COUNTIF",
			"COUNTIFS", "MEDIAN", "MODE", "MODE.SNGL", "MAX", "MIN", "STDEV", "STDEV.S", "STDEV.P", "VAR",
			"VAR.S", "VAR.P"}, name):
			return name
		}
		return ""
	}
}

// sharedTotals are the functions of the formulas that several cells share, by their
// number, as far as they are totals.
type sharedTotals map[string]string

// of is the function by which a cell holds a total, empty for none.
func (t *sharedTotals) of(c content) string {
	const most = 1000 // a list has few; more are not kept
	if !c.formula || c.code == "" {
		return (*t)[c.shared]
	}
	total := totalOf(c.code)
	if total != "" && c.shared != "" && len(*t) < most {
		if *t == nil {
			*t = make(sharedTotals)
		}
		(*t)[c.shared] = total
	}
	return total
}

// runningSum adds up the numbers of a column, to find their sum among them.
type runningSum struct {
	// all is the sum of all numbers, part of those since the last sum.
	all, part addends
}

type addends struct {
	sum   uint64
	count int
}

// add adds a number and reports whether it is no number of its own, but the sum of
// two or more before it.
func (r *runningSum) add(text string, about note) (isSum bool) {
	if about.number != "" {
		text = about.number
	}
	if len(text) < leastNumber || len(text) > keptDigits || !allDigits(text) || text[0] == '0' {
		return false
	}
	n, _ := strconv.ParseUint(text, 10, 64) // it is short enough
	isSum = r.all.are(n) || r.part.are(n)
	if isSum {
		r.part = addends{}
		return true
	}
	r.all.take(n)
	r.part.take(n)
	return false
}

func (a *addends) are(n uint64) bool { return a.count > 1 && a.sum == n }

// take adds a number, as long as the sum may still be one that shows.
func (a *addends) take(n uint64) {
	const beyond = 1_000_000_000_000_000 // has more digits than a spreadsheet keeps
	a.count++
	if a.sum < beyond {
		a.sum += n
	}
}

// noTotal refuses a number that is the total of others.
func noTotal(text, what string) number {
	return number{verdict: campaign.Invalid, detail: text + " is " + what + " and not a phone number; remove rows with totals"}
}
