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

// Trouble is a failure that a person has to mend, and where it was met.
type Trouble struct {
	Scope PauseScope
	// Step is what was being sent.
	Step Step
	// Number is the channel that it was sent from.
	Number string
	// Account names the channels of that number's account; Number is one of
	// them, named or not.
	Account []string
	// Except leaves the steps of this category alone; empty for none.
	Except Category
}

// Stops returns which of a campaign's numbers the trouble makes unusable for
// it, as positions in AllChannels.
func (t Trouble) Stops(d *Definition) []int {
	if t.Scope == PauseTemplate && !slices.ContainsFunc(d.Steps, t.concernsStep) {
		return nil
	}
	var positions []int
	for i, number := range d.AllChannels() {
		if t.concerns(number) {
			positions = append(positions, i)
		}
	}
	return positions
}

func (t Trouble) concernsStep(s Step) bool {
	return t.Step.sameTemplate(s) && (t.Except == "" || s.Category != t.Except)
}

func (t Trouble) concerns(number string) bool {
	switch t.Scope {
	case PauseChannel:
		return number == t.Number
	case PauseTemplate, PauseAccount:
		return number == t.Number || slices.Contains(t.Account, number)
	}
	return false
}

// sameTemplate reports whether two steps may send one template: its name and
// language. Where the list has the language the name decides.
func (s Step) sameTemplate(other Step) bool {
	mine, others := s.TemplatePart(), other.TemplatePart()
	if mine == nil || others == nil || mine.Template != others.Template {
		return false
	}
	one, err := parseLanguage(mine.Language)
	two, otherErr := parseLanguage(others.Language)
	return err != nil || otherErr != nil || one == two
}
