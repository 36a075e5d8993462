package contacts

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
)

// phonesOf reads the numbers of a list.
func phonesOf(t *testing.T, path string, opts campaign.ContactOptions) (phones []string, hidden int) {
	t.Helper()
	r := mustOpen(t, path, opts)
	for i, row := range mustRead(t, r) {
		if row.Number != i+1 {
			t.Errorf("row %d has the number %d", i+1, row.Number)
		}
		phones = append(phones, row.Phone)
	}
	return phones, r.Layout().HiddenRows
}

func TestHiddenRows(t *testing.T) {
	const zero = `<sheetFormatPr zeroHeight="1"/>`
	for _, c := range []struct {
		name, before string
		// attributes of the second of three people's rows.
		attributes string
		hidden     bool
	}{
		{"by hand or a filter", "", `hidden="1"`, true},
		{"by another program", "", `hidden="true"`, true},
		{"of no height", "", `ht="0" customHeight="1"`, true},
		{"of no height at all", "", `ht="0.0"`, true},
		{"in a closed group", "", `hidden="1" outlineLevel="1"`, true},
		{"by default", zero, ``, true},
		{"in a group that is open", "", `outlineLevel="1"`, false},
		{"shown", "", `hidden="0"`, false},
		{"shown by another program", "", `hidden="false"`, false},
		{"low", "", `ht="1.5" customHeight="1"`, false},
		{"shown against the default", zero, `ht="15"`, false},
		{"shown in words against the default", zero, `hidden="0"`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			shown := `hidden="0"`
			path := rawWorkbook(t, nil, rawSheet{name: "S", xml: sheetXML(c.before, "", rowXML(shown, "Phone", "Name"),
				rowXML(shown, "+447911123456", "Jo"), rowXML(c.attributes, "+447911123457", "Zoe"), rowXML(`hidden="1"`), rowXML(shown, "+447911123458", "Ana"))})
			all := []string{"+447911123456", "+447911123457", "+447911123458"}
			want, count := all, 0
			if c.hidden {
				want, count = []string{all[0], all[2]}, 1
			}
			got, hidden := phonesOf(t, path, campaign.ContactOptions{})
			if diff := cmp.Diff(want, got); diff != "" || hidden != count {
				t.Errorf("%d hidden, -want +got:\n%s", hidden, diff)
			}
			got, hidden = phonesOf(t, path, campaign.ContactOptions{IncludeHidden: true})
			if diff := cmp.Diff(all, got); diff != "" || hidden != 0 {
				t.Errorf("included: %d hidden, -want +got:\n%s", hidden, diff)
			}
		})
	}
}

// Hidden rows are counted to the end, also those behind the sample.
func TestHiddenRowsOfALongList(t *testing.T) {
	rows := []string{rowXML("", "Phone")}
	for i := range 3 * sampleRows {
		attributes := ""
		if i%3 == 0 {
			attributes = `hidden="1"`
		}
		rows = append(rows, rowXML(attributes, "-"))
	}
	phones, hidden := phonesOf(t, rawWorkbook(t, nil, rawSheet{name: "S", xml: sheetXML("", "", rows...)}), campaign.ContactOptions{})
	if len(phones) != 2*sampleRows || hidden != sampleRows {
		t.Errorf("%d rows, %d hidden", len(phones), hidden)
	}
}

func TestNothingButHiddenRows(t *testing.T) {
	path := rawWorkbook(t, nil, rawSheet{name: "S", xml: sheetXML("", "", rowXML(`hidden="1"`, "Phone"), rowXML(`hidden="1"`, "+447911123456"))})
	wantError(t, openAndRead(path, campaign.ContactOptions{}, Limits{}), 0, "all rows of the list are hidden")
	// A row above the one that shows names no column.
	path = rawWorkbook(t, nil, rawSheet{name: "S", xml: sheetXML("", "", rowXML(`hidden="1"`, "a", "b"), rowXML("", "Phone", "Name"), rowXML("", "+447911123456", "Jo"))})
	r := mustOpen(t, path, campaign.ContactOptions{})
	if diff := cmp.Diff([]string{"Phone", "Name"}, r.Layout().Columns); diff != "" {
		t.Error(diff)
	}
}

func TestNothingButHiddenColumns(t *testing.T) {
	sheet := sheetXML(`<cols><col min="1" max="2" hidden="1"/></cols>`, "", rowXML("", "Phone", "Name"), rowXML("", "+447911123456", "Jo"))
	path := rawWorkbook(t, nil, rawSheet{name: "S", xml: sheet})
	wantError(t, openAndRead(path, campaign.ContactOptions{}, Limits{}), 0, "in hidden columns")
	if rows := mustRead(t, mustOpen(t, path, campaign.ContactOptions{IncludeHidden: true})); len(rows) != 1 {
		t.Errorf("%+v", rows)
	}
}

func TestHiddenColumns(t *testing.T) {
	def := func(text string) *campaign.Definition {
		d, err := campaign.Parse([]byte("name: x\nchannel: main\nsteps:\n  - {template: t, language: en, body: [\"" + text + "\"]}\n"))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	rows := []string{rowXML("", "Phone", "Order", "Name", "Mobile"), rowXML("", "+447911123456", "A-1", "Jo Stone", "+447911123457")}
	for name, before := range map[string]string{
		"by hand":            `<cols><col min="2" max="2" hidden="1"/><col min="4" max="5" hidden="true"/></cols>`,
		"of no width":        `<cols><col min="2" max="2" width="0"/><col min="4" max="16384" width="0" customWidth="1"/></cols>`,
		"by default":         `<sheetFormatPr defaultColWidth="0"/><cols><col min="1" max="1" width="9"/><col min="3" max="3" width="9"/></cols>`,
		"in a group":         `<cols><col min="2" max="2" hidden="1" outlineLevel="1"/><col min="4" max="4" hidden="1" collapsed="1"/></cols>`,
		"with a cell behind": `<cols><col min="2" max="2" hidden="1"/><col min="4" max="9" hidden="1"/></cols>`,
	} {
		t.Run(name, func(t *testing.T) {
			path := rawWorkbook(t, nil, rawSheet{name: "S", xml: sheetXML(before, "", rows...)})
			r := mustOpen(t, path, campaign.ContactOptions{})
			if l := r.Layout(); l.Columns[l.Phone] != "Phone" || cmp.Diff([]string{"Phone", "Order (hidden)", "Name", "Mobile (hidden)"}, l.Columns) != "" {
				t.Errorf("%+v", l)
			}
			if _, err := r.Compile(def("{{Order|-}}")); err == nil || !strings.Contains(err.Error(), "hides its column \"Order\"") || !strings.Contains(err.Error(), "include_hidden") {
				t.Errorf("a text that names a hidden column: %v", err)
			}
			if row := mustRead(t, r)[0]; cmp.Diff([]string{"+447911123456", "", "Jo Stone", ""}, row.Values) != "" {
				t.Errorf("%q", row.Values)
			}
			for option, opts := range map[string]campaign.ContactOptions{
				"phone": {Phone: "Mobile"}, "name": {FullName: "Order"}, "language": {Language: "Order"}, "consent": {Consent: "order"},
			} {
				if err := openAndRead(path, opts, Limits{}); err == nil || !strings.Contains(err.Error(), "hides this column") {
					t.Errorf("contacts.%s: %v", option, err)
				}
			}
			r = mustOpen(t, path, campaign.ContactOptions{IncludeHidden: true, Phone: "Mobile"})
			renderer, err := r.Compile(def("{{Order}}"))
			if err != nil {
				t.Fatal(err)
			}
			row := mustRead(t, r)[0]
			if rendered, err := renderer.Render(0, row.Values); err != nil || row.Phone != "+447911123457" || !strings.Contains(string(rendered.Components), "A-1") {
				t.Errorf("included: %s, %s, %v", row.Phone, rendered.Components, err)
			}
		})
	}
	// A column of the same name that shows is the one that is meant, also when the
	// campaign is made ready again by the names alone.
	for _, hidden := range []string{"Order", "ORDER"} {
		path := rawWorkbook(t, nil, rawSheet{name: "S", xml: sheetXML(`<cols><col min="2" max="2" hidden="1"/></cols>`, "",
			rowXML("", "Phone", hidden, "Order"), rowXML("", "+447911123456", "OLD-1", "NEW-1"))})
		r := mustOpen(t, path, campaign.ContactOptions{})
		d := def("{{Order}}")
		first, err := r.Compile(d)
		if err != nil {
			t.Fatal(err)
		}
		again, err := d.Compile(r.Layout().Columns)
		if err != nil {
			t.Fatal(err)
		}
		row := mustRead(t, r)[0]
		for _, renderer := range []*campaign.Renderer{first, again} {
			if rendered, err := renderer.Render(0, row.Values); err != nil || !strings.Contains(string(rendered.Components), "NEW-1") {
				t.Errorf("%s: %s, %v", hidden, rendered.Components, err)
			}
		}
	}
}

func TestSheetsThatAreNoLists(t *testing.T) {
	people := func(phone string) string { return sheetXML("", "", rowXML("", "Phone"), rowXML("", phone)) }
	const first, second = "+447911123456", "+447911123457"
	empty := sheetXML("", "", rowXML("", `<c s="0"/>`))
	for _, c := range []struct {
		name, named, want string
		sheets            []rawSheet
	}{
		{"the first", "", first, []rawSheet{{name: "A", xml: people(first)}, {name: "B", xml: people(second)}}},
		{"hidden", "", second, []rawSheet{{name: "A", state: "hidden", xml: people(first)}, {name: "B", xml: people(second)}}},
		{"very hidden", "", second, []rawSheet{{name: "A", state: "veryHidden", xml: people(first)}, {name: "B", xml: people(second)}}},
		{"visible in words", "", first, []rawSheet{{name: "A", state: "visible", xml: people(first)}, {name: "B", xml: people(second)}}},
		{"empty", "", second, []rawSheet{{name: "A", xml: sheetXML("", "")}, {name: "B", xml: people(second)}}},
		{"formatted and empty", "", second, []rawSheet{{name: "A", xml: empty}, {name: "B", xml: people(second)}}},
		{"a chart", "", second, []rawSheet{{name: "A", kind: "chartsheet"}, {name: "B", xml: people(second)}}},
		{"a dialog", "", second, []rawSheet{{name: "A", kind: "dialogsheet"}, {name: "B", xml: people(second)}}},
		{"hidden and named", "a", first, []rawSheet{{name: "A", state: "hidden", xml: people(first)}, {name: "B", xml: people(second)}}},
		{"very hidden and named", "A\u200b", first, []rawSheet{{name: "A", state: "veryHidden", xml: people(first)}, {name: "B", xml: people(second)}}},
		{"named in another form", "Poblacio\u0301n", second, []rawSheet{{name: "A", xml: people(first)}, {name: "Población", xml: people(second)}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _ := phonesOf(t, rawWorkbook(t, nil, c.sheets...), campaign.ContactOptions{Sheet: c.named})
			if diff := cmp.Diff([]string{c.want}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	for _, c := range []struct {
		name, named, problem string
		sheets               []rawSheet
	}{
		{"none shows", "", `name it in contacts.sheet; the hidden sheets are "B"`, []rawSheet{{name: "A", xml: empty}, {name: "B", state: "hidden", xml: people(first)}}},
		{"none holds anything", "", "is empty", []rawSheet{{name: "A", xml: empty}, {name: "B", xml: empty}}},
		{"a chart is named", "A", "does not have", []rawSheet{{name: "A", kind: "chartsheet"}, {name: "B", xml: people(second)}}},
		{"charts alone", "", "no sheets", []rawSheet{{name: "A", kind: "chartsheet"}}},
		{"rows that are hidden do not lead to another sheet", "", "all rows of the list are hidden",
			[]rawSheet{{name: "A", xml: sheetXML("", "", rowXML(`hidden="1"`, "Phone"))}, {name: "B", xml: people(second)}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantError(t, openAndRead(rawWorkbook(t, nil, c.sheets...), campaign.ContactOptions{Sheet: c.named}, Limits{}), 0, c.problem)
		})
	}
}
