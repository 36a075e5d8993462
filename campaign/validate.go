package campaign

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// maxTemplateName is Meta's limit on a template's name (message templates
	// page).
	maxTemplateName = 512
	// longest is the longest duration that is taken seriously.
	longest = Duration(366 * 24 * time.Hour)
)

// validator collects mistakes. Each of its methods checks one part of a
// definition; paths start at the definition.
type validator struct{ mistakes []*Mistake }

func (v *validator) wrong(path, format string, args ...any) {
	m := mistakeAt(path, format, args...)
	known := slices.ContainsFunc(v.mistakes, func(k *Mistake) bool { return *k == *m })
	if !known && len(v.mistakes) <= maxMistakes {
		v.mistakes = append(v.mistakes, m)
	}
}

// required reports whether a text is there.
func (v *validator) required(path, text, hint string) bool {
	if strings.TrimSpace(text) == "" {
		v.wrong(path, "is missing; write %s", hint)
		return false
	}
	return true
}

func (d *Definition) validate() []*Mistake {
	var v validator
	v.required("name", d.Name, "a name for people to read")
	v.channels(d)
	if math.IsNaN(d.Rate) || math.IsInf(d.Rate, 0) || d.Rate < 0 {
		v.wrong("rate", "must be a number of messages a second, or 0 for no limit of its own")
	}
	v.duration("expires", d.Expires)
	v.contacts(d.Contacts)
	v.hours(d.Hours)
	if len(d.Steps) == 0 {
		v.wrong("steps", "is missing; write at least one step with a template and a language")
	}
	if len(d.Steps) > MaxSteps {
		v.wrong("steps", "has %d steps, %d are allowed; split the campaign", len(d.Steps), MaxSteps)
	}
	for i := range d.Steps {
		v.step(fmt.Sprintf("steps[%d]", i), &d.Steps[i], i == 0)
	}
	if len(v.mistakes) == 0 { // else what they say is not sure
		v.branches(d)
	}
	return v.mistakes
}

func (v *validator) duration(path string, d Duration) {
	if d < 0 || d > longest {
		v.wrong(path, "must be between 0 and 366d")
	}
}

func (v *validator) contacts(c ContactOptions) {
	if c.DefaultRegion != "" && (len(c.DefaultRegion) != 2 || !all(c.DefaultRegion, isLetter)) {
		v.wrong("contacts.default_region", "%q is not a country; write its two letters, such as ES", c.DefaultRegion)
	}
	if c.Delimiter != "" && utf8.RuneCountInString(c.Delimiter) != 1 {
		v.wrong("contacts.delimiter", "must be one character, such as ; or \"\\t\"")
	}
}

func (v *validator) hours(h *Hours) {
	if h != nil {
		_, mistakes := h.compile()
		v.mistakes = append(v.mistakes, mistakes...)
	}
}

func (v *validator) step(path string, s *Step, first bool) {
	v.gate(path, s, first)
	v.content(path, s)
	_, texts := assemble(*s)
	for _, m := range texts[:min(len(texts), maxMistakes+1)] {
		m.Path = path + "." + m.Path
		if !echoes(m, v.mistakes) {
			v.mistakes = append(v.mistakes, m)
		}
	}
}

// template checks what says which template goes out, but for its texts.
func (v *validator) template(path string, s *Step) {
	v.templateName(path+".template", s.Template)
	v.category(path+".category", s.Category)
	v.timeToLive(path+".ttl", s)
	v.marketingMessages(path, s)
	v.required(path+".language", s.Language, "the template's language, such as en_US or {{Language|en_US}}")
	v.components(path, s)
}

func (v *validator) category(path string, c Category) {
	switch c {
	case "", Marketing, Utility, Authentication:
	default:
		v.wrong(path, "%q is not a category; write marketing, utility or authentication", c)
	}
}

func (v *validator) gate(path string, s *Step, first bool) {
	if first {
		given := []struct {
			key string
			set bool
		}{{"after", s.After != ""}, {"when", s.When != nil}, {"wait", s.Wait != 0}, {"patience", s.Patience != 0}, {"otherwise", s.Otherwise != ""}}
		for _, g := range given {
			if g.set {
				v.wrong(path+"."+g.key, "the first step has no gate; remove this key, or start the campaign later")
			}
		}
		return
	}
	switch s.After {
	case "", AfterSent, AfterDelivered, AfterRead, AfterReply:
	default:
		v.wrong(path+".after", "%q is not a receipt; write sent, delivered, read or reply", s.After)
	}
	v.when(path, s)
	switch s.Otherwise {
	case "", Stop, Skip, Send:
	default:
		v.wrong(path+".otherwise", "%q is not a choice; write stop, skip or send", s.Otherwise)
	}
	v.duration(path+".wait", s.Wait)
	v.duration(path+".patience", s.Patience)
}

func (v *validator) templateName(path, name string) {
	if !v.required(path, name, "the name of an approved template") {
		return
	}
	if !all(name, isNameByte) {
		v.wrong(path, "%q is not a template's name, which has only lower-case letters, digits and underscores", excerpt(name))
	} else if len(name) > maxTemplateName {
		v.wrong(path, "has %d characters, %d are allowed", len(name), maxTemplateName)
	}
}

// isNameByte reports whether c occurs in the names of templates and of their
// variables.
func isNameByte(c byte) bool { return c >= 'a' && c <= 'z' || isDigit(c) || c == '_' }

// when wants a condition on a reply that some reply can meet.
func (v *validator) when(path string, s *Step) {
	if s.When == nil {
		return
	}
	if s.After != AfterReply {
		v.wrong(path+".when", "is a condition on a reply, but the step does not wait for one; write after: reply")
	}
	named := len(s.When.Button) + len(s.When.Text)
	switch {
	case named == 0 && !s.When.Any:
		v.wrong(path+".when", "is empty; write button: or text: with what the person answers, or any: true")
	case named > 0 && s.When.Any:
		v.wrong(path+".when", "has any: true beside button or text; remove one")
	}
	for _, list := range []struct {
		key   string
		texts Texts
	}{{"button", s.When.Button}, {"text", s.When.Text}} {
		for i, text := range list.texts {
			if Plain(text) == "" {
				v.wrong(fmt.Sprintf("%s.when.%s[%d]", path, list.key, i), "%q has no letter or digit, so it cannot be recognised", text)
			}
		}
	}
}
