package contacts

import (
	"slices"
	"strings"
	"unicode"
)

// A code page reads any byte as some letter. What tells them apart is that a word
// is of one language: its letters beyond ASCII are of one alphabet, and each stands
// where it does in that language.

// latinFit judges a word in Latin letters.
func latinFit(word []rune, s script) (fit float64, says bool) {
	fit = signsFit(word)
	found := parts(word)
	for _, part := range found {
		for _, r := range part {
			if r >= 0x80 && !unicode.In(r, unicode.Latin, unicode.Inherited) {
				return no, true
			}
		}
		if !caseFits(part) || !isOfOneLanguage(part, s) {
			return no, true
		}
	}
	if word[0] >= 0x80 && unicode.IsLower(word[0]) { // lists are of names
		fit = min(fit, maybe)
	}
	return fit, len(found) > 0 || fit == no
}

// latinLanguages are the letters beyond ASCII of the languages of a script.
func latinLanguages(s script) []string {
	const (
		spanish, portuguese, french, catalan, italian, german = "áéíóúüñ", "áâãàçéêíóôõúü", "àâçéèêëîïôœùûüÿ", "àçéèíïóòúü", "àèéìíîòóù", "äöüßé"
		dutch, danish, swedish, albanian, welsh, shared       = "áéëïóöüèê", "æøåéü", "åäöéüà", "çë", "âêîôûéëïö", "áâäçéëíîóôöúüýß"
		icelandic, slavic                                     = "áéíóúýþæöð", "šžáéíóúýäö"
		polish, czech, slovak                                 = "ąćęłńóśźż", "áčďéěíňóřšťúůýžäöü", "áäčďéíĺľňóôŕšťúýžöü"
		hungarian, romanian, croatian                         = "áéíóöőúüű", "ăâîşţ", "čćđšž"
		turkishLetters, lithuanian, latvian, estonianLetters  = "çğıİöşüâîû", "ąčęėįšųūž", "āčēģīķļņšūž", "äõöüšž"
	)
	westernOnes := []string{spanish, portuguese, french, catalan, italian, german, dutch, danish, swedish, albanian, welsh}
	switch s {
	case nordic:
		return append(westernOnes, icelandic, slavic)
	case estonian:
		return []string{estonianLetters, swedish, german, shared}
	case central:
		return []string{polish, czech, slovak, hungarian, romanian, croatian, albanian, shared}
	case baltic:
		return []string{lithuanian, latvian, estonianLetters, polish, german}
	case turkish:
		return append(westernOnes, turkishLetters)
	case vietnamese:
		return []string{"àáâăđèéêíóôơùúưü", french, german, spanish}
	}
	return append(westernOnes, slavic)
}

// commonCyrillic are the letters of all languages in Cyrillic.
const commonCyrillic = "абвгдежзиклмнопрстуфхцчш"

// easternAlphabets are those of Russian, Ukrainian, Belarusian and Bulgarian.
func easternAlphabets() []string {
	return []string{commonCyrillic + "йщъыьэюяё", commonCyrillic + "йщьюяєіїґ", commonCyrillic + "йыьэюяёіў", commonCyrillic + "йщъьюя"}
}

// balkanAlphabets are those of Serbian and Macedonian.
func balkanAlphabets() []string {
	return []string{commonCyrillic + "ђјљњћџ", commonCyrillic + "ѓѕјљњќџ"}
}

// inOneAlphabet reports whether one of the alphabets has all letters of a word.
func inOneAlphabet(word []rune, alphabets []string) bool {
	for _, alphabet := range alphabets {
		all := true
		for _, r := range word {
			all = all && (strings.ContainsRune(alphabet, toLower(r)) || unicode.IsMark(r))
		}
		if all {
			return true
		}
	}
	return false
}

// isOfOneLanguage reports whether one language has all letters of a word, each in a
// place where it may stand.
func isOfOneLanguage(word []rune, s script) bool {
	lower := make([]rune, len(word))
	for i, r := range word {
		lower[i] = toLower(r)
	}
	for i, r := range lower {
		if r >= 0x80 && !unicode.IsMark(r) && !stands(lower, i, s) {
			return false
		}
		if unicode.IsMark(r) && (i == 0 || !isVowel(lower[i-1])) {
			return false
		}
	}
	for _, letters := range latinLanguages(s) {
		all := true
		for _, r := range lower {
			all = all && (r < 0x80 || strings.ContainsRune(letters, r) || s == vietnamese && unicode.IsMark(r))
		}
		if all {
			return true
		}
	}
	return false
}

// toLower leaves the Turkish İ alone, whose small letter is an i.
func toLower(r rune) rune {
	if lower := unicode.ToLower(r); lower >= 0x80 || r < 0x80 {
		return lower
	}
	return r
}

func isVowel(r rune) bool {
	return strings.ContainsRune("aeiouyàáâãäåæèéêëěìíîïòóôõöøùúûüůűőýąęıāēīūėįųăœơư", r)
}

// stands reports whether a letter may stand where it does, by its neighbours.
func stands(word []rune, i int, s script) bool {
	at := func(i int) rune {
		if i < 0 || i >= len(word) {
			return 0
		}
		return word[i]
	}
	before, behind := at(i-1), at(i+1)
	if r := word[i]; isVowel(r) {
		return vowelStands(r, before, behind, s)
	}
	consonant := func(r rune) bool { return r != 0 && !isVowel(r) }
	switch word[i] {
	case 'ñ':
		return isVowel(behind)
	case 'ń':
		return isVowel(before) && !isVowel(behind)
	case 'ś', 'ź':
		return !isVowel(behind) && (!consonant(before) || !consonant(behind))
	case 'þ':
		return before == 0
	case 'ð':
		return before != 0
	case 'ď', 'ť', 'ň':
		return !consonant(behind) || oneOf(behind, "kč")
	case 'ĺ', 'ŕ':
		return consonant(before) && consonant(behind)
	case 'ć', 'č', 'š', 'ž', 'ż', 'ř', 'đ', 'ğ', 'ş', 'ţ', 'ķ', 'ļ', 'ģ', 'ņ', 'ç':
		if word[i] == 'ç' && before == 0 && consonant(behind) {
			return false
		}
		syllabic := oneOf(before, "rl") && consonant(at(i-2))
		return !consonant(before) || !consonant(behind) || syllabic
	}
	return true
}

// vowelStands does so for a vowel; 0 is no neighbour.
func vowelStands(r, before, behind rune, s script) bool {
	switch r {
	case 'ã':
		return behind == 0 || oneOf(behind, "oes")
	case 'õ':
		return behind == 'e' || s == baltic || s == estonian
	case 'ă':
		return !oneOf(behind, "oea")
	case 'è':
		return !isVowel(behind) && (!isVowel(before) || oneOf(before, "oiu"))
	case 'ì', 'ù':
		return behind == 0
	case 'ï':
		return isVowel(before)
	case 'û':
		return !oneOf(before, "zkyjhi") && (behind == 0 || oneOf(behind, "rtlmcnsde"))
	case 'œ':
		return !isVowel(before) && oneOf(behind, "uidnsctr")
	case 'æ':
		return !isVowel(before) && !isVowel(behind)
	case 'ø':
		return !oneOf(behind, "aeiou")
	case 'ä':
		return (!isVowel(before) || behind == 0) && !oneOf(behind, "ao")
	case 'ý':
		return !isVowel(behind) && (s != western || behind == 0)
	case 'ě':
		return oneOf(before, "bpvmdtnf")
	case 'ů':
		return before != 0
	case 'ą', 'ę':
		return before != 0 && (!isVowel(before) || before == 'i') && !isVowel(behind) || s == baltic
	case 'ê':
		return !isVowel(before)
	case 'á', 'é', 'í', 'ó', 'ú':
		if before == 0 && slices.Contains([]string{"áa", "ée", "íi", "óo", "úu"}, string([]rune{r, behind})) {
			return false
		}
	}
	return !isVowel(before) || !isVowel(behind) || oneOf(r, "ëüıiāēīū")
}

func oneOf(r rune, letters string) bool { return r != 0 && strings.ContainsRune(letters, r) }
