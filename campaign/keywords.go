package campaign

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Keywords recognises what people want when they write a word or press a button:
// to be left alone, or to hear from us again. It never changes and may be used
// by many goroutines. A nil one recognises nothing.
type Keywords struct {
	known map[string]request
	// polite are words that change nothing about a keyword.
	polite map[string]bool
}

// request is what a keyword asks for; none where both are empty.
type request struct {
	optOut SuppressionScope
	optIn  bool
}

// ScopeCampaign, as an opt-out, forbids the messages of the campaign that is
// answered. It is no scope that could be stored.
const ScopeCampaign SuppressionScope = "campaign"

// NewKeywords takes what stops messages, by the word or the button's payload or
// text, and what allows them again. Two that differ in case, accents,
// punctuation or spaces alone are one, and have to ask for the same.
func NewKeywords(optOut map[string]SuppressionScope, optIn []string) (*Keywords, error) {
	k := &Keywords{known: make(map[string]request, len(optOut)+len(optIn)), polite: map[string]bool{}}
	for word, scope := range optOut {
		switch scope {
		case ScopeAll, ScopeMarketing, ScopeCampaign:
		default:
			return nil, fmt.Errorf("%q opts out of %q; write all, marketing or campaign", word, scope)
		}
		if err := k.add(word, request{optOut: scope}); err != nil {
			return nil, err
		}
	}
	for _, word := range optIn {
		if err := k.add(word, request{optIn: true}); err != nil {
			return nil, err
		}
	}
	for _, word := range politeWords() {
		k.polite[KeywordKey(word)] = true
	}
	return k, nil
}

// add makes a word known in all its spellings.
func (k *Keywords) add(word string, asks request) error {
	keys := []string{KeywordKey(word)}
	for _, spelling := range spellings(word) {
		keys = append(keys, cmp.Or(KeywordKey(spelling), keys[0]))
	}
	for _, key := range keys {
		switch other, known := k.known[key]; {
		case key == "":
			return fmt.Errorf("%q has no letter, digit or symbol, so it cannot be a keyword", word)
		case known && other.optIn != asks.optIn:
			return fmt.Errorf("%q is listed as an opt-out and as an opt-in; remove one", word)
		case known && other.optOut != asks.optOut:
			return fmt.Errorf("%q is listed with two scopes, %s and %s; remove one", word, asks.optOut, other.optOut)
		}
		k.known[key] = asks
	}
	return nil
}

// KeywordKey is what two ways to write a keyword have in common: "Opt-out", "OPTOUT"
// and "opt out" are one. What has no letters is known by its symbols, such as
// the stop sign. It is empty for what can be no keyword.
func KeywordKey(text string) string {
	return cmp.Or(strings.ReplaceAll(Plain(text), " ", ""), string(slices.Compact(symbols(text))))
}

// symbols are the emoji and other signs in a text.
func symbols(text string) []rune {
	var signs []rune
	for _, r := range text {
		if unicode.Is(unicode.So, r) {
			signs = append(signs, r)
		}
	}
	return signs
}

// Of says what a reply asks for: to be left alone in a scope (empty: no), or to
// be written to again. The whole text has to consist of known words: "stop by at
// six" is no opt-out. Around those that a person wrote there may be words of
// courtesy, as in "stop please", and each may be said more than once, or be
// drawn out.
func (k *Keywords) Of(r Reply) (optOut SuppressionScope, optIn bool) {
	if k == nil {
		return "", false
	}
	if asks, known := k.known[KeywordKey(r.Payload)]; known {
		return asks.optOut, asks.optIn
	}
	if r.Pressed {
		asks := k.known[KeywordKey(r.Text)]
		return asks.optOut, asks.optIn
	}
	asks := k.written(r.Text)
	return asks.optOut, asks.optIn
}

// mostWords is how many words an opt-out may have: longer texts say something else,
// too.
const mostWords = 16

// written is what a text asks for: its words, else its signs.
func (k *Keywords) written(text string) request {
	if asks, known := k.known[KeywordKey(text)]; known {
		return asks
	}
	for _, spelling := range spellings(text) {
		words := strings.Fields(spelling)
		if len(words) > mostWords {
			return request{}
		}
		if asks, ok := k.whole(words); ok {
			if asks == (request{}) {
				return k.signed(text)
			}
			return asks
		}
	}
	return request{}
}

// signed is what the first sign that is known asks for.
func (k *Keywords) signed(text string) request {
	for _, sign := range symbols(text) {
		if asks, known := k.known[string(sign)]; known {
			return asks
		}
	}
	return request{}
}

// whole is what words ask for together. ok is false where they say anything
// else, or contradict themselves.
func (k *Keywords) whole(words []string) (asks request, ok bool) {
	if len(words) == 0 {
		return request{}, true
	}
	for n := len(words); n > 0; n-- {
		first, known := k.word(strings.Join(words[:n], ""))
		if !known {
			continue
		}
		if rest, ok := k.whole(words[n:]); ok {
			return first.and(rest)
		}
	}
	return request{}, false
}

// word is what a single word or phrase asks for, which is nothing for one of
// courtesy.
func (k *Keywords) word(key string) (asks request, known bool) {
	for _, key := range []string{key, shortened(key, 1), shortened(key, 2)} {
		if asks, known := k.known[key]; known {
			return asks, true
		}
		if k.polite[key] {
			return request{}, true
		}
	}
	return request{}, false
}

// and is what two keywords in one text ask for. ok is false where one takes back
// the other.
func (a request) and(b request) (both request, ok bool) {
	switch {
	case a == request{}:
		return b, true
	case b == request{}, a == b:
		return a, true
	case a.optIn || b.optIn:
		return request{}, false
	}
	for _, scope := range []SuppressionScope{ScopeAll, ScopeMarketing} { // the widest first
		if a.optOut == scope || b.optOut == scope {
			return request{optOut: scope}, true
		}
	}
	return a, true
}

// shortened is a word of which people drew a letter out, with that letter n
// times: "stooop". A letter that stands twice is no such thing.
func shortened(key string, n int) string {
	runes := []rune(norm.NFC.String(key)) // whole syllables and kana
	var kept []rune
	for i := 0; i < len(runes); {
		end := i
		for end < len(runes) && runes[end] == runes[i] {
			end++
		}
		times := end - i
		if times > 2 && unicode.IsLetter(runes[i]) {
			times = n
		}
		kept = append(kept, runes[i:i+times]...)
		i = end
	}
	return norm.NFKD.String(string(kept))
}
