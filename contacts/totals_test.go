package contacts

import (
	"strings"
	"testing"

	"carillon/campaign"
)

// The total of a column of numbers is nobody's number, whatever calculates it.
func TestResultsOfTotalsAreNoNumbers(t *testing.T) {
	const stranger = `<v>12015030326</v></c>`
	for formula, total := range map[string]string{
		"<f>SUM(A2:A9)</f>": "SUM", "<f>SUBTOTAL(109,A2:A9)</f>": "SUBTOTAL", "<f>SUBTOTAL(109,Table1[Phone])</f>": "SUBTOTAL",
		"<f>_xlfn.AGGREGATE(9,5,A2:A9)</f>": "AGGREGATE", "<f>+SUM(A2:A9)</f>": "SUM", "<f>(SUM(A2:A9))/2</f>": "SUM", "<f>ROUND(AVERAGE(A2:A9),0)</f>": "AVERAGE",
		"<f>IFERROR(SUM(A2:A9),0)</f>": "SUM", "<f>sum(A2:A9)</f>": "SUM", `<f t="shared" si="7"/>`: "SUMIF", "<f>COUNTA(A2:A9)</f>": "COUNTA", "<f>MAX(A2:A9)</f>": "MAX",
		"<f>SUMMARY(A2)</f>": "", "<f>VLOOKUP(SUM(B2),People,2,0)</f>": "", "<f>IF(COUNTIF(B:B,B2)&gt;0,A3,A4)</f>": "", "<f>A2*1</f>": "", `<f t="shared" si="8"/>`: "", "": "",
	} {
		sheet := sheetXML("", "", rowXML("", "Phone", "Other"), rowXML("", "+447911123456", `<c><f t="shared" ref="B2:C2" si="7">SUMIF(A:A,1)</f><v>7</v></c>`),
			rowXML("", "<c>"+formula+stranger))
		row := mustRead(t, mustOpen(t, rawWorkbook(t, nil, rawSheet{name: "S", xml: sheet}), campaign.ContactOptions{Phone: "Phone"}))[1]
		refused := row.Verdict == campaign.Invalid && strings.Contains(row.Detail, "is the result of "+total+" and not a phone number")
		if total != "" && !refused || total == "" && row.Verdict != campaign.OK {
			t.Errorf("%s: %s, %s", formula, row.Verdict, row.Detail)
		}
	}
}

// A total is a value where it stands in another column.
func TestTotalsAreValues(t *testing.T) {
	sheet := sheetXML("", "", rowXML("", "Phone", "Due"), rowXML("", "+447911123456", `<c><f>SUM(C2:D2)</f><v>12.5</v></c>`))
	row := mustRead(t, mustOpen(t, rawWorkbook(t, nil, rawSheet{name: "S", xml: sheet}), campaign.ContactOptions{}))[0]
	if row.Verdict != campaign.OK || row.Values[1] != "12.5" || row.Faults != nil {
		t.Errorf("%+v", row)
	}
}

// A sum whose formula is lost is known by its value.
func TestSumsOfTheNumbersAbove(t *testing.T) {
	const sum, valid = "the sum of the numbers above", ""
	for _, c := range []struct {
		name, region string
		phones, want []string
	}{
		{"of all", "US", []string{"2022030326", "2135550123", "4157580449"}, []string{valid, valid, sum}},
		{"of three", "US", []string{"2022030326", "2135550123", "2125550200", "6283130649"}, []string{valid, valid, valid, sum}},
		{"of two groups and of all", "US", []string{"2022030326", "2135550123", "4157580449", "2125550123", "2026030124", "4151580247", "8309160696"},
			[]string{valid, valid, sum, valid, valid, sum, sum}},
		{"twice the same is no sum", "US", []string{"2015030326", "2015030326"}, []string{valid, valid}},
		{"with a plus it is a number", "US", []string{"2022030326", "2135550123", "+14157580449"}, []string{valid, valid, valid}},
		{"not quite", "US", []string{"2022030326", "2135550123", "4157580450"}, []string{valid, valid, valid}},
		{"texts are not added", "US", []string{"2022030326", "(201) 503-0327", "2135550123", "4157580449"}, []string{valid, valid, valid, sum}},
		{"no number anyway", "", []string{"447400753715", "447400753716", "894801507431"}, []string{valid, valid, sum}},
	} {
		var rows, csv []string
		for _, phone := range c.phones {
			csv = append(csv, "x,"+phone)
			if allDigits(phone) {
				phone = "<c><v>" + phone + "</v></c>"
			}
			rows = append(rows, rowXML("", "x", phone))
		}
		opts := campaign.ContactOptions{Phone: "Phone", DefaultRegion: c.region, AssumeInternational: c.region == ""}
		for kind, path := range map[string]string{
			"csv":  list(t, "Name,Phone\n"+strings.Join(csv, "\n")+"\n"),
			"xlsx": rawWorkbook(t, nil, rawSheet{name: "S", xml: sheetXML("", "", append([]string{rowXML("", "Name", "Phone")}, rows...)...)}),
		} {
			for i, row := range mustRead(t, mustOpen(t, path, opts)) {
				want := c.want[i]
				if (want != valid) == row.Admitted() || !strings.Contains(row.Detail, want) {
					t.Errorf("%s, %s, row %d: %s, %s; want %q", c.name, kind, i+1, row.Verdict, row.Detail, want)
				}
			}
		}
	}
}
