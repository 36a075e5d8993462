package web

import (
	"errors"
	"io"
	"slices"
	"strings"

	"carillon/api"
	"carillon/campaign"
	"carillon/contacts"
	"carillon/ledger"
)

// optOuts are the rows of a list of people who want to be left alone.
type optOuts struct {
	list *contacts.Reader
	// usual is what a row says that says nothing else, in the columns of these
	// indexes, -1 for none.
	usual         ledger.Suppression
	scope, reason int
}

// newOptOuts reads a list. Where it has a column scope or reason, the cells that
// are not empty count for their row.
func newOptOuts(list *contacts.Reader, scope campaign.SuppressionScope, reason string) *optOuts {
	column := func(name string) int {
		return slices.IndexFunc(list.Layout().Columns, func(c string) bool { return strings.EqualFold(strings.TrimSpace(c), name) })
	}
	return &optOuts{list: list, usual: ledger.Suppression{Scope: scope, Reason: reason}, scope: column("scope"), reason: column("reason")}
}

// next takes the people out of the next rows, and notes rows that cannot be used
// in done. more is false at the end of the list.
func (o *optOuts) next(done *suppressing) (batch []ledger.Suppression, more bool, err error) {
	const most, mostProblems = 2000, 100
	for len(batch) < most {
		row, err := o.list.Next()
		if errors.Is(err, io.EOF) {
			return batch, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		one, problem := o.read(row)
		if problem == "" {
			batch = append(batch, one)
			continue
		}
		done.Rejected++
		if len(done.Problems) < mostProblems {
			done.Problems = append(done.Problems, api.RowProblem{Row: row.Number, Verdict: row.Verdict, Phone: row.Phone, Detail: problem})
		}
	}
	return batch, true, nil
}

// read is a row's opt-out, or why it is none.
func (o *optOuts) read(row campaign.Row) (one ledger.Suppression, problem string) {
	one = o.usual
	if !isNumber(row.Verdict) {
		return one, row.Detail
	}
	one.Person = row.Person
	cell := func(column int) string {
		if column < 0 || column >= len(row.Values) {
			return ""
		}
		return strings.TrimSpace(row.Values[column])
	}
	if reason := cell(o.reason); reason != "" {
		one.Reason = cut(reason, maxReason)
	}
	if said := cell(o.scope); said != "" {
		scope, err := readScope(strings.ToLower(said))
		if err != nil {
			return one, err.Error()
		}
		one.Scope = scope
	}
	return one, ""
}
