package contacts

import (
	"math"
	"strconv"
	"strings"
)

// fractionFormat is a section such as # ??/?? or 0/8.
type fractionFormat struct {
	// whole has the places of whole numbers; empty where the fraction is improper.
	whole string
	// fixed is the denominator, or 0 where it has up to so many digits.
	fixed, digits int
	before, after string // literals
}

// withFraction shows a number such as 2 1/4.
func (s section) withFraction(d decimal) (text, problem string) {
	f, ok := s.fraction()
	if !ok {
		return "", "its fraction stands in an unusual place"
	}
	n, _ := strconv.ParseFloat(d.plain(), 64) // plain writes nothing else
	n = math.Abs(n)
	count := 0.0
	if f.whole != "" {
		count, n = math.Modf(n)
	}
	top, bottom := f.nearest(n)
	if f.whole != "" && top == bottom {
		top, count = 0, count+1
	}
	var parts []string
	if f.whole != "" && (count > 0 || top == 0 || strings.Contains(f.whole, "0")) {
		parts = append(parts, strconv.FormatFloat(count, 'f', 0, 64))
	}
	if top > 0 || f.whole == "" {
		parts = append(parts, strconv.Itoa(top)+"/"+strconv.Itoa(bottom))
	}
	sign := ""
	if d.negative {
		sign = "-"
	}
	return sign + f.before + strings.Join(parts, " ") + f.after, ""
}

// fraction takes a section apart.
func (s section) fraction() (f fractionFormat, ok bool) {
	var shape strings.Builder // each piece as one character: d a place, / the slash, a space, l another literal
	for _, p := range s.pieces {
		switch {
		case p.kind == digit, p.kind == literal && len(p.text) == 1 && p.text >= "1" && p.text <= "9":
			shape.WriteByte('d')
		case p.kind == slash:
			shape.WriteByte('/')
		case p.kind == literal && strings.TrimSpace(p.text) == "":
			shape.WriteByte(' ')
		case p.kind == literal:
			shape.WriteByte('l')
		default:
			return f, false
		}
	}
	run := func(from int, kinds string) int {
		for from < shape.Len() && strings.IndexByte(kinds, shape.String()[from]) >= 0 {
			from++
		}
		return from
	}
	start := run(0, "l ")
	numerator := run(start, "d")
	f.before = s.code(0, start)
	if gap := run(numerator, " "); gap > numerator {
		f.whole = s.code(start, numerator)
		start, numerator = gap, run(gap, "d")
	}
	if numerator == start || !strings.HasPrefix(shape.String()[numerator:], "/") {
		return f, false
	}
	end := run(numerator+1, "d")
	denominator := s.code(numerator+1, end)
	f.after = s.code(end, len(s.pieces))
	f.digits = len(denominator)
	if strings.Trim(denominator, "0123456789") == "" {
		f.fixed, _ = strconv.Atoi(denominator) // digits alone
	}
	const most = 4
	return f, run(end, "l ") == shape.Len() && f.digits > 0 && f.digits <= most
}

// code is the text of the pieces from one up to another.
func (s section) code(from, to int) string {
	var b strings.Builder
	for _, p := range s.pieces[from:to] {
		b.WriteString(p.text)
	}
	return b.String()
}

// nearest is the fraction that is nearest to a number, of those with the smallest
// denominator.
func (f fractionFormat) nearest(n float64) (top, bottom int) {
	if f.fixed > 0 {
		return int(math.Round(n * float64(f.fixed))), f.fixed
	}
	best := math.Inf(1)
	for q := 1; q < int(math.Pow10(f.digits)); q++ {
		p := math.Round(n * float64(q))
		if off := math.Abs(n - p/float64(q)); off < best-1e-12 {
			best, top, bottom = off, int(p), q
		}
	}
	return top, bottom
}
