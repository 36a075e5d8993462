package contacts

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"carillon/campaign"
)

// Small files that unpack to much, or to what takes much memory, are refused
// before they do.
func TestBombs(t *testing.T) {
	const times = 600_000
	sound := workbookOf(t, map[string][][]any{"Sheet1": {{"Phone"}, {"+447400753715"}}})
	entity := `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>`
	for name, bomb := range map[string]struct {
		part, before, insert string
		line                 int
		problem              string
	}{
		"a workbook nested deeply":    {"xl/workbook.xml", "<sheets>", strings.Repeat("<a>", times), 0, "nested too deeply"},
		"a workbook of many elements": {"xl/workbook.xml", "<sheets>", strings.Repeat("<a/>", times), 0, "too many elements"},
		"an element of many names":    {"xl/workbook.xml", "<sheets>", "<a " + strings.Repeat(`a="" `, times) + "/>", 0, "row too long"},
		"styles nested deeply":        {"xl/styles.xml", "<fonts", strings.Repeat("<a>", times), 0, "nested too deeply"},
		"a sheet nested deeply":       {"xl/worksheets/sheet1.xml", `<row r="2"`, strings.Repeat("<a>", times), 2, "nested too deeply"},
		"a sheet of many elements":    {"xl/worksheets/sheet1.xml", "<sheetData>", strings.Repeat("<a/>", times), 1, "too many elements"},
		"a row without end":           {"xl/worksheets/sheet1.xml", `<row r="2"`, "<row>" + strings.Repeat("<a/>", times), 2, "longer than"},
		"a cell without end":          {"xl/worksheets/sheet1.xml", `<row r="2"`, `<row r="2"><c t="inlineStr"><is><t>` + strings.Repeat("1", times*2), 2, "longer than"},
		"a text without end":          {"xl/sharedStrings.xml", "</sst>", "<si><t>" + strings.Repeat("1", times*2), 0, "row too long"},
		"entities":                    {"xl/worksheets/sheet1.xml", `<row r="2"`, `<row r="2"><c t="inlineStr"><is><t>&b;</t></is></c></row>`, 2, "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			path := repack(t, sound, func(part, content string) string {
				if part != bomb.part {
					return content
				}
				if !strings.Contains(content, bomb.before) {
					t.Fatalf("%s has no %s: %.300s", part, bomb.before, content)
				}
				if name == "entities" {
					content = strings.Replace(content, "<worksheet", entity+"<worksheet", 1)
				}
				return strings.Replace(content, bomb.before, bomb.insert+bomb.before, 1)
			})
			wantError(t, openAndRead(path, campaign.ContactOptions{}, Limits{}), bomb.line, bomb.problem)
		})
	}
}

// The zip reader would keep each part in memory that a directory names.
func TestWorkbookOfManyParts(t *testing.T) {
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	for n := range directoryBytes / 60 {
		if _, err := out.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("xl/%020d", n)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	wantError(t, openAndRead(list(t, b.String()), campaign.ContactOptions{}, Limits{}), 0, "more parts than any workbook")
}

func TestHowMuchAWorkbookUnpacksTo(t *testing.T) {
	for size, want := range map[int64]int64{1 << 10: anyway + density<<10, 10 << 20: anyway + 1000<<20, 200 << 20: 4000 << 20} {
		if got := (workbook{size: size, limits: DefaultLimits()}).unpacked(); got != want {
			t.Errorf("%d bytes unpack to %d, want %d", size, got, want)
		}
	}
}

func TestMostRowsOfAWorksheet(t *testing.T) {
	r := mustOpen(t, longWorkbook(t, 2*sampleRows), campaign.ContactOptions{})
	r.source.(*sheetSource).read = campaign.MaxRows
	_, err := readAll(r)
	wantError(t, err, -1, "the empty ones included")
}
