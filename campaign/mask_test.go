package campaign

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestMasked(t *testing.T) {
	t.Parallel()
	row := []string{"Ana Souza", "+55 11 96123-4567", "pt_BR", "", "7", "Ana", "A-1001"}
	for text, want := range map[string]string{
		"(#131009) Parameter value is not valid: 'Ana Souza'": "(#131009) Parameter value is not valid: '***'",
		"ANA SOUZA was told so":                               "*** was told so",
		"Banana, and Ana":                                     "Banana, and ***",
		"expected number of params (7), got 17":               "expected number of params (***), got 17",
		"order xA-1001y is unknown":                           "order x***y is unknown",
		"to +5511961234567":                                   "to +551********67",
		"to 5511961234567.":                                   "to 5511*******67.",
		"to +55 11 96123-4567":                                "to ***",
		"(#131009) 447700900000 is no number":                 "(#131009) 4477******00 is no number",
		"(#2494100) maintenance, code 131000, 99 of 1000":     "(#2494100) maintenance, code 131000, 99 of 1000",
		"Arabic digits ٤٤٧٧٠٠٩٠٠٠٠٠":                          "Arabic digits ٤٤٧٧******٠٠",
		"is no value: Ana Sou…":                               "is no value: ***…",
		"is no value: +55119…":                                "is no value: +55119…", // too short to be anybody's
		"no message for US.13491208655302741918, sorry":       "no message for US.1*****************18, sorry",
		"of GB.ENT.Ab3456789":                                 "of GB.E**********89",
		"in the US.Then":                                      "in the US.Then", // too short to be anybody's
		"":                                                    "",
	} {
		if got := Masked(text, row); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestMaskedInOtherForms(t *testing.T) {
	t.Parallel()
	row := []string{"Jose\u0301 Nu\u00f1ez", "Ana \"Nana\" So\\uza", "\u2068Zoe\u2069 K.", "Ana\u00a0\u00a0Li\u0007Mo"}
	for text, want := range map[string]string{
		"no: Jos\u00e9 Nun\u0303ez":    "no: ***",
		`no: Ana "Nana" So\uza`:        "no: ***",
		`{"p":"Ana \"Nana\" So\\uza"}`: `{"p":"***"}`,
		"no: Zoe K.":                   "no: ***",
		"no: Ana Li Mo":                "no: ***",
		"no: Ana Li\tMo":               "no: ***",
		"no: JOS\u00c9 NU\u00d1\u2026": "no: ***\u2026",
	} {
		if got := Masked(text, row); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// Whatever a row holds and wherever its values stand, none of them is left.
func TestNoValueIsLeft(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringMatching(`[A-Za-zéß0-9\\.(\[*+ -]{1,12}`).Draw(t, "value")
		if value = strings.Join(strings.Fields(value), " "); value == "" || strings.Trim(value, "*") == "" {
			return
		}
		others := rapid.SliceOfN(rapid.StringMatching(`[a-z]{1,3}`), 0, 3).Draw(t, "other values")
		text := "Parameter '" + value + "' is wrong, (" + value + ") " + value
		if got := Masked(text, append(others, value)); strings.Contains(got, "'"+value+"'") || strings.HasSuffix(got, " "+value) {
			t.Fatalf("%q became %q", text, got)
		}
	})
}
