package contacts

import (
	"bytes"
	"errors"
	"io"
	"strings"
)

// otherFormat recognises files that are no list of rows of text, which may be named
// as if they were. The error is an *Error, nil for a file that may be a list.
func otherFormat(file *io.SectionReader) error {
	head := make([]byte, 1024)
	n, err := file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return unreadable(err)
	}
	head = head[:n]
	const csv = "export the list as CSV or .xlsx"
	switch {
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		return &Error{Problem: "this is an old Excel file (.xls) or a file with a password", Hint: "save it as .xlsx without a password, or as CSV"}
	case bytes.HasPrefix(head, []byte("%PDF-")):
		return &Error{Problem: "this is a PDF file", Hint: csv}
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return &Error{Problem: "this is a compressed file (gzip)", Hint: "unpack it first"}
	case isUTF32(head):
		return &Error{Problem: "this is a text in UTF-32", Hint: "save the list as CSV (UTF-8) or .xlsx"}
	case bytes.HasPrefix(head, []byte("bplist")), bytes.HasPrefix(head, []byte("{\\rtf")):
		return &Error{Problem: "this is a document, not a list", Hint: csv}
	}
	text := strings.ReplaceAll(string(head), "\x00", "") // so that UTF-16 reads as ASCII
	for _, mark := range []string{"\ufeff", "\xff\xfe", "\xfe\xff"} {
		text = strings.TrimPrefix(text, mark)
	}
	text = strings.ToLower(strings.TrimSpace(text))
	for _, start := range []struct{ text, is string }{
		{"<!doctype html", "an HTML page, whatever it is named"}, {"<html", "an HTML page, whatever it is named"}, {"<table", "an HTML page, whatever it is named"},
		{"<meta", "an HTML page, whatever it is named"}, {"<?xml", "an XML file, whatever it is named"}, {"begin:vcard", "a file of vCards"},
	} {
		if strings.HasPrefix(text, start.text) {
			return &Error{Problem: "this is " + start.is, Hint: "open it in a spreadsheet or address book and save it as .xlsx or CSV"}
		}
	}
	return nil
}

// isUTF32 recognises a text by the zero bytes of its first letter or its byte order
// mark.
func isUTF32(head []byte) bool {
	const zeros = "\x00\x00\x00"
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe\x00\x00")), bytes.HasPrefix(head, []byte("\x00\x00\xfe\xff")):
		return true
	case len(head) < 8:
		return false
	}
	return string(head[1:4]) == zeros && string(head[5:8]) == zeros || string(head[:3]) == zeros && string(head[4:7]) == zeros
}
