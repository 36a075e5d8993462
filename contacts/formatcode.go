package contacts

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A number format is a code such as "+49 "0 or dd/mm/yyyy;@ that says how a cell
// shows its value (ECMA-376, part 1, 18.8.31). It has a section for positive
// numbers, and may have others for negative ones, zeros and texts.

// piece is a part of a section.
type piece struct {
	kind pieceKind
	// text is what a literal shows, or the letters of the code.
	text string
}

type pieceKind int8

const (
	// literal shows its text.
	literal pieceKind = iota
	// digit is one place of a digit: 0, # or ?.
	digit
	point
	comma
	percent
	// exponent is E+ or E-.
	exponent
	slash
	// dateField is a run of one of the letters y, m, d, h and s.
	dateField
	// elapsed is such a run in brackets, which counts on beyond a day.
	elapsed
	// halfDay is AM/PM or A/P.
	halfDay
	// general is the word General.
	general
	// text is the place of a text: @.
	textPlace
)

// section is one of the up to four parts of a code.
type section struct {
	pieces []piece
	// when is the condition under which a number is shown so; nil for the usual
	// one of its place.
	when *condition
	// locale is whose names and separators dates have.
	locale locale
	// refused says why the section cannot be read; empty for none.
	refused string
}

// condition is a comparison such as >=100.
type condition struct {
	operator string
	operand  float64
}

func (c condition) holds(n float64) bool {
	switch c.operator {
	case "<":
		return n < c.operand
	case "<=":
		return n <= c.operand
	case ">":
		return n > c.operand
	case ">=":
		return n >= c.operand
	case "<>":
		return n != c.operand
	}
	return n == c.operand
}

func (s section) has(kinds ...pieceKind) bool {
	return slices.ContainsFunc(s.pieces, func(p piece) bool { return slices.Contains(kinds, p.kind) })
}

// isDate reports whether the section shows a number as a day or a time.
func (s section) isDate() bool { return s.has(dateField, elapsed, halfDay) || s.locale.system }

// maxSections is how many sections a code has at most: for positive numbers,
// negative ones, zero, and texts.
const maxSections = 4

// parseFormat reads a code. It never fails: what it does not know makes its
// section one that cannot be shown.
func parseFormat(code string) (numbers []section, texts *section) {
	sections := splitSections(code)
	if len(sections) > maxSections {
		return []section{{refused: fmt.Sprintf("it has %d sections", len(sections))}}, nil
	}
	for _, part := range sections {
		numbers = append(numbers, parseSection(part))
	}
	last := len(numbers) - 1
	if len(numbers) < maxSections && !numbers[last].has(textPlace) {
		return numbers, nil
	}
	texts = &numbers[last]
	numbers = numbers[:last]
	if len(numbers) == 0 { // "@" shows numbers as General does
		prefix := section{pieces: slices.Clone(texts.pieces), refused: texts.refused}
		for i, p := range prefix.pieces {
			if p.kind == textPlace {
				prefix.pieces[i].kind = general
			}
		}
		numbers = []section{prefix}
	}
	return numbers, texts
}

// splitSections cuts a code at its semicolons, but for those that are shown.
func splitSections(code string) []string {
	var sections []string
	start := 0
	for i := 0; i < len(code); i++ {
		switch code[i] {
		case '"':
			i += closing(code[i:], '"')
		case '[':
			i += closing(code[i:], ']')
		case '\\', '_', '*':
			i++
		case ';':
			sections = append(sections, code[start:i])
			start = i + 1
		}
	}
	return append(sections, code[start:])
}

// closing is how far the end of what opens a text is from its beginning.
func closing(text string, end byte) int {
	if n := strings.IndexByte(text[1:], end); n >= 0 {
		return n + 1
	}
	return len(text) - 1
}

func parseSection(code string) section {
	var s section
	for code != "" && s.refused == "" {
		code = code[s.next(code):]
	}
	s.tellMinutes()
	if !s.has(exponent, slash) {
		s.pieces = outerZeros(s.pieces)
	}
	return s
}

func (s *section) add(kind pieceKind, text string) { s.pieces = append(s.pieces, piece{kind, text}) }

func (s *section) refuse(format string, args ...any) {
	if s.refused == "" {
		s.refused = fmt.Sprintf(format, args...)
	}
}

// next reads the first piece of a code and returns its length.
func (s *section) next(code string) int {
	r, size := utf8.DecodeRuneInString(code)
	switch {
	case r == '"':
		end := closing(code, '"')
		s.add(literal, strings.TrimSuffix(code[1:end+1], `"`))
		return end + 1
	case r == '[':
		end := closing(code, ']')
		s.bracket(strings.TrimSuffix(code[1:end+1], "]"))
		return end + 1
	case r == '\\', r == '_', r == '*':
		return size + s.escaped(r, code[size:])
	case strings.ContainsRune("0#?", r):
		s.add(digit, code[:1])
	case r == '.':
		s.add(point, ".")
	case r == ',':
		s.add(comma, ",")
	case r == '%':
		s.add(percent, "%")
	case r == '/':
		s.add(slash, "/")
	case r == '@':
		s.add(textPlace, "@")
	case r|0x20 >= 'a' && r|0x20 <= 'z' && r < utf8.RuneSelf:
		return s.letters(code)
	default:
		s.add(literal, code[:size])
	}
	return size
}

// escaped reads the character behind a backslash, which is shown, an underscore,
// of which the width is, or an asterisk, which fills the cell.
func (s *section) escaped(mark rune, rest string) int {
	_, size := utf8.DecodeRuneInString(rest)
	switch {
	case mark == '\\':
		s.add(literal, rest[:size])
	case mark == '_', rest[:size] == " ":
		s.add(literal, " ")
	default:
		s.refuse("it fills the cell with %q", rest[:size])
	}
	return size
}

// letters reads a word of the code: General, AM/PM, the sign of an exponent or a
// part of a date.
func (s *section) letters(code string) int {
	for _, word := range []struct {
		text string
		kind pieceKind
	}{{"general", general}, {"am/pm", halfDay}, {"a/p", halfDay}, {"e+", exponent}, {"e-", exponent}} {
		if n := len(word.text); len(code) >= n && strings.EqualFold(code[:n], word.text) {
			s.add(word.kind, code[:n])
			return n
		}
	}
	letter := code[0] | 0x20
	if strings.IndexByte("ymdhs", letter) < 0 {
		s.refuse("it has the letter %q in it", code[:1])
		return 1
	}
	n := 1
	for n < len(code) && code[n]|0x20 == letter {
		n++
	}
	s.add(dateField, strings.Repeat(string(letter), n))
	return n
}

// bracket reads what stands in brackets: a colour, a condition, a currency with
// its locale, or hours that count on beyond a day.
func (s *section) bracket(inner string) {
	lower := strings.ToLower(inner)
	switch {
	case strings.HasPrefix(inner, "$"):
		currency, where, hasLocale := strings.Cut(inner[1:], "-")
		if currency != "" {
			s.add(literal, currency)
		}
		if hasLocale {
			var ok bool
			if s.locale, ok = parseLocale(where); !ok {
				s.refuse("it has [%s] in it", inner)
			}
		}
	case lower != "" && strings.Trim(lower, lower[:1]) == "" && strings.IndexByte("hms", lower[0]) >= 0:
		s.add(elapsed, lower)
	case isColour(lower):
	case lower != "" && strings.IndexByte("<>=", lower[0]) >= 0:
		operator := lower[:len(lower)-len(strings.TrimLeft(lower, "<>="))]
		operand, err := strconv.ParseFloat(strings.TrimSpace(lower[len(operator):]), 64)
		if err != nil || !slices.Contains([]string{"<", "<=", ">", ">=", "<>", "="}, operator) {
			s.refuse("its condition [%s] is not known", inner)
			return
		}
		s.when = &condition{operator, operand}
	default:
		s.refuse("it has [%s] in it", inner)
	}
}

// isColour knows the eight colours by name and those by number.
func isColour(lower string) bool {
	if number, found := strings.CutPrefix(lower, "color"); found {
		_, err := strconv.Atoi(strings.TrimSpace(number))
		return err == nil
	}
	return slices.Contains([]string{"black", "blue", "cyan", "green", "magenta", "red", "white", "yellow"}, lower)
}

// tellMinutes marks the m that means minutes, behind an hour or before a second, by
// the letter n.
func (s *section) tellMinutes() {
	var last *piece
	for i := range s.pieces {
		p := &s.pieces[i]
		if p.kind != dateField && p.kind != elapsed {
			continue
		}
		if last != nil && last.text[0] == 'h' {
			p.takeForMinutes()
		}
		if last != nil && p.text[0] == 's' {
			last.takeForMinutes()
		}
		last = p
	}
}

func (p *piece) takeForMinutes() {
	if p.kind == dateField && (p.text == "m" || p.text == "mm") {
		p.text = strings.ReplaceAll(p.text, "m", "n")
	}
}
