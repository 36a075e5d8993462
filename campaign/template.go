package campaign

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// TemplateName is what a provider knows a template by.
type TemplateName struct {
	Name string
	// Language is as it is sent: en, pt_BR.
	Language string
}

// Compare orders templates by name, then by language.
func (t TemplateName) Compare(other TemplateName) int {
	return cmp.Or(strings.Compare(t.Name, other.Name), strings.Compare(t.Language, other.Language))
}

func (t TemplateName) String() string { return fmt.Sprintf("%s (%s)", t.Name, t.Language) }

// ReasonSlowed is why a message waits whose template the provider has slowed
// down.
func ReasonSlowed(until time.Time) string {
	return "the template is slowed down until " + until.UTC().Format(time.RFC3339)
}

// MaySend reports whether a step sends a template, to some of its recipients at
// least: where the list has the language the name decides.
func (s Step) MaySend(t TemplateName) bool {
	return s.sameTemplate(Step{Template: t.Name, Language: t.Language})
}

// FixedTemplate is the template that a step sends to all its recipients, the zero
// name where it sends none. fixed is false where the list has the language; then
// the language is empty.
func (s Step) FixedTemplate() (name TemplateName, fixed bool) {
	part := s.TemplatePart()
	if part == nil {
		return TemplateName{}, true
	}
	language, err := parseLanguage(part.Language)
	return TemplateName{Name: part.Template, Language: language}, err == nil
}

// Names are the templates that the renderer's steps send, by the step (0 is the
// first). Where the list has the language it is empty; see TemplateOf. A step that
// sends none has the zero name.
func (r *Renderer) Names() []TemplateName {
	names := make([]TemplateName, len(r.steps))
	for i := range r.steps {
		p := &r.steps[i]
		names[i].Name = p.template
		if p.template != "" && p.language.constant() {
			names[i].Language = p.language.literal()
		}
	}
	return names
}

// TemplateOf is the template that a step (0 is the first) sends to a row. The
// language is empty where the row does not have one that could be sent, and the
// name too where the step sends none.
func (r *Renderer) TemplateOf(step int, values []string) TemplateName {
	p := &r.steps[step]
	if p.template == "" {
		return TemplateName{}
	}
	language, broken := p.language.resolve(values)
	if broken != nil {
		language = ""
	}
	return TemplateName{Name: p.template, Language: language}
}
