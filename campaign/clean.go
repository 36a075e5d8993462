package campaign

import (
	"strings"
	"unicode"
)

// maxSpaces is how many spaces in a row a parameter may hold.
// Source: Meta, error codes page, 132018.
const maxSpaces = 4

// clean makes a cell of a list fit for a parameter: white space with a line
// break or a tab in it, or of more than four characters, becomes one space;
// control characters go; nothing invisible stays at either end. Cleaning twice
// changes nothing more.
func clean(text string) string {
	text = strings.TrimFunc(text, isMargin)
	if isClean(text) {
		return text
	}
	var out strings.Builder
	out.Grow(len(text))
	spaces, broken := 0, false
	for _, r := range text {
		switch {
		case r == ' ' || isBreak(r):
			spaces++
			broken = broken || r != ' '
			continue
		case unicode.IsControl(r):
			continue
		}
		if broken || spaces > maxSpaces {
			spaces = 1
		}
		for ; spaces > 0; spaces-- {
			out.WriteByte(' ')
		}
		broken = false
		out.WriteRune(r)
	}
	return strings.TrimFunc(out.String(), isMargin)
}

func isClean(text string) bool {
	spaces := 0
	for _, r := range text {
		if r == ' ' {
			if spaces++; spaces > maxSpaces {
				return false
			}
			continue
		}
		spaces = 0
		if unicode.IsControl(r) || isBreak(r) {
			return false
		}
	}
	return true
}

// isBreak reports whether r ends a line or jumps within one.
func isBreak(r rune) bool {
	switch r {
	case '\t', '\n', '\v', '\f', '\r', '\u0085', '\u2028', '\u2029':
		return true
	}
	return false
}

// isMargin reports whether r shows nothing at the end of a text: spaces of all
// kinds, the zero-width space and the byte order mark.
func isMargin(r rune) bool {
	return unicode.IsSpace(r) || r == '\u200b' || r == '\ufeff'
}
