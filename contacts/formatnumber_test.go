package contacts

import (
	"strings"
	"testing"
	"time"
)

func epoch1900() time.Time { return time.Date(1899, time.December, 30, 0, 0, 0, 0, time.UTC) }

// What a cell shows, by the rules of ECMA-376, part 1, 18.8.31, and by what Excel
// does where it says nothing.
func TestNumbersAreReadAsTheyShow(t *testing.T) {
	for _, c := range []struct {
		code string
		n    float64
		want string
	}{
		// General.
		{"General", 0, "0"}, {"General", 42, "42"}, {"General", -3, "-3"}, {"General", 0.1 + 0.2, "0.3"}, {"General", 1234.5, "1234.5"},
		{"General", 1.0 / 3, "0.333333333"}, {"General", 3.14159265358979, "3.141592654"}, {"General", 447400753715, "447400753715"},
		{"General", 123456.7891234, "123456.7891"}, {"General", 0.0001, "0.0001"}, {"General", 0.00001, "0.00001"},
		{"General", 0.0000123456789, "1.23457E-05"}, {"General", 12345678901.5, "12345678902"}, {`General" pcs"`, 5, "5 pcs"}, {`"No. "General`, -5, "-No. 5"},
		{"@", 42, "42"},
		// Digits.
		{"0", 42.5, "43"}, {"0", -0.4, "-0"}, {"00000", 42, "00042"}, {"00000", 123456, "123456"}, {"#", 0, ""}, {"###", 42, "42"},
		{"0.00", 1.005, "1.01"}, {"0.00", 2.675, "2.68"}, {"0.0", 9.95, "10.0"}, {"0.##", 5, "5."}, {"0.0#", 5.25, "5.25"}, {"0.0#", 5.2, "5.2"},
		{".00", 0.5, ".50"}, {".00", 12.5, "12.50"}, {"???", 7, "7"}, {"0.??", 1.5, "1.5"}, {"0?0", 5, "005"}, {"0#", 5, "05"}, {"0.#0", 5, "5.00"}, {"#0", 5, "5"},
		{"000-000", 12345, "012-345"}, {"0000 000000", 7911123456, "7911 123456"}, {"(000) 000-0000", 2015030326, "(201) 503-0326"},
		{"00 00 00", 1234567, "123 45 67"}, {"#-##", 7, "-7"},
		// Thousands.
		{"#,##0", 1234567, "1,234,567"}, {"#,##0", 999, "999"}, {"#,##0.00", 1234.5, "1,234.50"}, {"0,000", 42, "0,042"}, {"#,#", 1234, "1,234"},
		{"0,", 12345, "12"}, {`0.0,,"M"`, 1234567, "1.2M"}, {"#,##0,", 1234567, "1,235"},
		// Percent and exponents.
		{"0%", 0.15, "15%"}, {"0.0%", 0.155, "15.5%"}, {"%0", 0.5, "%50"}, {"0.00E+00", 447400753715, "4.47E+11"}, {"0.00E+00", 0.00012, "1.20E-04"},
		{"0E-0", 1200, "1E3"}, {"##0.0E+0", 12345, "12.3E+3"}, {"0.00E+00", 9.999, "1.00E+01"}, {"0.00E+00", 0, "0.00E+00"}, {"0.0E+0", -1500, "-1.5E+3"},
		// Fractions.
		{"# ?/?", 0.5, "1/2"}, {"# ?/?", 2.25, "2 1/4"}, {"# ??/??", 3.14, "3 7/50"}, {"# ?/8", 0.375, "3/8"}, {"?/?", 1.5, "3/2"}, {"# ?/?", 3, "3"},
		{"# ?/?", 0, "0"}, {"0 ?/?", 0.25, "0 1/4"}, {"# ?/16", 1.99, "2"}, {"# ?/?", -1.5, "-1 1/2"}, {`# ?/?" in"`, 2.5, "2 1/2 in"}, {"# ?/100", 0.07, "7/100"},
		// Literals, colours and widths.
		{`"+49 "0`, 15123018622, "+49 15123018622"}, {`\+\4\9 0`, 15123018623, "+49 15123018623"}, {`[$+34] 0`, 612345678, "+34 612345678"},
		{`\+\5\5\ 00\ 00000\-0000`, 11961234567, "+55 11 96123-4567"}, {`"ORD-"000`, 7, "ORD-007"}, {"+0", 5, "+5"}, {"€0", 5, "€5"}, {"№0", 5, "№5"},
		{`#,##0.00\ "EUR"`, 1234.5, "1,234.50 EUR"}, {`[$€-407]\ #,##0.00`, 5, "€ 5.00"}, {`#,##0.00\ [$€-407]`, 5, "5.00 €"}, {`[$€-2] 0`, 5, "€ 5"},
		{`_("$"* #,##0.00_)`, 5, "$ 5.00"}, {`_-* #,##0.00\ "€"_-`, 1234.5, "1,234.50 €"}, {`"x;y"0`, 3, "x;y3"}, {`"open`, 3, "open"}, {`0" \ "`, 1, `1 \`},
		{"[Red]0", 5, "5"}, {"[Color10]0", 5, "5"}, {`"yes"`, 1, "yes"}, {"+49 0", 151, "+49 151"}, {`0 "kg"`, 5, "5 kg"}, {"0:00", 930, "9:30"},
		// Sections.
		{"0;(0)", -5, "(5)"}, {"0;(0)", 5, "5"}, {"0;(0)", 0, "0"}, {`0;-0;"none"`, 0, "none"}, {"0;[Red]-0", -5, "-5"}, {"0;;", -5, ""}, {"0;-0;;@", 0, ""},
		{";;;", 5, ""}, {";;;", 0, ""}, {"0.00;@", 5, "5.00"}, {`"+"0;@`, 49, "+49"}, {`0;"minus "0`, -2.5, "minus 3"},
		{"[<=9999999]###-####;(###) ###-####", 5551234, "555-1234"}, {"[<=9999999]###-####;(###) ###-####", 2015551234, "(201) 555-1234"},
		{`[>=100]"big";[<5]"small";0`, 100, "big"}, {`[>=100]"big";[<5]"small";0`, 4, "small"}, {`[>=100]"big";[<5]"small";0`, 50, "50"},
		{`[=1]"yes";[=0]"no";0`, 0, "no"}, {`[=1]"yes";[=0]"no";0`, 1, "yes"}, {`[<>1]"many";"one"`, 1, "one"},
	} {
		if got := newCellFormat(c.code, epoch1900()).number(c.n); got.text != c.want || got.problem != "" {
			t.Errorf("%v as %s shows %q (%s), want %q", c.n, c.code, got.text, got.problem, c.want)
		}
	}
}

func TestDatesAreReadAsTheyShow(t *testing.T) {
	const (
		day    = 46352.0                   // 2026-11-26, a Thursday
		moment = day + 15.0/24 + 4.0/24/60 // 15:04
		second = moment + 5.678/24/60/60   // 15:04:05.678
		late   = day + 1 - 0.2/24/60/60    // 23:59:59.8
		spring = 46000 + 86.0              // 2026-03-05
	)
	for _, c := range []struct {
		code string
		n    float64
		want string
	}{
		{"dd/mm/yyyy", day, "26/11/2026"}, {"yyyy-mm-dd", day, "2026-11-26"}, {"m/d/yy", spring, "3/5/26"}, {"dd.mm.yyyy;@", day, "26.11.2026"},
		{`d\.m\.yy`, spring, "5.3.26"}, {"d-mmm-yy", day, "26-Nov-26"}, {"mmmm d, yyyy", day, "November 26, 2026"}, {"ddd dddd", day, "Thu Thursday"},
		{"mmmmm", day, "N"}, {"DD/MM/YYYY", day, "26/11/2026"}, {"yyyymmdd", day, "20261126"},
		{"h:mm", moment, "15:04"}, {"hh:mm:ss", moment, "15:04:00"}, {"h:mm AM/PM", moment, "3:04 PM"}, {"h AM/PM", day, "12 AM"}, {"h:mm A/P", moment, "3:04 P"},
		{"mm:ss", second, "04:06"}, {"mm:ss.0", second, "04:05.6"}, {"ss.000", second, "05.678"}, {"h:mm", late, "23:59"}, {"h:mm:ss", late, "0:00:00"},
		{"yyyy-mm-dd hh:mm:ss", late, "2026-11-27 00:00:00"}, {`yyyy\-mm\-dd\Thh:mm:ss`, moment, "2026-11-26T15:04:00"}, {"dd/mm/yyyy h:mm", moment, "26/11/2026 15:04"},
		{"[h]:mm", 1.5, "36:00"}, {"[h]:mm:ss", 1.5 + 1.0/24/60/60, "36:00:01"}, {"[mm]:ss", 0.5, "720:00"}, {"[ss]", 0.5, "43200"}, {"[hh]:mm", 0.25, "06:00"},
		{"[h]:mm", 0, "0:00"}, {"h:mm", 0, "0:00"}, {"[h]:mm:ss", 2 - 0.2/24/60/60, "48:00:00"},
		{`[$-407]d/\ mmmm\ yyyy;@`, spring, "5. März 2026"}, {"[$-40C]d mmmm yyyy", spring, "5 mars 2026"}, {"[$-C0A]dddd d", day, "jueves 26"},
		{"[$-416]d mmm yy", spring, "5 mar 26"}, {"[$-409]d mmm yy", spring, "5 Mar 26"}, {"[$-de-DE]mmm", spring, "Mrz"}, {"[$-413]dd/mm/yyyy", day, "26-11-2026"},
		{"[$-410]mmmm", spring, "marzo"}, {"[$-en-US]mmmm", spring, "March"}, {"[$-415]yyyy-mm-dd", day, "2026-11-26"},
		{"dd/mm/yyyy", 1, "01/01/1900"}, {"dd/mm/yyyy", 59, "28/02/1900"}, {"dd/mm/yyyy", 61, "01/03/1900"}, {"yyyy", 2958465, "9999"},
		// What depends on the machine is written in one form.
		{"[$-F800]dddd, mmmm dd, yyyy", day, "2026-11-26"}, {"[$-x-sysdate]dddd, mmmm dd", moment, "2026-11-26 15:04:00"}, {"[$-F400]h:mm:ss AM/PM", 0.5, "12:00:00"},
	} {
		if got := newCellFormat(c.code, epoch1900()).number(c.n); got.text != c.want || got.problem != "" {
			t.Errorf("%v as %s shows %q (%s), want %q", c.n, c.code, got.text, got.problem, c.want)
		}
	}
	epoch1904 := time.Date(1904, time.January, 1, 0, 0, 0, 0, time.UTC)
	if got := newCellFormat("yyyy-mm-dd", epoch1904).number(day - 1462); got.text != "2026-11-26" {
		t.Errorf("since 1904 it is %q", got.text)
	}
	if got := newCellFormat("yyyy-mm-dd", epoch1904).number(0); got.text != "1904-01-01" {
		t.Errorf("the first day since 1904 is %q", got.text)
	}
}

// Whatever cannot be shown says so, and which format it has.
func TestNumbersThatCannotBeShown(t *testing.T) {
	for _, c := range []struct {
		code string
		n    float64
	}{
		{"[DBNum1]0", 5}, {"[$-D000000]0", 5}, {"b2yyyy", 46352}, {"gge", 46352}, {"aaaa", 46352}, {"ORD-000", 5}, {"TT.MM.JJJJ", 46352}, {"0;0;0;0;0", 5},
		{"0*-", 5}, {"[NatNum1]0", 5}, {"[<a]0", 5}, {"[>100]0", 5}, {"[>5]0;[>3]0.0;0", -1}, {"yyyy", -1}, {"yyyy", 3e6}, {"0E+", 5}, {"E+0", 5}, {"/0", 5},
		{"? / ?", 5}, {"?/?/?", 5}, {"# ?/?????", 0.5}, {"General0", 5}, {"hh:mm 0", 0.5}, {"ss.0000", 0.5}, {"yyyy@", 5}, {"dddddd", 46352}, {"mmmmmm", 46352},
		{"[$-415]d mmmm yyyy", 46352}, {"[$-419]dd/mm/yyyy", 46352}, {"[$-407]h:mm AM/PM", 0.5}, {"[$-1070000]yyyy", 46352}, {"[$-2010409]yyyy/mm", 46352},
		{"0.0 @", 5}, {"[ENG][$-809]d", 46352},
	} {
		got := newCellFormat(c.code, epoch1900()).number(c.n)
		if !strings.Contains(got.problem, `"`+c.code+`"`) {
			t.Errorf("%v as %s shows %q, problem %q", c.n, c.code, got.text, got.problem)
		}
	}
	for _, c := range []struct {
		code, problem string
		n             float64
	}{
		{"dd/mm/yyyy", "not in the calendar", 0}, {"dd/mm/yyyy", "not in the calendar", 60}, {"d h:mm", "not in the calendar", 0.5},
		{"General", "holds a number of 16 digits", 1e15}, {"0", "holds a number of 18 digits", 123456789012345678}, {`"+"0`, "holds a number of 16 digits", 4412345678901234},
	} {
		if got := newCellFormat(c.code, epoch1900()).number(c.n); !strings.Contains(got.problem, c.problem) {
			t.Errorf("%v as %s shows %q, problem %q", c.n, c.code, got.text, got.problem)
		}
	}
}

// Only a number whose digits are all that shows may have lost a plus.
func TestNumbersThatAreDigitsAlone(t *testing.T) {
	const n = 15123018622
	for _, code := range []string{"General", "0", "#", "#,##0", "0.00", "0.00E+00", "@", "[Red]0", "_-0_-", "0;-0", "0000"} {
		if got := newCellFormat(code, epoch1900()).number(n); got.number != "15123018622" {
			t.Errorf("%s: %+v", code, got)
		}
	}
	for _, code := range []string{`"+49 "0`, "000000000000", `"tel. "0`, "(000) 000-0000", "0%", "dd/mm", `0" x"`, "0000-0000000", ";;;", "0/0", "+0", "# ##0", "0000 000000"} {
		if got := newCellFormat(code, epoch1900()).number(n); got.number != "" {
			t.Errorf("%s: %+v", code, got)
		}
	}
}

func TestTextsAreReadAsTheyShow(t *testing.T) {
	for _, c := range []struct{ code, want string }{
		{"General", "abc"}, {"@", "abc"}, {"0", "abc"}, {`"+49 "@`, "+49 abc"}, {"0;0;0;@", "abc"}, {";;;", ""}, {`0;0;0;"hidden"`, "hidden"}, {"0;@", "abc"},
		{"dd/mm/yyyy;@", "abc"}, {";;;@", "abc"}, {"_(@_)", " abc "},
	} {
		if got, problem := newCellFormat(c.code, epoch1900()).text("abc"); got != c.want || problem != "" {
			t.Errorf("%s shows %q (%s), want %q", c.code, got, problem, c.want)
		}
	}
	if _, problem := newCellFormat("0;0;0;0", epoch1900()).text("abc"); !strings.Contains(problem, `"0;0;0;0"`) {
		t.Errorf("problem %q", problem)
	}
}

func FuzzNumberFormat(f *testing.F) {
	for _, code := range []string{"General", `"+49 "0`, "[h]:mm", "# ?/?", "0.00E+00", `_-* #,##0.00\ "€"_-`, "[<5]0;[>7]1;2;@", "\\", "_", "*", "[", `"`, "[$", "[$-", "#,,,.0%"} {
		f.Add(code, 15123018622.5)
		f.Add(code, -0.1)
	}
	f.Fuzz(func(_ *testing.T, code string, n float64) {
		if n-n != 0 {
			return // no cell holds it
		}
		format := newCellFormat(code, epoch1900())
		_ = format.number(n)
		_, _ = format.text("x")
	})
}
