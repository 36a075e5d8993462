package contacts

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"unicode/utf8"
)

// What is kept of a text to find its encoding: words, and bytes of them.
const (
	maxOddWords = 4096
	longestWord = 64
)

// oddText is what a text that is not UTF-8 tells about its encoding.
type oddText struct {
	// words are the different runs of bytes in which a letter may stand, of those
	// with a byte that is not ASCII. Those that are words in UTF-8 are left out;
	// alsoUTF8 says that there are some.
	words    [][]byte
	known    map[string]bool
	alsoUTF8 bool
	// seen has the bytes that occur.
	seen [256]bool
	// valid counts the letters that are UTF-8, invalid the bytes that are not.
	valid, invalid int
	// line is where the first of those stands; atEnd says that it begins a letter of
	// UTF-8 at the end of the text.
	line  int
	atEnd bool
	// zeros counts the zero bytes at even and odd places.
	zeros     [2]int
	countries countries

	size, lines, returns int
}

// scanText reads a text to its end.
func scanText(text io.Reader) (*oddText, error) {
	const size = 64 << 10
	t := &oddText{known: make(map[string]bool)}
	buffer, kept := make([]byte, size), 0
	for {
		n, err := io.ReadFull(text, buffer[kept:])
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			return nil, unreadable(err)
		}
		part := buffer[:kept+n]
		end := len(part)
		if !last { // what is cut here is read with the next part
			if i := bytes.LastIndexAny(part, "\n\r,;\t "); i >= 0 {
				end = i + 1
			}
		}
		t.take(part[:end], last)
		if last {
			return t, nil
		}
		kept = copy(buffer, part[end:])
	}
}

// take reads a part of the text that ends between two words.
func (t *oddText) take(part []byte, last bool) {
	for i := 0; i < len(part); {
		c := part[i]
		t.seen[c] = true
		switch {
		case inWord(c):
			end := i
			for end < len(part) && inWord(part[end]) {
				t.seen[part[end]] = true
				end++
			}
			t.word(part[i:end], last && end == len(part))
			t.size += end - i
			i = end
			continue
		case c == '\n':
			t.lines++
		case c == '\r':
			t.returns++
		case c == 0:
			t.zeros[t.size%2]++
		case c == '+', c == '0' && i+2 < len(part) && part[i+1] == '0' && part[i+2] != '0' && (i == 0 || !isDigit(part[i-1])):
			t.number(part[i+1:])
		}
		t.size++
		i++
	}
}

// inWord reports whether a byte may belong to a letter, in any encoding: those below
// are digits and signs, which lists put between their words.
func inWord(c byte) bool { return c >= '@' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// word takes a word that has a byte beyond ASCII.
func (t *oddText) word(word []byte, atEnd bool) {
	if isASCII(string(word)) {
		return
	}
	for rest := word; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		switch {
		case r == utf8.RuneError && size == 1:
			if t.invalid++; t.invalid == 1 {
				t.line = max(t.lines, t.returns) + 1
				if t.atEnd = atEnd && !utf8.FullRune(rest); t.atEnd {
					size = len(rest)
				}
			}
		case size > 1:
			t.valid++
		}
		rest = rest[size:]
	}
	if len(word) > longestWord || len(t.known) == maxOddWords || t.known[string(word)] {
		return
	}
	t.known[string(word)] = true
	if utf8.Valid(word) && isWord(word) {
		t.alsoUTF8 = true
		return
	}
	t.words = append(t.words, slices.Clone(word))
}

// number notes the country of a number, by the digits behind its plus.
func (t *oddText) number(text []byte) {
	const enough = 9 // digits of a number with its country, so that it is no other one
	var digits []byte
	for _, c := range text {
		switch {
		case c == '0' && len(digits) == 0, c == ' ', c == '(', c == ')', c == '-', c == '.':
		case isDigit(c):
			digits = append(digits, c)
		default:
			return
		}
		if len(digits) == enough {
			if code := callingCode(string(digits)); code != "" {
				t.countries.add(code)
			}
			return
		}
	}
}
