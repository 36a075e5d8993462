package contacts

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"

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
	styles   styles
	hidden   hiddenParts
	merged   covers
	totals   sharedTotals
	rowBytes int

	row    int
	read   int // rows, the empty ones included
	strays int // elements outside of rows
	cells  []string
	notes  []note
	done   bool
}

var _ source = (*sheetSource)(nil)

func newSheetSource(part io.ReadCloser, m *meter, texts *stringTable, s styles, merged []area, rowBytes int) *sheetSource {
	return &sheetSource{part: part, meter: m, xml: xml.NewDecoder(m), strings: texts, styles: s, merged: covers{waiting: merged}, rowBytes: rowBytes}
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
			if err := s.hidden.note(t); err != nil {
				return record{}, damaged(err)
			}
		case xml.EndElement:
			s.done = t.Name.Local == "sheetData"
		}
	}
	// Reading on to the end compares the checksum.
	if _, err := io.Copy(io.Discard, renewed{s.meter}); err != nil {
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
		return &Error{Line: row, Problem: "the worksheet is larger than the limit when unpacked", Hint: "split the list"}
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
	hidden := s.hidden.row(start)
	s.cells, s.notes = s.cells[:0], s.notes[:0]
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
				if err := s.coverMerged(); err != nil {
					return record{}, s.explain(err, s.row)
				}
				s.trim()
				return record{line: s.row, cells: s.cells, notes: s.notes, hidden: hidden}, nil
			}
		}
	}
}

// coverMerged empties the cells that do not show because they are merged with
// another.
func (s *sheetSource) coverMerged() error {
	columns, err := s.merged.covered(s.row)
	for _, column := range columns {
		s.fill(column + 1)
		s.cells[column] = ""
		s.notes[column] = note{fault: "is merged with another cell; unmerge it and write the value into each row"}
	}
	return err
}

// trim drops the empty cells at the end, which a sheet keeps for their format.
func (s *sheetSource) trim() {
	end := len(s.cells)
	for end > 0 && s.cells[end-1] == "" && s.notes[end-1] == (note{}) {
		end--
	}
	s.cells, s.notes = s.cells[:end], s.notes[:end]
}

// fill appends empty cells up to a number of them.
func (s *sheetSource) fill(count int) {
	for len(s.cells) < count {
		s.cells, s.notes = append(s.cells, ""), append(s.notes, note{})
	}
}

func (s *sheetSource) hides(column int) bool { return s.hidden.column(column) }

func (s *sheetSource) close() error {
	_ = s.part.Close() // it repeats what next has said of the part
	return s.strings.close()
}
