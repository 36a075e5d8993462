package campaign

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// fits is how a step goes with the templates of one account, by language.
type fits struct {
	name      string
	languages []string
	of        map[string]*fit
}

// fit is how a step goes with a template.
type fit struct {
	wrong string // why it cannot be sent, empty where it can
	sums  []sum  // of its own texts with a row's values
}

// Against makes a renderer that judges rows by what is known of the templates too:
// the language of a row has to be one in which the template can be sent, and its
// values have to fit into the template's texts. The steps are those that the renderer
// was made of. Lists that are not known judge nothing.
func (r *Renderer) Against(steps []Step, lists []TemplateList) *Renderer {
	judging := *r
	judging.steps = slices.Clone(r.steps)
	for i := range judging.steps {
		p, part := &judging.steps[i], steps[i].TemplatePart()
		if part == nil {
			continue
		}
		for j := range lists {
			if found := lists[j].named(part.Template); lists[j].Known() && len(found) > 0 {
				p.fits = append(p.fits, p.fitsOf(part, found))
			}
		}
	}
	return &judging
}

// fitsOf holds a step against a template in all its languages.
func (p *program) fitsOf(step *Step, found []*Approved) fits {
	all := fits{name: step.Template, of: map[string]*fit{}}
	given := contentOf(step.wire(), len(step.Components) > 0)
	for _, a := range found {
		all.languages = append(all.languages, a.Language)
		var f fit
		if wrong := a.check(step); len(wrong) > 0 {
			f.wrong = wrong[0].Error()
		} else if shape, err := a.shape(); err == nil {
			f.sums = slices.DeleteFunc(shape.sums(&given, p.components.placeholders), func(s sum) bool { return len(s.parts) == 0 })
			for i := range f.sums {
				f.sums[i].path = p.templatePath() + f.sums[i].path
			}
		}
		all.of[a.Language] = &f
	}
	return all
}

// templatePath stands before the paths of the template's keys.
func (p *program) templatePath() string {
	if p.kind != "" {
		return otherwisePath
	}
	return ""
}

// unfit is what the templates have against a row.
func (p *program) unfit(step int, values []string) []Problem {
	if len(p.fits) == 0 {
		return nil
	}
	language, broken := p.language.resolve(values)
	if broken != nil {
		return nil // told by itself
	}
	var problems []Problem
	add := func(problem Problem) {
		if !slices.Contains(problems, problem) { // accounts may have the same template
			problems = append(problems, problem)
		}
	}
	for i := range p.fits {
		f, there := p.fits[i].of[language]
		switch {
		case !there:
			add(Problem{step, p.language.columns(), p.language.path, fmt.Sprintf("template %s has no language %s; it has %s",
				p.fits[i].name, language, strings.Join(p.fits[i].languages, ", "))})
		case f.wrong != "":
			add(Problem{step, p.language.columns(), p.language.path, f.wrong})
		default:
			for _, problem := range p.components.over(f.sums, step, values) {
				add(problem)
			}
		}
	}
	return problems
}

// The most characters of texts with their values (Meta, template components page; media card
// carousel templates page; the API's own schema for a body that stands alone).
const (
	mostBody      = 1024
	mostBodyAlone = 32768
	mostHeader    = 60
	mostCardBody  = 160
	mostURL       = 2000
)

// sums are the texts of a template as they are with what is given for their
// variables.
func (s *shape) sums(given *content, placeholders []placeholder) []sum {
	most := mostBody
	switch {
	case s.card:
		most = mostCardBody
	case s.alone:
		most = mostBodyAlone
	}
	all := []sum{s.body.sum(given.bodyAt, most, given.body, placeholders)}
	if h := given.header; h != nil && s.header != nil && h.kind == "text" {
		all = append(all, s.header.text.sum(h.text.path, mostHeader, []givenText{h.text}, placeholders))
	}
	for i := range given.buttons {
		b := &given.buttons[i]
		if b.kind == "url" && b.index >= 0 && b.index < len(s.buttons) {
			url := &s.buttons[b.index].url
			all = append(all, url.sum(b.text.path, mostURL, []givenText{b.text}, placeholders))
		}
	}
	for i := range given.cards {
		if len(s.cards) > 0 {
			all = append(all, s.cards[min(i, len(s.cards)-1)].sums(&given.cards[i], placeholders)...)
		}
	}
	return all
}

// sum adds up a text with its values, each as often as its variable stands there.
func (t *textShape) sum(path string, most int, given []givenText, placeholders []placeholder) sum {
	total := sum{path: path, most: most, fixed: t.own(), whole: true}
	for _, found := range variable.FindAllStringSubmatch(t.text, -1) {
		value := t.valueOf(found[1], given)
		f, ok := value.(field)
		if !ok {
			continue
		}
		part := slices.IndexFunc(placeholders, func(s placeholder) bool { return strings.TrimPrefix(s.path, otherwisePath) == f.path })
		if part < 0 {
			total.fixed += utf8.RuneCountInString(f.literal())
			continue
		}
		total.parts = append(total.parts, part)
	}
	return total
}

// valueOf is what is given for a variable, nil for nothing.
func (t *textShape) valueOf(name string, given []givenText) any {
	at := slices.Index(t.variables, name)
	if t.named() {
		at = slices.IndexFunc(given, func(g givenText) bool { return g.name == name })
	}
	if at < 0 || at >= len(given) {
		return nil
	}
	return given[at].value
}

// literal is the text of a field that names no column; of one that does, nothing.
func (f field) literal() string {
	segments, err := parseText(f.text)
	if err != nil {
		return ""
	}
	s := placeholder{segments: segments, rule: f.rule}
	if !s.constant() {
		return ""
	}
	return s.literalPart(s.literal())
}
