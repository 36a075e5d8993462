package campaign

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// maxContacts is how many cards one message holds (Meta, the API's own schema).
const maxContacts = 5

// cards checks contact cards that are written in the Cloud API's words.
func (v *validator) cards(path string, cards []any) {
	if len(cards) == 0 || len(cards) > maxContacts {
		v.wrong(path, "has %d contacts; write between 1 and %d", len(cards), maxContacts)
	}
	for i, c := range cards {
		at := fmt.Sprintf("%s[%d]", path, i)
		card, ok := v.object(at, c)
		if !ok {
			continue
		}
		v.quoted(at, card)
		v.cardName(at+".name", card["name"])
		for _, part := range []struct{ key, needs string }{{"phones", "phone"}, {"emails", "email"}, {"urls", "url"}, {"addresses", ""}} {
			for j, entry := range v.list(at+"."+part.key, card[part.key]) {
				one := fmt.Sprintf("%s.%s[%d]", at, part.key, j)
				if entry, ok := v.object(one, entry); ok && part.needs != "" {
					v.needs(one, entry, part.needs)
				}
			}
		}
		if card["org"] != nil {
			v.object(at+".org", card["org"])
		}
	}
}

// cardName wants a name to show and a part of it (Meta, contacts messages page).
func (v *validator) cardName(path string, value any) {
	if value == nil {
		v.wrong(path, "is missing; write {formatted_name: …, first_name: …}")
		return
	}
	name, ok := v.object(path, value)
	if !ok || !v.needs(path, name, "formatted_name") {
		return
	}
	parts := []string{"first_name", "last_name", "middle_name", "suffix", "prefix"}
	if !slices.ContainsFunc(parts, func(key string) bool { return name[key] != nil && name[key] != "" }) {
		v.wrong(path, "needs a part beside formatted_name; write one of %s", strings.Join(parts, ", "))
	}
}

// quoted wants no number: a card has texts alone, and a number that is not written as
// a text has lost its plus.
func (v *validator) quoted(path string, value any) {
	switch value := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			v.quoted(path+"."+key, value[key])
		}
	case []any:
		for i, part := range value {
			v.quoted(fmt.Sprintf("%s[%d]", path, i), part)
		}
	case string, nil:
	default:
		v.wrong(path, "must be a text; put it in quotes")
	}
}

// cardRules are what is asked of the texts of a contact card.
func cardRules(path string) rule {
	if path == "contacts[].birthday" {
		return birthdayRule
	}
	return rawRule
}

func parseBirthday(text string) (string, error) {
	if _, err := time.Parse(time.DateOnly, text); err != nil {
		return "", fmt.Errorf("%q is not a day; write it like 1990-12-31", excerpt(text))
	}
	return text, nil
}
