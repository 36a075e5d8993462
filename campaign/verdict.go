package campaign

import (
	"fmt"
	"strings"
)

// Verdict says whether a row of a contact list takes part, and if not, why.
type Verdict string

const (
	// OK: a valid number or a user ID, seen for the first time in this list.
	OK Verdict = "ok"
	// Duplicate: the same person stands above.
	Duplicate Verdict = "duplicate"
	// Invalid: too short, too long, letters, no such country code.
	Invalid Verdict = "invalid"
	// MissingPhone: empty, a dash, "n/a".
	MissingPhone Verdict = "missing_phone"
	// ForbiddenCountry: WhatsApp does not serve that country.
	ForbiddenCountry Verdict = "forbidden_country"
	// NotMobile: a fixed line where the numbering plan tells. It may hold a
	// WhatsApp Business account, so it is sent unless the campaign refuses it.
	NotMobile Verdict = "not_mobile"
	// BadValue: a cell that is needed holds no value, or one that a template
	// cannot carry.
	BadValue Verdict = "bad_value"
	// NoConsent: the row does not say that the person agreed to be written to.
	NoConsent Verdict = "no_consent"
)

// Verdicts lists every verdict, the best first.
func Verdicts() []Verdict {
	return []Verdict{OK, NotMobile, Duplicate, Invalid, MissingPhone, ForbiddenCountry, BadValue, NoConsent}
}

// CountVerdicts says in a line how many rows have which verdict, the best first.
func CountVerdicts[V ~string](counts map[V]int64) string {
	var parts []string
	for _, v := range Verdicts() {
		if n := counts[V(v)]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, v))
		}
	}
	return strings.Join(parts, ", ")
}

// Row is one row of a contact list after it was read and judged.
type Row struct {
	// Number counts from 1, the first row under the header.
	Number int
	// Phone is the number in E.164, or the person's user ID, or the cell's text
	// where it is neither.
	Phone string
	// Person keys everything that is kept per person: E.164 with national
	// twins folded, or the user ID. Empty where messages can go to neither.
	Person string
	// Verdict is never Duplicate when it comes from reading: only the ledger
	// knows all rows.
	Verdict Verdict
	// Detail says why, and what to do about it. For an admitted row it is a
	// warning or empty.
	Detail string
	// Refused marks a NotMobile row of a campaign that rejects fixed lines.
	Refused bool
	// Zone holds the time zones of which each has to be within the campaign's
	// hours: IANA names with commas between them. Empty where the campaign has no
	// hours or a zone of its own.
	Zone string
	// Values are the row's cells in the order of the list's columns.
	Values []string
	// Faults says why a cell holds no value though it is not empty, such as an
	// error of a spreadsheet, by the column's index; nil for none.
	Faults map[int]string
}

// Admitted reports whether messages are made for the row.
func (r Row) Admitted() bool {
	return r.Verdict == OK || r.Verdict == NotMobile && !r.Refused
}
