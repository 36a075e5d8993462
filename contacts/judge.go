package contacts

import (
	"fmt"

	"carillon/campaign"
)

// judge gives a row its number or user ID, and its verdict.
func (r *Reader) judge(rec record, values []string) campaign.Row {
	text, about := values[r.layout.Phone], rec.note(r.layout.Phone)
	row := campaign.Row{Number: r.rows, Phone: text, Values: values, Faults: faults(rec, len(values))}
	if about.fault != "" {
		return r.faulty(row, r.layout.Phone)
	}
	n := readCell(text, about, r.opts)
	if r.sum.add(text, about) {
		n = noTotal(text, "the sum of the numbers above it")
	}
	row.Verdict, row.Detail = n.verdict, n.detail
	if to := n.recipient(); to != "" {
		row.Phone, row.Person = to, campaign.Person(to)
	}
	if n.verdict == campaign.NotMobile && r.opts.RejectFixedLines {
		row.Refused = true
		row.Detail += "; refused because contacts.reject_fixed_lines is set"
	}
	return r.withConsent(r.withNamedColumns(row), rec.note(r.consent).day)
}

// readCell judges the number or the user ID in a cell.
func readCell(text string, about note, opts campaign.ContactOptions) number {
	switch {
	case about.total != "":
		return noTotal(text, "the result of "+about.total)
	case text != "" && about.number != "":
		return readNumericPhone(about.number, opts)
	case text != "" && about.day != "":
		return invalid("the cell holds the date or time %s, which is not a phone number", text)
	}
	if campaign.LooksLikeUserID(text) {
		return number{userID: campaign.UserID(text), verdict: campaign.OK}
	}
	return readPhone(text, opts)
}

// faults are the columns whose cells hold no value, nil for none.
func faults(rec record, columns int) map[int]string {
	var found map[int]string
	for i, about := range rec.notes {
		if about.fault == "" || i >= columns {
			continue
		}
		if found == nil {
			found = make(map[int]string)
		}
		found[i] = about.fault
	}
	return found
}

// withNamedColumns marks an admitted row that has no value in a column that the
// options name.
func (r *Reader) withNamedColumns(row campaign.Row) campaign.Row {
	if len(row.Faults) == 0 || !row.Admitted() {
		return row
	}
	for _, named := range []struct {
		name   string
		column int
	}{{r.opts.FullName, r.layout.FullName}, {r.opts.Language, r.layout.Language}, {r.opts.Consent, r.consent}} {
		if named.name != "" && row.Faults[named.column] != "" {
			return r.faulty(row, named.column)
		}
	}
	return row
}

// faulty refuses a row because of what one of its cells holds.
func (r *Reader) faulty(row campaign.Row, column int) campaign.Row {
	row.Verdict, row.Detail = campaign.BadValue, fmt.Sprintf("column %q: %s", r.layout.Columns[column], row.Faults[column])
	return row
}
