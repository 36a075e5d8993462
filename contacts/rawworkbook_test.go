package contacts

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
)

// rawSheet is a sheet of a workbook, as it is written.
type rawSheet struct {
	name, state string
	// kind is worksheet, chartsheet or dialogsheet; empty means worksheet.
	kind string
	// xml stands within the element worksheet.
	xml string
}

// rawWorkbook writes a workbook whose cell styles have these number formats: a code,
// or the id of a built-in one. Style 0 is General.
func rawWorkbook(t testing.TB, formats []string, sheets ...rawSheet) string {
	t.Helper()
	const (
		main = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
		rel  = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	)
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	write := func(name, text string) {
		w, err := out.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
	}
	var names, rels, codes strings.Builder
	styles := `<xf numFmtId="0"/>`
	for i, code := range formats {
		if strings.Trim(code, "0123456789") == "" && code != "0" && code[0] != '0' {
			styles += fmt.Sprintf(`<xf numFmtId="%s"/>`, code)
			continue
		}
		fmt.Fprintf(&codes, `<numFmt numFmtId="%d" formatCode="%s"/>`, 164+i, strings.NewReplacer(`"`, "&quot;", "<", "&lt;", ">", "&gt;").Replace(code))
		styles += fmt.Sprintf(`<xf numFmtId="%d"/>`, 164+i)
	}
	for i, sheet := range sheets {
		kind := sheet.kind
		if kind == "" {
			kind = "worksheet"
		}
		state := ""
		if sheet.state != "" {
			state = fmt.Sprintf(` state="%s"`, sheet.state)
		}
		fmt.Fprintf(&names, `<sheet name="%s" sheetId="%d"%s r:id="rId%d"/>`, sheet.name, i+1, state, i+1)
		fmt.Fprintf(&rels, `<Relationship Id="rId%d" Type="%s/%s" Target="sheets/s%d.xml"/>`, i+1, rel, kind, i+1)
		write(fmt.Sprintf("xl/sheets/s%d.xml", i+1), fmt.Sprintf(`<%s %s>%s</%[1]s>`, kind, main, sheet.xml))
	}
	write("_rels/.rels", fmt.Sprintf(`<Relationships><Relationship Id="rId1" Type="%s/officeDocument" Target="xl/workbook.xml"/></Relationships>`, rel))
	write("xl/workbook.xml", fmt.Sprintf(`<workbook %s xmlns:r="%s"><sheets>%s</sheets></workbook>`, main, rel, names.String()))
	write("xl/_rels/workbook.xml.rels", fmt.Sprintf(`<Relationships>%s<Relationship Id="rIdS" Type="%s/styles" Target="styles.xml"/></Relationships>`, rels.String(), rel))
	write("xl/styles.xml", fmt.Sprintf(`<styleSheet %s><numFmts>%s</numFmts><cellXfs>%s</cellXfs></styleSheet>`, main, codes.String(), styles))
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return list(t, b.String())
}

// rowXML writes a row: texts as such, and cells that begin with < as they are.
func rowXML(attributes string, cells ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<row %s>", attributes)
	for _, cell := range cells {
		if strings.HasPrefix(cell, "<") {
			b.WriteString(cell)
			continue
		}
		fmt.Fprintf(&b, `<c t="inlineStr"><is><t>%s</t></is></c>`, cell)
	}
	b.WriteString("</row>")
	return b.String()
}

// sheetXML writes rows with what stands before and behind them.
func sheetXML(before, behind string, rows ...string) string {
	return before + "<sheetData>" + strings.Join(rows, "") + "</sheetData>" + behind
}
