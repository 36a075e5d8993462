package campaign

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

// invisible are marks that people paste along without seeing them.
func invisible() []string {
	return []string{"\ufeff", "\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u2060", "\u00ad", "\u202a", "\u202c", "\u2066", "\u2069",
		"\u061c", "\u034f", "\ufe0f", "\u180e", "\u2063", "\u115f", "\x00", "\x7f", "\u0080"}
}

func TestNamesThatLookTheSame(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, like string }{
		{"Población", norm.NFD.String("Población")},
		{norm.NFD.String("Población"), "Población"},
		{"이름", norm.NFD.String("이름")},
		{"Họ và tên", norm.NFD.String("Họ và tên")},
		{"Full Name", "FULL  name "},
		{"Full Name", "Full\u00a0Name"},
		{"Full Name", "Full\u3000Name"},
		{"Full Name", "Full\u202fName\u2003"},
		{"Full Name", "Full\nName"},
		{"Full Name", "Ｆｕｌｌ　Ｎａｍｅ"},
		{"Straße", "STRASSE"},
		{"ΌΝΟΜΑ ΠΕΛΆΤΗΣ", "όνομα πελάτης"},
		{"ｶﾅ", "カナ"},
		{"file", "ﬁle"},
		{"الاسم", "ﺍﻻﺳﻢ"},
		{"Order-ID", "Order\u2011ID"},
		{"Order-ID", "Order–ID"},
		{"Client's name", "Client’s name"},
		{"Nr.\u00a01", "Nr. 1"},
	} {
		if !SameColumn(c.name, c.like) || !SameColumn(c.like, c.name) {
			t.Errorf("%q and %q look the same", c.name, c.like)
		}
	}
	for _, mark := range invisible() {
		for _, name := range []string{"Full Name" + mark, mark + "Full Name", "Full" + mark + " Name", "Full " + mark + mark + "Name", "Fu" + mark + "ll Name"} {
			if !SameColumn("Full Name", name) {
				t.Errorf("%q looks like Full Name", name)
			}
		}
	}
}

func TestNamesThatLookDifferent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ a, b string }{
		{"Name", "Names"}, {"Año", "Ano"}, {"m²", "m2"}, {"Order", "Order 2"}, {"FullName", "Full Name"}, {"Price €", "Price $"},
		{"①", "1"}, {"A-B", "A B"}, {"½", "1/2"}, {"Рост", "Poct"},
	} {
		if SameColumn(c.a, c.b) {
			t.Errorf("%q and %q do not look the same", c.a, c.b)
		}
	}
}

func TestFindColumns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		columns string
		name    string
		want    []int
	}{
		{"Name,Phone", "phone", []int{1}},
		{"Order,ORDER", "Order", []int{0, 1}},
		{"Order ,Order", "order", []int{0, 1}},
		{"Order\u200b,Order", "Order", []int{0, 1}},
		{"Año,Ano", "Ano", []int{1}},
		{"Año,Ano", "Año", []int{0}},
		{"Teléfono,Nombre", "telefono", []int{0}},
		{"order_id,name", "Order ID", []int{0}},
		{"orderId,name", "Order ID", []int{0}},
		{"order_id,Order.ID", "Order ID", []int{0, 1}},
		{"Price €,Price $", "Price €", []int{0}},
		{"Price $", "Price €", nil},
		{"Discount %", "Discount", nil},
		{"Łódź,Lodz", "LODZ", []int{1}},
		{"Name", "", nil},
		{"Name,\u200b", "\u200b", nil},
	} {
		if diff := cmp.Diff(c.want, FindColumns(strings.Split(c.columns, ","), c.name)); diff != "" {
			t.Errorf("%q among %q: -want +got:\n%s", c.name, c.columns, diff)
		}
	}
}

// A name finds itself, in every form that it may have in a list.
func TestEveryFormFindsItsColumn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[\pL\pN][\pL\pM\pN _-]{0,12}`).Draw(t, "name")
		mark := rapid.SampledFrom(invisible()).Draw(t, "mark")
		form := rapid.SampledFrom([]func(string) string{norm.NFC.String, norm.NFD.String, strings.TrimSpace,
			func(s string) string { return " " + s + "\u00a0" }, func(s string) string { return mark + s + mark }}).Draw(t, "form")
		if !SameColumn(name, form(name)) {
			t.Fatalf("%q and %q", name, form(name))
		}
	})
}

func TestListFind(t *testing.T) {
	t.Parallel()
	list := List{
		Columns: []string{"Name", "Order", "Order (2)", "Note (hidden)", "Column 5", "Column 6", "Name (hidden)"},
		Header:  []string{"Name", "Order", "Order", "Note", "", "", "Name"},
		Hidden:  []bool{false, false, false, true, false, false, true},
	}
	for _, c := range []struct {
		name   string
		want   []int
		hidden bool
	}{
		{"name", []int{0}, false},
		{"Order", []int{1, 2}, false},
		{"Order (2)", []int{1, 2}, false},
		{"Note", nil, true},
		{"Note (hidden)", nil, true},
		{"Column 6", []int{5}, false},
		{"Other", nil, false},
	} {
		got, hidden := list.Find(c.name)
		if diff := cmp.Diff(c.want, got); diff != "" || hidden != c.hidden {
			t.Errorf("%q: hidden %v, -want +got:\n%s", c.name, hidden, diff)
		}
	}
}

func TestCompileListRefusesWhatIsNotShown(t *testing.T) {
	t.Parallel()
	d, err := Parse([]byte(`name: x
channel: main
hours: {from: "09:00", to: "20:00", zone: "{{Zone|recipient}}"}
steps:
  - template: t
    language: "{{Lang|en}}"
    body: ["{{Order|-}}", "{{Note|-}}", "{{Free}}"]
`))
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.CompileList(List{
		Columns: []string{"Order", "ORDER", "Note (hidden)", "Lang", "Free", "Zone (hidden)"},
		Header:  []string{"Order", "ORDER", "Note", "Lang", "Free", "Zone"},
		Hidden:  []bool{false, false, true, false, false, true},
	})
	want := `steps[0].body[0]: the list has 2 columns "Order"; rename all but one
steps[0].body[1]: the list hides its column "Note"; unhide it, or write include_hidden: true under contacts
hours.zone: the list hides its column "Zone"; unhide it, or write include_hidden: true under contacts`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// A cell that is not empty and holds no value bars its row wherever it is used,
// also where the campaign says what stands in for an empty cell.
func TestJudgeFaults(t *testing.T) {
	t.Parallel()
	const fault = "holds #N/A"
	d, err := Parse([]byte(`name: x
channel: main
hours: {from: "09:00", to: "20:00", zone: "{{Zone|recipient}}"}
steps:
  - template: t
    language: "{{Lang|en}}"
    header: {image: {link: "https://cdn.example/{{Link}}"}}
    body: ["{{Order|-}}"]
    buttons: [{index: 0, sub_type: url, text: "{{Path|x}}"}]
  - {template: u, language: en, body: ["{{Order|-}} {{Seat|-}}"]}
`))
	if err != nil {
		t.Fatal(err)
	}
	columns := []string{"Zone", "Lang", "Link", "Order", "Path", "Seat", "Unused"}
	r := compile(t, d, columns)
	for i, column := range columns {
		values := []string{"", "", "a.png", "", "", "", ""}
		got := r.Judge(Row{Verdict: OK, Values: values, Faults: map[int]string{i: fault}})
		if column == "Unused" {
			if got.Verdict != OK || got.Zone == "" {
				t.Errorf("%s: %+v", column, got)
			}
			continue
		}
		if got.Verdict != BadValue || got.Zone != "" || !strings.Contains(got.Detail, `column "`+column+`": `+fault) {
			t.Errorf("%s: %+v", column, got)
		}
	}
	twice := r.Judge(Row{Verdict: OK, Values: make([]string, len(columns)), Faults: map[int]string{3: fault, 5: "holds #REF!"}})
	const want = `step 1, body[0], column "Order": holds #N/A; step 2, body[0], column "Order": holds #N/A; step 2, body[0], column "Seat": holds #REF!`
	if twice.Detail != want {
		t.Errorf("got %s, want %s", twice.Detail, want)
	}
	if got := r.Judge(Row{Verdict: Invalid, Detail: "as it was", Faults: map[int]string{3: fault}}); got.Verdict != Invalid || got.Detail != "as it was" {
		t.Errorf("a row that takes no part becomes %+v", got)
	}
}
