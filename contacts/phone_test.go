package contacts

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"

	"carillon/campaign"
)

// The four ways of writing one American number of Meta's send-messages page
// (phone number formats). It warns that the last two may go to another country;
// here they go nowhere until somebody says which country is meant.
func TestMetasTableOfFormats(t *testing.T) {
	const right = "+16315551234"
	told := map[string]campaign.ContactOptions{
		"nothing":  {},
		"a region": {DefaultRegion: "US"},
	}
	for _, c := range []struct {
		text, options, want string
	}{
		{"+16315551234", "nothing", right},
		{"+1 (631) 555-1234", "nothing", right},
		{"(631) 555-1234", "nothing", ""},
		{"1 (631) 555-1234", "nothing", ""},
		{"(631) 555-1234", "a region", right},
		{"1 (631) 555-1234", "a region", right},
	} {
		t.Run(c.text+" with "+c.options, func(t *testing.T) {
			e164, verdict, detail := ParsePhone(c.text, told[c.options])
			if e164 != c.want {
				t.Errorf("read as %q, want %q", e164, c.want)
			}
			if c.want == "" && (verdict != campaign.Invalid || !strings.Contains(detail, "+<country code>") || !strings.Contains(detail, "default_region")) {
				t.Errorf("verdict %s, %q; want invalid and what to do", verdict, detail)
			}
		})
	}
}

func TestParsePhone(t *testing.T) {
	none := campaign.ContactOptions{}
	region := func(code string) campaign.ContactOptions { return campaign.ContactOptions{DefaultRegion: code} }
	assume := campaign.ContactOptions{AssumeInternational: true}
	for _, c := range []struct {
		name, text string
		opts       campaign.ContactOptions
		e164       string
		verdict    campaign.Verdict
		detail     string // a part of it
	}{
		{"plain", "+4915123018622", none, "+4915123018622", campaign.OK, ""},
		{"00 prefix", "004915123018622", none, "+4915123018622", campaign.OK, ""},
		{"00 prefix, spaced", "00 49 1512 3018622", none, "+4915123018622", campaign.OK, ""},
		{"no-break spaces", " +33\u00a06\u202f12\u00a054 70 98 ", none, "+33612547098", campaign.OK, ""},
		{"hyphens of all kinds", "+1\u2010201\u2011503\u22120326", none, "+12015030326", campaign.OK, ""},
		{"dots", "+7.771.017.4257", none, "+77710174257", campaign.OK, ""},
		{"slash", "+49 1512/3018622", none, "+4915123018622", campaign.OK, ""},
		{"parentheses around the code", "(+49) 1512 3018622", none, "+4915123018622", campaign.OK, ""},
		{"bidirectional marks", "\u202a+4915123018622\u202c\u200e", none, "+4915123018622", campaign.OK, ""},
		{"full-width", "\uff0b\uff14\uff19\uff08\uff11\uff15\uff11\uff12\uff09\uff13\uff10\uff11\uff18\uff16\uff12\uff12", none, "+4915123018622", campaign.OK, ""},
		{"Arabic digits", "+٤٩١٥١٢٣٠١٨٦٢٢", none, "+4915123018622", campaign.OK, ""},
		{"a spreadsheet's apostrophe", "'+4915123018622", none, "+4915123018622", campaign.OK, ""},
		{"trunk zero in parentheses", "+44 (0)7400 123456", none, "+447400123456", campaign.OK, ""},
		{"the same after 00", "0044 (0) 7400 123456", none, "+447400123456", campaign.OK, ""},
		{"trunk zero without them", "+4901512 3018622", none, "+4915123018622", campaign.OK, ""},
		{"Italy dials the zero", "+39 (0)6 1234 5678", none, "+390612345678", campaign.NotMobile, "fixed line"},

		{"national", "01512 3018622", region("DE"), "+4915123018622", campaign.OK, ""},
		{"national, small letters", "01512 3018622", region("de"), "+4915123018622", campaign.OK, ""},
		{"national, trunk zero in parentheses", "(0)1512 3018622", region("DE"), "+4915123018622", campaign.OK, ""},
		{"foreign under a region", "+33612547098", region("DE"), "+33612547098", campaign.OK, ""},
		{"00 under a region that dials 011", "0033612547098", region("US"), "+33612547098", campaign.OK, ""},
		{"00 is not a carrier's code", "0041446681800", region("BR"), "+41446681800", campaign.NotMobile, "fixed line"},
		{"a region's own prefix", "0011 44 7400 123456", region("AU"), "+447400123456", campaign.OK, ""},
		{"not in the region", "7", region("DE"), "", campaign.Invalid, "not a number of DE"},
		{"too long for the region", "999999999999", region("US"), "", campaign.Invalid, "not a number of US"},

		{"too long for E.164", "(631)2351235-1234", region("DE"), "", campaign.Invalid, "not a number of DE"},

		{"no plus", "4915123018622", none, "", campaign.Invalid, "no country code"},
		{"no plus, assumed", "4915123018622", assume, "+4915123018622", campaign.OK, ""},
		{"no plus, a program's cents", "4915123018622.00", assume, "+4915123018622", campaign.OK, ""},
		{"no plus, a program's decimals", "4915123018622.0", assume, "+4915123018622", campaign.OK, ""},
		{"no plus, decimals after a comma", "4915123018622,00", assume, "+4915123018622", campaign.OK, ""},
		{"other decimals", "2015030326.5", region("US"), "", campaign.Invalid, "decimal places"},
		{"an average", "491512301862.25", assume, "", campaign.Invalid, "decimal places"},
		{"a difference", "-4915123018622", assume, "", campaign.Invalid, "negative number"},
		{"a difference that may be a number", "-2015030326", region("US"), "", campaign.Invalid, "negative number"},
		{"a hyphen in front", "- 0151 23018622", region("DE"), "+4915123018622", campaign.OK, ""},

		{"a link to call", "tel:+49-1512-3018622", none, "+4915123018622", campaign.OK, ""},
		{"a link to call within the country", "TEL: 01512 3018622", region("DE"), "+4915123018622", campaign.OK, ""},
		{"a link with an extension", "tel:+49-1512-3018622;ext=5", none, "", campaign.Invalid, "extension"},
		{"as Twilio writes it", "whatsapp:+4915123018622", none, "+4915123018622", campaign.OK, ""},
		{"a label", "WhatsApp: +49 1512 3018622", none, "+4915123018622", campaign.OK, ""},
		{"a link to chat", "https://wa.me/4915123018622", none, "+4915123018622", campaign.OK, ""},
		{"a link to chat under a region", "wa.me/15062285708?text=Hi%20+1", region("DE"), "+15062285708", campaign.OK, ""},
		{"a link to chat with a plus", "HTTP://WA.ME/+4915123018622", none, "+4915123018622", campaign.OK, ""},
		{"the long link", "https://api.whatsapp.com/send?phone=4915123018622&text=Hi", none, "+4915123018622", campaign.OK, ""},
		{"the long link with a plus", "https://api.whatsapp.com/send/?phone=%2B4915123018622", none, "+4915123018622", campaign.OK, ""},
		{"the link of the app", "whatsapp://send?phone=4915123018622", none, "+4915123018622", campaign.OK, ""},
		{"a link without a number", "https://wa.me/message/ABCDEF", none, "", campaign.Invalid, "letters"},
		{"a link with too much", "https://wa.me/4915123018622 4", none, "", campaign.Invalid, "letters"},
		{"another link", "https://shop.example/4915123018622", none, "", campaign.Invalid, "letters"},
		{"region before assumption", "6315551234", campaign.ContactOptions{DefaultRegion: "US", AssumeInternational: true}, "+16315551234", campaign.OK, ""},
		{"assumption after region", "4915123018622", campaign.ContactOptions{DefaultRegion: "US", AssumeInternational: true}, "+4915123018622", campaign.OK, ""},

		{"a mobile of two countries, without its 0", "15062285708", region("DE"), "", campaign.Invalid, "a number of DE, +4915062285708, or a foreign number that has lost its plus, +15062285708"},
		{"the same in groups", "1506-228 5708", region("de"), "", campaign.Invalid, "with a plus or 00"},
		{"the same with its 0", "015062285708", region("DE"), "+4915062285708", campaign.OK, ""},
		{"the same with its 00", "0015062285708", region("DE"), "+15062285708", campaign.OK, ""},
		{"a mobile abroad, a fixed line at home", "447400123456", region("DE"), "", campaign.Invalid, "foreign number"},
		{"a mobile at home, a fixed line abroad", "34912345678", region("BR"), "+5534912345678", campaign.OK, ""},
		{"a mobile of two countries, as Brazilians write it", "51 99123-4567", region("BR"), "+5551991234567", campaign.OK, "foreign number, +51991234567"},
		{"a mobile of two countries, as Americans write it", "479 936 0123", region("US"), "+14799360123", campaign.OK, "foreign number, +4799360123"},
		{"the same if both are asked for", "479 936 0123", campaign.ContactOptions{DefaultRegion: "US", AssumeInternational: true}, "", campaign.Invalid, "foreign number"},
		{"a mobile abroad before a fixed line", "447400123456", campaign.ContactOptions{DefaultRegion: "DE", AssumeInternational: true}, "+447400123456", campaign.OK, ""},
		{"as Spaniards write it", "612 34 56 78", region("ES"), "+34612345678", campaign.OK, ""},

		{"fixed line", "+49 30 169672", none, "+4930169672", campaign.NotMobile, "fixed line"},
		{"toll-free", "+1 800 356 9377", none, "+18003569377", campaign.NotMobile, "toll-free"},
		{"either kind", "+12015030326", none, "+12015030326", campaign.OK, ""},
		{"Mexico's legacy 1", "+52 1 222 111 5136", none, "+522221115136", campaign.OK, "another form"},
		{"Brazil without the ninth digit", "+55 11 6129 4498", none, "+5511961294498", campaign.OK, "another form"},

		{"empty", "", none, "", campaign.MissingPhone, "fill it in"},
		{"space", " \u00a0", none, "", campaign.MissingPhone, "fill it in"},
		{"dash", "-", none, "", campaign.MissingPhone, "fill it in"},
		{"long dash", "—", none, "", campaign.MissingPhone, "fill it in"},
		{"n/a", "N/A", none, "", campaign.MissingPhone, "fill it in"},
		{"a formula's n/a", "#N/A", none, "", campaign.Invalid, "'#'"},
		{"null", "NULL", none, "", campaign.MissingPhone, "fill it in"},

		{"Cuba", "+53 5 1265902", none, "+5351265902", campaign.ForbiddenCountry, "Cuba"},
		{"Iran", "+98 912 334 5665", none, "+989123345665", campaign.ForbiddenCountry, "Iran"},
		{"North Korea", "00850 192 175 9527", none, "+8501921759527", campaign.ForbiddenCountry, "North Korea"},
		{"Syria", "+963944635828", none, "+963944635828", campaign.ForbiddenCountry, "Syria"},
		{"Crimea, a mobile", "+7 978 123-45-67", none, "+79781234567", campaign.ForbiddenCountry, "Crimea"},
		{"Crimea, Simferopol", "+7 3652 12-34-56", none, "+73652123456", campaign.ForbiddenCountry, "Crimea"},
		{"Crimea, Sevastopol", "8 8692 12 34 56", region("RU"), "+78692123456", campaign.ForbiddenCountry, "Crimea"},
		{"Crimea, by Ukraine", "+380652123456", none, "+380652123456", campaign.ForbiddenCountry, "Crimea"},
		{"Sevastopol, by Ukraine", "0692 123456", region("UA"), "+380692123456", campaign.ForbiddenCountry, "Crimea"},
		{"Russia", "+7 918 123-45-67", none, "+79181234567", campaign.OK, ""},
		{"Kazakhstan", "+7 701 123 4567", none, "+77011234567", campaign.OK, ""},
		{"Ukraine", "+380 50 123 4567", none, "+380501234567", campaign.OK, ""},
		{"Iran, national", "0912 334 5665", region("IR"), "+989123345665", campaign.ForbiddenCountry, "Iran"},

		{"a date", "26.11.2026", region("DE"), "", campaign.Invalid, "is a date"},
		{"a date of another form", "2026-11-26", assume, "", campaign.Invalid, "is a date"},
		{"eight digits that could be a date", "20261126", region("DK"), "+4520261126", campaign.NotMobile, "shared by fixed lines and mobiles"},
		{"words", "call me", none, "", campaign.Invalid, "letters"},
		{"vanity", "+1-800-FLOWERZ99", none, "", campaign.Invalid, "letters"},
		{"extension", "+1 201 503 0326 ext. 12", none, "", campaign.Invalid, "extension"},
		{"extension, short", "+12015030326x12", none, "", campaign.Invalid, "extension"},
		{"extension, hash", "+12015030326#12", none, "", campaign.Invalid, "extension"},
		{"two numbers", "+12015030326 / +33612547098", none, "", campaign.Invalid, "more than one"},
		{"two numbers, comma", "+12015030326, +33612547098", none, "", campaign.Invalid, "more than one"},
		{"another sign", "+1201503$0326", none, "", campaign.Invalid, "'$'"},
		{"shortened by a spreadsheet", "4.477E+11", none, "", campaign.Invalid, "shortened"},
		{"shortened by a European one", "4,477E+11", none, "", campaign.Invalid, "shortened"},
		{"too short", "+1415555", none, "", campaign.Invalid, "too short"},
		{"too long for the country", "+4915123018622123", none, "", campaign.Invalid, "digits"},
		{"too long for a country", "+120150303260", none, "", campaign.Invalid, "too long"},
		{"no such country", "+999123456789", none, "", campaign.Invalid, "country code"},
		{"no such range", "+12000000000", none, "", campaign.Invalid, "not in a range"},
		{"a zero for a country", "+0151", none, "", campaign.Invalid, "begins with 0"},
		{"a plus alone", "+", none, "", campaign.Invalid, "after its prefix"},
		{"00 alone", "00", none, "", campaign.Invalid, "after its prefix"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e164, verdict, detail := ParsePhone(c.text, c.opts)
			if e164 != c.e164 || verdict != c.verdict || !strings.Contains(detail, c.detail) || c.detail == "" && detail != "" {
				t.Errorf("ParsePhone(%q) = %q, %s, %q; want %q, %s, …%s…", c.text, e164, verdict, detail, c.e164, c.verdict, c.detail)
			}
		})
	}
}

// A cell that Excel holds as a number has lost what stood before it.
func TestNumericPhone(t *testing.T) {
	for _, c := range []struct {
		text, region, e164 string
		verdict            campaign.Verdict
		detail             string
	}{
		{"447400753715", "", "+447400753715", campaign.OK, "added again"},
		{"4930169672", "", "+4930169672", campaign.NotMobile, "added again"},
		{"5351240131", "", "+5351240131", campaign.ForbiddenCountry, "added again"},
		{"12345", "", "", campaign.Invalid, "correct it"},
		{"158.63", "", "", campaign.Invalid, "not a phone number"},
		{"-5", "", "", campaign.Invalid, "not a phone number"},
		{"15123018622", "DE", "", campaign.Invalid, "a number of DE, +4915123018622, or a foreign number that has lost its plus, +15123018622"},
		{"15112301862", "DE", "+4915112301862", campaign.OK, "a number of DE"}, // America has no 511
		{"51991234567", "BR", "", campaign.Invalid, "formatted as text"},
		{"11961294498", "BR", "+5511961294498", campaign.OK, "a number of BR"},
		{"612345678", "ES", "+34612345678", campaign.OK, "a number of ES"},
		{"5351240131", "DE", "", campaign.Invalid, "foreign number"}, // a fixed line, or Cuba
		{"33612982489", "DE", "+33612982489", campaign.OK, "added again"},
		{"2015030326", "US", "+12015030326", campaign.OK, "a number of US"},
	} {
		t.Run(c.text+c.region, func(t *testing.T) {
			n := readNumericPhone(c.text, campaign.ContactOptions{DefaultRegion: c.region})
			if n.e164 != c.e164 || n.verdict != c.verdict || !strings.Contains(n.detail, c.detail) {
				t.Errorf("got %q, %s, %q; want %q, %s, …%s…", n.e164, n.verdict, n.detail, c.e164, c.verdict, c.detail)
			}
		})
	}
}

// The short way to a verdict must agree with the library's own.
func TestShortWayAgreesWithTheLibrary(t *testing.T) {
	type result struct {
		E164 string
		Kind phonenumbers.PhoneNumberType
	}
	check := func(t interface{ Errorf(string, ...any) }, digits string) {
		n, ok := split(digits)
		if !ok || phonenumbers.GetNumberType(n) == phonenumbers.UNKNOWN {
			return
		}
		short := result{"+" + digits, phonenumbers.GetNumberType(n)}
		parsed, err := phonenumbers.Parse("+"+digits, "ZZ")
		if err != nil {
			t.Errorf("+%s is %v to the short way, and to the library: %v", digits, short, err)
			return
		}
		long := result{phonenumbers.Format(parsed, phonenumbers.E164), phonenumbers.GetNumberType(parsed)}
		if diff := cmp.Diff(long, short); diff != "" {
			t.Errorf("+%s, -library +short way:\n%s", digits, diff)
		}
	}
	examples := 0
	for region := range phonenumbers.GetSupportedRegions() {
		for kind := phonenumbers.FIXED_LINE; kind <= phonenumbers.VOICEMAIL; kind++ {
			if example := phonenumbers.GetExampleNumberForType(region, kind); example != nil {
				examples++
				check(t, phonenumbers.Format(example, phonenumbers.E164)[1:])
			}
		}
	}
	if examples < 500 {
		t.Errorf("only %d examples were compared", examples)
	}
	codes := []int{1, 7, 39, 44, 49, 52, 54, 55, 57, 61, 62, 81, 91, 225, 264, 370, 996}
	rapid.Check(t, func(t *rapid.T) {
		code := rapid.SampledFrom(codes).Draw(t, "code")
		check(t, fmt.Sprint(code)+rapid.StringMatching(`[1-9][0-9]{6,11}`).Draw(t, "number"))
	})
}

func FuzzParsePhone(f *testing.F) {
	for _, seed := range []string{"+4915123018622", "0049 (0)151", "(631) 555-1234", "+1 201 x12", "4.477E+11", "\u202a+49\u202c", "n/a", "+", "00", "''", "\xff", "٠٠٤٩"} {
		f.Add(seed, "DE", false)
		f.Add(seed, "", true)
	}
	f.Fuzz(func(t *testing.T, text, region string, assume bool) {
		opts := campaign.ContactOptions{DefaultRegion: region, AssumeInternational: assume}
		e164, verdict, detail := ParsePhone(text, opts)
		switch verdict {
		case campaign.OK, campaign.NotMobile, campaign.ForbiddenCountry:
			if len(e164) < 5 || len(e164) > maxDigits+1 || e164[0] != '+' || !allDigits(e164[1:]) {
				t.Errorf("%q is %s as %q", text, verdict, e164)
			}
			if again, same, _ := ParsePhone(e164, campaign.ContactOptions{}); again != e164 || same != verdict {
				t.Errorf("%q is %s as %q, and that is %s as %q", text, verdict, e164, same, again)
			}
		case campaign.Invalid, campaign.MissingPhone:
			if e164 != "" {
				t.Errorf("%q is %s and yet %q", text, verdict, e164)
			}
		default:
			t.Errorf("%q has the verdict %q", text, verdict)
		}
		if verdict != campaign.OK && detail == "" {
			t.Errorf("%q is %s without an explanation", text, verdict)
		}
	})
}
