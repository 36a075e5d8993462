package contacts

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
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

// openWorkbook makes ready to read one sheet and notes it in the layout.
func openWorkbook(file *io.SectionReader, opts campaign.ContactOptions, limits Limits, layout *campaign.Layout) (source, error) {
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
		return nil, w.otherKind(root)
	}
	layout.Format = "xlsx"
	return w.openBook(root, opts.Sheet, layout)
}

// otherKind says what a zip file is that is no workbook.
func (w workbook) otherKind(root string) *Error {
	const hint = "save the list as .xlsx or CSV"
	switch {
	case strings.HasSuffix(root, ".bin"):
		return &Error{Problem: "this is a binary Excel workbook (.xlsb)", Hint: hint}
	case w.find("Index/Document.iwa") != nil, w.find("Index.zip") != nil:
		return &Error{Problem: "this is a file of Apple Numbers", Hint: "export the list as Excel or CSV"}
	case w.find("content.xml") != nil:
		return &Error{Problem: "this is an OpenDocument file (.ods)", Hint: hint}
	}
	return &Error{Problem: "this is a zip file, but not an Excel workbook", Hint: hint}
}

func damaged(err error) *Error {
	return &Error{Problem: "the Excel file is damaged or incomplete", Hint: "open it in Excel, save it again and upload that", Err: err}
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
