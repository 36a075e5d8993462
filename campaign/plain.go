package campaign

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Plain is what remains of a text when case, accents, punctuation and the
// number of spaces do not matter: " Arrêt!" becomes "arret".
func Plain(text string) string {
	var plain strings.Builder
	gap := false
	// Upper case first: some letters, such as a final sigma, have two lower ones.
	folded := strings.ToLower(strings.ToUpper(norm.NFKD.String(text)))
	for _, r := range norm.NFKD.String(folded) {
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
