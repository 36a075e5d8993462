package configs

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Mistake is one thing wrong with a configuration.
type Mistake struct {
	// File and Line say where it stands; Line is 0 for the file as a whole.
	File string
	Line int
	// Path is the key, such as channels.main.rate; empty for the file as a
	// whole.
	Path string
	// Message says what is wrong and what to write instead.
	Message string
}

var _ error = (*Mistake)(nil)

func (m *Mistake) Error() string {
	place := m.File
	if m.Line > 0 {
		place = fmt.Sprintf("%s:%d", m.File, m.Line)
	}
	if m.Path != "" {
		place += ": " + m.Path
	}
	return place + ": " + m.Message
}

// mistakes collects what is wrong with one file.
type mistakes struct {
	file string
	// lines are those of the paths that the file has.
	lines map[string]int
	// known are the paths that have a mistake.
	known map[string]bool
	all   []*Mistake
}

func newMistakes(file string) *mistakes {
	return &mistakes{file: file, lines: make(map[string]int), known: make(map[string]bool)}
}

// wrong puts a mistake on record at the line of its path, or of the nearest
// thing around it.
func (m *mistakes) wrong(path, format string, args ...any) {
	line, at := 0, path
	for {
		found, ok := m.lines[at]
		if ok || at == "" {
			line = found
			break
		}
		at = parent(at)
	}
	m.known[path] = true
	m.all = append(m.all, &Mistake{File: m.file, Line: line, Path: path, Message: fmt.Sprintf(format, args...)})
}

// need calls fault unless ok.
func (m *mistakes) need(ok bool, path, format string, args ...any) {
	if !ok {
		m.fault(path, format, args...)
	}
}

// fault puts a mistake on record, unless one of the same value is there
// already or kept it from being read.
func (m *mistakes) fault(path, format string, args ...any) {
	if !m.on(path) {
		m.wrong(path, format, args...)
	}
}

// on reports whether a mistake at the path, or around it, is on record.
func (m *mistakes) on(path string) bool {
	for ; path != ""; path = parent(path) {
		if m.known[path] {
			return true
		}
	}
	return false
}

// parent is the path around a path: http.tokens of http.tokens[0].
func parent(path string) string {
	for i := len(path) - 1; i > 0; i-- {
		if path[i] == '.' || path[i] == '[' {
			return path[:i]
		}
	}
	return ""
}

// err joins the mistakes in the order of the file; nil of none.
func (m *mistakes) err() error {
	slices.SortStableFunc(m.all, func(a, b *Mistake) int { return cmp.Compare(a.Line, b.Line) })
	joined := make([]error, len(m.all))
	for i, one := range m.all {
		joined[i] = one
	}
	return errors.Join(joined...)
}
