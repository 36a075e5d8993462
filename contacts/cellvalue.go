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
	if isPlain(value) {
		return value, ""
	}
	if unescaped, found := strings.CutPrefix(value, "'"); found && isEscaped(unescaped) {
		value = strings.TrimSpace(unescaped)
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

// isPlain tells at a glance of most texts that they hold nothing unusual.
func isPlain(text string) bool {
	first := text[0]
	switch {
	case first >= utf8.RuneSelf, strings.IndexByte("#'={", first) >= 0, strings.IndexByte("+-@", first) >= 0 && strings.Contains(text, "("):
		return false
	case strings.HasSuffix(text, "..."), strings.HasSuffix(text, "…"): // Loading...
		return false
	}
	return !strings.Contains(text, ":5") && !strings.Contains(text, ": 5") && !strings.Contains(text, "\ufffd")
}

func errorFault(text string) string {
	return fmt.Sprintf("holds %s, a spreadsheet error instead of a value; correct it there, or clear the cell", text)
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
	if first, _ := utf8.DecodeRuneInString(text); strings.ContainsRune("+=@-＋＝＠－", first) || isErrorValue(text) {
		return true
	}
	return text[0] >= '0' && text[0] <= '9' && strings.Trim(text, "0123456789.,/:()- ") == ""
}

// quotedFormula unwraps ="00042", in which programs write a text that a
// spreadsheet shall not take for a number.
func quotedFormula(text string) (literal string, ok bool) {
	inner, begins := strings.CutPrefix(text, "=")
	inner, opened := strings.CutPrefix(strings.TrimLeft(inner, " "), `"`)
	inner, closed := strings.CutSuffix(inner, `"`)
	if !begins || !opened || !closed || strings.Contains(strings.ReplaceAll(inner, `""`, ""), `"`) {
		return "", false
	}
	return strings.ReplaceAll(inner, `""`, `"`), true
}

// isFormula recognises what a spreadsheet would show the result of.
func isFormula(text string) bool {
	if strings.HasPrefix(text, "{=") && strings.HasSuffix(text, "}") { // one of an array
		return true
	}
	if rest := strings.TrimLeft(text, "+-@"); rest != text {
		return isCall(rest)
	}
	rest, found := strings.CutPrefix(text, "=")
	if !found {
		rest, found = strings.CutPrefix(text, "＝")
	}
	rest = strings.TrimLeft(rest, " \u00a0")
	if !found || rest == "" {
		return false
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(`"'(+-@$#{[._\`, r)
}

// isCall recognises the call of a function, SUM(A1:A9), with which a formula begins
// that has another sign in front than =.
func isCall(text string) bool {
	name, _, found := strings.Cut(text, "(")
	return found && len(name) > 1 && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._") == "" && strings.HasSuffix(text, ")")
}
