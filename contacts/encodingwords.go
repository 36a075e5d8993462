package contacts

import (
	"slices"
	"strings"
	"unicode"
)

// How much a run of bytes looks like a word in a code page.
const (
	no    = 0.0 // letters never stand so
	maybe = 0.5 // they seldom do
	yes   = 1.0
)

// fit is how much a run of bytes looks like a word of the page's languages. It does
// not say anything of runs without letters.
func (p codePage) fit(raw []byte, text string) (fit float64, says bool) {
	word := []rune(text)
	if slices.ContainsFunc(word, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Co, r) }) {
		return no, true
	}
	switch {
	case p.script <= vietnamese:
		return latinFit(word, p.script)
	case p.script >= japanese:
		return p.asianFit(raw, word), true
	}
	return p.otherFit(word)
}

// isWord reports whether a run of bytes is a word in UTF-8, in a language with a
// small alphabet.
func isWord(raw []byte) bool {
	for s := western; s < japanese; s++ {
		if fit, says := (codePage{script: s}).fit(raw, string(raw)); says && fit == yes {
			return true
		}
	}
	return false
}

// otherFit judges a word in one of the scripts that have small alphabets.
func (p codePage) otherFit(word []rune) (fit float64, says bool) {
	table := map[script]*unicode.RangeTable{cyrillic: unicode.Cyrillic, balkan: unicode.Cyrillic, greek: unicode.Greek, hebrew: unicode.Hebrew, arabic: unicode.Arabic, thai: unicode.Thai}[p.script]
	letters := 0
	fit = signsFit(word)
	for _, r := range word {
		switch {
		case unicode.IsLetter(r) && r != '\u037a' || unicode.IsMark(r):
			if !unicode.Is(table, r) && !unicode.Is(unicode.Inherited, r) {
				return no, true
			}
			letters++
		case unicode.IsDigit(r), r == '\u037a': // of another script; an iota by itself
			return no, true
		}
	}
	for _, part := range parts(word) {
		if !caseFits(part) || !spellingFits(part, p.script) {
			return no, true
		}
	}
	if p.name == "ibm866" && slices.ContainsFunc(word, func(r rune) bool { return strings.ContainsRune("ЄєЇїЎў", r) }) {
		return no, true // where its variants for Ukraine and Belarus have other letters
	}
	return fit, letters > 0 || fit == no
}

// parts are the words between the signs of a run.
func parts(word []rune) [][]rune {
	var found [][]rune
	for _, part := range strings.FieldsFunc(string(word), func(r rune) bool { return !isLetter(r) && !unicode.IsMark(r) }) {
		found = append(found, []rune(part))
	}
	return found
}

// isLetter leaves out the raised letters, which are signs: 1ª, Nº.
func isLetter(r rune) bool { return unicode.IsLetter(r) && r != 'ª' && r != 'º' }

// spellingFits knows letters that stand at one end of a word alone, and alphabets
// that have not all letters of their page.
func spellingFits(word []rune, s script) bool {
	if unicode.IsMark(word[0]) {
		return false
	}
	first, last := unicode.ToLower(word[0]), word[len(word)-1]
	inner := string(word[:len(word)-1])
	switch s {
	case cyrillic:
		return !strings.ContainsRune("ьъы", first) && inOneAlphabet(word, easternAlphabets())
	case balkan:
		return inOneAlphabet(word, balkanAlphabets())
	case greek:
		return !strings.ContainsRune(inner, 'ς') && last != 'σ' && !strings.ContainsRune("ΐΰς", first)
	case hebrew:
		return !strings.ContainsAny(inner, "ךםןףץ") && !strings.ContainsRune("כמנצ", last)
	case arabic:
		return !strings.ContainsRune(inner, 'ة') && !strings.ContainsRune("ىئؤ", first)
	case thai:
		return thaiFits(word)
	}
	return true
}

// thaiFits reports whether marks stand on consonants, and vowels that are written
// first before them.
func thaiFits(word []rune) bool {
	for i, r := range word {
		above := r == '\u0e31' || r >= '\u0e34' && r <= '\u0e3a' || r >= '\u0e47' && r <= '\u0e4e'
		first := r >= '\u0e40' && r <= '\u0e44'
		if above && i == 0 || first && i == len(word)-1 {
			return false
		}
		if r == 'ๅ' && (i == 0 || word[i-1] != 'ฤ' && word[i-1] != 'ฦ') {
			return false
		}
		if first && (word[i+1] < '\u0e01' || word[i+1] > '\u0e2e') {
			return false
		}
	}
	return true
}

// caseFits reports whether capitals and small letters stand as in a word: beyond
// ASCII a capital begins it, or stands among capitals, and a small letter does not
// stand before one.
func caseFits(word []rune) bool {
	for i := 1; i < len(word); i++ {
		before, r := word[i-1], word[i]
		if unicode.IsLower(before) && unicode.IsUpper(r) && (before >= 0x80 && before != 'ß' || r >= 0x80) {
			return false
		}
		if r >= 0x80 && unicode.IsUpper(r) && i+1 < len(word) && unicode.IsLower(word[i+1]) {
			return false
		}
	}
	return true
}

// signsFit judges the signs of a run, by the letters beside them.
func signsFit(word []rune) float64 {
	fit, odd := yes, 0
	for i, r := range word {
		if isLetter(r) || unicode.IsMark(r) || r < 0x80 && len(word) == 1 {
			continue
		}
		if r >= 0x80 && r != '\u00a0' {
			odd++
		}
		fit = min(fit, signFits(word, i))
	}
	if odd > 4 || odd > 1 && odd == len(word) {
		return no
	}
	return fit
}

// signFits judges a sign by what stands beside it; the neighbour of a sign at the
// end is a sign or nothing.
func signFits(word []rune, i int) float64 {
	at := func(i int) rune {
		if i < 0 || i >= len(word) {
			return 0
		}
		return word[i]
	}
	before, behind := isLetter(at(i-1)), isLetter(at(i+1))
	capital := unicode.IsUpper(at(i + 1))
	switch r := word[i]; r {
	case '\u00a0': // a space
		return either(!before || behind && capital || i+1 < len(word) && !behind, true)
	case '’', '‘':
		return either(!before || !behind || isContraction(word, i), false)
	case '–', '—':
		return either(before && behind && capital || !before && !behind, !before || !behind)
	case '“', '”', '„', '«', '»', '‹', '›', '¿', '¡':
		return either(!before && (capital || !behind) || !behind && closesQuote(word, i), !before || !behind)
	case '°':
		return either(!behind || i == 0 && len(word) == len("°C")-1, false)
	case '™', '®', '©', '…':
		return either(!before && !behind, !behind)
	case 'ª', 'º', '²', '³', '¹':
		return either(!behind && i <= 2, false)
	case '·':
		return either(before && behind && unicode.ToLower(at(i-1)) == 'l' && unicode.ToLower(at(i+1)) == 'l', false)
	case '€', '£', '¥', '½', '¼', '¾', '№', '•', '±', '§':
		return either(!before && !behind, false)
	case '@', '_', '|', '[', ']', '{', '}', '\\', '^', '~', '`':
		return either(!before && !behind, true)
	}
	return either(!before && !behind && len(word) == 1 && word[i] < 0x100, false)
}

// closesQuote reports whether a quote was opened before.
func closesQuote(word []rune, at int) bool {
	return slices.ContainsFunc(word[:at], func(r rune) bool { return strings.ContainsRune("“„«»‹›¿¡", r) })
}

// either is yes, or maybe, or no.
func either(fits, seldom bool) float64 {
	switch {
	case fits:
		return yes
	case seldom:
		return maybe
	}
	return no
}

// isContraction knows what stands around an apostrophe within a word: l’été, it’s,
// O’Brien.
func isContraction(word []rune, at int) bool {
	start, end := at, at+1
	for start > 0 && unicode.IsLetter(word[start-1]) {
		start--
	}
	for end < len(word) && unicode.IsLetter(word[end]) {
		end++
	}
	before, behind := strings.ToLower(string(word[start:at])), strings.ToLower(string(word[at+1:end]))
	if len([]rune(before)) == 1 || unicode.IsUpper(word[at+1]) && len(behind) > 1 {
		return true
	}
	for _, known := range []string{"s", "t", "d", "m", "n", "re", "ve", "ll", "em"} {
		if behind == known {
			return true
		}
	}
	for _, known := range []string{"qu", "all", "dall", "dell", "nell", "sull", "un", "quell", "jusqu", "lorsqu", "puisqu", "aujourd", "presqu", "mac"} {
		if before == known {
			return true
		}
	}
	return false
}
