package contacts

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Layout is how a list is read: what was told, and what was found out.
type Layout struct {
	// Format is csv or xlsx.
	Format string `json:"format"`
	// Encoding is the text's encoding by its IANA name, empty for xlsx.
	Encoding string `json:"encoding,omitempty"`
	// Delimiter is the character between the cells, empty for xlsx.
	Delimiter string `json:"delimiter,omitempty"`
	// Sheet is the worksheet, empty for csv.
	Sheet string `json:"sheet,omitempty"`
	// Columns are the names of the columns, each different: those of the
	// header, or "Column 1" and so on where there is none.
	Columns []string `json:"columns"`
	// Phone, FullName and Language are indexes into Columns, -1 for none. Phone
	// is never -1.
	Phone    int `json:"phone"`
	FullName int `json:"full_name"`
	Language int `json:"language"`
	// Header says whether the first row holds the columns' names. It is told
	// by naming a column: one named "Column 2" has no header.
	Header bool `json:"header"`
	// Guessed has a sentence for whatever was not told.
	Guessed []string `json:"guessed"`
}

func (l *Layout) guessed(sentence string) {
	if sentence != "" {
		l.Guessed = append(l.Guessed, sentence)
	}
}

// arrange finds the header and the columns in the sample.
func (r *Reader) arrange() error {
	if len(r.sample) == 0 {
		if _, broken := r.sampleEnd.(*Error); broken { //nolint:errorlint // a source returns it unwrapped
			return r.sampleEnd
		}
		return &Error{Problem: "the contact list is empty", Hint: "upload a list with one contact per row"}
	}
	l, first := &r.layout, r.sample[0]
	l.Header = r.hasHeader()
	if l.Header {
		r.sample = r.sample[1:]
		l.Columns = headerNames(first.cells)
	} else {
		l.Columns = headerNames(make([]string, r.width()))
		l.guessed("no header, because the first row holds a contact")
	}
	var err error
	if r.opts.Consent != "" { // first, so that it is not guessed to be another
		if r.consent, err = r.told(r.opts.Consent, "consent"); err != nil {
			return err
		}
	}
	if l.Phone, err = r.phoneColumn(first.line); err != nil {
		return err
	}
	if l.FullName, err = r.otherColumn(r.opts.FullName, "name", "names", nameWords(), looksLikeName); err != nil {
		return err
	}
	l.Language, err = r.otherColumn(r.opts.Language, "language", "languages", languageWords(), looksLikeLanguage)
	return err
}

// width is the number of cells of the widest row in the sample.
func (r *Reader) width() int {
	width := 0
	for _, rec := range r.sample {
		width = max(width, len(rec.cells))
	}
	return width
}

// headerNames gives every column a name of its own.
func headerNames(cells []string) []string {
	names, seen := make([]string, len(cells)), make(map[string]bool, len(cells))
	for i, cell := range cells {
		name := strings.TrimSpace(strings.Trim(strings.TrimSpace(cell), "\ufeff"))
		if name == "" {
			name = fmt.Sprintf("Column %d", i+1)
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
	byNumber := false
	for _, told := range []string{r.opts.Phone, r.opts.FullName, r.opts.Language, r.opts.Consent} {
		if told == "" {
			continue
		}
		if findColumn(r.sample[0].cells, told) >= 0 {
			return true
		}
		byNumber = byNumber || isColumnNumber(told)
	}
	if byNumber {
		return false
	}
	for i := range r.sample[0].cells {
		if looksLikePhone(r.sample[0], i) {
			return false
		}
	}
	return true
}

// isColumnNumber recognises the names of columns without a header.
func isColumnNumber(name string) bool {
	number, found := strings.CutPrefix(fold(name), "column ")
	n, err := strconv.Atoi(number)
	return found && err == nil && n > 0
}

// findColumn finds a column by its name, regardless of case and accents.
func findColumn(columns []string, name string) int {
	for i, column := range columns {
		if strings.TrimSpace(column) == strings.TrimSpace(name) {
			return i
		}
	}
	for i, column := range columns {
		if fold(column) == fold(name) {
			return i
		}
	}
	return -1
}

// told finds the column that an option names.
func (r *Reader) told(name, option string) (int, error) {
	if i := findColumn(r.layout.Columns, name); i >= 0 {
		return i, nil
	}
	return 0, &Error{Column: name, Problem: "contacts." + option + " names a column that the list does not have",
		Hint: "its columns are " + quoted(r.layout.Columns)}
}

func quoted(names []string) string {
	const most = 20
	var list []string
	for i, name := range names {
		if i == most {
			list = append(list, fmt.Sprintf("and %d more", len(names)-most))
			break
		}
		list = append(list, strconv.Quote(name))
	}
	return strings.Join(list, ", ")
}

// phoneColumn finds the numbers: in the column the options name, else in the
// one whose header says so most clearly, else in the one that looks like it. A
// header as vague as "Number" must be borne out by the cells.
func (r *Reader) phoneColumn(line int) (int, error) {
	if r.opts.Phone != "" {
		return r.told(r.opts.Phone, "phone")
	}
	shares := r.shares(looksLikePhone)
	best, score := -1, 0
	for i, name := range r.layout.Columns {
		s := phoneWords().score(name)
		if i == r.consent || s == vague && shares[i] < majority {
			continue
		}
		if s > score || s > 0 && s == score && shares[i] > shares[best] {
			best, score = i, s
		}
	}
	if best >= 0 && r.layout.Header {
		r.guessedColumn("phone numbers", best, "its header")
		return best, nil
	}
	best, tie := highest(shares)
	switch {
	case best < 0:
		return 0, &Error{Line: line, Problem: "no column looks like phone numbers",
			Hint: "name it in contacts.phone; the columns are " + quoted(r.layout.Columns)}
	case tie >= 0:
		return 0, &Error{Line: line, Problem: fmt.Sprintf("the columns %q and %q both look like phone numbers", r.layout.Columns[best], r.layout.Columns[tie]),
			Hint: "name the right one in contacts.phone"}
	}
	r.guessedColumn("phone numbers", best, "its cells")
	return best, nil
}

// otherColumn finds a column that a list need not have.
func (r *Reader) otherColumn(name, option, what string, words vocabulary, looks func(record, int) bool) (int, error) {
	if name != "" {
		return r.told(name, option)
	}
	best, score := -1, 0
	for i, column := range r.layout.Columns {
		if s := words.score(column); r.layout.Header && i != r.layout.Phone && i != r.consent && s > score {
			best, score = i, s
		}
	}
	if best >= 0 {
		r.guessedColumn(what, best, "its header")
		return best, nil
	}
	shares := r.shares(looks)
	shares[r.layout.Phone] = 0
	if best, _ = highest(shares); best >= 0 {
		r.guessedColumn(what, best, "its cells")
	}
	return best, nil
}

func (r *Reader) guessedColumn(what string, column int, by string) {
	r.layout.guessed(fmt.Sprintf("%s are in column %q, by %s", what, r.layout.Columns[column], by))
}

// majority is the share of a column's filled cells that must look alike.
const majority = 0.5

// shares tells for each column which share of its filled cells looks like
// something. The column of consents never does.
func (r *Reader) shares(looks func(record, int) bool) []float64 {
	shares := make([]float64, len(r.layout.Columns))
	for i := range shares {
		filled, alike := 0, 0
		for _, rec := range r.sample {
			if i < len(rec.cells) && strings.TrimSpace(rec.cells[i]) != "" {
				filled++
				if looks(rec, i) {
					alike++
				}
			}
		}
		if filled > 0 && i != r.consent {
			shares[i] = float64(alike) / float64(filled)
		}
	}
	return shares
}

// highest is the index of the highest share that is a majority, and of another
// one that equals it; -1 for none.
func highest(shares []float64) (best, tie int) {
	best, tie = -1, -1
	for i, share := range shares {
		switch {
		case share < majority:
		case best < 0 || share > shares[best]:
			best, tie = i, -1
		case share == shares[best]:
			tie = i
		}
	}
	return best, tie
}

// looksLikePhone reports whether a cell may hold a number, valid or not.
func looksLikePhone(rec record, column int) bool {
	text := strings.TrimSpace(rec.cells[column])
	if rec.isNumeric(column) {
		return allDigits(text) && len(text) >= 8 && len(text) <= maxDigits
	}
	t := cleanPhone(text)
	if t.missing || t.problem != "" || len(t.digits) > maxDigits {
		return false
	}
	return t.international && len(t.digits) >= 7 || len(t.digits) >= 8 && !isDate(text)
}

// isDate keeps dates from being taken for numbers.
func isDate(text string) bool {
	for _, layout := range []string{"2006-01-02", "2006/01/02", "2006.01.02", "20060102",
		"02.01.2006", "02/01/2006", "01/02/2006", "02-01-2006"} {
		if day, err := time.Parse(layout, text); err == nil && day.Year() > 1900 && day.Year() < 2100 {
			return true
		}
	}
	return false
}

// looksLikeName reports whether a cell has two or more words of letters that
// begin as names do.
func looksLikeName(rec record, column int) bool {
	words := strings.Fields(rec.cells[column])
	for _, word := range words {
		for i, r := range word {
			if i == 0 && unicode.IsLower(r) && len(words) < 3 || !unicode.IsLetter(r) && !unicode.IsMark(r) && !strings.ContainsRune(".'’-", r) {
				return false
			}
		}
	}
	return len(words) > 1
}

// looksLikeLanguage reports whether a cell is a code such as es, es_MX or
// zh-Hant.
func looksLikeLanguage(rec record, column int) bool {
	code, rest, more := strings.Cut(strings.ReplaceAll(strings.TrimSpace(rec.cells[column]), "-", "_"), "_")
	isCode := func(text string, least, most int) bool {
		for _, r := range text {
			if r > unicode.MaxASCII || !unicode.IsLetter(r) {
				return false
			}
		}
		return len(text) >= least && len(text) <= most
	}
	return isCode(code, 2, 3) && code == strings.ToLower(code) && (!more || isCode(rest, 2, 4))
}
