package contacts

import (
	"strings"
	"unicode"
)

// leastNumber is how many digits a part of a text has at least that may be a
// number by itself (ITU-T E.164 has no least; the shortest numbers in use, as of
// small islands, have seven with their country code).
const leastNumber = 7

// holdsSeveral reports whether a text has more than one number in it, whatever
// stands between them: a sign, a word, a line break. Within one number a slash
// or a line break leaves too few digits on one of its sides.
func holdsSeveral(text string) bool {
	if countNumbers(text, endsNumber) > 1 {
		return true
	}
	tooMany := len(strings.Map(onlyDigits, text)) > maxDigits // for one number
	return tooMany && (countNumbers(text, unicode.IsSpace) > 1 || countNumbers(text, mayEndNumber) > 1)
}

// endsNumber reports whether a rune stands between two numbers rather than
// between the digits of one.
func endsNumber(r rune) bool {
	switch r {
	case '/', '\uff0f', '\n', '\r', '\u2028', '\u2029':
		return true
	case '(', ')', '\uff08', '\uff09':
		return false
	}
	return onlyDigits(r) < 0 && !isFiller(r) && r != '+' && r != '\uff0b'
}

// mayEndNumber does so where there is more than one number at any rate.
func mayEndNumber(r rune) bool { return endsNumber(r) || r == '.' || unicode.Is(unicode.Pd, r) }

// onlyDigits maps digits to zeros and drops all else.
func onlyDigits(r rune) rune {
	if _, foreign := foreignDigit(r); foreign || r >= '0' && r <= '9' {
		return '0'
	}
	return -1
}

// countNumbers counts the parts of a text with enough digits for a number. A plus
// begins another part.
func countNumbers(text string, ends func(rune) bool) int {
	count, digits := 0, 0
	for _, r := range text {
		switch {
		case onlyDigits(r) >= 0:
			if digits++; digits == leastNumber {
				count++
			}
		case ends(r) || r == '+':
			digits = 0
		}
	}
	return count
}

// behindNumber is what stands behind a number and a slash, as in
// "+44 7911 123456 / 7"; empty where the slash parts the digits of one number.
func behindNumber(text string) string {
	at := strings.LastIndexAny(text, "/\uff0f")
	if at < 0 {
		return ""
	}
	before, behind := text[:at], text[at:]
	const short = 3 // digits of an extension, or of another number's end
	spaced := strings.HasSuffix(before, " ") || strings.HasPrefix(behind, "/ ")
	few := len(strings.Map(onlyDigits, behind)) <= short
	if len(strings.Map(onlyDigits, before)) >= leastNumber && (spaced || few) {
		return behind
	}
	return ""
}
