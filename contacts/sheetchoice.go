package contacts

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"carillon/campaign"
)

type xmlWorkbook struct {
	Properties struct {
		Date1904 string `xml:"date1904,attr"`
	} `xml:"workbookPr"`
	Sheets []xmlSheet `xml:"sheets>sheet"`
}

type xmlSheet struct {
	Name  string `xml:"name,attr"`
	State string `xml:"state,attr"`
	ID    string `xml:"http://schemas.openxmlformats.org/officeDocument/2006/relationships id,attr"`
	// StrictID is the same attribute in the strict variant of the format.
	StrictID string `xml:"http://purl.oclc.org/ooxml/officeDocument/relationships id,attr"`
}

// worksheet is a sheet with cells.
type worksheet struct {
	name, part string
	hidden     bool
}

// book is a workbook whose sheets can be read.
type book struct {
	workbook
	sheets  []worksheet
	strings *stringTable
	styles  styles
}

func (w workbook) openBook(root, sheet string, layout *campaign.Layout) (source, error) {
	var read xmlWorkbook
	if err := w.parse(root, &read); err != nil {
		return nil, err
	}
	b := book{workbook: w}
	var err error
	if b.sheets, err = w.worksheets(root, read.Sheets); err != nil {
		return nil, err
	}
	for _, sheet := range b.sheets {
		layout.Sheets = append(layout.Sheets, sheet.name)
	}
	if b.styles, err = w.readStyles(root, isTrue(read.Properties.Date1904)); err != nil {
		return nil, err
	}
	if b.strings, err = w.sharedStrings(root); err != nil {
		return nil, err
	}
	chosen, err := b.choose(sheet, layout)
	if err == nil {
		var opened *sheetSource
		if opened, err = b.open(chosen); err == nil {
			return opened, nil
		}
	}
	_ = b.strings.close() // err says what matters
	return nil, err
}

// maxSheets is how many sheets a workbook may have; ours. People have tens.
const maxSheets = 5000

// worksheets are the sheets with cells; charts and dialogs have none.
func (w workbook) worksheets(root string, listed []xmlSheet) ([]worksheet, error) {
	rels, err := w.relationships(root)
	if err != nil {
		return nil, err
	}
	if len(listed) > maxSheets {
		return nil, &Error{Problem: fmt.Sprintf("the workbook has more than %d sheets", maxSheets), Hint: "save the sheet with the list as a file of its own"}
	}
	type content struct{ kind, part string }
	contents := map[string]content{}
	for _, item := range rels.Items {
		contents[item.ID] = content{item.Type, item.Target}
	}
	var sheets []worksheet
	parts := map[string]string{} // part → the sheet that shows it
	for _, sheet := range listed {
		shown, found := contents[sheet.ID+sheet.StrictID]
		if !found {
			return nil, damaged(fmt.Errorf("sheet %q has no content", sheet.Name))
		}
		if !strings.HasSuffix(shown.kind, "/worksheet") {
			continue
		}
		if other, twice := parts[shown.part]; twice {
			return nil, damaged(fmt.Errorf("sheets %q and %q are one", other, sheet.Name))
		}
		parts[shown.part] = sheet.Name
		sheets = append(sheets, worksheet{sheet.Name, shown.part, sheet.State != "" && sheet.State != "visible"})
	}
	if len(sheets) == 0 {
		return nil, damaged(errors.New("it has no sheets"))
	}
	return sheets, nil
}

// choose finds the sheet that is named, else the first one that shows and holds
// anything.
func (b book) choose(name string, layout *campaign.Layout) (worksheet, error) {
	if name != "" {
		return b.named(name, layout)
	}
	var hidden []string
	for _, sheet := range b.sheets {
		if sheet.hidden {
			hidden = append(hidden, sheet.name)
		}
	}
	left := b.unpacked() // for all that hold nothing together
	for _, sheet := range b.sheets {
		if sheet.hidden {
			continue
		}
		holds, read, err := b.holdsAnything(sheet)
		if err != nil {
			return worksheet{}, err
		}
		if left -= read; left < 0 {
			return worksheet{}, &Error{Problem: "the empty sheets of the workbook are larger than the limit when unpacked", Hint: "name the sheet with the list in contacts.sheet"}
		}
		if holds {
			layout.Sheet = sheet.name
			layout.Guess(b.whyFirst(sheet, len(hidden)))
			return sheet, nil
		}
	}
	if len(hidden) > 0 {
		return worksheet{}, &Error{Problem: "no visible sheet of the workbook holds anything",
			Hint: "unhide the sheet with the list, or name it in contacts.sheet; the hidden sheets are " + quoted(hidden)}
	}
	return worksheet{}, &Error{Problem: "the contact list is empty", Hint: "upload a list with one contact per row"}
}

// whyFirst says why a sheet was taken, empty where there is no other.
func (b book) whyFirst(sheet worksheet, hidden int) string {
	if len(b.sheets) == 1 {
		return ""
	}
	text := fmt.Sprintf("sheet %q, the first visible one of %d that holds anything", sheet.name, len(b.sheets))
	if hidden > 0 {
		text += fmt.Sprintf(" (hidden: %d)", hidden)
	}
	return text
}

func (b book) named(name string, layout *campaign.Layout) (worksheet, error) {
	names := make([]string, len(b.sheets))
	for i, sheet := range b.sheets {
		names[i] = sheet.name
	}
	switch found := campaign.FindColumns(names, name); len(found) {
	case 0:
		return worksheet{}, &Error{Problem: fmt.Sprintf("contacts.sheet is %q, which the workbook does not have", name),
			Hint: "its sheets are " + quoted(names)}
	case 1:
		layout.Sheet = names[found[0]]
		return b.sheets[found[0]], nil
	default:
		return worksheet{}, &Error{Problem: fmt.Sprintf("contacts.sheet is %q, which may be several sheets of the workbook", name),
			Hint: "rename one of " + quoted(names)}
	}
}

// holdsAnything reports whether a sheet has a cell with anything in it, and how
// much was read to see that.
func (b book) holdsAnything(sheet worksheet) (holds bool, read int64, err error) {
	rows, err := b.rows(sheet, nil)
	if err != nil {
		return false, 0, err
	}
	defer func() { _ = rows.part.Close() }() // it was only read
	whole := rows.meter.whole
	for {
		row, err := rows.next()
		switch {
		case errors.Is(err, io.EOF):
			return false, whole - rows.meter.whole, nil
		case err != nil:
			return false, 0, err
		case !row.blank():
			return true, 0, nil
		}
	}
}

// open makes ready to read a sheet.
func (b book) open(sheet worksheet) (*sheetSource, error) {
	merged, err := b.mergedCells(sheet.part)
	if err != nil {
		return nil, err
	}
	return b.rows(sheet, merged)
}

func (b book) rows(sheet worksheet, merged []area) (*sheetSource, error) {
	part, err := b.workbook.open(sheet.part)
	if err != nil {
		return nil, err
	}
	return newSheetSource(part, b.meter(part), b.strings, b.styles, merged, b.limits.RowBytes), nil
}
