package contacts

import (
	"io"
	"strings"
)

// formulaReader puts cells such as ="00042" and =T("x") into quotes as a whole, the
// former without the equals sign. CSV allows no quote within a cell that does not begin
// with one, but programs write them so that spreadsheets keep the zeros.
type formulaReader struct {
	from      io.Reader
	delimiter string
	// matched is how many bytes of the delimiter came last.
	matched int
	// start says that a cell begins, held that it began with an equals sign and is
	// kept until its end, and quoted that a quote is open.
	start, held, quoted bool
	// open counts the parentheses that are open in the cell that is held: what stands
	// within them parts arguments and no cells.
	open int
	cell []byte

	buffer, out, ready []byte
	err                error
}

func newFormulaReader(from io.Reader, delimiter rune) *formulaReader {
	const size = 32 << 10
	return &formulaReader{from: from, delimiter: string(delimiter), start: true, buffer: make([]byte, size)}
}

func (f *formulaReader) Read(p []byte) (int, error) {
	for len(f.ready) == 0 && f.err == nil {
		n, err := f.from.Read(f.buffer)
		f.err, f.out = err, f.out[:0]
		f.take(f.buffer[:n])
		if err != nil {
			f.release(0)
		}
		f.ready = f.out
	}
	n := copy(p, f.ready)
	if f.ready = f.ready[n:]; len(f.ready) > 0 {
		return n, nil
	}
	return n, f.err
}

func (f *formulaReader) take(text []byte) {
	for _, c := range text {
		switch {
		case c == '"':
			f.quoted = !f.quoted
		case f.quoted:
		case f.start && c == '=':
			f.held = true
		case f.held && c == '(':
			f.open++
		case f.held && c == ')':
			f.open--
		}
		lineEnds := c == '\n' || c == '\r'
		delimited := !f.quoted && !lineEnds && f.delimits(c) && f.open <= 0
		f.start = !f.quoted && (lineEnds || delimited)
		if !f.held {
			f.out = append(f.out, c)
			continue
		}
		f.cell = append(f.cell, c)
		switch {
		case delimited:
			f.release(len(f.delimiter))
		case f.start:
			f.release(1)
		}
	}
}

// release hands on the cell that is held and the bytes that ended it. A quote or
// parenthesis that is open at the end of the line was never meant to be closed.
func (f *formulaReader) release(end int) {
	cell, ended := f.cell[:len(f.cell)-end], f.cell[len(f.cell)-end:]
	text := strings.TrimSpace(string(cell))
	literal, isText := quotedFormula(text)
	switch {
	case isText:
		f.quote(literal)
	case f.open == 0 && !strings.ContainsAny(text, "\r\n") && strings.ContainsAny(text, `"`+f.delimiter) && isFormula(text):
		f.quote(text)
	default:
		f.out = append(f.out, cell...)
	}
	f.out = append(f.out, ended...)
	f.held, f.open, f.cell = false, 0, f.cell[:0]
}

func (f *formulaReader) quote(text string) {
	f.out = append(f.out, '"')
	f.out = append(f.out, strings.ReplaceAll(text, `"`, `""`)...)
	f.out = append(f.out, '"')
}

// delimits reports whether a byte ends a delimiter.
func (f *formulaReader) delimits(c byte) bool {
	switch c {
	case f.delimiter[f.matched]:
		f.matched++
	case f.delimiter[0]:
		f.matched = 1
	default:
		f.matched = 0
	}
	if f.matched < len(f.delimiter) {
		return false
	}
	f.matched = 0
	return true
}
