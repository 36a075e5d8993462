package campaign

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestClean(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"nothing to do", "Zoë  O'Neil", "Zoë  O'Neil"},
		{"line breaks and tabs", "a\r\n\r\nb\tc\u2028d\u0085e", "a b c d e"},
		{"breaks amid spaces", "a  \n  b", "a b"},
		{"four spaces are allowed", "a    b", "a    b"},
		{"five are not", "a     b", "a b"},
		{"control characters go", "a\x00b\x7f\u0090c", "abc"},
		{"and join what is beside them", "a   \x00  b", "a b"},
		{"margins", "\ufeff \u00a0a\u200b\x00 ", "a"},
		{"nothing visible", " \n\u200b\u3000", ""},
		{"joiners inside stay", "👩\u200d👧", "👩\u200d👧"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := clean(test.text); got != test.want {
				t.Errorf("clean(%q) = %q, want %q", test.text, got, test.want)
			}
		})
	}
}

func TestCleanTwiceIsCleanOnce(t *testing.T) {
	t.Parallel()
	texts := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a \n\t\x00\x{200b}\x{a0}]{0,20}`))
	rapid.Check(t, func(t *rapid.T) {
		text := texts.Draw(t, "text")
		once := clean(text)
		if twice := clean(once); twice != once {
			t.Fatalf("%q became %q, then %q", text, once, twice)
		}
	})
}

func TestParseAmount(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, want string }{
		{"158.63", "158630"},
		{"158,63", "158630"},
		{"5", "5000"},
		{"5.1", "5100"},
		{"0.125", "125"},
		{"-3.50", "-3500"},
		{"1,234.50", "1234500"},
		{"1.234,50", "1234500"},
		{"1 234,50", "1234500"},
		{"1\u202f234,50 €", "1234500"},
		{"1'234.50", "1234500"},
		{"12,34,567.00", "1234567000"},
		{"1,234,567", "1234567000"},
		{"1,234.567", "1234567"},
		{"$5", "5000"},
		{"EUR 12.5", "12500"},
		{"1,234", ""}, // a thousand and some, or one and some
		{"1.234", ""},
		{"1.2345", ""},
		{"1.", ""},
		{".50", ""},
		{"1,23,4.00", ""},
		{"1.234.5", ""},
		{"1,2345,678", ""},
		{"Rs. 100", ""},
		{"five", ""},
		{"", ""},
		{"1-2", ""},
		{"٣", ""},
		{"99999999999999999", ""},
	}
	for _, test := range tests {
		got, err := parseAmount(test.text)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%q: got %q, %v; want %q", test.text, got, err, test.want)
		}
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	tests := []struct {
		rule rule
		text string
		want string // empty: refused
	}{
		{languageRule, "en", "en"},
		{languageRule, "EN-us", "en_US"},
		{languageRule, "es_419", "es_419"},
		{languageRule, "fil", "fil"},
		{languageRule, "en_", ""},
		{languageRule, "en_USA", ""},
		{languageRule, "e1", ""},
		{languageRule, "en_US_x", ""},
		{currencyRule, "eur", "EUR"},
		{currencyRule, "€", ""},
		{thousandthsRule, "100990", "100990"},
		{thousandthsRule, "+5", "5"},
		{thousandthsRule, "100.99", ""},
		{latitudeRule, "-90", "-90"},
		{latitudeRule, "90.1", ""},
		{latitudeRule, "0x1p2", ""},
		{longitudeRule, "122.148981", "122.148981"},
		{longitudeRule, "nan", ""},
		{linkRule, "http://example.com/a", "http://example.com/a"},
		{linkRule, "ftp://example.com/a", ""},
		{linkRule, "https:///a", ""},
		{couponRule, "SAVE20", "SAVE20"},
		{couponRule, "É", ""},
		{expiryRule, "1767139200000", "1767139200000"},
		{expiryRule, "2025-12-31T00:00:00Z", "1767139200000"},
		{expiryRule, "2025-12-31 01:00:00+01:00", "1767139200000"},
		{expiryRule, "1767139200", ""},
		{expiryRule, "1970-01-01T00:00:00Z", ""},
		{expiryRule, "tomorrow", ""},
		{codeRule, "J$FpnYnP", "J$FpnYnP"},
		{codeRule, strings.Repeat("é", 15), strings.Repeat("é", 15)},
		{codeRule, strings.Repeat("é", 16), ""},
		{suffixRule, strings.Repeat("a", 2001), ""},
		{rawRule, strings.Repeat("a", 32769), ""},
	}
	for _, test := range tests {
		got, err := test.rule.apply(test.text)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("rule %d, %q: got %q, %v; want %q", test.rule, excerpt(test.text), excerpt(got), err, excerpt(test.want))
		}
	}
}

func TestParseText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want []segment
	}{
		{"", nil},
		{"plain { } }}", []segment{{literal: "plain { } }}"}}},
		{"{{Name}}", []segment{{column: "Name"}}},
		{"a{{ Full Name | there, you |}}b", []segment{{literal: "a"}, {column: "Full Name", fallback: "there, you |", hasFallback: true}, {literal: "b"}}},
		{"{{A|}}{{B}}", []segment{{column: "A", hasFallback: true}, {column: "B"}}},
		{"x{{{{A}}", []segment{{literal: "x{{A}}"}}},
		{"{{A}}}}", []segment{{column: "A"}, {literal: "}}"}}},
		{"{{{A}}}", []segment{{column: "{A"}, {literal: "}"}}},
	}
	for _, test := range tests {
		got, err := parseText(test.text)
		if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(segment{})); diff != "" || err != nil {
			t.Errorf("%q: %v\n%s", test.text, err, diff)
		}
	}
	for _, text := range []string{"{{A", "{{", "{{}}", "{{|x}}", "{{A {{B}}"} {
		if got, err := parseText(text); err == nil {
			t.Errorf("%q was read as %v", text, got)
		}
	}
}

func TestAppendStringIsJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		var back string
		if err := json.Unmarshal(appendString(nil, text), &back); err != nil || back != text {
			t.Fatalf("%q came back as %q, %v", text, back, err)
		}
	})
}
