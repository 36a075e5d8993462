package campaign

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Plain is what remains of a text when case, accents, punctuation and the
// number of spaces do not matter: " Arrêt!" becomes "arret".
func Plain(text string) string {
	var plain strings.Builder
	gap := false
	for _, r := range cases.Fold().String(norm.NFKD.String(text)) {
		switch {
		case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Cf, r):
		case unicode.IsLetter(r), unicode.IsNumber(r), unicode.Is(unicode.Mc, r):
			if gap && plain.Len() > 0 {
				plain.WriteByte(' ')
			}
			gap = false
			plain.WriteRune(r)
		default:
			gap = true
		}
	}
	return plain.String()
}
