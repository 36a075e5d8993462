package campaign

import (
	"fmt"
	"strconv"
	"strings"
)

// content is what a message gives of its template, or of a card of its carousel. It
// is read from components that are laid out, before or after they were rendered.
type content struct {
	path    string // of the card, with a dot; empty for the message
	header  *givenHeader
	body    []givenText
	bodyAt  string
	buttons []givenButton
	offerAt string // empty where no end of an offer is given
	cards   []content
	cardsAt string
}

type givenHeader struct {
	path, kind string
	text       givenText // of a text
}

// givenText is a value for a variable.
type givenText struct {
	path, name string
	value      any // a field, or a text once rendered
}

type givenButton struct {
	path, kind string
	index      int
	given      bool // it has parameters
	text       givenText
}

// contentOf reads components. raw says that the definition has them word for word,
// so that their places are those in components.
func contentOf(components any, raw bool) content {
	c := content{bodyAt: "body", cardsAt: "carousel"}
	c.read(components, raw, "components")
	return c
}

// read takes components in; at is where they stand where they are raw.
func (c *content) read(components any, raw bool, at string) {
	buttons := 0
	for i, component := range elements(components) {
		path := func(usual string) string {
			if raw {
				return fmt.Sprintf("%s[%d]", at, i)
			}
			return c.path + usual
		}
		parameters := elements(inside(component, "parameters"))
		switch lower(inside(component, "type")) {
		case "header":
			c.header = headerOf(path("header"), parameters)
		case "body":
			c.bodyAt = path("body")
			for j, p := range parameters {
				at := fmt.Sprintf("%s[%d]", c.bodyAt, j)
				if raw {
					at = fmt.Sprintf("%s.parameters[%d]", c.bodyAt, j)
				}
				c.body = append(c.body, textOf(at, p))
			}
		case "button":
			c.buttons = append(c.buttons, buttonOf(path(fmt.Sprintf("buttons[%d]", buttons)), component, parameters))
			buttons++
		case "limited_time_offer":
			c.offerAt = path("limited_time_offer")
		case "carousel":
			c.cardsAt = path("carousel")
			for j, card := range elements(inside(component, "cards")) {
				read := content{path: fmt.Sprintf("carousel[%d].", j)}
				read.bodyAt = read.path + "body"
				read.read(inside(card, "components"), raw, fmt.Sprintf("%s.cards[%d].components", c.cardsAt, j))
				c.cards = append(c.cards, read)
			}
		}
	}
}

func headerOf(path string, parameters []any) *givenHeader {
	h := &givenHeader{path: path}
	if len(parameters) > 0 {
		h.kind = lower(inside(parameters[0], "type"))
		h.text = textOf(path, parameters[0])
	}
	return h
}

// textOf reads a parameter of a text. A value that is known by its own place has
// that of the definition.
func textOf(path string, parameter any) givenText {
	t := givenText{path: path, name: word(inside(parameter, "parameter_name"))}
	switch lower(inside(parameter, "type")) {
	case "currency":
		t.value = inside(inside(parameter, "currency"), "fallback_value")
	case "date_time":
		t.value = inside(inside(parameter, "date_time"), "fallback_value")
	case "payload":
		t.value = inside(parameter, "payload")
	case "coupon_code":
		t.value = inside(parameter, "coupon_code")
	default:
		t.value = inside(parameter, "text")
	}
	if f, ok := t.value.(field); ok && !strings.HasPrefix(f.path, "components") {
		t.path = strings.TrimSuffix(f.path, ".fallback_value")
	}
	return t
}

func buttonOf(path string, component any, parameters []any) givenButton {
	b := givenButton{path: path, kind: lower(inside(component, "sub_type")), given: len(parameters) > 0}
	var err error
	if b.index, err = strconv.Atoi(word(inside(component, "index"))); err != nil {
		b.index = -1
	}
	if b.given {
		b.text = textOf(path, parameters[0])
	}
	return b
}

// inside is a member of an object, nil where there is none.
func inside(value any, key string) any {
	switch v := value.(type) {
	case object:
		for _, m := range v {
			if m.key == key {
				return m.value
			}
		}
	case map[string]any:
		return v[key]
	}
	return nil
}

// elements are those of a list, none of anything else.
func elements(value any) []any {
	switch v := value.(type) {
	case list:
		return v
	case []any:
		return v
	}
	return nil
}

// word is a text, or a number as it is written.
func word(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case field:
		return v.text
	case string:
		return v
	}
	return fmt.Sprint(value)
}

func lower(value any) string { return strings.ToLower(word(value)) }
