package campaign

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// Parse reads a campaign's definition, which is one YAML or JSON document, and
// fills in the defaults of a step: after delivered, otherwise stop, one category for
// all that it sends. The error joins every mistake found, each a *Mistake.
func Parse(data []byte) (*Definition, error) {
	document, broken := readDocument(data)
	if broken != nil {
		return nil, joinMistakes([]*Mistake{broken})
	}
	reader := decoder{lines: make(map[string]int)}
	d := new(Definition)
	reader.decode(document, reflect.ValueOf(d).Elem(), "")
	mistakes := reader.mistakes
	for _, m := range d.validate() {
		if !echoes(m, reader.mistakes) {
			m.Line = lineOf(reader.lines, m.Path)
			mistakes = append(mistakes, m)
		}
	}
	if len(mistakes) > 0 {
		return nil, joinMistakes(mistakes)
	}
	d.setDefaults()
	return d, nil
}

// echoes reports whether a mistake is likely the consequence of one that is
// known about the same value, a part of it, or what it is a part of.
func echoes(m *Mistake, known []*Mistake) bool {
	within := func(inner, outer string) bool {
		rest, ok := strings.CutPrefix(inner, outer)
		return ok && (rest == "" || outer == "" || rest[0] == '.' || rest[0] == '[')
	}
	for _, k := range known {
		if within(m.Path, k.Path) || within(k.Path, m.Path) {
			return true
		}
	}
	return false
}

// lineOf is the line of a path, or of the nearest thing around it.
func lineOf(lines map[string]int, path string) int {
	for {
		if line, ok := lines[path]; ok {
			return line
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
}

func (d *Definition) setDefaults() {
	for i := range d.Steps {
		step := &d.Steps[i]
		if i > 0 && step.After == "" {
			step.After = AfterDelivered
		}
		if i > 0 && step.Otherwise == "" {
			step.Otherwise = Stop
		}
		if other := step.OtherwiseTemplate; other != nil {
			step.Category = cmp.Or(step.Category, other.Category)
			other.Category = step.Category
		}
	}
}

var _ json.Unmarshaler = (*Definition)(nil)

// UnmarshalJSON reads what json.Marshal wrote of a definition. Numbers in
// components keep all their digits; a key that this version does not know is
// an error, so that nothing a newer version understands is dropped unseen.
func (d *Definition) UnmarshalJSON(data []byte) error {
	type plain Definition
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	var read plain
	if err := decoder.Decode(&read); err != nil {
		return fmt.Errorf("campaign's definition: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("campaign's definition: something follows it")
	}
	*d = Definition(read)
	return nil
}
