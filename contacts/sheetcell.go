package contacts

import (
	"encoding/xml"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// note says of a cell what its text does not tell.
type note struct {
	// number is the number in full that the cell holds, where its digits are all
	// that shows. Whatever stood before the first one, such as a plus, is lost.
	number string
	// day is the day or the time that the cell holds, as 2006-01-02 15:04:05.
	day string
	// total is the function, such as SUM, of which the number is the result.
	total string
	// fault says why the cell holds no value though it is not empty.
	fault string
}

// cellXML is a cell as the file has it.
type cellXML struct {
	column      int
	kind, style string
	content     content
}

// content is what stands in an element.
type content struct {
	text string
	// value says that there is a value, formula that there is a formula.
	value, formula bool
	// code is the formula. It stands once for the cells that share it by a number.
	code, shared string
}

// readCell appends a cell, and the empty ones before it.
func (s *sheetSource) readCell(start xml.StartElement) error {
	cell := cellXML{column: len(s.cells)}
	for _, a := range start.Attr {
		switch a.Name.Local {
		case "r":
			if cell.column = columnOf(a.Value); cell.column < len(s.cells) || cell.column >= maxColumns {
				return fmt.Errorf("cell %q is out of place", a.Value)
			}
		case "t":
			cell.kind = a.Value
		case "s":
			cell.style = a.Value
		}
	}
	if cell.column >= maxColumns {
		return fmt.Errorf("there are more than %d cells", maxColumns)
	}
	var err error
	if cell.content, err = readText(s.xml, "c", "v", "t"); err != nil {
		return err
	}
	text, about, err := s.show(cell)
	if err != nil {
		return err
	}
	s.fill(cell.column)
	s.cells, s.notes = append(s.cells, text), append(s.notes, about)
	return nil
}

// show is what a cell shows.
func (s *sheetSource) show(cell cellXML) (text string, about note, err error) {
	text = cell.content.text
	isNumber := cell.kind == "" || cell.kind == "n"
	if cell.content.formula && (!cell.content.value || isNumber && text == "") {
		return text, note{fault: "holds a formula whose result is not in the file; open the list in a spreadsheet, save it and upload that"}, nil
	}
	format := s.styles.of(cell.style)
	switch cell.kind {
	case "e":
		return text, note{fault: errorFault(text)}, nil
	case "", "n":
		text, about = s.number(text, format)
		about.total = s.totals.of(cell.content)
		return text, about, nil
	case "d":
		text, about = s.isoDate(text, format)
		return text, about, nil
	case "b":
		text = map[bool]string{true: "TRUE", false: "FALSE"}[isTrue(text)]
	case "s":
		if text, err = s.strings.get(text); err != nil {
			return "", note{}, err
		}
	default: // a text of its own
		text = unescape(text)
	}
	if format != nil {
		text, about.fault = format.text(text)
	}
	return text, about, nil
}

// number shows a number. What is none stays as it is.
func (s *sheetSource) number(text string, format *cellFormat) (string, note) {
	if format == nil && len(text) <= keptDigits && allDigits(text) && text[0] != '0' && !s.hidden.zeros {
		return text, note{number: text}
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return text, note{}
	}
	if n == 0 && s.hidden.zeros {
		return "", note{}
	}
	if format == nil {
		format = &cellFormat{plain: true}
	}
	out := format.number(n)
	return out.text, note{number: out.number, day: out.day, fault: out.problem}
}

// isoDate shows a day that is written as one, in the strict variant of the format.
func (s *sheetSource) isoDate(text string, format *cellFormat) (string, note) {
	for _, layout := range []string{"2006-01-02T15:04:05.999Z07:00", "2006-01-02T15:04:05.999", time.DateOnly} {
		at, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		const afterLeapDay = 60 // days that were counted with 29 February 1900
		serial := float64(at.Unix()-s.styles.epoch.Unix()) / secondsOfADay
		if format == nil || serial <= afterLeapDay {
			iso := isoDay(at, true)
			return iso, note{day: iso}
		}
		return s.number(strconv.FormatFloat(serial, 'f', -1, 64), format)
	}
	return text, note{}
}

// readText collects the text within the named elements up to the end of the
// outer one, leaving out phonetic readings.
func readText(d *xml.Decoder, outer string, inner ...string) (c content, err error) {
	within, phonetic, formula := false, false, false
	for {
		token, err := d.RawToken()
		if err != nil {
			return c, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			switch {
			case slices.Contains(inner, t.Name.Local):
				within, c.value = true, true
			case t.Name.Local == "rPh":
				phonetic = true
			case t.Name.Local == "f":
				formula, c.formula, c.shared = true, true, attribute(t, "si")
			}
		case xml.EndElement:
			switch {
			case t.Name.Local == outer:
				return c, nil
			case t.Name.Local == "rPh":
				phonetic = false
			case t.Name.Local == "f":
				formula = false
			case slices.Contains(inner, t.Name.Local):
				within = false
			}
		case xml.CharData:
			switch {
			case within && !phonetic:
				c.text += string(t)
			case formula:
				c.code += string(t)
			}
		}
	}
}

// unescape decodes characters that XML cannot hold and a workbook writes as
// _x000D_ (ECMA-376, part 1, 22.9.2.19).
func unescape(text string) string {
	if !strings.Contains(text, "_x") {
		return text
	}
	const length = len("_x000D_")
	var units []uint16
	for i := 0; i < len(text); {
		if len(text)-i >= length && text[i:i+2] == "_x" && text[i+length-1] == '_' {
			if unit, err := strconv.ParseUint(text[i+2:i+length-1], 16, 16); err == nil {
				units = append(units, uint16(unit))
				i += length
				continue
			}
		}
		end := i + 1
		if next := strings.Index(text[end:], "_x"); next >= 0 {
			end += next
		} else {
			end = len(text)
		}
		units = append(units, utf16.Encode([]rune(text[i:end]))...)
		i = end
	}
	return string(utf16.Decode(units))
}

// columnOf is the column of a cell reference such as AB12, 0 being the first,
// or maxColumns for none.
func columnOf(ref string) int {
	letters := strings.TrimRight(ref, "0123456789")
	column := 0
	for i := range len(letters) {
		if letters[i] < 'A' || letters[i] > 'Z' || column > maxColumns {
			return maxColumns
		}
		column = column*26 + int(letters[i]-'A') + 1
	}
	if column == 0 {
		return maxColumns
	}
	return column - 1
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
