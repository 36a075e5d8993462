package contacts

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wlynxg/chardet"
	"golang.org/x/text/encoding"
)

// codePage is an encoding that lists come in.
type codePage struct {
	name   string
	script script
	// old says that programs have not written it by themselves for twenty years.
	old bool
}

// codePages are the encodings that a list may be in, of those that read it alike
// the one first that shall be named.
func codePages() []codePage {
	return []codePage{
		{"windows-1252", western, false}, {"windows-1250", central, false}, {"windows-1254", turkish, false}, {"windows-1257", baltic, false},
		{"windows-1258", vietnamese, false}, {"windows-1252", nordic, false}, {"windows-1252", estonian, false}, {"iso-8859-15", western, true}, {"iso-8859-2", central, true},
		{"macintosh", western, true}, {"ibm850", western, true}, {"ibm437", western, true}, {"ibm852", central, true},
		{"windows-1251", cyrillic, false}, {"windows-1251", balkan, false}, {"koi8-u", cyrillic, false}, {"ibm866", cyrillic, true}, {"x-mac-cyrillic", cyrillic, true},
		{"iso-8859-5", cyrillic, true}, {"windows-1253", greek, false}, {"iso-8859-7", greek, true}, {"windows-1255", hebrew, false},
		{"ibm862", hebrew, true}, {"windows-1256", arabic, false}, {"iso-8859-6", arabic, true}, {"windows-874", thai, false},
		{"shift_jis", japanese, false}, {"euc-jp", japanese, false}, {"euc-kr", korean, false}, {"gbk", simplified, false}, {"big5", traditional, false},
	}
}

// fewWords are so few that they may all be words in an encoding by chance.
const fewWords = 6

// guess is what the words of a text are in one code page.
type guess struct {
	page  codePage
	words []string
	// fit is how well they look like words, from 0 to 1, and bad how many do not at
	// all.
	fit float64
	bad int
}

// guessPages reads the words in every code page and returns those that they fit.
func (t *oddText) guessPages() []guess {
	var found []guess
	for _, page := range codePages() {
		charset, err := newCharset(page.name, 0, "")
		if err != nil || charset.encoding == nil {
			continue
		}
		if g, ok := t.readIn(page, charset.encoding); ok {
			found = append(found, g)
		}
	}
	return found
}

// readIn reads the words in one code page. It is not ok where they do not fit it.
func (t *oddText) readIn(page codePage, e encoding.Encoding) (guess, bool) {
	g := guess{page: page}
	decoder := e.NewDecoder()
	sum, counted := 0.0, 0
	for _, word := range t.words {
		text, err := decoder.String(string(word))
		if err != nil || strings.ContainsRune(text, utf8.RuneError) {
			return g, false
		}
		g.words = append(g.words, text)
		fit, says := page.fit(word, text)
		if !says {
			continue
		}
		counted++
		sum += fit
		if fit == 0 {
			g.bad++
		}
	}
	if counted == 0 { // signs alone, as ½ and €
		return g, page.name == "windows-1252"
	}
	g.fit = sum / float64(counted)
	const (
		good     = 0.5
		badShare = 0.02
	)
	return g, g.fit >= good && float64(g.bad) <= badShare*float64(counted)
}

// choose narrows the guesses down to those that read the text alike: by how well
// they fit, by the countries of the numbers, by how letters follow each other, and at
// last by how common the encodings are. Several of them are left where it is not
// clear.
func (t *oddText) choose(guesses []guess) []guess {
	for _, narrow := range []func([]guess) []guess{fitting, t.ofTheCountries, t.detected, common} {
		if alike(guesses) {
			return guesses
		}
		if left := narrow(guesses); len(left) > 0 {
			guesses = left
		}
	}
	return guesses
}

// fitting are the guesses that fit about as well as the one that fits best.
func fitting(guesses []guess) []guess {
	const margin = 0.15
	most := 0.0
	for _, g := range guesses {
		most = max(most, g.fit)
	}
	return keep(guesses, func(g guess) bool { return g.fit >= most-margin })
}

// ofTheCountries are the guesses in the scripts of the numbers' countries. They say
// nothing of encodings that are out of use.
func (t *oddText) ofTheCountries(guesses []guess) []guess {
	theirs := keep(guesses, func(g guess) bool { return t.countries.write(g.page.script) })
	if len(keep(theirs, func(g guess) bool { return !g.page.old })) == 0 {
		return nil
	}
	return theirs
}

// common leaves out encodings that are out of use, but for those of Cyrillic: they
// are not told apart well enough for that.
func common(guesses []guess) []guess {
	if len(keep(guesses, func(g guess) bool { return g.page.script == cyrillic })) > 0 {
		return guesses
	}
	most := 0.0
	for _, g := range guesses {
		most = max(most, g.fit)
	}
	return keep(guesses, func(g guess) bool { return !g.page.old && g.fit == most })
}

// isForeign reports whether a guess is too weak for its script, which is not the one
// of nearly all numbers' countries: few words speak for it, and others fit as well, or
// it does not fit well, or it is out of use.
func (t *oddText) isForeign(g guess, all []guess) bool {
	const well = 0.9
	switch {
	case len(g.words) >= fewWords || t.countries.write(g.page.script):
		return false
	case g.page.old:
		return true
	case alike(all) && g.fit >= well:
		return false
	}
	for s := western; s < scripts; s++ {
		if t.countries.write(s) {
			return true
		}
	}
	return g.fit < well
}

// ofOneLanguage reports whether a guess reads words in Latin letters as those of one
// language, if they are few.
func ofOneLanguage(g guess) bool {
	if g.page.script > vietnamese || len(g.words) >= fewWords {
		return true
	}
	return inOneAlphabet([]rune(strings.Map(beyondASCII, strings.Join(g.words, ""))), latinLanguages(g.page.script))
}

// beyondASCII drops all but the letters that are not ASCII.
func beyondASCII(r rune) rune {
	if r < utf8.RuneSelf || !isLetter(r) {
		return -1
	}
	return r
}

// alike reports whether all guesses read the text in the same way.
func alike(guesses []guess) bool {
	for _, g := range guesses {
		if !slices.Equal(g.words, guesses[0].words) {
			return false
		}
	}
	return len(guesses) > 0
}

func keep(guesses []guess, wanted func(guess) bool) []guess {
	return slices.DeleteFunc(slices.Clone(guesses), func(g guess) bool { return !wanted(g) })
}

// detected asks a detector, which knows how letters follow each other in Russian,
// Greek, Hebrew, Thai and others, and nothing of most languages in Latin letters.
// Between scripts it needs more than a few words.
func (t *oddText) detected(guesses []guess) []guess {
	const (
		sure   = 0.7
		enough = 40 // bytes beyond ASCII
	)
	oneScript := len(keep(guesses, func(g guess) bool { return g.page.script == guesses[0].page.script })) == len(guesses)
	text := bytes.Join(t.words, []byte("\n"))
	found := chardet.Detect(text)
	if found.Confidence < sure || found.Language == "" || !oneScript && oddBytes(text) < enough {
		return nil
	}
	return keep(guesses, func(g guess) bool {
		return g.page.script > vietnamese && slices.Contains(detectedAs(g.page.name), found.Charset)
	})
}

func oddBytes(text []byte) int {
	n := 0
	for _, c := range text {
		if c >= utf8.RuneSelf {
			n++
		}
	}
	return n
}

// detectedAs are the names that the detector has for a code page and for those that
// are a part of it.
func detectedAs(page string) []string {
	switch page {
	case "windows-1251":
		return []string{"Windows-1251"}
	case "koi8-u":
		return []string{"KOI8-R"}
	case "ibm866":
		return []string{"IBM866"}
	case "iso-8859-5":
		return []string{"ISO-8859-5"}
	case "windows-1253":
		return []string{"Windows-1253", "ISO-8859-7"}
	case "iso-8859-7":
		return []string{"ISO-8859-7"}
	case "windows-1255":
		return []string{"Windows-1255", "ISO-8859-8"}
	case "windows-874":
		return []string{"TIS-620"}
	case "shift_jis":
		return []string{"Shift_JIS", "CP932"}
	case "euc-jp":
		return []string{"EUC-JP"}
	case "euc-kr":
		return []string{"EUC-KR", "CP949"}
	case "gbk":
		return []string{"GB2312"}
	case "big5":
		return []string{"Big5"}
	}
	return []string{page}
}
