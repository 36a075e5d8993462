package campaign

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Renderer turns the rows of one list into template messages. It is made once
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

// Compile makes the campaign ready for a list with these columns. It fails
// with every text that cannot be parsed, breaks a rule by itself, or names a
// column that the list lacks or has twice; each is a *Mistake, joined.
func (d *Definition) Compile(columns []string) (*Renderer, error) {
	var mistakes []*Mistake
	r := &Renderer{steps: make([]program, len(d.Steps))}
	list := newColumnIndex(columns)
	for i, step := range d.Steps {
		p, wrong := assemble(step)
		wrong = append(wrong, list.bind(&p.language)...)
		for j := range p.slots {
			wrong = append(wrong, list.bind(&p.slots[j])...)
		}
		for _, m := range wrong {
			m.Path = fmt.Sprintf("steps[%d].%s", i, m.Path)
			mistakes = append(mistakes, m)
		}
		r.steps[i] = p
	}
	zone, wrong := list.bindZone(d.Hours)
	mistakes = append(mistakes, wrong...)
	if len(mistakes) > 0 {
		return nil, joinMistakes(mistakes)
	}
	r.zone = zone
	r.columns = list.usedColumns()
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
		problems = appendProblem(problems, i, &p.language, values)
		for j := range p.slots {
			problems = appendProblem(problems, i, &p.slots[j], values)
		}
	}
	return problems
}

// Judge marks an admitted row whose values cannot be sent, and notes in
// Row.Zone what the others say of their zone: RecipientZone or an IANA name.
func (r *Renderer) Judge(row Row) Row {
	if !row.Admitted() {
		return row
	}
	problems := r.Check(row.Values)
	if r.zone != nil {
		zone, broken := r.zone.resolve(row.Values)
		if broken != nil {
			problems = append(problems, broken.problem(-1, &r.zone.slot))
		}
		row.Zone = zone
	}
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

func appendProblem(problems []Problem, step int, s *slot, values []string) []Problem {
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

func (f *fault) problem(step int, s *slot) Problem {
	return Problem{Step: step, Column: f.column, Path: s.path, Message: f.message}
}

// Render makes the message of a step (0 is the first) for a row. The error is
// the first Problem of the row. Components must not be changed: a template
// without variables shares them between all its messages.
func (r *Renderer) Render(step int, values []string) (Template, error) {
	if step < 0 || step >= len(r.steps) {
		return Template{}, fmt.Errorf("there is no step %d; the campaign has %d", step+1, len(r.steps))
	}
	p := &r.steps[step]
	language, broken := p.language.resolve(values)
	if broken != nil {
		return Template{}, errors.New(broken.problem(step, &p.language).String())
	}
	last := p.pieces[len(p.slots)]
	rendered := Template{Name: p.template, Language: language}
	if len(p.slots) == 0 {
		rendered.Components = last
		return rendered, nil
	}
	components := make(json.RawMessage, 0, p.size)
	for i := range p.slots {
		s := &p.slots[i]
		text, broken := s.resolve(values)
		if broken != nil {
			return Template{}, errors.New(broken.problem(step, s).String())
		}
		components = s.append(append(components, p.pieces[i]...), text)
	}
	rendered.Components = append(components, last...)
	return rendered, nil
}

// columnIndex finds columns by name and keeps count of those used.
type columnIndex struct {
	names  []string
	places map[string][]int
	used   map[int]bool
}

func newColumnIndex(names []string) *columnIndex {
	list := &columnIndex{names: names, places: make(map[string][]int), used: make(map[int]bool)}
	for i, name := range names {
		key := columnKey(name)
		list.places[key] = append(list.places[key], i)
	}
	return list
}

// bind finds the slot's columns in the list.
func (l *columnIndex) bind(s *slot) []*Mistake {
	var mistakes []*Mistake
	for i := range s.segments {
		part := &s.segments[i]
		if part.column == "" {
			continue
		}
		places := l.places[columnKey(part.column)]
		switch len(places) {
		case 1:
			part.index = places[0]
			l.used[places[0]] = true
		case 0:
			mistakes = append(mistakes, mistakeAt(s.path, "the list has no column %q; it has %s",
				part.column, strings.Join(l.names, ", ")))
		default:
			mistakes = append(mistakes, mistakeAt(s.path, "the list has %d columns %q; rename all but one",
				len(places), part.column))
		}
	}
	return mistakes
}

func (l *columnIndex) usedColumns() []int {
	columns := make([]int, 0, len(l.used))
	for i := range l.used {
		columns = append(columns, i)
	}
	slices.Sort(columns)
	return columns
}
