package contacts

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"carillon/campaign"
)

const (
	// headBytes is how much of a text is looked at to find the delimiter.
	headBytes = 64 << 10
	// headRows is how many of its rows.
	headRows = 50
)

// textSource reads the rows of a CSV file.
type textSource struct {
	guard    *textGuard
	csv      *csv.Reader
	rowBytes int
	// skipped is how many lines stood before the first that csv sees.
	skipped int
	// line is where the last row began.
	line int
}

var _ source = (*textSource)(nil)

// openText makes ready to read a text and fills what it found into the layout.
func openText(file *io.SectionReader, opts campaign.ContactOptions, limits Limits, layout *campaign.Layout) (*textSource, error) {
	chosen, err := chooseCharset(file, opts)
	if err != nil {
		return nil, err
	}
	layout.Format, layout.Encoding = "csv", chosen.name
	layout.Guess(chosen.guess)
	layout.EncodingCells = chosen.words

	guard := &textGuard{text: chosen.decode(file), charset: chosen, budget: limits.RowBytes + headBytes}
	buffered := bufio.NewReaderSize(guard, headBytes)
	head, err := buffered.Peek(headBytes)
	if err != nil && !errors.Is(err, io.EOF) && len(head) == 0 {
		return nil, err
	}
	if strings.TrimSpace(string(head)) == "" {
		return nil, &Error{Problem: "the contact list is empty", Hint: "upload a list with one contact per row"}
	}
	s := &textSource{guard: guard, rowBytes: limits.RowBytes}
	if guard.bareReturns = !strings.Contains(string(head), "\n"); guard.bareReturns {
		for i, c := range head { // the part that is buffered already
			if c == '\r' {
				head[i] = '\n'
			}
		}
	}
	delimiter, err := s.chooseDelimiter(buffered, string(head), err != nil, opts.Delimiter, layout)
	if err != nil {
		return nil, err
	}
	layout.Delimiter = string(delimiter)
	var cells io.Reader = buffered
	if delimiter != '=' {
		cells = newFormulaReader(buffered, delimiter)
	}
	s.csv = csv.NewReader(cells)
	s.csv.Comma = delimiter
	s.csv.FieldsPerRecord = -1
	s.csv.ReuseRecord = true
	return s, nil
}

// chooseDelimiter takes the override, else what a first line "sep=;" says (a
// habit of Excel, skipped in any case), else what fits best.
func (s *textSource) chooseDelimiter(text *bufio.Reader, head string, complete bool, override string, layout *campaign.Layout) (rune, error) {
	declared, rest, found := declaredDelimiter(head)
	if found {
		s.skipped = 1
		if _, err := text.Discard(len(head) - len(rest)); err != nil {
			return 0, unreadable(err)
		}
	}
	if override != "" {
		r, size := utf8.DecodeRuneInString(override)
		if size != len(override) || r == utf8.RuneError || strings.ContainsRune("\"\r\n\x00", r) {
			return 0, &Error{Problem: fmt.Sprintf("contacts.delimiter %q is not usable", override), Hint: "write one character, such as a comma"}
		}
		return r, nil
	}
	if found {
		layout.Guess("delimiter " + delimiterName(declared) + ", by the line sep= at the top")
		return declared, nil
	}
	delimiter, sure := detectDelimiter(rest, complete)
	if sure {
		layout.Guess("delimiter " + delimiterName(delimiter) + ", by how the rows divide")
	}
	return delimiter, nil
}

func declaredDelimiter(head string) (delimiter rune, rest string, found bool) {
	line, rest, _ := strings.Cut(head, "\n")
	mark, found := strings.CutPrefix(strings.TrimSuffix(line, "\r"), "sep=")
	if !found || len(mark) != 1 || strings.ContainsAny(mark, "\"\r\x00") {
		return 0, head, false
	}
	return rune(mark[0]), rest, true
}

// detectDelimiter finds the delimiter that divides most rows into as many
// cells as the first, and among equals the one with most cells. A text that
// none divides is one column, in which case it is not sure.
func detectDelimiter(head string, complete bool) (delimiter rune, sure bool) {
	delimiter = ','
	best, most := 0.0, 1
	for _, candidate := range []rune{',', ';', '\t', '|'} {
		share, cells := divides(head, complete, candidate)
		if cells > 1 && (share > best || share == best && cells > most) {
			delimiter, best, most, sure = candidate, share, cells, true
		}
	}
	return delimiter, sure
}

// divides says into how many cells a delimiter divides the first row, and
// which share of the first rows it divides into as many.
func divides(head string, complete bool, delimiter rune) (share float64, cells int) {
	if end := strings.LastIndexByte(head, '\n'); !complete && end >= 0 {
		head = head[:end+1]
	}
	r := csv.NewReader(strings.NewReader(head))
	r.Comma, r.FieldsPerRecord, r.ReuseRecord, r.LazyQuotes = delimiter, -1, true, true
	rows, same := 0, 0
	for ; rows < headRows; rows++ {
		record, err := r.Read()
		if err != nil {
			break
		}
		if rows == 0 {
			cells = len(record)
		}
		if len(record) == cells {
			same++
		}
	}
	if rows == 0 {
		return 0, 0
	}
	return float64(same) / float64(rows), cells
}

func delimiterName(r rune) string {
	switch r {
	case ',':
		return "comma"
	case ';':
		return "semicolon"
	case '\t':
		return "tab"
	case '|':
		return "pipe"
	}
	return fmt.Sprintf("%q", r)
}

func (s *textSource) next() (record, error) {
	s.guard.budget = s.rowBytes + headBytes
	start := s.csv.InputOffset()
	cells, err := s.csv.Read()
	if errors.Is(err, io.EOF) {
		return record{}, io.EOF
	}
	at := s.line + 1
	if len(cells) > 0 {
		line, _ := s.csv.FieldPos(0)
		at = line + s.skipped
	}
	s.line = at
	switch {
	case err != nil:
		return record{}, s.explain(err, at)
	case s.csv.InputOffset()-start > int64(s.rowBytes):
		return record{}, rowTooLong(at, s.rowBytes)
	case s.guard.charset.encoding != nil && slices.ContainsFunc(cells, isBroken):
		return record{}, wrongEncoding(at, s.guard.charset, nil)
	}
	return record{line: at, cells: cells}, nil
}

// isBroken reports whether a decoder has met bytes that are not in its encoding.
func isBroken(cell string) bool { return strings.ContainsRune(cell, utf8.RuneError) }

// explain turns a reader's error into ours.
func (s *textSource) explain(err error, line int) error {
	var ours *Error
	var syntax *csv.ParseError
	switch {
	case errors.As(err, &ours):
		return ours
	case errors.Is(err, errBudget):
		return rowTooLong(line, s.rowBytes)
	case !errors.As(err, &syntax):
		return unreadable(err)
	case errors.Is(err, csv.ErrQuote):
		return &Error{Line: syntax.StartLine + s.skipped, Problem: "a quote that opens in this row is never closed, or text follows its end",
			Hint: `close it at the end of the cell, or write a quote within a cell as ""`}
	}
	return &Error{Line: syntax.Line + s.skipped, Problem: fmt.Sprintf("a quote stands within a cell, at byte %d of the line", syntax.Column),
		Hint: `put the whole cell in quotes and write a quote within it as ""`}
}

func rowTooLong(line, limit int) *Error {
	return &Error{Line: line, Problem: fmt.Sprintf("the row is longer than %d bytes", limit),
		Hint: "look for a quote that is opened there and never closed, or shorten the row"}
}

func (s *textSource) hides(int) bool { return false }

func (s *textSource) close() error { return nil }
