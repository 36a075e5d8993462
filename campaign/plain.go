package campaign

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Plain is what remains of a text when case, accents, punctuation and the
// number of spaces do not matter: " Arrêt!" becomes "arret". The same holds for
// what each script writes in more than one way: full-width letters, the Turkish
// dotless i, the forms of the Arabic alef, the dots of Devanagari. Signs that
// nobody sees are dropped. Vowel signs are kept, for they make another word.
func Plain(text string) string {
	var plain strings.Builder
	gap := false
	// Upper case first: some letters, such as a final sigma, have two lower ones.
	folded := strings.ToLower(strings.ToUpper(norm.NFKD.String(text)))
	for _, r := range norm.NFKD.String(folded) {
		switch {
		case isIgnored(r):
		case isOfWord(r):
			if gap && plain.Len() > 0 {
				plain.WriteByte(' ')
			}
			gap = false
			if plainer, ok := plainLetter(r); ok {
				plain.WriteString(plainer)
			} else {
				plain.WriteRune(r)
			}
		default:
			gap = true
		}
	}
	return plain.String()
}

// isIgnored reports whether a rune makes no difference between two words: an
// accent, or a sign that nobody sees.
func isIgnored(r rune) bool {
	switch {
	case r == 'ـ': // only stretches an Arabic word
		return true
	case r == '\u3099', r == '\u309A': // of kana: another sound
		return false
	case unicode.In(r, unicode.Cf, unicode.Me, unicode.Other_Default_Ignorable_Code_Point):
		return true
	}
	accented := unicode.In(r, unicode.Inherited, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Arabic, unicode.Hebrew)
	return unicode.Is(unicode.Mn, r) && (accented || isIndicDot(r))
}

// isIndicDot reports whether a rune is one of the dots of Indic scripts that many
// people leave out or exchange: candrabindu, anusvara and nukta.
func isIndicDot(r rune) bool {
	switch r {
	case 0x0901, 0x0902, 0x093C, // Devanagari
		0x0981, 0x09BC, // Bengali
		0x0A01, 0x0A02, 0x0A3C, // Gurmukhi
		0x0A81, 0x0A82, 0x0ABC: // Gujarati
		return true
	}
	return false
}

// isOfWord reports whether a rune is part of a word. The modifier letters that
// people write for an apostrophe are none.
func isOfWord(r rune) bool {
	if r >= 0x02B0 && r <= 0x02FF {
		return false
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)
}

// plainLetter is what a letter is also written as, where Unicode takes it for a
// letter of its own.
func plainLetter(r rune) (plainer string, ok bool) {
	switch r {
	case 'ß':
		return "ss", true
	case 'ł':
		return "l", true
	case 'ø':
		return "o", true
	case 'đ', 'ð':
		return "d", true
	case 'æ':
		return "ae", true
	case 'œ':
		return "oe", true
	case 'þ':
		return "th", true
	case 'ٱ': // alef wasla
		return "ا", true
	case 'ى', 'ی': // alef maksura, Persian yeh
		return "ي", true
	case 'ک': // Persian kaf
		return "ك", true
	case 'ة', 'ہ', 'ھ', 'ە': // ta marbuta, the other forms of heh
		return "ه", true
	}
	return "", false
}

// spellings are the plain forms under which a text may be written: keyboards
// without umlauts have two letters for one, ae for ä.
func spellings(text string) []string {
	writtenOut := strings.NewReplacer(
		"ä", "ae", "ö", "oe", "ü", "ue", "å", "aa", "ø", "oe", "Ä", "ae", "Ö", "oe", "Ü", "ue", "Å", "aa", "Ø", "oe")
	return slices.Compact([]string{Plain(text), Plain(writtenOut.Replace(norm.NFC.String(text)))})
}

// sameText reports whether one text is the other but for its spelling. A text
// without a letter or digit is like none.
func sameText(a, b string) bool {
	others := spellings(b)
	return slices.ContainsFunc(spellings(a), func(spelling string) bool {
		return spelling != "" && slices.Contains(others, spelling)
	})
}
