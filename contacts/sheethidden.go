package contacts

import (
	"encoding/xml"
	"errors"
	"slices"
	"strconv"
)

// hiddenParts says what of a worksheet does not show.
type hiddenParts struct {
	// rows is true where a row is hidden that does not say otherwise, columns
	// where a column is.
	rows, columns bool
	// spans are the columns that say it of themselves, in the order of the sheet.
	spans []columnSpan
	// hides is the same for each column, once one was asked for.
	hides []bool
	// zeros is true where the number 0 shows as nothing.
	zeros bool
}

// columnSpan is a run of columns, both ends included, 0 being the first.
type columnSpan struct {
	first, last int
	hidden      bool
}

// note takes what an element ahead of the rows says.
func (h *hiddenParts) note(e xml.StartElement) error {
	switch e.Name.Local {
	case "sheetView":
		if text := attribute(e, "showZeros"); text != "" {
			h.zeros = !isTrue(text)
		}
	case "sheetFormatPr":
		h.rows = isTrue(attribute(e, "zeroHeight")) || isNothing(attribute(e, "defaultRowHeight"))
		h.columns = isNothing(attribute(e, "defaultColWidth"))
	case "col":
		if h.hides != nil { // it stands among the rows, where nothing reads it
			return nil
		}
		if len(h.spans) == maxColumns {
			return errors.New("it describes more columns than there are")
		}
		first, _ := strconv.Atoi(attribute(e, "min"))
		last, err := strconv.Atoi(attribute(e, "max"))
		if err != nil {
			return err
		}
		h.spans = append(h.spans, columnSpan{first - 1, last - 1, isTrue(attribute(e, "hidden")) || isNothing(attribute(e, "width"))})
	}
	return nil
}

// row reports whether a row is hidden: by hand, by a filter or in a group that is
// closed.
func (h *hiddenParts) row(e xml.StartElement) bool {
	hidden, height := attribute(e, "hidden"), attribute(e, "ht")
	if isTrue(hidden) || isNothing(height) {
		return true
	}
	return h.rows && hidden == "" && height == ""
}

// column reports whether a column is hidden, 0 being the first. It is asked for
// every cell.
func (h *hiddenParts) column(at int) bool {
	if h.hides == nil {
		h.hides = slices.Repeat([]bool{h.columns}, maxColumns)
		for _, span := range slices.Backward(h.spans) { // the first that names a column counts
			for column := max(0, span.first); column <= min(span.last, maxColumns-1); column++ {
				h.hides[column] = span.hidden
			}
		}
	}
	if at < len(h.hides) {
		return h.hides[at]
	}
	return h.columns
}

// isNothing reports whether a height or width is given and is none.
func isNothing(size string) bool {
	n, err := strconv.ParseFloat(size, 64)
	return err == nil && n <= 0
}
