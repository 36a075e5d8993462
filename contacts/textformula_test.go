package contacts

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
)

func TestFormulaReader(t *testing.T) {
	for _, c := range []struct {
		delimiter rune
		in, out   string
	}{
		{';', "a;=\"00042\"\r\n", "a;\"00042\"\r\n"},
		{';', "=\"a\";=\"b\"\n=\"c\";d", "\"a\";\"b\"\n\"c\";d"},
		{',', "\"=\"\"a\"\"\",b", "\"=\"\"a\"\"\",b"},
		{',', "\"x,=\"\"a\"\"\",b", "\"x,=\"\"a\"\"\",b"},
		{',', "\"x\n=\"\"a\"\"\",=\"\"", "\"x\n=\"\"a\"\"\",\"\""},
		{',', "=A1,=,a=\"b\",=", "=A1,=,a=\"b\",="},
		{',', "==\"a\"", "==\"a\""},
		{'→', "a→=\"1\"→b", "a→\"1\"→b"},
		{';', "=T(\"a;b\");c\r\n", "\"=T(\"\"a;b\"\")\";c\r\n"},
		{'\t', "=\"a\"&\"b\"\tc\n= \"d\" \n", "\"=\"\"a\"\"&\"\"b\"\"\"\tc\n\"d\"\n"},
		{',', "=\"say \"\"hi\"\"\",=A1&\"x\"", "\"say \"\"hi\"\"\",\"=A1&\"\"x\"\"\""},
		{',', "=5\" wide,a\n7\" wide,b\n", "=5\" wide,a\n7\" wide,b\n"},
		{',', "=(,=\"a\"\n=\"b\",=F(a,b)", "=(,=\"a\"\n\"b\",\"=F(a,b)\""},
		{',', "=\"open\nand so on", "=\"open\nand so on"},
		{',', "", ""},
	} {
		for name, wrap := range map[string]func(io.Reader) io.Reader{
			"at once": func(r io.Reader) io.Reader { return r }, "byte by byte": iotest.OneByteReader, "the end with the data": iotest.DataErrReader,
		} {
			got, err := io.ReadAll(newFormulaReader(wrap(strings.NewReader(c.in)), c.delimiter))
			if err != nil || string(got) != c.out {
				t.Errorf("%s: %q becomes %q, %v; want %q", name, c.in, got, err, c.out)
			}
		}
	}
}

// A cell in a formula's quotes is read whatever the delimiter and wherever it is.
func TestQuotedFormulasInLists(t *testing.T) {
	for _, c := range []struct{ text, delimiter string }{
		{"Phone,Name,Order\n+447911123456,Jo,=\"00042\"\n", ","},
		{"Phone;Name;Order\r\n=\"+447911123456\";=\"Jo\";=\"00042\"\r\n", ";"},
		{"Phone\tName\tOrder\n+447911123456\tJo\t\"=\"\"00042\"\"\"\n", "\t"},
		{"=\"Phone\",=\"Name\",=\"Order\"\n=\"+447911123456\",=\"Jo\",=\"00042\"", ","},
	} {
		r := mustOpen(t, list(t, c.text), campaign.ContactOptions{Phone: "Phone"})
		rows := mustRead(t, r)
		want := []string{"+447911123456", "Jo", "00042"}
		if len(rows) != 1 || r.Layout().Delimiter != c.delimiter || rows[0].Verdict != campaign.OK || !cmp.Equal(want, rows[0].Values) {
			t.Errorf("%q: delimiter %q, %+v", c.text, r.Layout().Delimiter, rows)
		}
	}
	if rows := mustRead(t, mustOpen(t, list(t, "Phone=Name\n+447911123456=\"Jo\"\n"), campaign.ContactOptions{Delimiter: "="})); rows[0].Values[1] != "Jo" {
		t.Errorf("parted by equals signs: %+v", rows)
	}
	// A quote that is no formula's is a broken list still, and so is one that is not closed in its line.
	for _, text := range []string{"Phone,Name\n+447911123456,5\" screen\n", "Phone,Name\n+447911123456,=5\" screen\n+447911123457,7\" screen\n"} {
		wantError(t, openAndRead(list(t, text), campaign.ContactOptions{}, Limits{}), 2, "quote")
	}
}

// A formula that no program has quoted bars its own row alone.
func TestFormulasThatAreNotQuoted(t *testing.T) {
	for _, c := range []struct{ delimiter, formula string }{
		{";", `=HYPERLINK("https://e.example";"Ana")`}, {",", `=HYPERLINK("https://e.example","Ana, ""A""")`}, {"\t", `=HYPERLINK("https://e.example","Ana")`}, {"|", `=T("x")`}, {",", `=T("x")`},
		{",", "=SUM(A1,B1)"}, {",", `="a"&"b"`}, {";", `= "a" & "b"`}, {";", "=+49151"}, {"\t", "='00042'"}, {",", `=IF(A1="x";1;2)`},
	} {
		line := func(cells ...string) string { return strings.Join(cells, c.delimiter) + "\r\n" }
		text := line("Phone", "Name", "Order") + line("+447911123456", c.formula, "1") + line("+447911123457", "Jo", "2") + line(c.formula, "Al", "3")
		rows := mustRead(t, mustOpen(t, list(t, text), campaign.ContactOptions{Phone: "Phone", FullName: "Name"}))
		if len(rows) != 3 {
			t.Fatalf("%q: %+v", text, rows)
		}
		for i, want := range []campaign.Verdict{campaign.BadValue, campaign.OK, campaign.BadValue} {
			if rows[i].Verdict != want || want == campaign.BadValue && !strings.Contains(rows[i].Detail, "holds a formula") {
				t.Errorf("%q, row %d: %s, %s", c.formula, i+1, rows[i].Verdict, rows[i].Detail)
			}
		}
	}
}
