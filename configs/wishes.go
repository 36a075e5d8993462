package configs

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"carillon/campaign"
)

// OptOut says how people tell us to leave them alone.
type OptOut struct {
	// Words are what they write, by language. All count, whatever language a
	// person has; the whole message has to be one of them, regardless of case,
	// accents, punctuation and spaces, but for words of courtesy. A language given
	// here replaces the default list of that language.
	Words map[string][]string `yaml:"words"`
	// Scope is what a word forbids: all or marketing.
	Scope WishScope `yaml:"scope"`
	// Buttons are payloads or texts of quick replies, and what each forbids.
	Buttons map[string]WishScope `yaml:"buttons"`
}

// OptIn says how people take that back.
type OptIn struct {
	// Words are what they write, or what stands on a button, by language.
	Words map[string][]string `yaml:"words"`
}

// WishScope is what a person does not want to get any more.
type WishScope string

const (
	// WishAll is every message.
	WishAll WishScope = "all"
	// WishMarketing is what is neither utility nor authentication.
	WishMarketing WishScope = "marketing"
	// WishCampaign is the rest of the campaign that is answered.
	WishCampaign WishScope = "campaign"
)

// defaultOptOut are the usual words, and what the buttons of Meta's own samples
// say (message templates page, marketing opt-out).
func defaultOptOut() OptOut {
	return OptOut{
		Words: defaultStopWords(),
		Scope: WishAll,
		Buttons: map[string]WishScope{
			"STOP_MARKETING":  WishMarketing,
			"Stop promotions": WishMarketing,
			"STOP_CAMPAIGN":   WishCampaign,
		},
	}
}

func defaultOptIn() OptIn { return OptIn{Words: defaultStartWords()} }

// Stops are all words and buttons with what each forbids. A text that is both,
// however it is written, is a button.
func (o OptOut) Stops() map[string]WishScope {
	stops, buttons := map[string]WishScope{}, map[string]bool{}
	for button := range o.Buttons {
		buttons[campaign.WishKey(button)] = true
	}
	for _, words := range o.Words {
		for _, word := range words {
			if !buttons[campaign.WishKey(word)] {
				stops[word] = o.Scope
			}
		}
	}
	maps.Copy(stops, o.Buttons)
	return stops
}

// Starts are all words that take a wish back.
func (o OptIn) Starts() []string {
	var all []string
	for _, language := range slices.Sorted(maps.Keys(o.Words)) {
		all = append(all, o.Words[language]...)
	}
	return all
}

func checkWishes(c *Config, found *mistakes) {
	found.need(c.OptOut.Scope == WishAll || c.OptOut.Scope == WishMarketing, "opt_out.scope", "must be all or marketing")
	for _, text := range slices.Sorted(maps.Keys(c.OptOut.Buttons)) {
		scope := c.OptOut.Buttons[text]
		found.need(scope == WishAll || scope == WishMarketing || scope == WishCampaign, "opt_out.buttons."+text, "must be all, marketing or campaign")
	}
	for at, lists := range map[string]map[string][]string{"opt_out.words.": c.OptOut.Words, "opt_in.words.": c.OptIn.Words} {
		for _, language := range slices.Sorted(maps.Keys(lists)) {
			for i, word := range lists[language] {
				found.need(strings.TrimSpace(word) != "", fmt.Sprintf("%s%s[%d]", at, language, i), "is empty; write a word or remove it")
			}
		}
	}
}
