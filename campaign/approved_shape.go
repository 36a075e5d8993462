package campaign

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// shape is what a template, or a card of its carousel, expects and shows.
type shape struct {
	header  *headerShape // nil for none
	body    textShape
	footer  string
	buttons []buttonShape
	offer   offerShape
	cards   []shape
	// alone says that there is nothing but a body.
	alone bool
	card  bool
}

type headerShape struct {
	kind string // text, image, …; a kind that is not known is not checked
	text textShape
}

type buttonShape struct {
	kind  string // the provider's, in lower case
	label string
	url   textShape
}

// offerShape says whether a limited time offer has an end that messages tell.
type offerShape struct {
	text           string
	given, expires bool
}

// textShape is a text with its variables.
type textShape struct {
	text      string
	variables []string // in their order, each once
}

// variable is one in a template's text: a number, or a name (Meta, template
// components page).
var variable = regexp.MustCompile(`\{\{\s*([^{}\s]+)\s*\}\}`)

func newTextShape(text string) textShape {
	shaped := textShape{text: text}
	seen := map[string]bool{}
	for _, found := range variable.FindAllStringSubmatch(text, -1) {
		if name := found[1]; !seen[name] {
			seen[name] = true
			shaped.variables = append(shaped.variables, name)
		}
	}
	return shaped
}

// named reports whether the variables have names rather than numbers.
func (t *textShape) named() bool {
	for _, name := range t.variables {
		if !all(name, isDigit) {
			return true
		}
	}
	return false
}

// own is how many characters the text has without its variables.
func (t *textShape) own() int {
	return utf8.RuneCountInString(variable.ReplaceAllString(t.text, ""))
}

// listedComponent is one of a template's definition.
type listedComponent struct {
	Type    string `json:"type"`
	Format  string `json:"format"`
	Text    string `json:"text"`
	Buttons []struct {
		Type string `json:"type"`
		Text string `json:"text"`
		URL  string `json:"url"`
	} `json:"buttons"`
	Offer *struct {
		Text    string `json:"text"`
		Expires *bool  `json:"has_expiration"`
	} `json:"limited_time_offer"`
	Cards []struct {
		Components []listedComponent `json:"components"`
	} `json:"cards"`
}

// shape reads the template's definition. What is not known in it is passed over.
func (a *Approved) shape() (*shape, error) {
	var components []listedComponent
	if len(a.Components) > 0 {
		if err := json.Unmarshal(a.Components, &components); err != nil {
			return nil, fmt.Errorf("template %s: %w", a.TemplateName, err)
		}
	}
	s := shapeOf(components)
	if a.Category == Authentication && s.body.text == "" {
		s.body = newTextShape("{{1}}") // the provider writes the text itself
	}
	return &s, nil
}

func shapeOf(components []listedComponent) shape {
	s := shape{alone: len(components) == 1}
	for i := range components {
		c := &components[i]
		switch strings.ToLower(c.Type) {
		case "header":
			kind := strings.ToLower(c.Format)
			if kind == "" {
				kind = "text"
			}
			s.header = &headerShape{kind: kind, text: newTextShape(c.Text)}
		case "body":
			s.body = newTextShape(c.Text)
		case "footer":
			s.footer = c.Text
		case "buttons":
			for _, b := range c.Buttons {
				s.buttons = append(s.buttons, buttonShape{strings.ToLower(b.Type), b.Text, newTextShape(b.URL)})
			}
		case "limited_time_offer":
			s.offer.given, s.offer.expires = true, true
			if c.Offer != nil {
				s.offer.text = c.Offer.Text
				s.offer.expires = c.Offer.Expires == nil || *c.Offer.Expires
			}
		case "carousel":
			for _, card := range c.Cards {
				shaped := shapeOf(card.Components)
				shaped.card = true
				s.cards = append(s.cards, shaped)
			}
		}
	}
	return s
}

// need says what a message gives of a button.
type need int8

const (
	optional need = iota
	needed
	nothing
)

// sent is the button's kind in messages, empty where they tell nothing of it or it
// is not known, and what they have to give (Meta, template components page).
func (b *buttonShape) sent() (kind string, n need) {
	switch b.kind {
	case "quick_reply", "flow", "catalog":
		return b.kind, optional
	case "copy_code", "mpm", "order_details":
		return b.kind, needed
	case "otp":
		return "url", needed
	case "url":
		if len(b.url.variables) == 0 {
			return "url", nothing
		}
		return "url", needed
	case "phone_number", "voice_call", "spm", "request_contact_info":
		return b.kind, nothing
	}
	return "", optional
}
