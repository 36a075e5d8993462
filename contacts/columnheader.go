package contacts

import (
	"fmt"
	"strconv"
	"strings"

	"carillon/campaign"
)

// nameColumns takes the columns' names from the header, or numbers them.
func (r *Reader) nameColumns() {
	l := &r.layout
	if l.Header = r.hasHeader(); l.Header {
		r.sample = r.sample[1:]
	} else {
		r.header = make([]string, r.width())
		l.Guess("no header, because the first row holds a contact")
	}
	for i := range r.header {
		r.header[i] = campaign.TrimName(r.header[i])
		r.hidden = append(r.hidden, !r.opts.IncludeHidden && r.source.hides(i))
	}
	l.Columns = columnNames(r.header, r.hidden)
}

// list is what a definition has to know of the list.
func (r *Reader) list() campaign.List {
	return campaign.List{Columns: r.layout.Columns, Header: r.header, Hidden: r.hidden}
}

// width is the number of cells of the widest row in the sample.
func (r *Reader) width() int {
	width := 0
	for _, rec := range r.sample {
		width = max(width, len(rec.cells))
	}
	return width
}

// columnNames gives every column a name of its own. Those that do not show say so.
func columnNames(header []string, hidden []bool) []string {
	names, seen := make([]string, len(header)), make(map[string]bool, len(header))
	for i, name := range header {
		if name == "" {
			name = fmt.Sprintf("Column %d", i+1)
		}
		if hidden[i] {
			name += " (hidden)"
		}
		unique := name
		for n := 2; seen[unique]; n++ {
			unique = fmt.Sprintf("%s (%d)", name, n)
		}
		names[i], seen[unique] = unique, true
	}
	return names
}

// hasHeader decides whether the first row names the columns: by the names that
// the options use, else by whether the row holds a number.
func (r *Reader) hasHeader() bool {
	first := r.sample[0]
	byNumber := false
	for _, told := range []string{r.opts.Phone, r.opts.FullName, r.opts.Language, r.opts.Consent} {
		if told == "" {
			continue
		}
		if len(campaign.FindColumns(r.header, told)) > 0 {
			return true
		}
		byNumber = byNumber || isColumnNumber(told)
	}
	if byNumber {
		return false
	}
	for i := range first.cells {
		if looksLikePhone(first, i) {
			return false
		}
	}
	return true
}

// isColumnNumber recognises the names of columns without a header.
func isColumnNumber(name string) bool {
	number, found := strings.CutPrefix(campaign.FoldName(name), "column ")
	n, err := strconv.Atoi(number)
	return found && err == nil && n > 0
}
