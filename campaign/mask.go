package campaign

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaskPhone leaves of a number what tells countries apart and one number from
// another in a log, and no more.
func MaskPhone(phone string) string {
	const head, tail = 4, 2
	digits := []rune(phone)
	if len(digits) <= head+tail {
		return strings.Repeat("*", len(digits))
	}
	end := len(digits) - tail
	return string(digits[:head]) + strings.Repeat("*", end-head) + string(digits[end:])
}

// masked stands for a person's value.
const masked = "***"

// Masked is a text as a log may have it: a provider's words may quote a person's
// values. The given values, those of the person's row, are replaced wherever
// they stand as words of their own, and those of four characters and more
// wherever they stand. So is whatever looks like a phone number or a user ID.
func Masked(text string, values []string) string {
	return maskPhones(maskUserIDs(MaskValues(text, values)))
}

// MaskValues is the text without the given values alone, in whichever of the usual
// forms they stand there.
func MaskValues(text string, values []string) string {
	text = norm.NFC.String(text)
	var forms []string
	for _, value := range values {
		plain := norm.NFC.String(OneLine(value, len(value)))
		if plain == "" {
			continue
		}
		forms = append(forms, plain)
		if quoted := strconv.Quote(plain); quoted[1:len(quoted)-1] != plain { // as JSON has it, too
			forms = append(forms, quoted[1:len(quoted)-1])
		}
	}
	// The longest first: one value may be part of another.
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	for _, form := range forms {
		text = maskCut(maskValue(text, form), form)
	}
	return text
}

// maskCut replaces the beginning of a value at the end of a text that was cut
// short there.
func maskCut(text, value string) string {
	const least = 2 // characters that tell anything
	rest, cut := strings.CutSuffix(text, "…")
	if !cut {
		return text
	}
	for n := len(value) - 1; n > 0; n-- {
		if begins := value[:n]; utf8.ValidString(begins) && utf8.RuneCountInString(begins) >= least && hasSuffixFold(rest, begins) {
			return rest[:len(rest)-n] + masked + "…"
		}
	}
	return text
}

func hasSuffixFold(text, suffix string) bool {
	return len(text) >= len(suffix) && strings.EqualFold(text[len(text)-len(suffix):], suffix)
}

// maskValue replaces a value, in whichever case it is written.
func maskValue(text, value string) string {
	const anywhere = 4 // characters: a shorter value is part of many words
	within := utf8.RuneCountInString(value) >= anywhere
	var out strings.Builder
	done := 0
	spaced := strings.ReplaceAll(regexp.QuoteMeta(value), " ", `[\s\p{Z}]+`)
	for _, at := range regexp.MustCompile(`(?i)`+spaced).FindAllStringIndex(text, -1) {
		if !within && !apart(text, at[0], at[1]) {
			continue
		}
		out.WriteString(text[done:at[0]])
		out.WriteString(masked)
		done = at[1]
	}
	out.WriteString(text[done:])
	return out.String()
}

// apart reports whether a part of a text is no part of a longer word or number.
func apart(text string, from, to int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:from])
	after, _ := utf8.DecodeRuneInString(text[to:])
	return !wordly(before) && !wordly(after)
}

func wordly(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

// maskUserIDs masks what looks like a user ID as WhatsApp makes them: they are long.
func maskUserIDs(text string) string {
	return regexp.MustCompile(`\b[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{8,128}\b`).ReplaceAllStringFunc(text, MaskPhone)
}

// maskPhones masks eight digits and more with nothing but the punctuation of
// phone numbers between them. A provider's codes are shorter, and have a number
// sign before them.
func maskPhones(text string) string {
	phones := regexp.MustCompile(`#\p{Nd}+|\+?\p{Nd}(?:[\s\-.()/]{0,2}\p{Nd}){7,}`)
	return phones.ReplaceAllStringFunc(text, func(found string) string {
		if found[0] == '#' {
			return found
		}
		return MaskPhone(found)
	})
}
