package contacts

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxMerged is how many merged areas a worksheet may have. A list has few.
const maxMerged = 1 << 16

// area is a rectangle of merged cells, all ends included. Only the cell in its
// first corner shows, whatever the others hold.
type area struct{ firstRow, lastRow, firstColumn, lastColumn int }

// mergedCells finds the areas of a worksheet. They stand behind its rows, which
// are passed over.
func (w workbook) mergedCells(sheet string) ([]area, error) {
	part, err := w.open(sheet)
	if err != nil {
		return nil, err
	}
	defer func() { _ = part.Close() }() // reading the rows will tell of a damage
	meter := w.meter(part)
	text := bufio.NewReaderSize(renewed{meter}, 64<<10)
	if !skipRows(text) {
		return nil, nil
	}
	var areas []area
	found := 0
	decoder := xml.NewDecoder(text)
	for {
		token, err := decoder.RawToken()
		if err != nil {
			break // the end, or what reading the rows will tell
		}
		e, ok := token.(xml.StartElement)
		if !ok || e.Name.Local != "mergeCell" {
			continue
		}
		if found++; found > maxMerged {
			return nil, &Error{Problem: fmt.Sprintf("the worksheet has more than %d merged areas", maxMerged), Hint: "unmerge its cells"}
		}
		one, err := parseArea(attribute(e, "ref"))
		if err != nil {
			return nil, damaged(err)
		}
		if one.firstColumn <= widestMerge { // each of these is at least a column of the rows that it covers
			areas = append(areas, one)
		}
	}
	slices.SortFunc(areas, func(a, b area) int { return cmp.Compare(a.firstRow, b.firstRow) })
	return areas, nil
}

// renewed reads a part as a whole: its rows are judged one by one later.
type renewed struct{ meter *meter }

func (r renewed) Read(p []byte) (int, error) {
	r.meter.renew()
	return r.meter.Read(p)
}

// skipRows reads up to the end tag of the rows.
func skipRows(text *bufio.Reader) bool {
	for {
		line, err := text.ReadSlice('>')
		if bytes.HasSuffix(line, []byte("sheetData>")) && bytes.Contains(line, []byte("</")) {
			return true
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return false
		}
	}
}

// parseArea reads A1:B2.
func parseArea(ref string) (area, error) {
	first, last, found := strings.Cut(ref, ":")
	if !found {
		last = first
	}
	a := area{firstColumn: columnOf(first), lastColumn: columnOf(last)}
	var err, wrong error
	a.firstRow, err = strconv.Atoi(strings.TrimLeft(first, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
	a.lastRow, wrong = strconv.Atoi(strings.TrimLeft(last, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
	if err := errors.Join(err, wrong); err != nil || a.firstColumn >= maxColumns || a.lastColumn >= maxColumns {
		return a, fmt.Errorf("merged cells %q are no area", ref)
	}
	return a, nil
}

// covers has the areas that reach into the row at hand.
type covers struct{ waiting, here []area }

// widestMerge is the last column that is looked at, which bounds the work per row.
const widestMerge = 1024

// covered are the columns of a row whose cells do not show, since they are merged
// with another.
func (c *covers) covered(row int) ([]int, error) {
	c.here = slices.DeleteFunc(c.here, func(a area) bool { return a.lastRow < row })
	for len(c.waiting) > 0 && c.waiting[0].firstRow <= row {
		if c.waiting[0].lastRow >= row {
			c.here = append(c.here, c.waiting[0])
		}
		c.waiting = c.waiting[1:]
	}
	var columns []int
	for _, a := range c.here {
		for column := a.firstColumn; column <= min(a.lastColumn, widestMerge); column++ {
			if row != a.firstRow || column != a.firstColumn {
				columns = append(columns, column)
			}
		}
		if len(columns) > widestMerge {
			return nil, errors.New("its merged cells overlap")
		}
	}
	return columns, nil
}
