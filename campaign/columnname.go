package campaign

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// FindColumns finds the columns of a list that a name means: those whose names
// look the same, and only where there are none, those that differ from it in
// accents and separators alone. Two or more are equally good, so the name says
// too little.
//
// Names look the same whatever their case, their Unicode form, the width of their
// characters and the kind of their spaces, dashes and quotes, and whatever
// invisible marks they hold.
func FindColumns(columns []string, name string) []int {
	for _, key := range []func(string) string{nameKey, FoldName} {
		var found []int
		wanted := key(name)
		for i, column := range columns {
			if wanted != "" && key(column) == wanted {
				found = append(found, i)
			}
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// SameColumn reports whether two names of columns look the same.
func SameColumn(a, b string) bool { return nameKey(a) == nameKey(b) }

// TrimName takes what shows nothing from both ends of a column's name.
func TrimName(name string) string {
	return strings.TrimFunc(name, func(r rune) bool { return unicode.IsSpace(r) || isInvisible(r) })
}

// nameKey is what names that look the same have in common.
func nameKey(name string) string {
	folded := cases.Fold().String(compatible(name))
	return norm.NFC.String(strings.Join(strings.Fields(folded), " "))
}

// FoldName is a name in small letters without accents, its words apart by one
// space: "phoneNumber" and "PHONE_NUMBER" become "phone number". A sign that
// says what is counted, such as % or €, is a word.
func FoldName(name string) string {
	indivisible := strings.NewReplacer("ı", "i", "đ", "d", "Đ", "D", "ł", "l", "Ł", "L", "ø", "o", "Ø", "O")
	var b strings.Builder
	previous := ' '
	for _, r := range norm.NFKD.String(indivisible.Replace(compatible(name))) {
		switch {
		case r >= 0x300 && r <= 0x36f: // an accent of a Latin, Greek or Cyrillic letter
			continue
		case r == '%' || unicode.In(r, unicode.Sc, unicode.Sm):
			b.WriteByte(' ')
			b.WriteRune(r)
			r = ' '
		case !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r):
			r = ' '
		case unicode.IsUpper(r) && unicode.IsLower(previous):
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
		previous = r
	}
	return norm.NFC.String(strings.Join(strings.Fields(b.String()), " "))
}

// compatible writes a name in the usual form of its characters, without
// invisible marks. Small and circled numbers stay, for m² is not m2.
func compatible(name string) string {
	var out, part strings.Builder
	flush := func() {
		out.WriteString(norm.NFKC.String(part.String()))
		part.Reset()
	}
	for _, r := range name {
		switch {
		case isInvisible(r):
		case unicode.Is(unicode.No, r):
			flush()
			out.WriteRune(r)
		default:
			part.WriteRune(typed(r))
		}
	}
	flush()
	return out.String()
}

// typed is the character on a keyboard that people mean by a typeset dash or
// quote.
func typed(r rune) rune {
	switch r {
	case '\u2018', '\u2019', '\u201b', '\u02bc', '\u00b4', '`':
		return '\''
	case '\u201c', '\u201d', '\u201e', '\u201f':
		return '"'
	case '\u2212': // the minus
		return '-'
	}
	if unicode.Is(unicode.Pd, r) {
		return '-'
	}
	return r
}

// isInvisible reports whether a rune shows nothing and takes no room: marks of
// direction, joiners, soft hyphens, byte order marks, variation selectors,
// fillers and control characters, but no space.
func isInvisible(r rune) bool {
	if r < 0x80 {
		return r < ' ' && !unicode.IsSpace(r) || r == 0x7f
	}
	if unicode.Is(unicode.Prepended_Concatenation_Mark, r) { // an Arabic sign that encloses a number
		return false
	}
	return unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) ||
		unicode.IsControl(r) && !unicode.IsSpace(r) || r == '\u2800' // an empty pattern of Braille
}
