package contacts

import (
	"strconv"
	"strings"
)

// keptDigits is how many digits of a number a spreadsheet keeps (Microsoft, Excel
// specifications and limits).
const keptDigits = 15

// decimal is a number as a spreadsheet knows it, by its decimal digits:
// 0.DIGITS times ten to the power of point. Zero has no digits.
type decimal struct {
	negative bool
	digits   string
	point    int
}

// newDecimal takes the digits that a spreadsheet keeps of a finite number.
func newDecimal(n float64) decimal {
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(n, 'e', keptDigits-1, 64), "e")
	d := decimal{negative: strings.HasPrefix(mantissa, "-")}
	d.digits = strings.TrimRight(strings.Replace(strings.TrimPrefix(mantissa, "-"), ".", "", 1), "0")
	if d.digits == "" {
		return decimal{}
	}
	power, _ := strconv.Atoi(exponent) // FormatFloat wrote it
	d.point = power + 1
	return d
}

func (d decimal) isZero() bool { return d.digits == "" }

// isWhole reports whether there is nothing behind the point.
func (d decimal) isWhole() bool { return len(d.digits) <= d.point || d.isZero() }

// beyond reports whether the number has more digits before its point than a
// spreadsheet keeps, so that the last ones are lost.
func (d decimal) beyond() bool { return d.point > keptDigits }

// scaled is the number times ten to a power.
func (d decimal) scaled(power int) decimal {
	if !d.isZero() {
		d.point += power
	}
	return d
}

// rounded keeps so many places behind the point; halves go away from zero.
func (d decimal) rounded(places int) decimal {
	keep := d.point + places
	switch {
	case keep >= len(d.digits):
		return d
	case keep < 0:
		return decimal{negative: d.negative}
	}
	up := d.digits[keep] >= '5'
	digits := []byte(d.digits[:keep])
	for i := keep - 1; up && i >= 0; i-- {
		if digits[i]++; digits[i] <= '9' {
			up = false
			break
		}
		digits[i] = '0'
	}
	d.digits = string(digits)
	if up { // 9.99 has become 10
		d.digits, d.point = "1"+d.digits, d.point+1
	}
	d.digits = strings.TrimRight(d.digits, "0")
	if d.digits == "" {
		d.point = 0
	}
	return d
}

// parts are the digits before the point, empty for none, and those behind it,
// filled up with zeros to so many places.
func (d decimal) parts(places int) (whole, behind string) {
	digits, point := d.digits, d.point
	if point < 0 {
		digits, point = strings.Repeat("0", -point)+digits, 0
	}
	if len(digits) < point {
		digits += strings.Repeat("0", point-len(digits))
	}
	behind = digits[point:]
	if len(behind) < places {
		behind += strings.Repeat("0", places-len(behind))
	}
	if d.isZero() {
		return "", behind
	}
	return digits[:point], behind
}

// plain is the number in full: without an exponent and without zeros that say
// nothing.
func (d decimal) plain() string {
	whole, behind := d.parts(0)
	if whole == "" {
		whole = "0"
	}
	if behind != "" {
		whole += "." + behind
	}
	if d.negative && !d.isZero() {
		return "-" + whole
	}
	return whole
}

// general is the number as the format General shows it in a column that is wide
// enough: with ten digits where it has decimal places. A whole number stands
// there in full, though a spreadsheet shortens one of twelve digits: what it
// holds is what was meant. It is not ok for a small number that would be shown
// with an exponent.
func (d decimal) general() (text string, ok bool) {
	const most = 10
	switch {
	case d.isWhole(), d.point > most:
		return d.rounded(0).plain(), true
	case d.point > 0:
		return d.rounded(most - d.point).plain(), true
	case d.point > -4:
		return d.rounded(most - 1).plain(), true
	}
	return d.plain(), len(d.digits)-d.point < most
}

// normal parts the number into a mantissa with at most step digits before its
// point, and an exponent that is a multiple of step.
func (d decimal) normal(step int) (mantissa decimal, exponent int) {
	if d.isZero() {
		return d, 0
	}
	exponent = d.point - 1
	exponent -= ((exponent % step) + step) % step
	return d.scaled(-exponent), exponent
}
