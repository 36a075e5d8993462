package campaign

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// parseAmount reads money as people write it, in units and with or without
// its currency: 1,234.50, 1.234,50, 1 234,50, $5. It answers thousandths. What
// may mean two amounts, such as 1,234, is refused.
func parseAmount(text string) (string, error) {
	digits := strings.TrimFunc(text, func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsSpace(r) || unicode.Is(unicode.Sc, r)
	})
	digits, negative := strings.CutPrefix(digits, "-")
	whole, decimals, err := splitAmount(digits)
	if err != nil {
		return "", fmt.Errorf("%q %w", excerpt(text), err)
	}
	n, err := strconv.ParseInt(whole+(decimals + "000")[:3], 10, 64)
	if err != nil {
		return "", fmt.Errorf("%q is too large an amount", excerpt(text))
	}
	if negative {
		n = -n
	}
	return strconv.FormatInt(n, 10), nil
}

// splitAmount tells the digits before the decimal mark from those after it,
// which are at most three.
func splitAmount(text string) (whole, decimals string, err error) {
	at := strings.LastIndexAny(text, ".,")
	whole = text
	if at >= 0 && strings.Count(text, text[at:at+1]) == 1 {
		whole, decimals = text[:at], text[at+1:]
		grouped := strings.ContainsFunc(whole, func(r rune) bool { return !unicode.IsDigit(r) })
		if len(decimals) == 3 && !grouped && strings.Trim(whole, "0") != "" {
			return "", "", errors.New("may mean two amounts; write 1234 or 1234.00")
		}
		if decimals == "" {
			decimals = "?"
		}
	}
	whole, ok := ungroup(whole)
	if !ok || len(decimals) > 3 || !all(decimals, isDigit) {
		return "", "", errors.New("is not an amount; write it like 1234.50")
	}
	return whole, decimals, nil
}

// ungroup removes the marks between groups of digits: one kind of mark, the
// last group of three digits, the others of two (India) or three.
func ungroup(text string) (digits string, ok bool) {
	mark := strings.IndexFunc(text, func(r rune) bool { return r > unicode.MaxASCII || !isDigit(byte(r)) })
	if mark < 0 {
		return text, text != ""
	}
	r, _ := utf8.DecodeRuneInString(text[mark:])
	if !strings.ContainsRune(".,'’ \u00a0\u202f", r) {
		return "", false
	}
	groups := strings.Split(text, string(r))
	for i, group := range groups {
		last := i == len(groups)-1
		fits := len(group) == 3 || !last && len(group) == 2 || i == 0 && len(group) == 1
		if !fits || !all(group, isDigit) {
			return "", false
		}
	}
	return strings.Join(groups, ""), true
}
