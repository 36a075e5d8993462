package contacts

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"carillon/campaign"
)

// A list that cannot be trusted yields one error, with the line where there is
// one, from Open or from a row.
func TestBrokenLists(t *testing.T) {
	const row = "+447400123456,Jane\n"
	junk := make([]byte, 4096)
	for i, source := 0, rand.New(rand.NewPCG(1, 2)); i < len(junk); i++ {
		junk[i] = byte(source.UintN(256))
	}
	for _, c := range []struct {
		name, content string
		opts          campaign.ContactOptions
		line          int
		problem       string // a part of it
	}{
		{"empty", "", campaign.ContactOptions{}, 0, "is empty"},
		{"only space", " \n\n  \r\n", campaign.ContactOptions{}, 0, "is empty"},
		{"only delimiters", ",,\n,,\n", campaign.ContactOptions{}, 0, "is empty"},
		{"a byte order mark alone", "\ufeff", campaign.ContactOptions{}, 0, "is empty"},
		{"a quote never closed", "Phone,Name\n" + row + "+447400123456,\"Jane\n" + strings.Repeat(row, 9), campaign.ContactOptions{}, 3, "never closed"},
		{"the same in a long list", "Phone,Name\n" + row + "+447400123456,\"Jane\n" + strings.Repeat(row, 1e5), campaign.ContactOptions{}, 3, "longer than"},
		{"the same beyond the sample", "Phone,Name\n" + strings.Repeat(row, 500) + "+447400123456,\"Jane", campaign.ContactOptions{}, 502, "never closed"},
		{"a quote within a cell", "Phone,Name\n" + row + "+447400123456,5\" screen\n", campaign.ContactOptions{}, 3, "within a cell"},
		{"text after a quoted cell", "Phone,Name\n" + row + "+447400123456,\"Jane\" Roe\n", campaign.ContactOptions{}, 3, "text follows its end"},
		{"too many cells", "Phone,Name\n" + row + "+447400123456,Roe, Jane\n", campaign.ContactOptions{}, 3, "3 cells, but there are 2 columns"},
		{"too many cells after lines in quotes", "Phone,Name\n+447400123456,\"Jane\nRoe\"\n\n+447400123456,Roe,Jane\n", campaign.ContactOptions{}, 5, "3 cells"},
		{"too many cells after sep=", "sep=,\nPhone,Name\n" + row + "+447400123456,Roe,Jane\n", campaign.ContactOptions{}, 4, "3 cells"},
		{"a long row", "Phone,Name\n" + row + "+447400123456," + strings.Repeat("x", 70_000) + "\n", campaign.ContactOptions{}, 3, "longer than 65536 bytes"},
		{"a very long row", "Phone,Name\n" + row + "+447400123456," + strings.Repeat("x", 1e6) + "\n", campaign.ContactOptions{}, 3, "longer than 65536 bytes"},
		{"no numbers", "Name,City\nJane,Bath\n", campaign.ContactOptions{}, 1, "no column looks like phone numbers"},
		{"two columns of numbers", "A,B\n+447400123456,+447400123457\n", campaign.ContactOptions{}, 1, `"A" and "B" both`},
		{"no such phone column", "Phone,Name\n" + row, campaign.ContactOptions{Phone: "Mobile"}, 0, "names a column that the list does not have"},
		{"no such name column", "Phone,Name\n" + row, campaign.ContactOptions{FullName: "Nick"}, 0, "contacts.name names a column"},
		{"no such language column", "Phone,Name\n" + row, campaign.ContactOptions{Language: "L"}, 0, "contacts.language names a column"},
		{"no such region", "Phone,Name\n" + row, campaign.ContactOptions{DefaultRegion: "Germany"}, 0, "is not a country"},
		{"no such encoding", "Phone,Name\n" + row, campaign.ContactOptions{Encoding: "ebcdic-klingon"}, 0, "is unknown"},
		{"a delimiter of two", "Phone,Name\n" + row, campaign.ContactOptions{Delimiter: ";;"}, 0, "not usable"},
		{"a quote for a delimiter", "Phone,Name\n" + row, campaign.ContactOptions{Delimiter: `"`}, 0, "not usable"},
		{"not UTF-8 as told", "Phone,Name\n" + row + "+447400123456,M\xfcller\n", campaign.ContactOptions{Encoding: "utf-8"}, 3, "not valid utf-8"},
		{"not UTF-8 as its mark says", "\ufeffPhone,Name\n" + row + "+447400123456,M\xfcller\n", campaign.ContactOptions{}, 3, "not valid utf-8"},
		{"not Shift JIS as told", "Phone,Name\n" + row + "+447400123456,M\xfc\xfc\xfcller\n", campaign.ContactOptions{Encoding: "shift_jis"}, 3, "not valid shift_jis"},
		{"not what its mark says", "\ufeffPhone,Name\n" + row, campaign.ContactOptions{Encoding: "windows-1252"}, 1, "byte order mark says utf-8"},
		{"UTF-16 without a mark", "P\x00h\x00o\x00n\x00e\x00\n\x00", campaign.ContactOptions{}, 1, "zero byte"},
		{"a zero byte further on", "Phone,Name\n" + strings.Repeat(row, 5000) + "\x00\n", campaign.ContactOptions{}, 5002, "zero byte"},
		{"junk", string(junk), campaign.ContactOptions{}, -1, ""},
		{"an old Excel file", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + string(junk), campaign.ContactOptions{}, 0, ".xls"},
		{"the head of a zip", "PK\x03\x04" + string(junk), campaign.ContactOptions{}, 0, "damaged"},
		{"an empty zip", "PK\x05\x06" + strings.Repeat("\x00", 18), campaign.ContactOptions{}, 0, "not an Excel workbook"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := openAndRead(list(t, c.content), c.opts, Limits{})
			wantError(t, err, c.line, c.problem)
		})
	}
}

// wantError checks for an *Error on a line, any line where it is negative.
func wantError(t *testing.T, err error, line int, problem string) {
	t.Helper()
	var got *Error
	if !errors.As(err, &got) {
		t.Fatalf("the error is %v", err)
	}
	if line >= 0 && got.Line != line || !strings.Contains(err.Error(), problem) {
		t.Errorf("line %d: %q; want line %d: …%s…", got.Line, err, line, problem)
	}
	if got.Hint == "" || strings.Contains(err.Error(), "\n") {
		t.Errorf("%q should be one line with a hint", err)
	}
}

func openAndRead(path string, opts campaign.ContactOptions, limits Limits) error {
	r, err := Open(path, opts, limits)
	if err != nil {
		if ours, ok := err.(*Error); ok { //nolint:errorlint // Open returns it as it is
			return ours
		}
		return fmt.Errorf("Open returned a %T: %w", err, err)
	}
	_, err = readAll(r)
	return errors.Join(err, r.Close())
}

func TestErrorsAreFinal(t *testing.T) {
	r := mustOpen(t, list(t, "Phone\n+447400123456\n+447400123456,x\n+447400123457\n"), campaign.ContactOptions{})
	rows, first := readAll(r)
	if _, second := r.Next(); len(rows) != 1 || first == nil || !errors.Is(second, first) {
		t.Errorf("%d rows, then %v, then %v", len(rows), first, second)
	}
}

func TestLimits(t *testing.T) {
	path := list(t, "Phone,Name\n+447400123456,"+strings.Repeat("x", 100)+"\n")
	wantError(t, openAndRead(path, campaign.ContactOptions{}, Limits{FileBytes: 100}), 0, "limit of 100")
	wantError(t, openAndRead(path, campaign.ContactOptions{}, Limits{RowBytes: 100}), 2, "longer than 100 bytes")
	if err := openAndRead(path, campaign.ContactOptions{}, Limits{FileBytes: 130, RowBytes: 116}); err != nil {
		t.Error(err)
	}
}

func TestMostRows(t *testing.T) {
	r := mustOpen(t, list(t, "Phone\n-\n-\n"), campaign.ContactOptions{})
	r.rows = campaign.MaxRows - 1
	if row, err := r.Next(); err != nil || row.Number != campaign.MaxRows {
		t.Errorf("the last row: %+v, %v", row, err)
	}
	_, err := r.Next()
	wantError(t, err, 3, "more than 16777215 rows")
}

func TestNoList(t *testing.T) {
	err := openAndRead(filepath.Join(t.TempDir(), "none.csv"), campaign.ContactOptions{}, Limits{})
	wantError(t, err, 0, "cannot be opened")
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v does not tell its cause", err)
	}
	wantError(t, openAndRead(t.TempDir(), campaign.ContactOptions{}, Limits{}), 0, "not a regular file")
}

func TestClosedReader(t *testing.T) {
	r, err := Open(list(t, "Phone\n+447400123456\n"), campaign.ContactOptions{}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("a closed reader goes on with %v", err)
	}
}
