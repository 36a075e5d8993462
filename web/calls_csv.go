package web

import (
	"strings"
	"unicode/utf8"
)

// harmless keeps a spreadsheet from taking a text that others wrote for a
// formula (OWASP, CSV injection): an apostrophe goes before it, which is taken away
// again where such a file comes in as a list. Some take the wide signs of East Asian
// keyboards for the others. A sign with a number alone is one. Every cell that
// others may have written, in whatever CSV, passes here.
func harmless(text string) string {
	first, _ := utf8.DecodeRuneInString(text)
	if text == "" || !strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) || isSignedNumber(text) {
		return text
	}
	return "'" + text
}

// isSignedNumber knows a phone number or an amount: a sign, digits, and points or
// commas between them.
func isSignedNumber(text string) bool {
	digits, signed := strings.CutPrefix(text, "+")
	if !signed {
		digits, signed = strings.CutPrefix(text, "-")
	}
	if !signed || digits == "" {
		return false
	}
	for part := range strings.FieldsFuncSeq(digits, func(c rune) bool { return c == '.' || c == ',' }) {
		if strings.Trim(part, "0123456789") != "" {
			return false
		}
	}
	return digits[0] >= '0' && digits[0] <= '9'
}
