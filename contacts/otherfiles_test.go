package contacts

import (
	"archive/zip"
	"bytes"
	"testing"

	"carillon/campaign"
)

// Files that are no list say what they are, whatever they are named.
func TestOtherFormats(t *testing.T) {
	const page = "an HTML page"
	for _, c := range []struct{ content, problem string }{
		{"<html><body><table><tr><td>Phone</td></tr></table></body></html>", page},
		{"\ufeff\r\n<!DOCTYPE HTML PUBLIC>\n<html>", page},
		{"  <table border=1><tr><td>Phone</td></tr></table>", page},
		{"\xff\xfe<\x00h\x00t\x00m\x00l\x00>\x00", page},
		{"<meta charset=utf-8><table>", page},
		{`<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>`, "an XML file"},
		{"%PDF-1.7\n", "a PDF file"},
		{"\x1f\x8b\x08\x00", "a compressed file"},
		{"BEGIN:VCARD\r\nTEL:+447911123456\r\n", "vCards"},
		{`{\rtf1\ansi Phone}`, "a document"},
		{"\xff\xfe\x00\x00P\x00\x00\x00", "UTF-32"}, {"\x00\x00\xfe\xff\x00\x00\x00P", "UTF-32"},
		{"P\x00\x00\x00h\x00\x00\x00", "UTF-32"}, {"\x00\x00\x00P\x00\x00\x00h", "UTF-32"},
		{zipOf(t, "mimetype", "content.xml"), "OpenDocument"},
		{zipOf(t, "Index/Document.iwa", "Metadata/Properties.plist"), "Apple Numbers"},
		{zipOf(t, "Index.zip"), "Apple Numbers"},
		{zipOf(t, "word/document.xml"), "not an Excel workbook"},
	} {
		wantError(t, openAndRead(list(t, c.content), campaign.ContactOptions{}, Limits{}), 0, c.problem)
	}
	// A tag in a cell is a text.
	r := mustOpen(t, list(t, "<Phone>,Name\n+447911123456,<b>Jo</b>\n"), campaign.ContactOptions{})
	if rows := mustRead(t, r); rows[0].Values[1] != "<b>Jo</b>" {
		t.Errorf("%+v", rows)
	}
}

func zipOf(t *testing.T, names ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range names {
		if _, err := w.Create(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
