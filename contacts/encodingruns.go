package contacts

import (
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Two letters of another encoding may be a letter of UTF-8 by chance, so that a text
// with few of them is valid.

// oddRuns looks through valid UTF-8 for letters that nobody writes together.
type oddRuns struct {
	// odd are runs of letters beyond ASCII that make no sense, others is true where
	// there is one that may.
	odd    int
	others bool
	// line is where the first one stands.
	line int

	lines int
	rest  []byte
}

// Write takes a part of the text, which may end within a run.
func (o *oddRuns) Write(part []byte) (int, error) {
	if o.others {
		return len(part), nil
	}
	for i := 0; i < len(part); i++ {
		switch c := part[i]; {
		case c >= utf8.RuneSelf && len(o.rest) < longestWord:
			o.rest = append(o.rest, c)
		case len(o.rest) > 0:
			o.take()
		}
		if part[i] == '\n' {
			o.lines++
		}
	}
	return len(part), nil
}

func (o *oddRuns) take() {
	if isStrange(string(o.rest)) {
		if o.odd++; o.odd == 1 {
			o.line = o.lines + 1
		}
	} else {
		o.others = true
	}
	o.rest = o.rest[:0]
}

// strange reports whether all runs make no sense.
func (o *oddRuns) strange() bool {
	if len(o.rest) > 0 {
		o.take()
	}
	return o.odd > 0 && !o.others
}

// isStrange reports whether a run of letters is of several scripts, or has an accent
// of one of them in front, or is of signs that are in no word. Longer encoded ones are
// none by chance.
func isStrange(run string) bool {
	const twoBytes = 0x7ff
	scripts := make(map[string]bool)
	for i, r := range run {
		if r > twoBytes {
			return false
		}
		name := ""
		for _, script := range []string{"Latin", "Greek", "Cyrillic", "Armenian", "Hebrew", "Arabic", "Syriac", "Thaana", "Nko"} {
			if unicode.Is(unicode.Scripts[script], r) {
				name = script
			}
		}
		switch {
		case name != "":
			scripts[name] = true
			if i == 0 && unicode.IsMark(r) {
				return true
			}
		case !unicode.IsGraphic(r) && !unicode.In(r, unicode.Cf, unicode.Cc), unicode.Is(unicode.Lm, r) && !strings.ContainsRune("ʻʼʾʿˈ", r):
			return true
		}
	}
	return len(scripts) > 1
}

// asOtherPage asks for the encoding of a text that is UTF-8 by chance.
func asOtherPage(file *io.SectionReader, line int) error {
	text, err := scanText(io.NewSectionReader(file, 0, file.Size()))
	if err != nil {
		return err
	}
	text.line = line
	return text.unclear(text.guessPages())
}
