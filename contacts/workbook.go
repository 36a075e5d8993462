package contacts

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"carillon/campaign"
)

// The worksheet is read with archive/zip and encoding/xml. A library that
// hands out rows of plain texts would not tell numbers from texts, which
// decides whether a plus was lost, and would end quietly at broken XML.

const (
	// smallPart bounds the parts of a workbook that are read whole: the list
	// of its sheets and the styles.
	smallPart = 16 << 20
	// unpacking is how many times the longest file a worksheet's XML may be.
	unpacking = 20
)

// workbook is an Excel file (ECMA-376, Office Open XML).
type workbook struct {
	zip    *zip.Reader
	limits Limits
	size   int64 // of the file
}

type xmlRelationships struct {
	Items []struct {
		ID     string `xml:"Id,attr"`
		Type   string `xml:"Type,attr"`
		Target string `xml:"Target,attr"`
	} `xml:"Relationship"`
}

type xmlWorkbook struct {
	Properties struct {
		Date1904 string `xml:"date1904,attr"`
	} `xml:"workbookPr"`
	Sheets []struct {
		Name string `xml:"name,attr"`
		ID   string `xml:"http://schemas.openxmlformats.org/officeDocument/2006/relationships id,attr"`
		// StrictID is the same attribute in the strict variant of the format.
		StrictID string `xml:"http://purl.oclc.org/ooxml/officeDocument/relationships id,attr"`
	} `xml:"sheets>sheet"`
}

// openWorkbook makes ready to read one sheet and notes it in the layout.
func openWorkbook(file *io.SectionReader, opts campaign.ContactOptions, limits Limits, layout *Layout) (source, error) {
	unzipped, err := openZip(file)
	if err != nil {
		return nil, err
	}
	w := workbook{unzipped, limits, file.Size()}
	root, err := w.related("", "/officeDocument")
	switch {
	case err != nil:
		return nil, err
	case root == "" || strings.HasSuffix(root, ".bin") || !strings.Contains(root, "xl/"):
		return nil, &Error{Problem: "this is a zip file, but no Excel workbook", Hint: "save the list as .xlsx or CSV"}
	}
	var book xmlWorkbook
	if err := w.parse(root, &book); err != nil {
		return nil, err
	}
	sheet, err := w.choose(book, root, opts.Sheet, layout)
	if err != nil {
		return nil, err
	}
	layout.Format = "xlsx"
	return w.openSheet(root, sheet, isTrue(book.Properties.Date1904))
}

func damaged(err error) *Error {
	return &Error{Problem: "the Excel file is damaged or incomplete", Hint: "open it in Excel, save it again and upload that", Err: err}
}

// choose finds the part that holds the sheet.
func (w workbook) choose(book xmlWorkbook, root, name string, layout *Layout) (part string, err error) {
	var names []string
	for _, sheet := range book.Sheets {
		names = append(names, sheet.Name)
	}
	at := 0
	if name != "" {
		at = slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(strings.TrimSpace(n), strings.TrimSpace(name)) })
	}
	switch {
	case len(names) == 0:
		return "", damaged(errors.New("it has no sheets"))
	case at < 0:
		return "", &Error{Problem: fmt.Sprintf("contacts.sheet is %q, which the workbook does not have", name),
			Hint: "its sheets are " + quoted(names)}
	case name == "" && len(names) > 1:
		layout.guessed(fmt.Sprintf("sheet %q, the first of %d", names[at], len(names)))
	}
	layout.Sheet = names[at]
	part, err = w.relatedID(root, book.Sheets[at].ID+book.Sheets[at].StrictID)
	if err == nil && part == "" {
		err = damaged(fmt.Errorf("sheet %q has no content", names[at]))
	}
	return part, err
}

// relationships reads what a part refers to; the empty part is the file.
func (w workbook) relationships(part string) (xmlRelationships, error) {
	var rels xmlRelationships
	name := path.Join(path.Dir(part), "_rels", path.Base(part)+".rels")
	if part == "" {
		name = "_rels/.rels"
	}
	if w.find(name) == nil {
		return rels, nil
	}
	if err := w.parse(name, &rels); err != nil {
		return rels, err
	}
	for i, item := range rels.Items {
		if target, absolute := strings.CutPrefix(item.Target, "/"); absolute {
			rels.Items[i].Target = target
		} else {
			rels.Items[i].Target = path.Join(path.Dir(part), item.Target)
		}
	}
	return rels, nil
}

// related finds the part of a kind that another refers to, empty for none.
func (w workbook) related(part, kind string) (string, error) {
	rels, err := w.relationships(part)
	for _, item := range rels.Items {
		if strings.HasSuffix(item.Type, kind) {
			return item.Target, err
		}
	}
	return "", err
}

func (w workbook) relatedID(part, id string) (string, error) {
	rels, err := w.relationships(part)
	for _, item := range rels.Items {
		if item.ID == id {
			return item.Target, err
		}
	}
	return "", err
}

func (w workbook) find(name string) *zip.File {
	for _, file := range w.zip.File {
		if strings.EqualFold(file.Name, name) {
			return file
		}
	}
	return nil
}

func (w workbook) open(name string) (io.ReadCloser, error) {
	file := w.find(name)
	if file == nil {
		return nil, damaged(fmt.Errorf("%s is missing", name))
	}
	part, err := file.Open()
	if err != nil {
		return nil, damaged(err)
	}
	return part, nil
}

// parse reads a small part whole.
func (w workbook) parse(name string, into any) error {
	part, err := w.open(name)
	if err != nil {
		return err
	}
	err = xml.NewTokenDecoder(w.tokens(part)).Decode(into)
	if err := errors.Join(err, part.Close()); err != nil {
		return damaged(fmt.Errorf("%s: %w", name, err))
	}
	return nil
}

func isTrue(text string) bool { return text == "1" || strings.EqualFold(text, "true") }
