package ledger

import "strings"

// How many rows of a table are read for a page of a search at most. Each takes some
// tens of milliseconds, on both engines: to look for a text costs several times as
// much as to look at a status.
const (
	mostSearched     = 50_000  // rows of a list, for a text
	mostLookedAt     = 200_000 // messages, or rows of a list, for anything else
	mostSuppressions = 200_000
	mostCampaigns    = 20_000
)

// textOf is a column in which a text is looked for: written small, unless the text
// is without letters, as a part of a number is. That takes half the time.
func textOf(column, text string) string {
	if strings.ToLower(text) == strings.ToUpper(text) {
		return column
	}
	return "lower(" + column + ")"
}

// containing is the pattern of texts, written small, that have this one in them.
func containing(text string) string {
	return "%" + strings.ToLower(strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)) + "%"
}
