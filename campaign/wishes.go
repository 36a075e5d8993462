package campaign

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Wishes recognises what people want when they write a word or press a button:
// to be left alone, or to hear from us again. It never changes and may be used
// by many goroutines. A nil one recognises nothing.
type Wishes struct {
	known map[string]wish
	// polite are words that change nothing about a wish.
	polite map[string]bool
}

// wish is what a word asks for; none where both are empty.
type wish struct {
	stop  SuppressionScope
	start bool
}

// ScopeCampaign, as a wish, forbids the messages of the campaign that is
// answered. It is no scope that could be stored.
const ScopeCampaign SuppressionScope = "campaign"

// NewWishes takes what stops messages, by the word or the button's payload or
// text, and what allows them again. Two that differ in case, accents,
// punctuation or spaces alone are one, and have to ask for the same.
func NewWishes(stop map[string]SuppressionScope, start []string) (*Wishes, error) {
	w := &Wishes{known: make(map[string]wish, len(stop)+len(start)), polite: map[string]bool{}}
	for word, scope := range stop {
		switch scope {
		case ScopeAll, ScopeMarketing, ScopeCampaign:
		default:
			return nil, fmt.Errorf("%q opts out of %q; write all, marketing or campaign", word, scope)
		}
		if err := w.add(word, wish{stop: scope}); err != nil {
			return nil, err
		}
	}
	for _, word := range start {
		if err := w.add(word, wish{start: true}); err != nil {
			return nil, err
		}
	}
	for _, word := range politeWords() {
		w.polite[WishKey(word)] = true
	}
	return w, nil
}

// add makes a word known in all its spellings.
func (w *Wishes) add(word string, asks wish) error {
	keys := []string{WishKey(word)}
	for _, spelling := range spellings(word) {
		keys = append(keys, cmp.Or(WishKey(spelling), keys[0]))
	}
	for _, key := range keys {
		switch other, known := w.known[key]; {
		case key == "":
			return fmt.Errorf("%q has no letter, digit or symbol, so it cannot be a keyword", word)
		case known && other.start != asks.start:
			return fmt.Errorf("%q is listed as an opt-out and as an opt-in; remove one", word)
		case known && other.stop != asks.stop:
			return fmt.Errorf("%q is listed with two scopes, %s and %s; remove one", word, asks.stop, other.stop)
		}
		w.known[key] = asks
	}
	return nil
}

// WishKey is what two ways to write a wish have in common: "Opt-out", "OPTOUT"
// and "opt out" are one. What has no letters is known by its symbols, such as
// the stop sign. It is empty for what can be no wish.
func WishKey(text string) string {
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
// six" is no wish. Around those that a person wrote there may be words of
// courtesy, as in "stop please", and each may be said more than once, or be
// drawn out.
func (w *Wishes) Of(r Reply) (stop SuppressionScope, start bool) {
	if w == nil {
		return "", false
	}
	if asks, known := w.known[WishKey(r.Payload)]; known {
		return asks.stop, asks.start
	}
	if r.Pressed {
		asks := w.known[WishKey(r.Text)]
		return asks.stop, asks.start
	}
	asks := w.written(r.Text)
	return asks.stop, asks.start
}

// mostWords is how many words a wish may have: longer texts say something else,
// too.
const mostWords = 16

// written is what a text asks for: its words, else its signs.
func (w *Wishes) written(text string) wish {
	if asks, known := w.known[WishKey(text)]; known {
		return asks
	}
	for _, spelling := range spellings(text) {
		words := strings.Fields(spelling)
		if len(words) > mostWords {
			return wish{}
		}
		if asks, ok := w.whole(words); ok {
			if asks == (wish{}) {
				return w.signed(text)
			}
			return asks
		}
	}
	return wish{}
}

// signed is what the first sign that is known asks for.
func (w *Wishes) signed(text string) wish {
	for _, sign := range symbols(text) {
		if asks, known := w.known[string(sign)]; known {
			return asks
		}
	}
	return wish{}
}

// whole is what words ask for together. ok is false where they say anything
// else, or contradict themselves.
func (w *Wishes) whole(words []string) (asks wish, ok bool) {
	if len(words) == 0 {
		return wish{}, true
	}
	for n := len(words); n > 0; n-- {
		first, known := w.word(strings.Join(words[:n], ""))
		if !known {
			continue
		}
		if rest, ok := w.whole(words[n:]); ok {
			return first.and(rest)
		}
	}
	return wish{}, false
}

// word is what a single word or phrase asks for, which is nothing for one of
// courtesy.
func (w *Wishes) word(key string) (asks wish, known bool) {
	for _, key := range []string{key, shortened(key, 1), shortened(key, 2)} {
		if asks, known := w.known[key]; known {
			return asks, true
		}
		if w.polite[key] {
			return wish{}, true
		}
	}
	return wish{}, false
}

// and is what two wishes in one text ask for. ok is false where one takes back
// the other.
func (a wish) and(b wish) (both wish, ok bool) {
	switch {
	case a == wish{}:
		return b, true
	case b == wish{}, a == b:
		return a, true
	case a.start || b.start:
		return wish{}, false
	}
	for _, scope := range []SuppressionScope{ScopeAll, ScopeMarketing} { // the widest first
		if a.stop == scope || b.stop == scope {
			return wish{stop: scope}, true
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
