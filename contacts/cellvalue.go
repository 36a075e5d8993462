package contacts

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"carillon/campaign"
)

// readValue is the value of a cell's text, without surrounding space. The fault
// says why there is none, though the cell is not empty; the value is then the
// text as it stands there.
func readValue(text string) (value, fault string) {
	value = strings.TrimSpace(text)
	if value == "" {
		return "", ""
	}
	switch value[0] {
	case '\'':
		if unescaped := value[1:]; isEscaped(unescaped) {
			value = strings.TrimSpace(unescaped)
		}
	case '#', 'L', 'E':
	default:
		if value[0] < utf8.RuneSelf && value[0] != '=' && !strings.Contains(value, ":5") && !strings.Contains(value, "\ufffd") {
			return value, ""
		}
	}
	value = strings.TrimFunc(value, isMargin)
	if literal, ok := quotedFormula(value); ok {
		value = strings.TrimSpace(literal)
	}
	switch {
	case strings.ContainsRune(value, utf8.RuneError):
		return value, "holds \ufffd, which stands for a letter that was lost when the list was converted; correct it, or export the list again"
	case isErrorValue(value):
		return value, errorFault(value)
	case isFormula(value):
		return value, "holds a formula instead of its value; export the list again from the program that it is from"
	}
	return value, ""
}

func errorFault(text string) string {
	return fmt.Sprintf("holds %s, an error of a spreadsheet and no value; mend it there, or clear the cell", text)
}

// isMargin reports whether a rune shows nothing at the end of a text.
func isMargin(r rune) bool {
	return unicode.IsSpace(r) || campaign.TrimName(string(r)) == ""
}

// isEscaped reports whether a text had an apostrophe put in front so that a
// spreadsheet takes it for no number and no formula.
func isEscaped(text string) bool {
	if text == "" {
		return false
	}
	if strings.IndexByte("+=@", text[0]) >= 0 {
		return true
	}
	digits := strings.TrimLeft(text, "-")
	return digits != "" && digits[0] >= '0' && digits[0] <= '9' && strings.Trim(digits, "0123456789.,/:()- ") == ""
}

// quotedFormula unwraps ="00042", in which programs write a text that a
// spreadsheet shall not take for a number.
func quotedFormula(text string) (literal string, ok bool) {
	inner, opened := strings.CutPrefix(text, `="`)
	inner, closed := strings.CutSuffix(inner, `"`)
	if !opened || !closed || strings.Contains(strings.ReplaceAll(inner, `""`, ""), `"`) {
		return "", false
	}
	return strings.ReplaceAll(inner, `""`, `"`), true
}

// isFormula recognises what a spreadsheet would show the result of.
func isFormula(text string) bool {
	rest, found := strings.CutPrefix(text, "=")
	if !found || rest == "" {
		return false
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(`"'(+-@$#{[.`, r)
}
