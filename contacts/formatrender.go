package contacts

import (
	"math"
	"slices"
	"strings"
)

// render shows a number in a section that is no date. The problem says why it
// cannot.
func (s section) render(d decimal) (text, problem string) {
	switch {
	case len(s.pieces) == 0:
		return "", ""
	case s.has(textPlace):
		return "", "it shows numbers as texts"
	case s.has(general):
		return s.withGeneral(d)
	case s.has(exponent):
		return s.withExponent(d)
	case s.has(slash) && s.has(digit):
		return s.withFraction(d)
	}
	text = s.places(d.scaled(s.scale()))
	if d.negative && s.has(digit) {
		text = "-" + text
	}
	return text, ""
}

// withGeneral shows the number as General does, within the literals.
func (s section) withGeneral(d decimal) (string, string) {
	var out strings.Builder
	for _, p := range s.pieces {
		switch p.kind {
		case general:
			unsigned := d
			unsigned.negative = false
			out.WriteString(generalNumber(unsigned).text)
		case literal:
			out.WriteString(p.text)
		default:
			return "", "General stands beside digits"
		}
	}
	if d.negative {
		return "-" + out.String(), ""
	}
	return out.String(), ""
}

// scale is the power of ten that signs of percent and commas behind the digits
// ask for.
func (s section) scale() int {
	power := 0
	for i, p := range s.pieces {
		switch {
		case p.kind == percent:
			power += 2
		case p.kind == comma && s.isScaling(i):
			power -= 3
		}
	}
	return power
}

// isScaling reports whether a comma stands behind the last digit before the
// point, where it leaves out three digits instead of separating them.
func (s section) isScaling(comma int) bool {
	before := false
	for _, p := range s.pieces[:comma] {
		before = before || p.kind == digit
	}
	for _, p := range s.pieces[comma+1:] {
		switch p.kind {
		case digit:
			return false
		case point:
			return before
		}
	}
	return before
}

// places puts a number's digits into the places of the section.
func (s section) places(d decimal) string {
	wholes, decimals, grouped := s.count()
	d = d.rounded(decimals)
	whole, behind := d.parts(decimals)
	kept := len(strings.TrimRight(behind, "0")) // places that hold something
	var out strings.Builder
	position, beyondPoint := 0, false
	for _, p := range s.pieces {
		switch {
		case p.kind == literal:
			out.WriteString(p.text)
		case p.kind == percent:
			out.WriteByte('%')
		case p.kind == slash:
			out.WriteByte('/')
		case p.kind == point:
			if wholes == 0 && !beyondPoint {
				out.WriteString(whole)
			}
			beyondPoint, position = true, 0
			out.WriteByte('.')
		case p.kind == digit && beyondPoint:
			out.WriteString(filled(p.text, behind[position:position+1], position < kept))
			position++
		case p.kind == digit:
			writeWhole(&out, whole, p.text, wholes-1-position, position == 0, grouped)
			position++
		}
	}
	return out.String()
}

// outerZeros puts a zero in every place that is nearer to the point than a zero:
// 0# shows 05.
func outerZeros(pieces []piece) []piece {
	pieces = slices.Clone(pieces)
	beyondPoint, zero, last := false, false, -1
	for i, p := range pieces {
		switch {
		case p.kind == point:
			beyondPoint = true
		case p.kind == digit && beyondPoint && p.text == "0":
			last = i
		case p.kind == digit && !beyondPoint && (zero || p.text == "0"):
			zero, pieces[i].text = true, "0"
		}
	}
	for i := last; i >= 0 && pieces[i].kind != point; i-- {
		if pieces[i].kind == digit {
			pieces[i].text = "0"
		}
	}
	return pieces
}

// count says how many digits have a place before and behind the point, and
// whether those before it stand in groups of three.
func (s section) count() (wholes, decimals int, grouped bool) {
	beyondPoint := false
	for i, p := range s.pieces {
		switch {
		case p.kind == point:
			beyondPoint = true
		case p.kind == digit && beyondPoint:
			decimals++
		case p.kind == digit:
			wholes++
		case p.kind == comma && wholes > 0 && !beyondPoint && !s.isScaling(i):
			grouped = true
		}
	}
	return wholes, decimals, grouped
}

// writeWhole writes the digit that is so far from the point, and with the first
// place all digits that have none.
func writeWhole(out *strings.Builder, whole, place string, fromPoint int, first, grouped bool) {
	from := fromPoint
	if first {
		from = max(fromPoint, len(whole)-1)
	}
	for at := from; at >= fromPoint; at-- {
		text := filled(place, "0", false)
		if at < len(whole) {
			text = whole[len(whole)-1-at : len(whole)-at]
		}
		out.WriteString(text)
		if grouped && at > 0 && at%3 == 0 && text != "" && text != " " {
			out.WriteByte(',')
		}
	}
}

// filled is what a place shows: its digit, or what stands for none.
func filled(place, digit string, holds bool) string {
	switch {
	case holds || place == "0":
		return digit
	case place == "?":
		return " "
	}
	return ""
}

// withExponent shows a number such as 4.48E+11. The mantissa has as many digits
// as there are places before its point.
func (s section) withExponent(d decimal) (string, string) {
	at := 0
	for s.pieces[at].kind != exponent {
		at++
	}
	mantissa, power := section{pieces: outerZeros(s.pieces[:at])}, section{pieces: outerZeros(s.pieces[at+1:])}
	wholes, decimals, grouped := mantissa.count()
	if wholes == 0 || grouped || power.has(exponent, point, comma, percent) || mantissa.has(percent) || !power.has(digit) {
		return "", "its exponent stands in an unusual place"
	}
	scaled, exponentOf := d.normal(wholes)
	if rounded := scaled.rounded(decimals); rounded.point > wholes {
		scaled, exponentOf = scaled.scaled(-wholes), exponentOf+wholes
	}
	sign := ""
	switch {
	case exponentOf < 0:
		sign = "-"
	case s.pieces[at].text[1] == '+':
		sign = "+"
	}
	text := mantissa.places(scaled) + "E" + sign + power.places(newDecimal(math.Abs(float64(exponentOf))))
	if d.negative {
		return "-" + text, ""
	}
	return text, ""
}
