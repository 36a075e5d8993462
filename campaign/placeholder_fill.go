package campaign

import (
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"
)

// placeholder is a place in a message that a recipient's values fill.
type placeholder struct {
	path     string
	segments []segment
	rule     rule
}

// fault is why a placeholder cannot be filled.
type fault struct{ column, message string }

// constant reports whether the placeholder names no column.
func (s *placeholder) constant() bool {
	return len(s.segments) == 0 || len(s.segments) == 1 && s.segments[0].column == ""
}

// literal is the text of a constant placeholder.
func (s *placeholder) literal() string {
	if len(s.segments) == 0 {
		return ""
	}
	return s.segments[0].literal
}

// columns names the columns of the placeholder for an error message.
func (s *placeholder) columns() string {
	var names []string
	for _, part := range s.segments {
		if part.column != "" {
			names = append(names, part.column)
		}
	}
	return strings.Join(names, ", ")
}

// resolve fills the placeholder: cells are cleaned and put in, the whole is checked
// against what the provider asks of it.
func (s *placeholder) resolve(values []string) (string, *fault) {
	text, broken := s.join(values)
	if broken != nil {
		return "", broken
	}
	if text == "" {
		return "", &fault{s.columns(), "is empty"}
	}
	text, err := s.rule.apply(text)
	if err != nil {
		return "", &fault{s.columns(), err.Error()}
	}
	return text, nil
}

func (s *placeholder) join(values []string) (string, *fault) {
	if len(s.segments) == 1 {
		return s.part(0, values)
	}
	var joined strings.Builder
	for i := range s.segments {
		text, broken := s.part(i, values)
		if broken != nil {
			return "", broken
		}
		joined.WriteString(text)
	}
	if s.rule.prose() {
		return joined.String(), nil
	}
	return clean(joined.String()), nil
}

// part is the text of one segment.
func (s *placeholder) part(i int, values []string) (string, *fault) {
	part := &s.segments[i]
	if part.column == "" {
		return s.literalPart(part.literal), nil
	}
	text := part.fallback
	if part.index < len(values) {
		if !utf8.ValidString(values[part.index]) {
			return "", &fault{part.column, "is not UTF-8; save the list as UTF-8, or set its encoding"}
		}
		if cell := clean(values[part.index]); cell != "" {
			text = cell
		}
	}
	if text == "" && !part.hasFallback {
		return "", &fault{part.column, fmt.Sprintf("is empty; write {{%s|something}} to send something instead", part.column)}
	}
	switch {
	case !s.rule.isURL():
		return text, nil
	case len(s.segments) == 1, i == 0 && s.rule == linkRule:
		return encodeURL(text), nil
	default:
		return strings.ReplaceAll(url.QueryEscape(text), "+", "%20"), nil
	}
}

func (s *placeholder) literalPart(text string) string {
	switch {
	case s.rule.prose():
		return text
	case s.rule.isURL():
		return encodeURL(clean(text))
	case len(s.segments) == 1:
		return clean(text)
	default: // the whole is cleaned when it is joined
		return text
	}
}

// append writes a resolved text as JSON.
func (s *placeholder) append(out []byte, text string) []byte {
	switch {
	case s.rule.bare():
		return append(out, text...)
	case s.rule == fileRule:
		return appendFile(out, text, nil)
	}
	return appendString(out, text)
}

// encodeURL percent-encodes what no URL may hold and leaves alone what has a
// meaning in one, escapes that are there already included. Source of the
// characters: RFC 3986, section 2.
func encodeURL(text string) string {
	const hex = "0123456789ABCDEF"
	var out strings.Builder
	for i := range len(text) {
		c := text[i]
		legal := isLetter(c) || isDigit(c) || strings.IndexByte("-._~:/?#[]@!$&'()*+,;=", c) >= 0
		if legal || c == '%' && i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2]) {
			out.WriteByte(c)
			continue
		}
		out.WriteByte('%')
		out.WriteByte(hex[c>>4])
		out.WriteByte(hex[c&15])
	}
	return out.String()
}

func isHex(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }
