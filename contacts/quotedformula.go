package contacts

import "io"

// formulaReader turns cells such as ="00042" into quoted ones, by leaving the
// equals sign out. CSV allows no quote within a cell that does not begin with one,
// but programs write them so that spreadsheets keep the zeros.
type formulaReader struct {
	from      io.Reader
	delimiter string
	// matched is how many bytes of the delimiter came last.
	matched int
	// start says that a cell begins, held that it began with an equals sign, which
	// waits for what follows, and quoted that a quote is open.
	start, held, quoted bool

	buffer, ready []byte
	err           error
}

func newFormulaReader(from io.Reader, delimiter rune) *formulaReader {
	const size = 32 << 10
	return &formulaReader{from: from, delimiter: string(delimiter), start: true, buffer: make([]byte, size)}
}

func (f *formulaReader) Read(p []byte) (int, error) {
	for len(f.ready) == 0 && f.err == nil {
		n, err := f.from.Read(f.buffer[1:]) // the first byte is for the one that is held
		f.err = err
		f.ready = f.unwrap(f.buffer[1:1+n], f.buffer[:0])
		if err != nil && f.held {
			f.ready, f.held = append(f.ready, '='), false
		}
	}
	n := copy(p, f.ready)
	if f.ready = f.ready[n:]; len(f.ready) > 0 {
		return n, nil
	}
	return n, f.err
}

// unwrap appends the text to out, which may begin a byte before it.
func (f *formulaReader) unwrap(text, out []byte) []byte {
	for _, c := range text {
		if f.held {
			if f.held = false; c != '"' {
				out = append(out, '=')
			}
		}
		switch {
		case c == '"':
			f.quoted = !f.quoted
		case f.start && c == '=' && !f.quoted:
			f.start, f.held = false, true
			continue
		}
		f.start = !f.quoted && (c == '\n' || c == '\r' || f.delimits(c))
		out = append(out, c)
	}
	return out
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
