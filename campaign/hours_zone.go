package campaign

import (
	"slices"
	"strings"
	"time"
)

// zone reads whose clock counts: one place for all, or else a placeholder that names
// the recipient's or columns.
func (v *validator) zone(text string) (placeholder, []*time.Location) {
	const path = "hours.zone"
	if strings.TrimSpace(text) == "" {
		text = RecipientZone
	}
	segments, err := parseText(text)
	if err != nil {
		v.wrong(path, "%v", err)
		return placeholder{}, nil
	}
	s := placeholder{path: path, segments: segments}
	if s.constant() {
		name := clean(s.literal())
		if isRecipient(name) {
			return s, nil
		}
		place, err := loadZone(name)
		if err != nil {
			v.wrong(path, "%v; %s, or a column such as {{Zone}}", err, zoneHint)
		}
		return placeholder{}, []*time.Location{place}
	}
	if only := segments[0]; len(segments) == 1 && only.hasFallback && !isRecipient(only.fallback) {
		if _, err := loadZone(only.fallback); err != nil {
			v.wrong(path, "the text for an empty cell: %v; write {{%s|recipient}}, or an IANA name such as Europe/Madrid", err, only.column)
		}
	}
	return s, nil
}

const zoneHint = "write recipient, or an IANA name such as Europe/Madrid"

func isRecipient(text string) bool { return strings.EqualFold(text, RecipientZone) }

// zoneOf finds out whose clock counts for a row.
type zoneOf struct {
	table *timetable
	place placeholder
}

// bindZone makes the campaign's zone ready for a list; nil where rows need none.
func (l *columnIndex) bindZone(h *Hours) (*zoneOf, []*Mistake) {
	if h == nil {
		return nil, nil
	}
	table, err := h.table()
	if err != nil {
		return nil, []*Mistake{mistakeAt("hours", "%v", err)}
	}
	if table.fixed != nil {
		return nil, nil
	}
	z := &zoneOf{table, table.zone}
	z.place.segments = slices.Clone(z.place.segments) // the table is shared between lists
	return z, l.bind(&z.place)
}

// resolve is RecipientZone or an IANA name.
func (z *zoneOf) resolve(values []string) (string, *fault) {
	text, broken := z.place.resolve(values)
	if broken != nil {
		return "", broken
	}
	if isRecipient(text) {
		return RecipientZone, nil
	}
	if strings.Contains(text, ",") {
		return "", &fault{z.place.columns(), "names several time zones; " + zoneHint}
	}
	if _, err := z.table.places(text); err != nil {
		return "", &fault{z.place.columns(), err.Error() + "; " + zoneHint}
	}
	return text, nil
}
