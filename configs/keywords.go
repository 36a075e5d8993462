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
	Scope OptOutScope `yaml:"scope"`
	// Buttons are payloads or texts of quick replies, and what each forbids.
	Buttons map[string]OptOutScope `yaml:"buttons"`
}

// OptIn says how people take that back.
type OptIn struct {
	// Words are what they write, or what stands on a button, by language.
	Words map[string][]string `yaml:"words"`
}

// OptOutScope is what a person does not want to get any more.
type OptOutScope string

const (
	// OptOutAll is every message.
	OptOutAll OptOutScope = "all"
	// OptOutMarketing is what is neither utility nor authentication.
	OptOutMarketing OptOutScope = "marketing"
	// OptOutCampaign is the rest of the campaign that is answered.
	OptOutCampaign OptOutScope = "campaign"
)

// defaultOptOut are the usual words, and what the buttons of Meta's own samples
// say (message templates page, marketing opt-out).
func defaultOptOut() OptOut {
	return OptOut{
		Words: defaultStopWords(),
		Scope: OptOutAll,
		Buttons: map[string]OptOutScope{
			"STOP_MARKETING":  OptOutMarketing,
			"Stop promotions": OptOutMarketing,
			"STOP_CAMPAIGN":   OptOutCampaign,
		},
	}
}

func defaultOptIn() OptIn { return OptIn{Words: defaultStartWords()} }

// Stops are all words and buttons with what each forbids. A text that is both,
// however it is written, is a button.
func (o OptOut) Stops() map[string]OptOutScope {
	stops, buttons := map[string]OptOutScope{}, map[string]bool{}
	for button := range o.Buttons {
		buttons[campaign.KeywordKey(button)] = true
	}
	for _, words := range o.Words {
		for _, word := range words {
			if !buttons[campaign.KeywordKey(word)] {
				stops[word] = o.Scope
			}
		}
	}
	maps.Copy(stops, o.Buttons)
	return stops
}

// Starts are all words that opt in.
func (o OptIn) Starts() []string {
	var all []string
	for _, language := range slices.Sorted(maps.Keys(o.Words)) {
		all = append(all, o.Words[language]...)
	}
	return all
}

func checkKeywords(c *Config, found *mistakes) {
	found.need(c.OptOut.Scope == OptOutAll || c.OptOut.Scope == OptOutMarketing, "opt_out.scope", "must be all or marketing")
	for _, text := range slices.Sorted(maps.Keys(c.OptOut.Buttons)) {
		scope := c.OptOut.Buttons[text]
		found.need(scope == OptOutAll || scope == OptOutMarketing || scope == OptOutCampaign, "opt_out.buttons."+text, "must be all, marketing or campaign")
	}
	for at, lists := range map[string]map[string][]string{"opt_out.words.": c.OptOut.Words, "opt_in.words.": c.OptIn.Words} {
		for _, language := range slices.Sorted(maps.Keys(lists)) {
			for i, word := range lists[language] {
				found.need(strings.TrimSpace(word) != "", fmt.Sprintf("%s%s[%d]", at, language, i), "is empty; write a word or remove it")
			}
		}
	}
}
