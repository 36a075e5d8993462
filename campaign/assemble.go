package campaign

import (
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// program is a step made ready: the JSON of its components, cut open where a
// recipient's values go.
type program struct {
	template  string
	language  placeholder
	marketing *MarketingMessages
	// pieces[i] stands before placeholders[i]; the last piece stands behind them all.
	// A program without components has one empty piece.
	pieces       [][]byte
	placeholders []placeholder
	sums         []sum
	// size is a guess at the length of what it renders.
	size int
}

// mistakeAt is a mistake without its line.
func mistakeAt(path, format string, args ...any) *Mistake {
	return &Mistake{Path: path, Message: fmt.Sprintf(format, args...)}
}

// assemble makes a step ready but for the columns' places. The mistakes are
// those of its texts; their paths start at the step.
func assemble(s Step) (program, []*Mistake) {
	a := assembler{}
	a.program.template, a.program.marketing = s.Template, s.MarketingMessages
	if language, ok := a.placeholder(field{"language", s.Language, languageRule}); ok {
		a.program.language = language
	}
	if components := s.wire(); len(components) > 0 {
		a.write(components)
	}
	a.cut()
	a.sums(s)
	for _, piece := range a.program.pieces {
		a.program.size += len(piece)
	}
	const guess = 24 // bytes of a usual cell
	a.program.size += guess * len(a.program.placeholders)
	return a.program, a.mistakes
}

type assembler struct {
	program  program
	piece    []byte
	mistakes []*Mistake
}

func (a *assembler) cut() {
	a.program.pieces = append(a.program.pieces, a.piece)
	a.piece = nil
}

func (a *assembler) write(value any) {
	switch v := value.(type) {
	case object:
		a.piece = append(a.piece, '{')
		for i, m := range v {
			if i > 0 {
				a.piece = append(a.piece, ',')
			}
			if m.key != "" {
				a.piece = append(appendString(a.piece, m.key), ':')
			}
			a.write(m.value)
		}
		a.piece = append(a.piece, '}')
	case list:
		a.piece = append(a.piece, '[')
		for i, item := range v {
			if i > 0 {
				a.piece = append(a.piece, ',')
			}
			a.write(item)
		}
		a.piece = append(a.piece, ']')
	case field:
		a.field(v)
	case string:
		a.piece = appendString(a.piece, v)
	case int:
		a.piece = strconv.AppendInt(a.piece, int64(v), 10)
	default: // what json.Marshal does with null, booleans and numbers
		text, err := json.Marshal(v)
		if err != nil {
			a.mistakes = append(a.mistakes, mistakeAt("components", "%v", err))
		}
		a.piece = append(a.piece, text...)
	}
}

// field writes a text at once where it names no column, and leaves a placeholder
// where it does.
func (a *assembler) field(f field) {
	s, ok := a.placeholder(f)
	switch {
	case !ok:
		a.piece = append(a.piece, "null"...) // the mistake is on record
	case s.constant() && s.rule != fileRule: // what a file was called differs by number
		a.piece = s.append(a.piece, s.literal())
	default:
		a.cut()
		a.program.placeholders = append(a.program.placeholders, s)
	}
}

// placeholder parses a field and checks it where it names no column. The mistakes
// are put on record.
func (a *assembler) placeholder(f field) (s placeholder, ok bool) {
	s = placeholder{path: f.path, rule: f.rule}
	if !utf8.ValidString(f.text) {
		a.mistakes = append(a.mistakes, mistakeAt(f.path, "is not UTF-8"))
		return s, false
	}
	segments, err := parseText(f.text)
	if err != nil {
		a.mistakes = append(a.mistakes, mistakeAt(f.path, "%v", err))
		return s, false
	}
	s.segments = segments
	if !s.constant() || s.rule == rawRule {
		return s, true
	}
	text, fault := s.resolve(nil)
	if fault != nil {
		a.mistakes = append(a.mistakes, mistakeAt(f.path, "%s", fault.message))
		return s, false
	}
	s.segments = []segment{{literal: text}}
	return s, true
}

// appendString writes a JSON string.
func appendString(out []byte, text string) []byte {
	const hex = "0123456789abcdef"
	out = append(out, '"')
	start := 0
	for i := range len(text) {
		c := text[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		out = append(out, text[start:i]...)
		start = i + 1
		if c < ' ' {
			out = append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			continue
		}
		out = append(out, '\\', c)
	}
	return append(append(out, text[start:]...), '"')
}
