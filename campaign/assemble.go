package campaign

import (
	"encoding/json"
	"fmt"
	"iter"
	"strconv"
	"unicode/utf8"
)

// program is a step made ready for the rows of a list.
type program struct {
	// template is empty where the step never sends one.
	template   string
	language   placeholder
	marketing  *MarketingMessages
	components stencil
	// fits are what is known of the template, one for each account that has it.
	fits []fits
	// kind is empty where the step sends nothing but its template.
	kind    Kind
	content stencil
	// country is where an address message names its country; nil for other messages.
	country *placeholder
}

// places are all the places of the step that a recipient's values may fill.
func (p *program) places() iter.Seq[*placeholder] {
	return func(yield func(*placeholder) bool) {
		if p.template != "" && !yield(&p.language) {
			return
		}
		for _, part := range []*stencil{&p.content, &p.components} {
			for i := range part.placeholders {
				if !yield(&part.placeholders[i]) {
					return
				}
			}
		}
	}
}

// stencil is JSON, cut open where a recipient's values go.
type stencil struct {
	// pieces[i] stands before placeholders[i]; the last piece stands behind them all.
	// The stencil of nothing has one empty piece.
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

// otherwisePath is where the keys of the template stand that a free-form step sends
// otherwise.
const otherwisePath = "otherwise_template."

// assemble makes a step ready but for the columns' places. The mistakes are
// those of its texts; their paths start at the step.
func assemble(s Step) (program, []*Mistake) {
	if !s.FreeForm() {
		return assembleTemplate("", s)
	}
	var p program
	var mistakes []*Mistake
	if s.OtherwiseTemplate != nil {
		p, mistakes = assembleTemplate(otherwisePath, *s.OtherwiseTemplate)
	}
	a := assembler{}
	a.write(s.wireFree())
	a.finish()
	p.kind, p.content = s.Kind(), a.stencil
	p.country = s.addressCountry(&p.content)
	return p, append(mistakes, a.mistakes...)
}

// assembleTemplate makes a step's template ready. Its paths begin with the given
// one.
func assembleTemplate(path string, s Step) (program, []*Mistake) {
	a := assembler{path: path}
	p := program{template: s.Template, marketing: s.MarketingMessages}
	if language, ok := a.placeholder(field{"language", s.Language, languageRule}); ok {
		p.language = language
	}
	if components := s.wire(); len(components) > 0 {
		a.write(components)
	}
	a.finish()
	a.sums(s)
	p.components = a.stencil
	return p, a.mistakes
}

type assembler struct {
	stencil  stencil
	piece    []byte
	mistakes []*Mistake
	// path stands before the paths of all fields.
	path string
}

func (a *assembler) wrong(path, format string, args ...any) {
	a.mistakes = append(a.mistakes, mistakeAt(a.path+path, format, args...))
}

func (a *assembler) cut() {
	a.stencil.pieces = append(a.stencil.pieces, a.piece)
	a.piece = nil
}

// finish cuts the last piece off.
func (a *assembler) finish() {
	a.cut()
	for _, piece := range a.stencil.pieces {
		a.stencil.size += len(piece)
	}
	const guess = 24 // bytes of a usual cell
	a.stencil.size += guess * len(a.stencil.placeholders)
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
			a.wrong("components", "%v", err)
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
		a.stencil.placeholders = append(a.stencil.placeholders, s)
	}
}

// placeholder parses a field and checks it where it names no column. The mistakes
// are put on record.
func (a *assembler) placeholder(f field) (s placeholder, ok bool) {
	s = placeholder{path: a.path + f.path, rule: f.rule}
	if !utf8.ValidString(f.text) {
		a.wrong(f.path, "is not UTF-8")
		return s, false
	}
	segments, err := parseText(f.text)
	if err != nil {
		a.wrong(f.path, "%v", err)
		return s, false
	}
	s.segments = segments
	if !s.constant() || s.rule == rawRule {
		return s, true
	}
	text, fault := s.resolve(nil)
	if fault != nil {
		a.wrong(f.path, "%s", fault.message)
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
