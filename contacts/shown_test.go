package contacts

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
)

// A number in a column of phone numbers is the one that its cell shows.
func TestPhonesAreReadAsTheyShow(t *testing.T) {
	for _, c := range []struct {
		format, value, region, e164 string
		verdict                     campaign.Verdict
		detail                      string
	}{
		{`"+49 "0`, "15123018622", "", "+4915123018622", campaign.OK, ""},
		{`"+49 "0`, "15123018622", "DE", "+4915123018622", campaign.OK, ""},
		{`"+49 "0`, "15062285708", "DE", "+4915062285708", campaign.OK, ""},
		{`\+\4\9 0`, "15123018622", "US", "+4915123018622", campaign.OK, ""},
		{`"+44 "0000 000000`, "7911123456", "", "+447911123456", campaign.OK, ""},
		{`[$+34] 0`, "612345678", "", "+34612345678", campaign.OK, ""},
		{`"0049"0`, "15123018622", "", "+4915123018622", campaign.OK, ""},
		{`"+"0`, "4915123018622", "", "+4915123018622", campaign.OK, ""},
		{"00000000000", "7911123456", "GB", "+447911123456", campaign.OK, ""},
		{"00000000000", "7911123456", "", "", campaign.Invalid, "no country code"},
		{"(000) 000-0000", "2015030326", "US", "+12015030326", campaign.OK, ""},
		{"(000) 000-0000", "2015030326", "", "", campaign.Invalid, "no country code"},
		{"0", "447400753715", "", "+447400753715", campaign.OK, "added again"},
		{"1", "447400753715", "", "+447400753715", campaign.OK, "added again"},
		{"#,##0", "447400753715", "", "+447400753715", campaign.OK, "added again"},
		{"0.00", "447400753715", "", "+447400753715", campaign.OK, "added again"},
		{"0.00E+00", "447400753715", "", "+447400753715", campaign.OK, "added again"},
		{"@", "447400753715", "", "+447400753715", campaign.OK, "added again"},
		{"General", "447400753715", "", "+447400753715", campaign.OK, "added again"},
		{"General", "4.47400753715E+11", "", "+447400753715", campaign.OK, "added again"},
		{"0%", "447400753715", "", "", campaign.Invalid, "'%'"},
		{"dd/mm/yyyy", "46352", "DE", "", campaign.Invalid, "holds the date"},
		{"[DBNum1]0", "447400753715", "", "", campaign.BadValue, `"[DBNum1]0"`},
		{"ORD-000", "447400753715", "", "", campaign.BadValue, `"ORD-000"`},
		{"65", "447400753715", "", "", campaign.BadValue, "number 65"},
		{"44", "447400753715", "", "", campaign.BadValue, "number 44"},
		{"0", "4474007537151234", "", "", campaign.BadValue, "16 digits"},
		{"General", "12345678901234567", "", "", campaign.BadValue, "17 digits"},
		{";;;", "447400753715", "", "", campaign.MissingPhone, ""},
	} {
		cell := `<c s="1"><v>` + c.value + `</v></c>`
		path := rawWorkbook(t, []string{c.format}, rawSheet{name: "S", xml: sheetXML("", "", rowXML("", "Phone", "Name"), rowXML("", cell, "Jo"))})
		row := mustRead(t, mustOpen(t, path, campaign.ContactOptions{Phone: "Phone", DefaultRegion: c.region}))[0]
		if row.Person == "" && c.e164 != "" || row.Person != "" && row.Phone != c.e164 || row.Verdict != c.verdict || !strings.Contains(row.Detail, c.detail) {
			t.Errorf("%s as %s in %q: %+v", c.value, c.format, c.region, row)
		}
	}
}

// Whatever kind of cell it is, its value is what shows.
func TestCellsAreReadAsTheyShow(t *testing.T) {
	formats := []string{"00000", "0%", `"ORD-"000`, "[h]:mm", "dd/mm/yyyy", "14", "15", "22", ";;;", `"+49 "@`, "0;0;0;@", "[$-F800]dddd"}
	for _, c := range []struct{ name, cell, want, fault string }{
		{"leading zeros", `<c s="1"><v>42</v></c>`, "00042", ""},
		{"percent", `<c s="2"><v>0.15</v></c>`, "15%", ""},
		{"a formula's result", `<c s="3"><f>A1+1</f><v>7</v></c>`, "ORD-007", ""},
		{"hours", `<c s="4"><v>1.5</v></c>`, "36:00", ""},
		{"a day", `<c s="5"><v>46352</v></c>`, "26/11/2026", ""},
		{"a day of the machine", `<c s="6"><v>46352</v></c>`, "2026-11-26", ""},
		{"a built-in day", `<c s="7"><v>46352</v></c>`, "26-Nov-26", ""},
		{"a moment of the machine", `<c s="8"><v>46352.5</v></c>`, "2026-11-26 12:00:00", ""},
		{"a long day of the machine", `<c s="12"><v>46352</v></c>`, "2026-11-26", ""},
		{"the day of an empty cell", `<c s="5"><v>0</v></c>`, "0", "not in the calendar"},
		{"a day before there were any", `<c s="5"><v>-1</v></c>`, "-1", `"dd/mm/yyyy"`},
		{"a number that does not show", `<c s="9"><v>5</v></c>`, "", ""},
		{"a text that does not show", `<c s="9" t="str"><v>secret</v></c>`, "", ""},
		{"a truth that does not show", `<c s="9" t="b"><v>1</v></c>`, "", ""},
		{"a text with a format", `<c s="10" t="str"><v>151</v></c>`, "+49 151", ""},
		{"a text in its own section", `<c s="11" t="str"><v>Ana</v></c>`, "Ana", ""},
		{"true", `<c t="b"><v>1</v></c>`, "TRUE", ""},
		{"false", `<c t="b" s="1"><v>0</v></c>`, "FALSE", ""},
		{"an ISO day", `<c t="d" s="5"><v>2026-11-26T00:00:00</v></c>`, "26/11/2026", ""},
		{"an ISO day without a format", `<c t="d"><v>2026-11-26T13:30:00Z</v></c>`, "2026-11-26 13:30:00", ""},
		{"rich text", `<c t="inlineStr"><is><r><t>An</t></r><r><rPr><b/></rPr><t>a</t></r></is></c>`, "Ana", ""},
		{"a phonetic reading", `<c t="inlineStr"><is><t>山田</t><rPh sb="0" eb="2"><t>ヤマダ</t></rPh></is></c>`, "山田", ""},
		{"escapes", `<c t="str"><v>a_x000D_b_x005F_x000D_</v></c>`, "a\rb_x000D_", ""},
		{"an escaped emoji", `<c t="str"><v>_xD83D__xDE00_!</v></c>`, "😀!", ""},
		{"no escape", `<c t="str"><v>_x_xyz_ _x00_</v></c>`, "_x_xyz_ _x00_", ""},
		{"an empty result", `<c t="str"><f>""</f><v></v></c>`, "", ""},
		{"a formula without a result", `<c><f>A1</f></c>`, "", "result is not in the file"},
		{"a formula with an empty number", `<c><f>A1</f><v></v></c>`, "", "result is not in the file"},
		{"binary fractions", `<c><v>0.30000000000000004</v></c>`, "0.3", ""},
		{"an exponent", `<c><v>1.5E3</v></c>`, "1500", ""},
		{"a quoted formula", `<c t="str"><v>="00042"</v></c>`, "00042", ""},
		{"the text of a formula", `<c t="str"><v>=A1</v></c>`, "=A1", "holds a formula"},
		{"an apostrophe", `<c t="str"><v>'7001</v></c>`, "7001", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := rawWorkbook(t, formats, rawSheet{name: "S", xml: sheetXML("", "", rowXML("", "Phone", "Value"), rowXML("", "+447911123456", c.cell))})
			row := mustRead(t, mustOpen(t, path, campaign.ContactOptions{Phone: "Phone"}))[0]
			if row.Values[1] != c.want || !strings.Contains(row.Faults[1], c.fault) || c.fault == "" && row.Faults != nil {
				t.Errorf("read as %q, faults %v; want %q, %q", row.Values[1], row.Faults, c.want, c.fault)
			}
		})
	}
}

// A sheet may show zeros as nothing.
func TestZerosThatDoNotShow(t *testing.T) {
	rows := []string{rowXML("", "Phone", "Points"), rowXML("", "+447911123456", `<c><v>0</v></c>`)}
	for before, want := range map[string]string{
		"": "0", `<sheetViews><sheetView showZeros="0"/></sheetViews>`: "", `<sheetViews><sheetView showZeros="1"/></sheetViews>`: "0",
	} {
		path := rawWorkbook(t, nil, rawSheet{name: "S", xml: sheetXML(before, "", rows...)})
		if row := mustRead(t, mustOpen(t, path, campaign.ContactOptions{}))[0]; row.Values[1] != want {
			t.Errorf("%q: %q", before, row.Values[1])
		}
	}
}

// An error bars its row in every column that is used, whatever it is written like,
// and in no other.
func TestErrorsBarTheirRow(t *testing.T) {
	d, err := campaign.Parse([]byte(`name: x
channel: main
contacts: {phone: Phone, name: Nick, language: Spoken, consent: Consent}
steps:
  - template: t
    category: utility
    language: "{{Lang|en}}"
    header: {image: {link: "https://cdn.example/{{Link|x}}"}}
    body: ["{{Order|-}}"]
    buttons: [{index: 0, sub_type: url, text: "{{Path|-}}"}]
`))
	if err != nil {
		t.Fatal(err)
	}
	columns := []string{"Phone", "Nick", "Spoken", "Consent", "Lang", "Link", "Order", "Path", "Unused"}
	good := []string{"+447911123456", "Jo", "en", "yes", "en", "a.png", "1", "p", "u"}
	for n, text := range errorValues() {
		for i, column := range columns {
			if n > 2 && column != "Phone" && column != "Order" {
				continue // those were tried with other errors
			}
			cells := append([]string(nil), good...)
			cells[i] = text
			csv := strings.Join(columns, ";") + "\n" + strings.Join(cells, ";") + "\n"
			sheet := rawSheet{name: "S", xml: sheetXML("", "", rowXML("", columns...), rowXML("", cells...))}
			cells[i] = `<c t="e"><v>` + text + `</v></c>`
			errorCell := rawSheet{name: "S", xml: sheetXML("", "", rowXML("", columns...), rowXML("", cells...))}
			for kind, path := range map[string]string{"csv": list(t, csv), "a text": rawWorkbook(t, nil, sheet), "an error": rawWorkbook(t, nil, errorCell)} {
				r := mustOpen(t, path, d.Contacts)
				renderer, err := r.Compile(d)
				if err != nil {
					t.Fatal(err)
				}
				row := renderer.Judge(mustRead(t, r)[0])
				named := strings.Contains(row.Detail, `column "`+column+`": holds `+text+`, a spreadsheet error`)
				if used := column != "Unused"; used && (row.Verdict != campaign.BadValue || !named) || !used && row.Verdict != campaign.OK {
					t.Errorf("%s in %s, %s: %s, %s", text, column, kind, row.Verdict, row.Detail)
				}
			}
		}
	}
}

// A day in a column of consents is one in whatever form it shows.
func TestConsentByADayThatShowsOtherwise(t *testing.T) {
	formats := []string{"d mmm yyyy", "[$-407]d/ mmmm yyyy", "dddd", "h:mm", "14", ";;;"}
	want := []campaign.Verdict{campaign.OK, campaign.OK, campaign.OK, campaign.OK, campaign.OK, campaign.NoConsent}
	for i := range formats {
		cell := `<c s="` + string(rune('1'+i)) + `"><v>46352</v></c>`
		path := rawWorkbook(t, formats, rawSheet{name: "S", xml: sheetXML("", "", rowXML("", "Phone", "OK"), rowXML("", "+447911123456", cell))})
		if row := mustRead(t, mustOpen(t, path, campaign.ContactOptions{Consent: "OK"}))[0]; row.Verdict != want[i] {
			t.Errorf("%s: %s, %s", formats[i], row.Verdict, row.Detail)
		}
	}
}

// Of merged cells the first one shows, whatever the others hold.
func TestMergedCells(t *testing.T) {
	cells := func(phone string) []string { return []string{phone, "Ana", "Souza", "A-1"} }
	sheet := sheetXML("", `<mergeCells count="3"><mergeCell ref="B2:B4"/><mergeCell ref="C5:D5"/><mergeCell ref="A7:D7"/></mergeCells>`,
		rowXML("", "Phone", "Name", "Surname", "Order"), rowXML("", cells("+447911123456")...), rowXML("", cells("+447911123457")...),
		rowXML("", "+447911123458"), rowXML("", cells("+447911123459")...), rowXML("", cells("+447911123460")...), rowXML("", "Total", "x", "y", "z"))
	r := mustOpen(t, rawWorkbook(t, nil, rawSheet{name: "S", xml: sheet}), campaign.ContactOptions{})
	var got [][]string
	var faulty [][]int
	for _, row := range mustRead(t, r) {
		got = append(got, row.Values)
		var columns []int
		for i := range row.Values {
			if strings.Contains(row.Faults[i], "is merged with another cell") {
				columns = append(columns, i)
			}
		}
		faulty = append(faulty, columns)
	}
	want := [][]string{
		{"+447911123456", "Ana", "Souza", "A-1"}, {"+447911123457", "", "Souza", "A-1"}, {"+447911123458", "", "", ""},
		{"+447911123459", "Ana", "Souza", ""}, {"+447911123460", "Ana", "Souza", "A-1"}, {"Total", "", "", ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values, -want +got:\n%s", diff)
	}
	if diff := cmp.Diff([][]int{nil, {1}, {1}, {3}, nil, {1, 2, 3}}, faulty); diff != "" {
		t.Errorf("faults, -want +got:\n%s", diff)
	}
	for behind, problem := range map[string]string{
		`<mergeCells><mergeCell ref="A2:B"/></mergeCells>`: "no area", `<mergeCells><mergeCell ref="A2:ZZZZ9"/></mergeCells>`: "no area",
		"<mergeCells>" + strings.Repeat(`<mergeCell ref="A2:XFD9"/>`, 3) + "</mergeCells>":      "overlap",
		"<mergeCells>" + strings.Repeat(`<mergeCell ref="A2"/>`, maxMerged+1) + "</mergeCells>": "merged areas",
	} {
		path := rawWorkbook(t, nil, rawSheet{name: "S", xml: sheetXML("", behind, rowXML("", "Phone"), rowXML("", "+447911123456"))})
		wantError(t, openAndRead(path, campaign.ContactOptions{}, Limits{}), -1, problem)
	}
}
