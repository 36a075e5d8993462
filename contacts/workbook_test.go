package contacts

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"carillon/campaign"
)

// workbookOf writes rows to the sheets of a workbook; its first sheet is Sheet1.
func workbookOf(t testing.TB, sheets map[string][][]any) string {
	t.Helper()
	f := excelize.NewFile()
	for name, rows := range sheets {
		if _, err := f.NewSheet(name); err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			if err := f.SetSheetRow(name, fmt.Sprintf("A%d", i+1), &row); err != nil {
				t.Fatal(err)
			}
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return list(t, b.String())
}

func TestWorkbookTellsNumbersFromTexts(t *testing.T) {
	path := workbookOf(t, map[string][][]any{"Sheet1": {
		{"Phone", "Amount", "Day", "Paid"},
		{447400753715, 0.1, time.Date(2026, 9, 25, 0, 0, 0, 0, time.UTC), true},
		{"447400753715", 1e15, time.Date(2026, 9, 25, 13, 30, 0, 0, time.UTC), false},
		{"+447400753715", "1,50", "25 Sept", "yes"},
		{nil, nil, nil, nil},
		{1.25, -3, "", ""},
	}})
	rows := mustRead(t, mustOpen(t, path, campaign.ContactOptions{}))
	type summary struct {
		Number  int
		Phone   string
		Verdict campaign.Verdict
		Warned  bool
		Values  []string
	}
	var got []summary
	for _, row := range rows {
		got = append(got, summary{row.Number, row.Phone, row.Verdict, row.Detail != "", row.Values})
	}
	want := []summary{
		{1, "+447400753715", campaign.OK, true, []string{"447400753715", "0.1", "2026-09-25", "TRUE"}},
		{2, "447400753715", campaign.Invalid, true, []string{"447400753715", "1000000000000000", "2026-09-25 13:30:00", "FALSE"}},
		{3, "+447400753715", campaign.OK, false, []string{"+447400753715", "1,50", "25 Sept", "yes"}},
		{4, "1.25", campaign.Invalid, true, []string{"1.25", "-3", "", ""}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestWorkbookSheets(t *testing.T) {
	path := workbookOf(t, map[string][][]any{
		"Sheet1": {{"Phone"}, {"+447400753715"}},
		"Second": {{"Mobile"}, {"+33612982489"}, {"+33612982490"}},
	})
	for name, want := range map[string]campaign.Layout{
		"":       {Format: "xlsx", Sheet: "Sheet1", Columns: []string{"Phone"}},
		"SECOND": {Format: "xlsx", Sheet: "Second", Columns: []string{"Mobile"}},
	} {
		want.Header, want.FullName, want.Language, want.Sheets = true, -1, -1, []string{"Sheet1", "Second"}
		got := mustOpen(t, path, campaign.ContactOptions{Sheet: name}).Layout()
		if guessed := strings.Contains(strings.Join(got.Guessed, "\n"), "first visible one of 2"); guessed != (name == "") {
			t.Errorf("sheet %q: guessed %q", name, got.Guessed)
		}
		got.Guessed, got.Taken = nil, nil
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("sheet %q, -want +got:\n%s", name, diff)
		}
	}
	wantError(t, openAndRead(path, campaign.ContactOptions{Sheet: "Third"}, Limits{}), 0, "which the workbook does not have")
}

func TestWorkbookWithMoreCellsThanColumns(t *testing.T) {
	path := workbookOf(t, map[string][][]any{"Sheet1": {{"Phone"}, {}, {"+447400753715", "", "x"}}})
	wantError(t, openAndRead(path, campaign.ContactOptions{}, Limits{}), 3, "3 cells, but there are 1 columns")
}

// Texts that do not fit in memory come back from the disk as they were.
func TestWorkbookWithManyTexts(t *testing.T) {
	const count = 400
	rows := [][]any{{"Phone", "Text"}}
	text := func(i int) string { return fmt.Sprint(i, " ", strings.Repeat("é", 15_000)) }
	for i := range count {
		rows = append(rows, []any{"-", text(i)})
	}
	path := workbookOf(t, map[string][][]any{"Sheet1": rows})
	t.Setenv("TMPDIR", t.TempDir())
	r, err := Open(path, campaign.ContactOptions{}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	spilled := r.source.(*sheetSource).strings.spill
	if spilled == nil || spilled.count < count/4 {
		t.Fatalf("spilled %+v", spilled)
	}
	for i, row := range mustRead(t, r) {
		if row.Values[1] != text(i) {
			t.Fatalf("row %d has another text: %.20s…", i+1, row.Values[1])
		}
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// repack copies a workbook, passing each part through edit.
func repack(t *testing.T, path string, edit func(name, content string) string) string {
	t.Helper()
	in, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	for _, part := range in.File {
		r, err := part.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		w, err := out.Create(part.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, edit(part.Name, string(content))); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return list(t, b.String())
}

func TestBrokenWorkbooks(t *testing.T) {
	rows := [][]any{{"Phone", "Name"}}
	for i := range 500 {
		rows = append(rows, []any{447400100000 + i, fmt.Sprint("Jane ", i)})
	}
	whole := workbookOf(t, map[string][][]any{"Sheet1": rows})
	const sheet, texts = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
	replaced := func(part, old, by string) func(name, content string) string {
		return func(name, content string) string {
			if name != part {
				return content
			}
			if !strings.Contains(content, old) {
				t.Fatalf("%s does not contain %s", part, old)
			}
			return strings.Replace(content, old, by, 1)
		}
	}
	cut := func(part string) func(name, content string) string {
		return func(name, content string) string {
			if name == part {
				content = content[:len(content)*3/4]
			}
			return content
		}
	}
	for _, c := range []struct {
		name    string
		edit    func(name, content string) string
		line    int
		problem string
	}{
		{"a sheet that ends early", cut(sheet), -1, "damaged"},
		{"rows that end early", replaced(sheet, `<row r="300"`, `</worksheet><!--`), 300, "damaged"},
		{"markup that is none", replaced(sheet, `<row r="300"`, `<row r=300`), 300, "damaged"},
		{"a cell out of place", replaced(sheet, `r="B300"`, `r="A300"`), 300, "out of place"},
		{"a cell beyond the last column", replaced(sheet, `r="B300"`, `r="XFE300"`), 300, "out of place"},
		{"a text that is not there", replaced(sheet, `r="B300" t="s"><v>`, `r="B300" t="s"><v>9`), 300, "there is no text"},
		{"a row that never ends", replaced(sheet, `<row r="300"`, strings.Repeat(" ", 2<<20)+`<row r="300"`), 300, "longer than"},
		{"texts that end early", cut(texts), 0, "sharedStrings.xml"},
		{"no list of sheets", cut("xl/workbook.xml"), 0, "workbook.xml"},
		{"styles that end early", cut("xl/styles.xml"), 0, "styles.xml"},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantError(t, openAndRead(repack(t, whole, c.edit), campaign.ContactOptions{}, Limits{}), c.line, c.problem)
		})
	}
	t.Run("as it was", func(t *testing.T) {
		same := repack(t, whole, func(_, content string) string { return content })
		if got := mustRead(t, mustOpen(t, same, campaign.ContactOptions{})); len(got) != 500 {
			t.Errorf("%d rows", len(got))
		}
	})
	t.Run("a bit flipped", func(t *testing.T) {
		content, err := os.ReadFile(whole)
		if err != nil {
			t.Fatal(err)
		}
		at := bytes.Index(content, []byte(sheet)) + len(sheet) + 2000
		content[at] ^= 1
		wantError(t, openAndRead(list(t, string(content)), campaign.ContactOptions{}, Limits{}), -1, "damaged")
	})
	t.Run("cut off", func(t *testing.T) {
		content, err := os.ReadFile(whole)
		if err != nil {
			t.Fatal(err)
		}
		wantError(t, openAndRead(list(t, string(content[:len(content)/2])), campaign.ContactOptions{}, Limits{}), 0, "damaged")
	})
}

// A small file may unpack to a sheet without end.
func TestWorkbookThatUnpacksTooFar(t *testing.T) {
	path := workbookOf(t, map[string][][]any{"Sheet1": {{"Phone"}, {"+447400753715"}}})
	huge := repack(t, path, func(name, content string) string {
		if name == "xl/worksheets/sheet1.xml" {
			content = strings.Replace(content, "</sheetData>", strings.Repeat("<row></row>", 2e5)+"</sheetData>", 1)
		}
		return content
	})
	wantError(t, openAndRead(huge, campaign.ContactOptions{}, Limits{FileBytes: 50_000}), -1, "larger than the limit")
}

func TestColumnOf(t *testing.T) {
	for ref, want := range map[string]int{"A1": 0, "Z9": 25, "AA10": 26, "XFD1": maxColumns - 1, "XFE1": maxColumns,
		"1": maxColumns, "a1": maxColumns, strings.Repeat("Z", 99): maxColumns} {
		if got := min(columnOf(ref), maxColumns); got != want {
			t.Errorf("columnOf(%q) = %d, want %d", ref, got, want)
		}
	}
}
