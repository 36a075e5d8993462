package contacts

import (
	"fmt"
	"strings"
	"testing"

	"carillon/campaign"
)

const sheet1 = "xl/worksheets/sheet1.xml"

// What is read of a workbook before its rows, and behind them, is bounded as they
// are.
func TestBombsBesideTheRows(t *testing.T) {
	sound := workbookOf(t, map[string][][]any{"Sheet1": {{"Phone"}, {"+447400753715"}}})
	listed := func(content string, times int) string {
		at := strings.Index(content, "<sheet ")
		return content[:at] + strings.Repeat(`<sheet name="Sheet1" sheetId="1" r:id="rId1"/>`, times) + content[at:]
	}
	long := strings.Repeat(" ", anyway+density<<20)
	for name, bomb := range map[string]struct {
		part    string
		edit    func(content string) string
		line    int
		problem string
	}{
		"one sheet many times": {"xl/workbook.xml", func(c string) string { return listed(c, 2) }, 0, "are one"},
		"many sheets":          {"xl/workbook.xml", func(c string) string { return listed(c, maxSheets) }, 0, "more than 5000 sheets"},
		"a sheet's end":        {sheet1, func(c string) string { return strings.Replace(c, "</sheetData>", "</sheetData>"+long, 1) }, -1, "larger than the limit"},
		"the texts' end":       {"xl/sharedStrings.xml", func(c string) string { return c + long }, 0, "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			path := repack(t, sound, func(part, content string) string {
				if part == bomb.part {
					return bomb.edit(content)
				}
				return content
			})
			wantError(t, openAndRead(path, campaign.ContactOptions{}, Limits{}), bomb.line, bomb.problem)
		})
	}
}

// Sheets that hold nothing are read to see that, all of them together no further
// than one.
func TestEmptySheetsTogether(t *testing.T) {
	sheets := map[string][][]any{"Sheet1": {}}
	for n := range 6 {
		sheets[fmt.Sprintf("Empty %d", n)] = [][]any{}
	}
	path := repack(t, workbookOf(t, sheets), func(part, content string) string {
		if !strings.HasPrefix(part, "xl/worksheets/") {
			return content
		}
		blank := "<sheetData>" + strings.Repeat("<row>"+strings.Repeat(" ", 1<<16)+"</row>", 512) + "</sheetData>"
		return strings.Replace(content, "<sheetData></sheetData>", blank, 1)
	})
	wantError(t, openAndRead(path, campaign.ContactOptions{}, Limits{}), 0, "empty sheets of the workbook")
}

// The work for a row does not grow with what is said of columns and merged cells
// beside the list.
func TestColumnsAndMergedCellsAreLookedUp(t *testing.T) {
	h := hiddenParts{columns: true}
	for at := range maxColumns / 2 {
		h.spans = append(h.spans, columnSpan{at, maxColumns, at%2 == 1})
	}
	for at, want := range map[int]bool{0: false, 1: false, 2: false, maxColumns - 1: false, maxColumns: true} {
		if got := h.column(at); got != want {
			t.Errorf("column %d is hidden: %t", at, got)
		}
	}
	odd := hiddenParts{spans: []columnSpan{{-9, -1, true}, {1, 1, true}, {0, 2, false}, {5, 1, true}}}
	for at, want := range []bool{false, true, false, false, false, false} {
		if got := odd.column(at); got != want {
			t.Errorf("column %d is hidden: %t", at, got)
		}
	}

	path := repack(t, workbookOf(t, map[string][][]any{"Sheet1": {{"Phone"}, {"+447400753715"}}}), func(part, content string) string {
		if part != sheet1 {
			return content
		}
		far := strings.Repeat(`<mergeCell ref="XFC1:XFD1048576"/>`, 1000)
		return strings.Replace(content, "</sheetData>", "</sheetData><mergeCells>"+far+"</mergeCells>", 1)
	})
	r := mustOpen(t, path, campaign.ContactOptions{})
	if n := len(r.source.(*sheetSource).merged.waiting); n != 0 {
		t.Errorf("%d merged areas are kept that are beside all lists", n)
	}
}
