package contacts

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// shown is what a cell shows for its number.
type shown struct {
	text string
	// number is the number in full where its digits are all that shows; empty
	// where the format adds something, and for days and times.
	number string
	// day is a day or a time in the form 2006-01-02 15:04:05, empty for others.
	day string
	// problem says why it cannot be told what shows.
	problem string
}

// cellFormat shows what the cells of one style hold.
type cellFormat struct {
	code    string
	numbers []section
	texts   *section
	// plain says that nothing but General is asked for.
	plain bool
	// epoch is the day of serial number 0.
	epoch time.Time
}

func newCellFormat(code string, epoch time.Time) *cellFormat {
	f := &cellFormat{code: code, epoch: epoch}
	f.numbers, f.texts = parseFormat(code)
	only := f.numbers[0].pieces
	f.plain = len(f.numbers) == 1 && f.numbers[0].when == nil && len(only) == 1 && only[0].kind == general
	return f
}

// number shows a number.
func (f *cellFormat) number(n float64) shown {
	d := newDecimal(n)
	if d.beyond() {
		return shown{text: d.plain(), problem: "holds a number of " + strconv.Itoa(d.point) +
			" digits, but a spreadsheet keeps only 15; format the column as text and enter it again"}
	}
	if f.plain {
		return generalNumber(d)
	}
	s, d, ok := f.choose(n, d)
	switch {
	case !ok:
		return f.unshown(d, "it says nothing of such a number")
	case s.refused != "":
		return f.unshown(d, s.refused)
	case s.isDate():
		return f.date(s, n)
	}
	text, problem := s.render(d)
	if problem != "" {
		return f.unshown(d, problem)
	}
	out := shown{text: strings.TrimSpace(text)}
	if out.text != "" && s.showsDigitsAlone(d, out.text) {
		out.number = d.plain()
	}
	return out
}

func generalNumber(d decimal) shown {
	text, ok := d.general()
	if !ok {
		small := parseSection("0.#####E+00")
		text, _ = small.render(d)
	}
	return shown{text: text, number: d.plain()}
}

// unshown is a number of which it cannot be told how it shows.
func (f *cellFormat) unshown(d decimal, why string) shown {
	return shown{text: d.plain(), problem: "has the number format " + strconv.Quote(f.code) + ", and what it shows is not clear (" + why +
		"); format the column as text"}
}

// choose finds the section that shows a number, and the number as the section
// gets it: a section of negative numbers writes its own sign.
func (f *cellFormat) choose(n float64, d decimal) (section, decimal, bool) {
	unsigned := d
	unsigned.negative = false
	conditional := false
	for _, s := range f.numbers {
		conditional = conditional || s.when != nil
	}
	first := f.numbers[0]
	switch {
	case conditional:
		return f.chooseByCondition(n, d)
	case len(f.numbers) == 1:
		return first, d, true
	case n < 0:
		return f.numbers[1], unsigned, true
	case n == 0 && len(f.numbers) > 2:
		return f.numbers[2], d, true
	}
	return first, d, true
}

// chooseByCondition leaves negative numbers alone: programs differ in whether
// they write the sign.
func (f *cellFormat) chooseByCondition(n float64, d decimal) (section, decimal, bool) {
	for i, s := range f.numbers {
		last := i > 0 && i == len(f.numbers)-1
		if s.when == nil && !last {
			s.when = []*condition{{">", 0}, {"<", 0}}[min(i, 1)]
		}
		if s.when == nil || s.when.holds(n) {
			return s, d, n >= 0 || !s.has(digit, general)
		}
	}
	return section{}, d, false
}

// showsDigitsAlone reports whether a number's own digits are all that shows,
// whatever separates them: nothing was put in front that could be a plus, a
// country code or a zero.
func (s section) showsDigitsAlone(d decimal, text string) bool {
	for _, p := range s.pieces {
		if p.kind == literal && strings.TrimSpace(p.text) != "" || p.kind == percent || p.kind == slash {
			return false
		}
	}
	if s.has(general, exponent) {
		return true
	}
	whole, _ := d.parts(0)
	written, _, _ := strings.Cut(text, ".")
	return d.isWhole() && strings.NewReplacer(",", "", "-", "").Replace(written) == whole
}

// text shows a text.
func (f *cellFormat) text(text string) (string, string) {
	if f.texts == nil {
		return text, ""
	}
	if f.texts.refused != "" {
		return text, f.unshown(decimal{}, f.texts.refused).problem
	}
	var out strings.Builder
	for _, p := range f.texts.pieces {
		switch p.kind {
		case textPlace:
			out.WriteString(text)
		case literal:
			out.WriteString(p.text)
		default:
			return text, f.unshown(decimal{}, "it shows numbers where the text stands").problem
		}
	}
	return out.String(), ""
}

// serialDay is the day and the time of a serial number, which counts days. A
// spreadsheet believes that 1900 was a leap year.
func (f *cellFormat) serialDay(n float64) (at time.Time, isDay bool) {
	const (
		lastDay   = 2_958_465 // 9999-12-31
		leapDay   = 60
		msOfADay  = 24 * 60 * 60 * 1000
		firstYear = 1899
	)
	if n < 0 || n >= lastDay+1 {
		return time.Time{}, false
	}
	ms := int64(math.Round(n * msOfADay))
	days := int(ms / msOfADay)
	if f.epoch.Year() == firstYear {
		if days == 0 || days == leapDay {
			return f.epoch.AddDate(0, 0, days).Add(time.Duration(ms%msOfADay) * time.Millisecond), false
		}
		if days < leapDay {
			days++
		}
	}
	return f.epoch.AddDate(0, 0, days).Add(time.Duration(ms%msOfADay) * time.Millisecond), true
}
