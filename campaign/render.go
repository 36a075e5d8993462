package campaign

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Renderer turns the rows of one list into messages. It is made once
// per campaign, never changes, and may be used by any number of goroutines at
// a time.
type Renderer struct {
	steps   []program
	zone    *zoneOf // nil where rows need none
	columns []int
}

// Problem is why a row cannot be sent as it stands.
type Problem struct {
	// Step is the step's index, 0 being the first; -1 for what concerns all.
	Step int
	// Column names the columns at fault as the definition writes them, empty
	// where it is none.
	Column string
	// Path is the place in the step, such as body[2], or in the definition.
	Path string
	// Message says what is wrong and what to do.
	Message string
}

// String counts steps from 1, as people do.
func (p Problem) String() string {
	text := p.Path
	if p.Step >= 0 {
		text = fmt.Sprintf("step %d, %s", p.Step+1, p.Path)
	}
	if p.Column != "" {
		text += fmt.Sprintf(", column %q", p.Column)
	}
	return text + ": " + p.Message
}

// Compile makes the campaign ready for a list with these columns, all of which
// show. It fails as CompileList does.
func (d *Definition) Compile(columns []string) (*Renderer, error) {
	return d.CompileList(List{Columns: columns})
}

// CompileList makes the campaign ready for a list. It fails with every text that
// cannot be parsed, breaks a rule by itself, or names a column that the list
// lacks, hides or has twice; each is a *Mistake, joined.
func (d *Definition) CompileList(list List) (*Renderer, error) {
	var mistakes []*Mistake
	r := &Renderer{steps: make([]program, len(d.Steps))}
	index := columnIndex{list: list, used: make(map[int]bool)}
	for i, step := range d.Steps {
		p, wrong := assemble(step)
		for place := range p.places() {
			wrong = append(wrong, index.bind(place)...)
		}
		for _, m := range wrong {
			m.Path = fmt.Sprintf("steps[%d].%s", i, m.Path)
			mistakes = append(mistakes, m)
		}
		r.steps[i] = p
	}
	zone, wrong := index.bindZone(d.Hours)
	mistakes = append(mistakes, wrong...)
	if len(mistakes) > 0 {
		return nil, joinMistakes(mistakes)
	}
	r.zone = zone
	r.columns = index.usedColumns()
	return r, nil
}

// Columns are the indexes of the list's columns that the campaign uses, in
// ascending order.
func (r *Renderer) Columns() []int { return slices.Clone(r.columns) }

// Check tries every step on a row and returns what stands in the way, nothing
// when the row is fine. A row that Check lets pass renders without an error.
// Missing cells at the end of the row are empty ones.
func (r *Renderer) Check(values []string) []Problem {
	var problems []Problem
	for i := range r.steps {
		p := &r.steps[i]
		for place := range p.places() {
			problems = appendProblem(problems, i, place, values)
		}
		problems = append(problems, p.components.overlong(i, values)...)
		problems = append(problems, p.unfit(i, values)...)
	}
	return problems
}

// Judge marks an admitted row whose values cannot be sent, and notes in
// Row.Zone what the others say of their zone: RecipientZone or an IANA name.
func (r *Renderer) Judge(row Row) Row {
	if !row.Admitted() {
		return row
	}
	problems := r.faults(row)
	if len(problems) == 0 {
		problems = append(r.Check(row.Values), r.abroad(row.Phone, row.Values)...)
		if r.zone != nil {
			zone, broken := r.zone.resolve(row.Values)
			if broken != nil {
				problems = append(problems, broken.problem(-1, &r.zone.place))
			}
			row.Zone = zone
		}
	}
	return row.spoiled(problems)
}

// spoiled is the row with what keeps it from being sent, if anything does.
func (row Row) spoiled(problems []Problem) Row {
	if len(problems) == 0 {
		return row
	}
	texts := make([]string, len(problems))
	for i, p := range problems {
		texts[i] = p.String()
	}
	row.Verdict, row.Detail, row.Zone = BadValue, strings.Join(texts, "; "), ""
	return row
}

// faults are the places that a row has no value for, though its cell is not
// empty.
func (r *Renderer) faults(row Row) []Problem {
	if len(row.Faults) == 0 {
		return nil
	}
	var problems []Problem
	look := func(step int, s *placeholder) {
		for _, part := range s.segments {
			if fault := row.Faults[part.index]; part.column != "" && fault != "" {
				problems = append(problems, Problem{step, part.column, s.path, fault})
			}
		}
	}
	for i := range r.steps {
		for place := range r.steps[i].places() {
			look(i, place)
		}
	}
	if r.zone != nil {
		look(-1, &r.zone.place)
	}
	return slices.Compact(problems) // a one-time password stands in two places
}

func appendProblem(problems []Problem, step int, s *placeholder, values []string) []Problem {
	_, broken := s.resolve(values)
	if broken == nil {
		return problems
	}
	problem := broken.problem(step, s)
	if slices.Contains(problems, problem) { // a one-time password stands in two places
		return problems
	}
	return append(problems, problem)
}

func (f *fault) problem(step int, s *placeholder) Problem {
	return Problem{Step: step, Column: f.column, Path: s.path, Message: f.message}
}

// Render makes the template message of a step (0 is the first) for a row: of a
// free-form step what it sends otherwise, and an error where that is nothing. Any
// other error is the first Problem of the row. Components must not be changed: a
// template without variables shares them between all its messages.
//
// Of a file it shows the name; what is sent has its identifier, see RenderWith.
func (r *Renderer) Render(step int, values []string) (Template, error) {
	return r.RenderWith(step, values, nil)
}

// RenderWith is Render with the identifiers that the provider gave to the step's
// files, by their names; nil shows the names. Where one is missing that is an
// error.
func (r *Renderer) RenderWith(step int, values []string, ids map[string]string) (Template, error) {
	p, err := r.program(step)
	if err != nil {
		return Template{}, err
	}
	if p.template == "" {
		return Template{}, fmt.Errorf("step %d sends no template", step+1)
	}
	language, broken := p.language.resolve(values)
	if broken != nil {
		return Template{}, errors.New(broken.problem(step, &p.language).String())
	}
	components, err := p.components.fill(step, values, ids)
	return Template{Name: p.template, Language: language, MarketingMessages: p.marketing, Components: components}, err
}

// RenderFree makes the free-form message of a step (0 is the first) for a row, but
// for the message that it answers. It fails for a step that has none; any other
// error is the first Problem of the row. Content must not be changed, as with
// Render. Of a file it shows the name.
func (r *Renderer) RenderFree(step int, values []string) (FreeForm, error) {
	return r.RenderFreeWith(step, values, nil)
}

// RenderFreeWith is to RenderFree what RenderWith is to Render.
func (r *Renderer) RenderFreeWith(step int, values []string, ids map[string]string) (FreeForm, error) {
	p, err := r.program(step)
	if err != nil {
		return FreeForm{}, err
	}
	if p.kind == "" {
		return FreeForm{}, fmt.Errorf("step %d sends nothing but its template", step+1)
	}
	content, err := p.content.fill(step, values, ids)
	return FreeForm{Kind: p.kind, Content: content}, err
}

func (r *Renderer) program(step int) (*program, error) {
	if step < 0 || step >= len(r.steps) {
		return nil, fmt.Errorf("there is no step %d; the campaign has %d", step+1, len(r.steps))
	}
	return &r.steps[step], nil
}

// fill puts a row's values and the identifiers of files in; nil shows the files' names. The error is the first Problem of the row.
func (t *stencil) fill(step int, values []string, ids map[string]string) (json.RawMessage, error) {
	last := t.pieces[len(t.placeholders)]
	if len(t.placeholders) == 0 {
		return last, nil
	}
	filled := make(json.RawMessage, 0, t.size)
	for i := range t.placeholders {
		s := &t.placeholders[i]
		text, broken := s.resolve(values)
		if broken != nil {
			return nil, errors.New(broken.problem(step, s).String())
		}
		filled = append(filled, t.pieces[i]...)
		if s.rule != fileRule {
			filled = s.append(filled, text)
			continue
		}
		if ids != nil && ids[text] == "" {
			return nil, fmt.Errorf("step %d, %s: the file %q has not been uploaded", step+1, s.path, text)
		}
		filled = appendFile(filled, text, ids)
	}
	if problems := t.overlong(step, values); len(problems) > 0 {
		return nil, errors.New(problems[0].String())
	}
	return append(filled, last...), nil
}
