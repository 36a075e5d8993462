package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"carillon/campaign"
	"carillon/client"
)

const oneStep = `
name: order-update
channel: main
contacts: {phone: Phone%s}
steps:
  - template: order_update
    category: utility
    language: en_US
    body: ["{{Full Name|there}}", "{{Order|-}}"]
`

// sheetFile writes a workbook with a header and two people, and lets edit change it.
func sheetFile(t *testing.T, edit func(f *excelize.File)) string {
	t.Helper()
	f := excelize.NewFile()
	for i, row := range [][]any{{"Full Name", "Phone", "Order"}, {"Ana", "+5511961234567", "A-1"}, {"Zoe", "+33612982489", "A-2"}} {
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	edit(f)
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return file(t, "c.xlsx", b.String())
}

func must(t *testing.T) func(...any) {
	return func(results ...any) {
		t.Helper()
		if err, failed := results[len(results)-1].(error); failed {
			t.Fatal(err)
		}
	}
}

// sentTexts are the numbers of a preview with the texts that they would get.
func sentTexts(t *testing.T, r *CheckResult) []string {
	t.Helper()
	sent := []string{}
	for _, p := range r.Preview {
		var components []struct{ Parameters []struct{ Text string } }
		if err := json.Unmarshal(p.Messages[0].Components, &components); err != nil {
			t.Fatal(err)
		}
		line := p.To
		for _, parameter := range components[0].Parameters {
			line += " " + parameter.Text
		}
		sent = append(sent, line)
	}
	return sent
}

// A check tells of each kind of list that goes wrong elsewhere what becomes of it.
func TestCheckOfListsAsTheyComeIn(t *testing.T) {
	t.Parallel()
	ok := must(t)
	style := func(f *excelize.File, cell, code string, value any) {
		t.Helper()
		id, err := f.NewStyle(&excelize.Style{CustomNumFmt: &code})
		ok(err)
		ok(f.SetCellValue("Sheet1", cell, value))
		ok(f.SetCellStyle("Sheet1", cell, cell, id))
	}
	const header = "Full Name,Phone,Order\n"
	for _, c := range []struct {
		name, options, list string
		sent                []string
		bad                 []campaign.Verdict
		why                 string
	}{
		{name: "an error in a CSV file", list: file(t, "a.csv", header+"#N/A,+5511961234567,A-1\nZoe,+33612982489,#BEZUG!\nJo,#REF!,A-3\n"), sent: []string{},
			bad: []campaign.Verdict{campaign.BadValue, campaign.BadValue, campaign.BadValue}, why: "holds #REF!, a spreadsheet error"},
		{name: "an error in a workbook", list: sheetFile(t, func(f *excelize.File) { ok(f.SetCellValue("Sheet1", "A2", "#¿NOMBRE?")) }),
			sent: []string{"+33612982489 Zoe A-2"}, bad: []campaign.Verdict{campaign.BadValue}, why: `column "Full Name": holds #¿NOMBRE?`},
		{name: "number formats", list: sheetFile(t, func(f *excelize.File) {
			style(f, "B2", `"+49 "0`, 15123018622)
			style(f, "C2", "00000", 42)
			style(f, "C3", "[h]:mm", 1.5)
		}), sent: []string{"+4915123018622 Ana 00042", "+33612982489 Zoe 36:00"}},
		{name: "a number format that is not known", list: sheetFile(t, func(f *excelize.File) { style(f, "B2", `[DBNum1]0`, 15123018622) }),
			sent: []string{"+33612982489 Zoe A-2"}, bad: []campaign.Verdict{campaign.BadValue}, why: "[DBNum1]0"},
		{name: "hidden rows", list: sheetFile(t, func(f *excelize.File) { ok(f.SetRowVisible("Sheet1", 2, false)) }), sent: []string{"+33612982489 Zoe A-2"}},
		{name: "hidden rows that are wanted", options: ", include_hidden: true", list: sheetFile(t, func(f *excelize.File) { ok(f.SetRowVisible("Sheet1", 2, false)) }),
			sent: []string{"+5511961234567 Ana A-1", "+33612982489 Zoe A-2"}},
		{name: "a hidden sheet", list: sheetFile(t, func(f *excelize.File) {
			ok(f.NewSheet("People"))
			ok(f.SetSheetRow("People", "A1", &[]any{"Full Name", "Phone", "Order"}))
			ok(f.SetSheetRow("People", "A2", &[]any{"Jo", "+447911123456", "B-1"}))
			f.SetActiveSheet(1)
			ok(f.SetSheetVisible("Sheet1", false))
		}), sent: []string{"+447911123456 Jo B-1"}},
		{name: "marks in the header", list: file(t, "b.csv", "\u200eFull\u00a0Name\u200b,Phone,OR\u00adDER\nAna,+5511961234567,A-1\n"), sent: []string{"+5511961234567 Ana A-1"}},
		{name: "several numbers", list: file(t, "c.csv", header+"Ana,+5511961234567 ::: +5511961234568,A-1\nZoe,+33612982489,A-2\n"), sent: []string{"+33612982489 Zoe A-2"},
			bad: []campaign.Verdict{campaign.Invalid}, why: "holds more than one number"},
		{name: "texts in a formula", list: file(t, "d.csv", "Full Name;Phone;Order\n=\"Ana\";=\"+5511961234567\";=\"00042\"\nZoe;+33612982489;=A2\n"),
			sent: []string{"+5511961234567 Ana 00042"}, bad: []campaign.Verdict{campaign.BadValue}, why: "holds a formula"},
		{name: "Cyrillic", list: file(t, "e.csv", header+"\xc0\xed\xed\xe0,+79161234567,1\n"), sent: []string{"+79161234567 Анна 1"}},
		{name: "Japanese", list: file(t, "f.csv", header+"\x8eR\x93c,+819012345678,1\n"), sent: []string{"+819012345678 山田 1"}},
		{name: "a Macintosh", list: file(t, "g.csv", header+"Jos\x8e,+34612345678,1\n"), sent: []string{"+34612345678 José 1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Check(t.Context(), file(t, "c.yaml", fmt.Sprintf(oneStep, c.options)), c.list, "")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.sent, sentTexts(t, got)); diff != "" {
				t.Errorf("sent, -want +got:\n%s", diff)
			}
			var bad []campaign.Verdict
			why := ""
			for _, row := range got.Rows {
				bad = append(bad, row.Verdict)
				why += row.Detail + "\n"
			}
			if diff := cmp.Diff(c.bad, bad); diff != "" || !strings.Contains(why, c.why) {
				t.Errorf("%s-want +got:\n%s", why, diff)
			}
		})
	}
}

func TestCheckRefusesListsThatSayTwoThings(t *testing.T) {
	t.Parallel()
	const header = "Full Name,Phone,Order\n"
	for _, c := range []struct{ name, list, problem string }{
		{"two columns of one name", file(t, "a.csv", "Full Name,Phone,Order,ORDER \nAna,+5511961234567,OLD,NEW\n"), `steps[0].body[1]: the list has 2 columns "Order"`},
		{"two columns of numbers of one name", file(t, "b.csv", "Full Name,Phone,Order,PHONE\nAna,+5511961234567,1,+33612982489\n"), `column "Phone": the list has 2 columns of this name`},
		{"two encodings", file(t, "c.csv", header+"José,+34612345678,ñ\nJürgen,+4915123018622,ö\nZo\xeb,+33612982489,4\n"), "line 4: a letter is not valid utf-8"},
		{"a cut letter", file(t, "d.csv", header+"José,+34612345678,ñ\nN\xc3\xba\xc3,+34612345670,x\n"), "line 3: a letter is not valid utf-8"},
		{"an encoding that is not clear", file(t, "e.csv", header+"\xc8\xe2\xe0\xed,+12015030326,1\n"), "line 2: the text is not utf-8, and it is not clear"},
		{"a hidden column", sheetFile(t, func(f *excelize.File) { must(t)(f.SetColVisible("Sheet1", "C", false)) }), `the list hides its column "Order"`},
		{"hidden sheets alone", sheetFile(t, func(f *excelize.File) {
			must(t)(f.NewSheet("Cover"))
			f.SetActiveSheet(1)
			must(t)(f.SetSheetVisible("Sheet1", false))
		}), "no visible sheet of the workbook holds anything"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Check(t.Context(), file(t, "c.yaml", fmt.Sprintf(oneStep, "")), c.list, "")
			exits(t, err, 2, c.problem)
		})
	}
}

// The text and the JSON of a check show what was taken for what.
func TestCheckShowsWhatWasTaken(t *testing.T) {
	t.Parallel()
	list := sheetFile(t, func(f *excelize.File) {
		must(t)(f.SetRowVisible("Sheet1", 3, false))
		must(t)(f.SetCellValue("Sheet1", "D1", "Mobile"))
		must(t)(f.NewSheet("Notes"))
	})
	got, err := Check(t.Context(), file(t, "c.yaml", strings.Replace(oneStep, "contacts: {phone: Phone%s}\n", "", 1)), list, "")
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := got.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`The list is read as xlsx, sheet "Sheet1", phone numbers in column "Phone".`, `guessed: sheet "Sheet1", the first visible one of 2 that holds anything`,
		`it gives 1 a usable number; others: "Mobile" 0`, `column "Full Name" is used for name, placeholder: "Ana"`,
		`column "Phone" is used for phone: "+5511961234567"`, `column "Order" is used for placeholder: "A-1"`,
		"\n1 hidden row is left out; include_hidden: true under contacts", "below the header, without empty and hidden ones.",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, text.String())
		}
	}
	raw, err := json.Marshal(got.Layout)
	if err != nil {
		t.Fatal(err)
	}
	const want = `"taken":[{"column":"Full Name","as":["name","placeholder"],"cells":["Ana"]},{"column":"Phone","as":["phone"],"cells":["+5511961234567"]},` +
		`{"column":"Order","as":["placeholder"],"cells":["A-1"]}],"phone_candidates":[{"column":"Phone","sendable":1},{"column":"Mobile","sendable":0}],"sampled":1,"hidden_rows":1}`
	if !strings.HasSuffix(string(raw), want) {
		t.Errorf("%s does not end with %s", raw, want)
	}
}

// A test message shows nothing that the list does not.
func TestTestMessageOfAFaultyRow(t *testing.T) {
	t.Parallel()
	def := file(t, "c.yaml", fmt.Sprintf(oneStep, ""))
	for list, problem := range map[string]string{
		"Full Name,Phone,Order\nAna,+5511961234567,#REF!\n":           `column "Order": holds #REF!`,
		"Full Name,Phone,Order,order\nAna,+5511961234567,OLD,NEW\n":   `the list has 2 columns of this name`,
		"Full Name,Phone,Order\nAna,+5511961234567,\"=SUM(A1:A2)\"\n": `column "Order": holds a formula`,
	} {
		nobody := &client.Client{}
		_, err := StartTest(t.Context(), nobody, TestRequest{Campaign: def, Phone: "+4915123018622", Contacts: file(t, "c.csv", list), Step: 1})
		exits(t, err, 2, problem)
	}
	written, err := readCampaign(def)
	if err != nil {
		t.Fatal(err)
	}
	row, _, err := testRow(written, written, TestRequest{Phone: "+4915123018622", Contacts: file(t, "c.csv", "Full Name,Phone,Order\nAna,+5511961234567,#REF!\n"), Step: 1, Set: []string{"Order=A-1"}})
	if err != nil || !slices.Contains(row.cells, "A-1") {
		t.Errorf("a value that is set: %+v, %v", row, err)
	}
}
