package contacts

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"carillon/campaign"
)

// maxColumns is how many columns a worksheet has (Microsoft, Excel
// specifications and limits).
const maxColumns = 16_384

// sheetSource reads the rows of one worksheet.
type sheetSource struct {
	part     io.ReadCloser
	meter    *meter
	xml      *xml.Decoder
	strings  *stringTable
	formats  numberFormats
	rowBytes int

	row     int
	read    int // rows, the empty ones included
	strays  int // elements outside of rows
	cells   []string
	numeric []bool
	done    bool
}

var _ source = (*sheetSource)(nil)

func (w workbook) openSheet(root, sheet string, date1904 bool) (source, error) {
	formats, err := w.numberFormats(root, date1904)
	if err != nil {
		return nil, err
	}
	table, err := w.sharedStrings(root)
	if err != nil {
		return nil, err
	}
	part, err := w.open(sheet)
	if err != nil {
		_ = table.close() // err says what matters
		return nil, err
	}
	meter := w.meter(part)
	return &sheetSource{part: part, meter: meter, xml: xml.NewDecoder(meter), strings: table, formats: formats, rowBytes: w.limits.RowBytes}, nil
}

// meter bounds how much XML is read: in all, and since the last renew.
type meter struct {
	part        io.Reader
	left, whole int64
	renewal     int64
}

func (w workbook) meter(part io.Reader) *meter {
	const markup = 10 // how many bytes of markup a byte of text may take
	m := &meter{part: part, whole: w.unpacked(), renewal: int64(w.limits.RowBytes)*markup + 64<<10}
	m.renew()
	return m
}

func (m *meter) renew() { m.left = m.renewal }

func (m *meter) Read(p []byte) (int, error) {
	if m.left <= 0 || m.whole <= 0 {
		return 0, errBudget
	}
	n, err := m.part.Read(p)
	m.left -= int64(n)
	m.whole -= int64(n)
	return n, err
}

func (s *sheetSource) next() (record, error) {
	for !s.done {
		s.meter.renew()
		token, err := s.xml.RawToken()
		if err != nil {
			return record{}, s.explain(err, s.row+1)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if t.Name.Local == "row" {
				return s.readRow(t)
			}
			if s.strays++; s.strays > elements {
				return record{}, s.explain(errCrowded, s.row+1)
			}
		case xml.EndElement:
			s.done = t.Name.Local == "sheetData"
		}
	}
	// Reading on to the end compares the checksum.
	if _, err := io.Copy(io.Discard, s.part); err != nil {
		return record{}, s.explain(err, s.row+1)
	}
	return record{}, io.EOF
}

// explain turns an error met at a row into ours.
func (s *sheetSource) explain(err error, row int) error {
	var ours *Error
	switch {
	case errors.As(err, &ours):
		return ours
	case errors.Is(err, errBudget) && s.meter.whole <= 0:
		return &Error{Line: row, Problem: "the worksheet unpacks to more than the limit allows", Hint: "split the list"}
	case errors.Is(err, errBudget):
		return rowTooLong(row, s.rowBytes)
	case errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF
	}
	broken := damaged(err)
	broken.Line = row
	return broken
}

// readRow reads the cells of a row up to its end.
func (s *sheetSource) readRow(start xml.StartElement) (record, error) {
	if s.read++; s.read > campaign.MaxRows {
		return record{}, &Error{Line: s.row, Problem: fmt.Sprintf("the worksheet has more than %d rows, the empty ones included", campaign.MaxRows), Hint: "split the list"}
	}
	s.row++
	if at, err := strconv.Atoi(attribute(start, "r")); err == nil && at > 0 {
		s.row = at
	}
	s.cells, s.numeric = s.cells[:0], s.numeric[:0]
	size := 0
	for {
		token, err := s.xml.RawToken()
		if err != nil {
			return record{}, s.explain(err, s.row)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if t.Name.Local != "c" {
				continue
			}
			if err := s.readCell(t); err != nil {
				return record{}, s.explain(err, s.row)
			}
			if size += len(s.cells[len(s.cells)-1]); size > s.rowBytes {
				return record{}, rowTooLong(s.row, s.rowBytes)
			}
		case xml.EndElement:
			if t.Name.Local == "row" {
				s.trim()
				return record{line: s.row, cells: s.cells, numeric: s.numeric}, nil
			}
		}
	}
}

// trim drops the empty cells at the end, which a sheet keeps for their format.
func (s *sheetSource) trim() {
	end := len(s.cells)
	for end > 0 && s.cells[end-1] == "" {
		end--
	}
	s.cells, s.numeric = s.cells[:end], s.numeric[:end]
}

// readCell appends a cell, and the empty ones before it.
func (s *sheetSource) readCell(start xml.StartElement) error {
	column := len(s.cells)
	if ref := attribute(start, "r"); ref != "" {
		column = columnOf(ref)
	}
	if column < len(s.cells) || column >= maxColumns {
		return fmt.Errorf("cell %q is out of place", attribute(start, "r"))
	}
	text, err := readText(s.xml, "c", "v", "t")
	if err != nil {
		return err
	}
	numeric := false
	switch kind := attribute(start, "t"); kind {
	case "s":
		if text, err = s.strings.get(text); err != nil {
			return err
		}
	case "b":
		text = map[bool]string{true: "TRUE", false: "FALSE"}[isTrue(text)]
	case "", "n":
		text, numeric = s.formats.format(text, attribute(start, "s"))
	}
	for len(s.cells) < column {
		s.cells, s.numeric = append(s.cells, ""), append(s.numeric, false)
	}
	s.cells, s.numeric = append(s.cells, text), append(s.numeric, numeric)
	return nil
}

// readText collects the text within the named elements up to the end of the
// outer one, leaving out phonetic readings.
func readText(d *xml.Decoder, outer string, inner ...string) (string, error) {
	var text string
	within, phonetic := false, false
	for {
		token, err := d.RawToken()
		if err != nil {
			return "", err
		}
		switch t := token.(type) {
		case xml.StartElement:
			within = within || slices.Contains(inner, t.Name.Local)
			phonetic = phonetic || t.Name.Local == "rPh"
		case xml.EndElement:
			switch {
			case t.Name.Local == outer:
				return text, nil
			case t.Name.Local == "rPh":
				phonetic = false
			case slices.Contains(inner, t.Name.Local):
				within = false
			}
		case xml.CharData:
			if within && !phonetic {
				text += string(t)
			}
		}
	}
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

func (s *sheetSource) close() error {
	_ = s.part.Close() // it repeats what next has said of the part
	return s.strings.close()
}
