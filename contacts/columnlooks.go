package contacts

import (
	"strings"
	"time"
	"unicode"
)

// looksLikePhone reports whether a cell may hold a number, valid or not.
func looksLikePhone(rec record, column int) bool {
	text := rec.cells[column]
	if number := rec.note(column).number; number != "" {
		return allDigits(number) && len(number) >= 8 && len(number) <= maxDigits
	}
	t := cleanPhone(text)
	if t.missing || t.problem != "" || len(t.digits) > maxDigits {
		return false
	}
	return t.international && len(t.digits) >= 7 || len(t.digits) >= 8 && !isDate(text)
}

// isDate keeps dates from being taken for numbers.
func isDate(text string) bool {
	for _, layout := range []string{"2006-01-02", "2006/01/02", "2006.01.02", "20060102",
		"02.01.2006", "02/01/2006", "01/02/2006", "02-01-2006"} {
		if day, err := time.Parse(layout, text); err == nil && day.Year() > 1900 && day.Year() < 2100 {
			return true
		}
	}
	return false
}

// looksLikeName reports whether a cell has two or more words of letters that
// begin as names do.
func looksLikeName(rec record, column int) bool {
	words := strings.Fields(rec.cells[column])
	for _, word := range words {
		for i, r := range word {
			if i == 0 && unicode.IsLower(r) && len(words) < 3 || !unicode.IsLetter(r) && !unicode.IsMark(r) && !strings.ContainsRune(".'’-", r) {
				return false
			}
		}
	}
	return len(words) > 1
}

// looksLikeLanguage reports whether a cell is a code such as es, es_MX or
// zh-Hant. A yes or a no is not.
func looksLikeLanguage(rec record, column int) bool {
	if said := strings.ToLower(strings.TrimSpace(rec.cells[column])); said == "no" || said == "non" || saysYes(said) {
		return false
	}
	code, rest, more := strings.Cut(strings.ReplaceAll(strings.TrimSpace(rec.cells[column]), "-", "_"), "_")
	isCode := func(text string, least, most int) bool {
		for _, r := range text {
			if r > unicode.MaxASCII || !unicode.IsLetter(r) {
				return false
			}
		}
		return len(text) >= least && len(text) <= most
	}
	return isCode(code, 2, 3) && code == strings.ToLower(code) && (!more || isCode(rest, 2, 4))
}
