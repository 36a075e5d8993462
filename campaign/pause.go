package campaign

import "slices"

// PauseScope says what a failure that a person has to mend makes unusable, and
// so which campaigns it stops.
type PauseScope string

const (
	// PauseNothing: the failure stops no campaign.
	PauseNothing PauseScope = ""
	// PauseTemplate stops what sends the template from the account.
	PauseTemplate PauseScope = "template"
	// PauseChannel stops what sends from the number.
	PauseChannel PauseScope = "number"
	// PauseAccount stops what sends from any number of the account.
	PauseAccount PauseScope = "account"
)

// Stops reports whether a failure that the given step of one campaign met stops
// another. account names the channels of the account that it was met on; the
// campaign's own channel is one of them, named or not.
func (s PauseScope) Stops(other, met *Definition, step int, account []string) bool {
	sameChannel := other.Channel == met.Channel
	sameAccount := sameChannel || slices.Contains(account, other.Channel)
	switch s {
	case PauseTemplate:
		return sameAccount && slices.ContainsFunc(other.Steps, met.Steps[step].sameTemplate)
	case PauseChannel:
		return sameChannel
	case PauseAccount:
		return sameAccount
	}
	return false
}

// sameTemplate reports whether two steps may send one template: its name and
// language. Where the list has the language the name decides.
func (s Step) sameTemplate(other Step) bool {
	if s.Template != other.Template {
		return false
	}
	one, err := parseLanguage(s.Language)
	two, otherErr := parseLanguage(other.Language)
	return err != nil || otherErr != nil || one == two
}
