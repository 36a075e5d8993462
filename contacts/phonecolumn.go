package contacts

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"carillon/campaign"
)

// phoneCandidate is a column that may hold the numbers, while it is compared.
type phoneCandidate struct {
	campaign.PhoneCandidate
	index int
	// score is how clearly the header says it, share which share of the cells looks
	// like numbers.
	score int
	share float64
	// mobile is how many of the numbers that can be sent to are no fixed lines.
	mobile int
}

// worth weighs the numbers: WhatsApp seldom works on a fixed line.
func (c phoneCandidate) worth() int { return c.Sendable + c.mobile }

// phoneColumn finds the numbers: in the column the options name, else in the one
// that gives the most rows a number, of those whose header or cells say that it may
// hold them. A header as vague as "Number" must be borne out by the cells.
func (r *Reader) phoneColumn(line int) (int, error) {
	if r.opts.Phone != "" {
		return r.told(r.opts.Phone, "phone")
	}
	candidates := r.phoneCandidates()
	if len(candidates) == 0 {
		return 0, &Error{Line: line, Problem: "no column looks like phone numbers",
			Hint: "name it in contacts.phone; the columns are " + quoted(r.layout.Columns)}
	}
	best := candidates[0]
	if len(candidates) > 1 {
		for i := range candidates {
			r.countNumbers(&candidates[i])
		}
		slices.SortStableFunc(candidates, byWorth)
		best = candidates[0]
		for _, c := range candidates {
			r.layout.PhoneCandidates = append(r.layout.PhoneCandidates, c.PhoneCandidate)
		}
		r.layout.Sampled = len(r.sample)
		if rival := candidates[1]; byWorth(best, rival) == 0 && !r.sameNumbers(best, rival) {
			return 0, r.unclear(line, best, rival)
		}
	}
	if _, _, err := r.Find(r.layout.Columns[best.index]); err != nil {
		return 0, err
	}
	r.layout.Guess(whyPhone(candidates, len(r.sample)))
	return best.index, nil
}

// phoneCandidates are the columns that may hold the numbers, in the order of the
// list.
func (r *Reader) phoneCandidates() []phoneCandidate {
	var candidates []phoneCandidate
	for i, share := range r.shares(looksLikePhone) {
		c := phoneCandidate{PhoneCandidate: campaign.PhoneCandidate{Column: r.layout.Columns[i]}, index: i, share: share}
		if r.layout.Header && r.mayBeGuessed(i) {
			c.score = phoneWords().score(c.Column)
		}
		if c.score == vague && share < majority {
			c.score = 0
		}
		if c.score > 0 || share >= majority {
			candidates = append(candidates, c)
		}
	}
	return candidates
}

// byWorth puts the column first that gives the most rows a number. Those whose
// header says that they are something else come last, unless the others give none;
// where none does, the header decides.
func byWorth(a, b phoneCandidate) int {
	headed := func(c phoneCandidate) int { return min(c.score, 1) * min(c.Sendable, 1) }
	return cmp.Or(
		cmp.Compare(headed(b), headed(a)),
		cmp.Compare(b.worth(), a.worth()),
		cmp.Compare(b.score, a.score),
		cmp.Compare(b.share, a.share),
	)
}

// countNumbers counts the rows of the sample that a column gives a number or a user
// ID.
func (r *Reader) countNumbers(c *phoneCandidate) {
	for _, rec := range r.sample {
		n := r.numberIn(rec, c.index)
		switch {
		case n.userID != "": // a column of numbers is worth more
			c.Sendable++
		case n.verdict == campaign.OK:
			c.Sendable++
			c.mobile++
		case n.verdict == campaign.NotMobile && !r.opts.RejectFixedLines:
			c.Sendable++
		}
	}
}

func (r *Reader) numberIn(rec record, column int) number {
	if column >= len(rec.cells) || rec.note(column).fault != "" {
		return number{}
	}
	return readCell(rec.cells[column], rec.note(column), r.opts)
}

// sameNumbers reports whether two columns have the same numbers, so that it is no
// matter which is taken.
func (r *Reader) sameNumbers(a, b phoneCandidate) bool {
	if a.Sendable == 0 { // the header of the first is as good
		return a.score > 0
	}
	return !slices.ContainsFunc(r.sample, func(rec record) bool {
		return r.numberIn(rec, a.index).recipient() != r.numberIn(rec, b.index).recipient()
	})
}

func (r *Reader) unclear(line int, a, b phoneCandidate) error {
	return &Error{Line: line,
		Problem: fmt.Sprintf("the columns %q and %q both look like phone numbers, and each gives %d of %d rows one", a.Column, b.Column, a.Sendable, len(r.sample)),
		Hint:    "name the right one in contacts.phone"}
}

// whyPhone says why the first candidate was taken.
func whyPhone(candidates []phoneCandidate, rows int) string {
	best := candidates[0]
	by := "its cells"
	if best.score > 0 {
		by = "its header"
	}
	text := fmt.Sprintf("phone numbers are in column %q, by %s", best.Column, by)
	if len(candidates) == 1 {
		return text
	}
	const most = 5
	var others []string
	for _, c := range candidates[1:min(len(candidates), most)] {
		others = append(others, fmt.Sprintf("%q %d", c.Column, c.Sendable))
	}
	if more := len(candidates) - most; more > 0 {
		others = append(others, fmt.Sprintf("and %d more", more))
	}
	return text + fmt.Sprintf(": of the first %d rows it gives %d a usable number; others: %s", rows, best.Sendable, strings.Join(others, ", "))
}
