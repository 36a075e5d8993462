package campaign

import (
	"errors"
	"fmt"
	"strings"
)

// A text of a definition names columns of the list in double braces:
// {{Column}}, or {{Column|what to say when the cell is empty}}. Four opening
// braces stand for two literal ones; closing braces need no escape.
const (
	opening = "{{"
	closing = "}}"
)

// segment is a piece of a text: a literal one or a column.
type segment struct {
	// literal is the text itself; column is then empty.
	literal string
	// column is the name as the definition writes it.
	column string
	// fallback replaces an empty cell where hasFallback is set; it may be
	// empty itself.
	fallback    string
	hasFallback bool
	// index is the column's place in the list, once the list is known.
	index int
}

// parseText splits a text at its placeholders. Neighbouring literals are one
// segment, so a text without a placeholder has at most one.
func parseText(text string) ([]segment, error) {
	var segments []segment
	var literal strings.Builder
	for {
		before, rest, found := strings.Cut(text, opening)
		literal.WriteString(before)
		if !found {
			break
		}
		if after, escaped := strings.CutPrefix(rest, opening); escaped {
			literal.WriteString(opening)
			text = after
			continue
		}
		inner, after, closed := strings.Cut(rest, closing)
		if !closed || strings.Contains(inner, opening) {
			return nil, fmt.Errorf("%q is never closed; write {{Column}}, or {{{{ for two braces", opening+excerpt(rest))
		}
		column, err := parsePlaceholder(inner)
		if err != nil {
			return nil, err
		}
		if literal.Len() > 0 {
			segments = append(segments, segment{literal: literal.String()})
			literal.Reset()
		}
		segments = append(segments, column)
		text = after
	}
	if literal.Len() > 0 {
		segments = append(segments, segment{literal: literal.String()})
	}
	return segments, nil
}

func parsePlaceholder(inner string) (segment, error) {
	name, fallback, hasFallback := strings.Cut(inner, "|")
	name = TrimName(name)
	if name == "" {
		return segment{}, errors.New("a placeholder does not name a column; write {{Column}}")
	}
	return segment{column: name, fallback: clean(fallback), hasFallback: hasFallback}, nil
}

// excerpt shortens a text for an error message.
func excerpt(text string) string {
	const most = 40
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most]) + "…"
}
