package contacts

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// phoneText is a number's text, cleaned.
type phoneText struct {
	digits string
	// international: a plus or 00 stood in front; plus: it was the plus.
	international, plus bool
	missing             bool
	problem             string
}

// cleanPhone takes a number's text apart without judging the number.
func cleanPhone(text string) phoneText {
	if len(text) > 1 && text[0] == '+' && allDigits(text[1:]) {
		return phoneText{digits: text[1:], international: true, plus: true}
	}
	text = strings.TrimSpace(text)
	if saysMissing(text) {
		return phoneText{missing: true}
	}
	text = withoutDecimals(withoutLink(text))
	if what := calculated(text); what != "" {
		return phoneText{problem: fmt.Sprintf("%q is a %s, as a calculation gives, not a phone number; correct it", text, what)}
	}
	marks, problem := phoneMarks(text)
	if problem != "" {
		return phoneText{problem: problem}
	}
	return splitPrefix(marks, text)
}

// withoutDecimals takes the zeros from the end of a number where a program took
// the column for decimal numbers.
func withoutDecimals(text string) string {
	for _, zeros := range []string{".0", ".00", ",0", ",00"} {
		whole, isFloat := strings.CutSuffix(text, zeros)
		if isFloat && len(whole) >= leastNumber && allDigits(strings.TrimPrefix(whole, "+")) {
			return whole
		}
	}
	return text
}

// calculated says what kind of number a text is that nobody writes for a phone
// number; empty for none.
func calculated(text string) string {
	const centsDigits = 2
	unsigned := strings.TrimPrefix(strings.TrimPrefix(text, "-"), "\u2212")
	if unsigned != text && len(unsigned) >= leastNumber && allDigits(unsigned) {
		return "negative number"
	}
	whole, behind, found := strings.Cut(text, ".")
	if found && len(whole) >= leastNumber && len(behind) <= centsDigits && allDigits(strings.TrimPrefix(whole, "+")) && allDigits(behind) {
		return "number with decimal places"
	}
	return ""
}

// splitPrefix takes the plus or 00 and the "(0)" from a text of digits, pluses
// and parentheses.
func splitPrefix(marks, text string) phoneText {
	digits := withoutParentheses(marks)
	t := phoneText{plus: strings.HasPrefix(digits, "+")}
	t.international = t.plus || strings.HasPrefix(digits, "00")
	if t.international && !keepsZero(digits) {
		digits = withoutParentheses(strings.ReplaceAll(marks, "(0)", ""))
	}
	t.digits = strings.TrimPrefix(digits, "+")
	if t.international && !t.plus {
		t.digits = strings.TrimPrefix(t.digits, "00")
	}
	switch {
	case strings.Contains(t.digits, "+"), (len(t.digits) > maxDigits || strings.ContainsAny(text, "/\uff0f\n\r\u2028\u2029")) && holdsSeveral(text):
		t.problem = fmt.Sprintf("%q holds more than one number; leave one", text)
	case behindNumber(text) != "":
		t.problem = fmt.Sprintf("%q has %q after the number; leave only the number", text, behindNumber(text))
	case t.digits == "" && !t.international:
		t.missing = true
	case t.digits == "":
		t.problem = fmt.Sprintf("%q has no number after its prefix", text)
	}
	return t
}

func withoutParentheses(marks string) string {
	return strings.ReplaceAll(strings.ReplaceAll(marks, "(", ""), ")", "")
}

// keepsZero reports whether the zero after the country code is part of the
// number and is dialled from abroad, as in Italy and San Marino.
func keepsZero(digits string) bool {
	digits = strings.TrimPrefix(strings.TrimPrefix(digits, "+"), "00")
	return strings.HasPrefix(digits, "39") || strings.HasPrefix(digits, "378")
}

// phoneMarks keeps the digits, pluses and parentheses of a text, in ASCII, and
// drops what people put in between. Anything else is a problem.
func phoneMarks(text string) (marks, problem string) {
	var kept strings.Builder
	for i, r := range text {
		switch {
		case r >= '0' && r <= '9' || r == '+' || r == '(' || r == ')':
			kept.WriteRune(r)
		case r == '\'' && i == 0: // a spreadsheet's mark for "this is text"
		case isFiller(r):
		case r == '\uff0b', r == '\uff08', r == '\uff09': // the full-width forms of the same
			kept.WriteRune(r - '\uff01' + '!')
		default:
			digit, ok := foreignDigit(r)
			if !ok {
				return "", whyNotPhone(text, r, kept.Len())
			}
			kept.WriteByte(digit)
		}
	}
	return kept.String(), ""
}

// isFiller reports whether a rune may stand between a number's digits: space
// of any kind, invisible marks, hyphens and dashes, dots, slashes.
func isFiller(r rune) bool {
	switch r {
	case '.', '/', '\u00b7', '\u2212', '\uff0e', '\uff0f', '\u30fc':
		return true
	}
	return unicode.IsSpace(r) || unicode.In(r, unicode.Cf, unicode.Pd)
}

// foreignDigit turns a full-width, Arabic, Persian, Hindi or Bengali digit into
// ASCII.
func foreignDigit(r rune) (byte, bool) {
	for _, zero := range []rune{'\uff10', '\u0660', '\u06f0', '\u0966', '\u09e6'} {
		if r >= zero && r <= zero+9 {
			return byte('0' + r - zero), true
		}
	}
	return 0, false
}

// whyNotPhone explains why a text with such a rune is no number; digits is how
// much was read before it.
func whyNotPhone(text string, r rune, digits int) string {
	switch {
	case holdsSeveral(text):
		return fmt.Sprintf("%q holds more than one number; leave one", text)
	case isShortened(text):
		return fmt.Sprintf("a spreadsheet has shortened the number to %s; format the column as text and export it again", text)
	case digits >= 5 && strings.ContainsRune("xXeE#;", r):
		return fmt.Sprintf("%q has an extension; WhatsApp does not use extensions, so remove it", text)
	case unicode.IsLetter(r):
		return fmt.Sprintf("%q has letters; write the number in digits", text)
	}
	return fmt.Sprintf("%q has %q in it; write the number in digits", text, r)
}

// isShortened recognises the scientific notation of a spreadsheet, 4.477E+11.
func isShortened(text string) bool {
	if strings.Trim(text, "0123456789.,eE+-") != "" || !strings.ContainsAny(text, "eE") {
		return false
	}
	_, err := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64)
	return err == nil
}

// saysMissing recognises the ways to say that there is no number.
func saysMissing(text string) bool {
	if text == "" {
		return true
	}
	if len(text) > len("unknown") {
		return false
	}
	switch strings.ToLower(text) {
	case "n/a", "na", "n.a.", "none", "null", "nil", "nan", "unknown", "?", "(none)", "(null)":
		return true
	}
	return false
}

func allDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}
