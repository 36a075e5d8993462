package campaign

import (
	"fmt"
	"slices"
	"strings"
)

// comparison gathers what differs between a template and what a step gives.
type comparison struct {
	template TemplateName
	wrong    []*Mistake
}

func (c *comparison) add(path, format string, args ...any) {
	c.wrong = append(c.wrong, mistakeAt(path, format, args...))
}

func (c *comparison) compare(s *shape, given *content) {
	c.header(s.header, given)
	c.texts(given.bodyAt, "body", &s.body, given.body)
	c.buttons(s.buttons, given)
	c.offer(s.offer, given)
	c.cards(s.cards, given)
}

// header compares the part above the body. A kind that a later version of the API
// may have is not judged.
func (c *comparison) header(s *headerShape, given *content) {
	kinds := []string{"text", "image", "video", "gif", "document", "location", "product"}
	path := given.path + "header"
	if given.header != nil {
		path = given.header.path
	}
	switch {
	case s == nil && given.header != nil:
		c.add(path, "gives %s, but %s has no header; remove it", article(given.header.kind), c.template)
	case s == nil || !slices.Contains(kinds, s.kind):
	case s.kind == "text" && len(s.text.variables) == 0:
		if given.header != nil {
			c.add(path, "gives %s, but the header of %s takes nothing: it is always %q; remove it", article(given.header.kind), c.template, s.text.text)
		}
	case given.header == nil:
		c.add(path, "is missing; %s expects %s", c.template, article(s.kind))
	case given.header.kind != s.kind:
		c.add(path, "is %s, but %s expects %s", article(given.header.kind), c.template, article(s.kind))
	case s.kind == "text":
		c.texts(path, "header", &s.text, []givenText{given.header.text})
	}
}

// article names a kind of header, or what stands in its place.
func article(kind string) string {
	switch kind {
	case "":
		return "nothing"
	case "image":
		return "an image"
	}
	return "a " + kind
}

// texts compares the values of a text with its variables.
func (c *comparison) texts(path, what string, s *textShape, given []givenText) {
	if len(given) != len(s.variables) {
		c.add(path, "gives %s, but the %s of %s expects %s%s",
			counted(len(given), "value"), what, c.template, counted(len(s.variables), "value"), variablesIn(s))
		return
	}
	if !s.named() {
		for _, t := range given {
			if t.name != "" {
				c.add(t.path+".name", "is %q, but the variables of %s have no names; remove it", t.name, c.template)
			}
		}
		return
	}
	for i, t := range given {
		switch {
		case t.name == "":
			c.add(t.path, "has no name, but the variables of %s have names: write {name: %s, text: …} for one of %s",
				c.template, s.variables[i], strings.Join(s.variables, ", "))
		case !slices.Contains(s.variables, t.name):
			c.add(t.path+".name", "is %q, but %s expects %s", t.name, c.template, strings.Join(s.variables, ", "))
		case slices.ContainsFunc(given[:i], func(other givenText) bool { return other.name == t.name }):
			c.add(t.path+".name", "is %q, as that of another value; %s expects %s", t.name, c.template, strings.Join(s.variables, ", "))
		}
	}
}

// variablesIn shows a text that has variables.
func variablesIn(s *textShape) string {
	switch {
	case len(s.variables) == 0:
		return ""
	case s.named():
		return ": " + strings.Join(s.variables, ", ")
	}
	return fmt.Sprintf(": %q", excerpt(s.text))
}

func counted(n int, thing string) string {
	switch n {
	case 0:
		return "no " + thing
	case 1:
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func (c *comparison) buttons(s []buttonShape, given *content) {
	seen := map[int]bool{}
	for i := range given.buttons {
		b := &given.buttons[i]
		seen[b.index] = true
		if b.index < 0 || b.index >= len(s) {
			c.add(b.path+".index", "is %d, but %s has %s, counted from 0", b.index, c.template, counted(len(s), "button"))
			continue
		}
		kind, needs := s[b.index].sent()
		switch {
		case kind == "":
		case needs == nothing:
			c.add(b.path, "gives something for button %d of %s, which takes nothing: it is %s; remove it", b.index, c.template, s[b.index].about())
		case b.kind != kind:
			c.add(b.path+".sub_type", "is %s, but button %d of %s is %s", b.kind, b.index, c.template, kind)
		case needs == needed && !b.given:
			c.add(b.path, "gives nothing for button %d of %s, which expects it: it is %s", b.index, c.template, kind)
		}
	}
	at := given.path + "buttons"
	for i := range s {
		if kind, needs := s[i].sent(); needs == needed && !seen[i] {
			c.add(at, "is missing {index: %d, sub_type: %s, …}; button %d of %s expects it", i, kind, i, c.template)
		}
	}
}

// about says what a button is that takes nothing.
func (b *buttonShape) about() string {
	if b.kind == "url" {
		return fmt.Sprintf("the link %s", b.url.text)
	}
	return b.kind
}

func (c *comparison) offer(s offerShape, given *content) {
	switch {
	case given.offerAt != "" && !s.given:
		c.add(given.offerAt, "is given, but %s has no limited time offer; remove it", c.template)
	case given.offerAt != "" && !s.expires:
		c.add(given.offerAt, "is given, but the offer of %s has no end; remove it", c.template)
	case given.offerAt == "" && s.given && s.expires:
		c.add(given.path+"limited_time_offer", "is missing; %s expects the end of its offer", c.template)
	}
}

// cards compares a carousel. One of products may be sent with another number of cards
// than it was made with (Meta, product card carousel templates page).
func (c *comparison) cards(s []shape, given *content) {
	if len(s) == 0 {
		if len(given.cards) > 0 {
			c.add(given.cardsAt, "has %s, but %s has no carousel; remove it", counted(len(given.cards), "card"), c.template)
		}
		return
	}
	products := s[0].header != nil && s[0].header.kind == "product"
	if len(given.cards) != len(s) && (!products || len(given.cards) == 0) {
		c.add(given.cardsAt, "has %s, but %s expects %s", counted(len(given.cards), "card"), c.template, counted(len(s), "card"))
		return
	}
	for i := range given.cards {
		c.compare(&s[min(i, len(s)-1)], &given.cards[i])
	}
}
