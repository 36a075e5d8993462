package contacts

import (
	"fmt"
	"strings"
	"time"

	"carillon/campaign"
)

// withConsent marks an admitted row whose cell does not say that the person
// agreed to be written to. Whoever says nothing has not agreed. day is the day
// that the cell holds, whatever form it shows it in; empty for none.
func (r *Reader) withConsent(row campaign.Row, day string) campaign.Row {
	if r.consent < 0 || !row.Admitted() {
		return row
	}
	column, cell := r.layout.Columns[r.consent], row.Values[r.consent]
	switch {
	case agrees(cell), cell != "" && agrees(day):
		return row
	case cell == "":
		row.Detail = fmt.Sprintf("column %q is empty; write yes, or when the person agreed, if you have proof of it", column)
	default:
		row.Detail = fmt.Sprintf("column %q says %q, which is not a yes; write yes, or when the person agreed, if you have proof of it",
			column, shortened(cell))
	}
	row.Verdict = campaign.NoConsent
	return row
}

func shortened(cell string) string {
	const most = 40
	if runes := []rune(cell); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return cell
}

// agrees reports whether a cell says yes, or when the person did.
func agrees(cell string) bool {
	switch strings.TrimRight(strings.TrimSpace(cell), "\ufe0f") { // which asks for an emoji
	case "✓", "✔", "✅", "☑", "🗹", "√", "👍":
		return true
	}
	return saysYes(campaign.FoldName(cell)) || isMoment(cell)
}

// saysYes knows what FoldName makes of a yes in English, Spanish, Portuguese,
// French, German, Italian and Dutch.
func saysYes(folded string) bool {
	switch folded {
	case "yes", "y", "yep", "yeah", "true", "t", "1", "x", "on", "ok", "okay", "opt in", "opted in", "optin", "optedin", "agree", "agreed",
		"i agree", "accept", "accepted", "grant", "granted", "given", "allow", "allowed", "consent", "consented", "confirmed",
		"subscribe", "subscribed", "double opt in",
		"si", "s", "verdadero", "acepto", "acepta", "aceptado", "de acuerdo", "autorizo", "autorizado", "concedido", "suscrito", "suscrita",
		"sim", "verdadeiro", "aceito", "aceite", "concordo", "inscrito", "inscrita",
		"oui", "vrai", "accepte", "d accord", "accorde", "consenti", "inscrit", "inscrite", "abonne", "abonnee",
		"ja", "j", "jawohl", "wahr", "zugestimmt", "stimme zu", "einverstanden", "einwilligung", "eingewilligt", "erteilt", "angemeldet",
		"abonniert",
		"vero", "accetto", "accettato", "d accordo", "acconsento", "iscritto", "iscritta",
		"waar", "akkoord", "toegestaan", "ingeschreven":
		return true
	}
	return false
}

// isMoment recognises the date or the time at which somebody agreed. WhatsApp
// began in 2009; what lies before is a program's way to say never.
func isMoment(cell string) bool {
	const first = 2009
	day, clock := strings.TrimSpace(cell), ""
	if i := strings.IndexAny(day, " T"); i >= 0 {
		day, clock = day[:i], day[i+1:]
	}
	at, isDay := parsedAs(day, "2006-1-2", "2/1/2006", "2.1.2006", "1/2/2006", "2006/1/2", "2006.1.2", "2-1-2006", "20060102")
	if !isDay || at.Year() < first {
		return false
	}
	if clock == "" {
		return true
	}
	_, isClock := parsedAs(clock, "15:04:05Z07:00", "15:04:05", "15:04", "15:04:05 Z07:00", "15:04:05 UTC", "15:04Z07:00", "3:04 PM", "3:04:05 PM")
	return isClock
}

// parsedAs reads a time in the first layout that fits.
func parsedAs(text string, layouts ...string) (time.Time, bool) {
	for _, layout := range layouts {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}
