package campaign

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// sum bounds all values of one text together. The provider counts the template's own
// text as well. Where that is not known, what is beyond the sum is surely too long.
type sum struct {
	path string
	most int
	// fixed is how many characters stand in the definition; parts are the
	// placeholders that add to them.
	fixed int
	parts []int
	// whole says that the template's own text is counted as well.
	whole bool
}

// sums are the bodies with several values. A message's body has 1,024 characters
// where the template has other parts, and a card's has 160 (Meta, template
// components page; media card carousel templates page).
func (a *assembler) sums(s Step) {
	if s.Header != nil || len(s.Buttons) > 0 || s.LimitedTimeOffer != nil || len(s.Carousel) > 0 {
		a.sum("body", s.Body, bodyRule)
	}
	for i, card := range s.Carousel {
		a.sum(fmt.Sprintf("carousel[%d].body", i), card.Body, cardRule)
	}
}

func (a *assembler) sum(path string, body []Parameter, r rule) {
	if len(body) < 2 { // one value has the same limit
		return
	}
	total := sum{path: a.path + path, most: r.limit()}
	for i, p := range body {
		at, text := p.shown(fmt.Sprintf("%s[%d]", path, i))
		part := slices.IndexFunc(a.stencil.placeholders, func(s placeholder) bool { return s.path == a.path+at })
		if part < 0 {
			total.fixed += utf8.RuneCountInString(strings.ReplaceAll(clean(text), opening+opening, opening))
			continue
		}
		total.parts = append(total.parts, part)
	}
	switch {
	case len(total.parts) > 0:
		a.stencil.sums = append(a.stencil.sums, total)
	case total.fixed > total.most:
		a.wrong(path, "%s", total.tooLong(total.fixed))
	}
}

// shown is the text of a parameter that people read, and where it stands.
func (p Parameter) shown(path string) (at, text string) {
	switch {
	case p.Currency != nil:
		return path + ".currency.fallback_value", p.Currency.FallbackValue
	case p.DateTime != nil:
		return path + ".date_time.fallback_value", p.DateTime.FallbackValue
	}
	return path, p.Text
}

func (s *sum) tooLong(n int) string {
	if s.whole {
		return fmt.Sprintf("the template's text has %d characters with the values, %d are allowed; shorten them", n, s.most)
	}
	return fmt.Sprintf("the values have %d characters in all, %d are allowed; shorten them", n, s.most)
}

// overlong are the bodies that a row makes too long. Values that cannot be filled in
// count nothing: they are told by themselves.
func (t *stencil) overlong(step int, values []string) []Problem {
	return t.over(t.sums, step, values)
}

func (t *stencil) over(sums []sum, step int, values []string) []Problem {
	var problems []Problem
	for i := range sums {
		total := &sums[i]
		n := total.fixed
		var columns []string
		for _, part := range total.parts {
			text, _ := t.placeholders[part].resolve(values)
			n += utf8.RuneCountInString(text)
			if of := t.placeholders[part].columns(); !slices.Contains(columns, of) {
				columns = append(columns, of)
			}
		}
		if n > total.most {
			problems = append(problems, Problem{step, strings.Join(columns, ", "), total.path, total.tooLong(n)})
		}
	}
	return problems
}
