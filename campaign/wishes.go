package campaign

import "fmt"

// Wishes recognises what people want when they write a word or press a button:
// to be left alone, or to hear from us again. It never changes and may be used
// by many goroutines. A nil one recognises nothing.
type Wishes struct {
	stop  map[string]SuppressionScope
	start map[string]bool
}

// ScopeCampaign, as a wish, forbids the messages of the campaign that is
// answered. It is no scope that could be stored.
const ScopeCampaign SuppressionScope = "campaign"

// NewWishes takes what stops messages, by the word or the button's payload or
// text, and what allows them again. Each has to be different from all others.
func NewWishes(stop map[string]SuppressionScope, start []string) (*Wishes, error) {
	w := &Wishes{stop: make(map[string]SuppressionScope, len(stop)), start: make(map[string]bool, len(start))}
	for word, scope := range stop {
		key := Plain(word)
		switch other, known := w.stop[key]; {
		case key == "":
			return nil, fmt.Errorf("%q has no letter or digit and cannot stand for a wish", word)
		case known && other != scope:
			return nil, fmt.Errorf("%q opts out of %s and of %s; remove one", word, scope, other)
		}
		switch scope {
		case ScopeAll, ScopeMarketing, ScopeCampaign:
		default:
			return nil, fmt.Errorf("%q opts out of %q; write all, marketing or campaign", word, scope)
		}
		w.stop[key] = scope
	}
	for _, word := range start {
		key := Plain(word)
		if key == "" {
			return nil, fmt.Errorf("%q has no letter or digit and cannot stand for a wish", word)
		}
		if _, stops := w.stop[key]; stops {
			return nil, fmt.Errorf("%q is said to opt out and to opt in; remove one", word)
		}
		w.start[key] = true
	}
	return w, nil
}

// Of says what a reply asks for: to be left alone in a scope (empty: no), or to
// be written to again. The whole text has to be a known word: "stop by at
// six" is no wish.
func (w *Wishes) Of(r Reply) (stop SuppressionScope, start bool) {
	if w == nil {
		return "", false
	}
	for _, said := range []string{r.Payload, r.Text} {
		key := Plain(said)
		if scope, known := w.stop[key]; known {
			return scope, false
		}
		if w.start[key] {
			return "", true
		}
	}
	return "", false
}
