package campaign

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Text is what a person reads of the template in a message with these components: its
// header, body, footer and the labels of its buttons, a line for each. It is empty
// where the definition cannot be read.
func (a *Approved) Text(components json.RawMessage) string {
	shape, err := a.shape()
	if err != nil {
		return ""
	}
	var values any
	if len(components) > 0 && json.Unmarshal(components, &values) != nil {
		return ""
	}
	given := contentOf(values, false)
	return strings.Join(shape.lines(&given), "\n")
}

// lines are what is read of a message or a card.
func (s *shape) lines(given *content) []string {
	var lines []string
	if s.header != nil {
		switch {
		case s.header.kind != "text":
			lines = append(lines, "["+s.header.kind+"]")
		case given.header != nil:
			lines = append(lines, s.header.text.filled([]givenText{given.header.text}))
		default:
			lines = append(lines, s.header.text.text)
		}
	}
	for _, text := range []string{s.offer.text, s.body.filled(given.body), s.footer} {
		if text != "" {
			lines = append(lines, text)
		}
	}
	for i, button := range s.buttons {
		lines = append(lines, "["+button.shown(i, given)+"]")
	}
	for i := range given.cards {
		if len(s.cards) > 0 {
			card := s.cards[min(i, len(s.cards)-1)].lines(&given.cards[i])
			lines = append(lines, "| "+strings.Join(card, "\n| "))
		}
	}
	return lines
}

// shown is a button's label, with where its link leads.
func (b *buttonShape) shown(index int, given *content) string {
	if b.kind != "url" || b.url.text == "" {
		return b.label
	}
	for i := range given.buttons {
		if given.buttons[i].index == index {
			return b.label + ": " + b.url.filled([]givenText{given.buttons[i].text})
		}
	}
	return b.label + ": " + b.url.text
}

// filled is the text with what is given for its variables. A variable for which
// nothing is given stays.
func (t *textShape) filled(given []givenText) string {
	return variable.ReplaceAllStringFunc(t.text, func(found string) string {
		name := variable.FindStringSubmatch(found)[1]
		if value := t.valueOf(name, given); value != nil {
			return word(value)
		}
		return found
	})
}

// Expects says in a few words what a message of the template has to give.
func (a *Approved) Expects() string {
	shape, err := a.shape()
	if err != nil {
		return "its definition cannot be read"
	}
	parts := shape.expects()
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

func (s *shape) expects() []string {
	var parts []string
	if h := s.header; h != nil && (h.kind != "text" || len(h.text.variables) > 0) {
		parts = append(parts, "header "+h.kind)
	}
	if s.body.named() {
		parts = append(parts, "body "+strings.Join(s.body.variables, " "))
	} else if n := len(s.body.variables); n > 0 {
		parts = append(parts, "body "+counted(n, "value"))
	}
	for i := range s.buttons {
		if kind, n := s.buttons[i].sent(); n == needed {
			parts = append(parts, fmt.Sprintf("button %d %s", i, kind))
		}
	}
	if s.offer.given && s.offer.expires {
		parts = append(parts, "limited_time_offer")
	}
	if len(s.cards) > 0 {
		parts = append(parts, "carousel of "+counted(len(s.cards), "card"))
	}
	return parts
}
