package contacts

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/nyaruka/phonenumbers"

	"carillon/campaign"
)

// maxDigits is the most digits a number may have, its country code included
// (ITU-T E.164).
const maxDigits = 15

// ParsePhone judges a number as a person wrote it. For a number that exists in
// the numbering plan it returns E.164 and OK, NotMobile or ForbiddenCountry,
// otherwise no number and Invalid or MissingPhone. The detail explains every
// verdict but OK and says what to do; with OK it is a warning or empty.
//
// Spaces, hyphens, dots, slashes, parentheses, invisible marks and full-width
// digits are tolerated, 00 is taken for the plus, "(0)" is dropped; a link such as
// tel: or wa.me is the number in it. Letters and extensions are refused. A number without a plus belongs to
// opts.DefaultRegion; failing that it is international if
// opts.AssumeInternational says so, and otherwise Invalid. It is Invalid as well
// if another person abroad may be meant.
func ParsePhone(text string, opts campaign.ContactOptions) (e164 string, verdict campaign.Verdict, detail string) {
	n := readPhone(text, opts)
	return n.e164, n.verdict, n.detail
}

// number is a judged number, or the user ID that stands in its place.
type number struct {
	e164    string
	verdict campaign.Verdict
	detail  string
	userID  string
}

func invalid(format string, args ...any) number {
	return number{verdict: campaign.Invalid, detail: fmt.Sprintf(format, args...)}
}

// exists reports whether the numbering plan knows the number.
func (n number) exists() bool { return n.e164 != "" }

// recipient is to whom messages go, empty for nobody.
func (n number) recipient() string { return cmp.Or(n.e164, n.userID) }

func readPhone(text string, opts campaign.ContactOptions) number {
	t := cleanPhone(text)
	switch {
	case t.missing:
		return number{verdict: campaign.MissingPhone, detail: "no phone number; fill it in or remove the row"}
	case t.problem != "":
		return number{verdict: campaign.Invalid, detail: t.problem}
	case t.international:
		n := international(t.digits)
		if !n.exists() && opts.DefaultRegion != "" && !t.plus {
			return best(national("00"+t.digits, opts.DefaultRegion), n) // 00 may begin another prefix, as in Australia's 0011
		}
		return n
	}
	if text = strings.TrimSpace(text); !allDigits(text) && isDate(text) {
		return invalid("%q is a date; write the phone number", text)
	}
	return withoutPlus(t.digits, opts)
}

// national judges digits as they are dialled within a region.
func national(digits, region string) number {
	region = strings.ToUpper(region)
	parsed, err := phonenumbers.Parse(digits, region)
	if err != nil {
		return invalid("%s is not a number of %s (%v); correct it", digits, region, err)
	}
	kind, e164 := phonenumbers.GetNumberType(parsed), phonenumbers.Format(parsed, phonenumbers.E164)
	if kind == phonenumbers.UNKNOWN || len(e164) > len("+")+maxDigits {
		return invalid("%s is not a number of %s; correct it, or write it as +<country code><number>", digits, region)
	}
	return judged(e164, int(parsed.GetCountryCode()), kind)
}

// international judges digits that begin with a country's calling code.
func international(digits string) number {
	switch {
	case len(digits) > maxDigits:
		return invalid("+%s has %d digits, but the longest numbers have %d; correct it", digits, len(digits), maxDigits)
	case digits[0] == '0':
		return invalid("no country's calling code begins with 0; write the number as +<country code><number>")
	}
	if parsed, ok := split(digits); ok {
		if kind := phonenumbers.GetNumberType(parsed); kind != phonenumbers.UNKNOWN {
			return judged("+"+digits, int(parsed.GetCountryCode()), kind)
		}
	}
	parsed, err := phonenumbers.Parse("+"+digits, "ZZ")
	if err != nil {
		return invalid("+%s is not a number (%v); correct it", digits, err)
	}
	if kind := phonenumbers.GetNumberType(parsed); kind != phonenumbers.UNKNOWN {
		return judged(phonenumbers.Format(parsed, phonenumbers.E164), int(parsed.GetCountryCode()), kind)
	}
	if twin := campaign.Person("+" + digits); twin != "+"+digits {
		if n := international(twin[1:]); n.exists() {
			n.detail = joined("+"+digits+" is another form of "+twin+", which is used", n.detail)
			return n
		}
	}
	return invalid("+%s %s; correct it", digits, whyImpossible(parsed))
}

// split parts the country's calling code from the national number, without the
// repairs of phonenumbers.Parse and several times as fast. It leaves national
// numbers with leading zeros to Parse.
func split(digits string) (*phonenumbers.PhoneNumber, bool) {
	for n := 1; n <= 3 && n < len(digits); n++ {
		code, err := strconv.Atoi(digits[:n])
		if err != nil {
			return nil, false
		}
		if phonenumbers.GetRegionCodeForCountryCode(code) == "ZZ" {
			continue
		}
		rest, err := strconv.ParseUint(digits[n:], 10, 64)
		if err != nil || digits[n] == '0' {
			return nil, false
		}
		country := int32(code)
		return &phonenumbers.PhoneNumber{CountryCode: &country, NationalNumber: &rest}, true
	}
	return nil, false
}

func whyImpossible(n *phonenumbers.PhoneNumber) string {
	switch phonenumbers.IsPossibleNumberWithReason(n) {
	case phonenumbers.TOO_SHORT, phonenumbers.IS_POSSIBLE_LOCAL_ONLY:
		return fmt.Sprintf("is too short for country code %d", n.GetCountryCode())
	case phonenumbers.TOO_LONG:
		return fmt.Sprintf("is too long for country code %d", n.GetCountryCode())
	case phonenumbers.INVALID_LENGTH:
		return fmt.Sprintf("has a length that does not exist for country code %d", n.GetCountryCode())
	}
	return fmt.Sprintf("is not in a range that country code %d uses", n.GetCountryCode())
}

// forbidden names the country of a number that WhatsApp does not serve (Vonage,
// WhatsApp rules; Meta, support page on country restrictions). Crimea has area
// codes of its own in two plans, and a range of mobiles in one. Its other mobiles,
// and the other regions of Ukraine on Meta's list, have ranges that they share.
func forbidden(e164 string) string {
	for _, of := range []struct{ prefix, country string }{
		{"+53", "Cuba"}, {"+98", "Iran"}, {"+850", "North Korea"}, {"+963", "Syria"},
		{"+7365", "Crimea"}, {"+7869", "Crimea"}, {"+7978", "Crimea"}, {"+38065", "Crimea"}, {"+380692", "Crimea"},
	} {
		if strings.HasPrefix(e164, of.prefix) {
			return of.country
		}
	}
	return ""
}

// judged gives an existing number its verdict.
func judged(e164 string, callingCode int, kind phonenumbers.PhoneNumberType) number {
	if country := forbidden(e164); country != "" {
		return number{e164: e164, verdict: campaign.ForbiddenCountry, detail: "WhatsApp delivers no business messages to " + country + "; remove the row"}
	}
	switch kind {
	case phonenumbers.FIXED_LINE_OR_MOBILE:
		if plansThatTell()[callingCode] {
			return notMobile(e164, "in a range shared by fixed lines and mobiles")
		}
	case phonenumbers.FIXED_LINE:
		return notMobile(e164, "a fixed line")
	case phonenumbers.TOLL_FREE:
		return notMobile(e164, "a toll-free number")
	case phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST:
		return notMobile(e164, "a service number")
	case phonenumbers.UAN:
		return notMobile(e164, "a company's central number")
	case phonenumbers.PAGER, phonenumbers.VOICEMAIL:
		return notMobile(e164, "a pager or voicemail")
	}
	return number{e164: e164, verdict: campaign.OK}
}

func notMobile(e164, what string) number {
	return number{e164: e164, verdict: campaign.NotMobile,
		detail: what + "; it may still use WhatsApp with a Business account; replace it with a mobile number if there is one"}
}

// plansThatTell has the calling codes whose numbering plan tells mobiles from
// fixed lines, by its own example of a mobile: in North America and Mexico that
// may be a fixed line as well, in India it may not.
var plansThatTell = sync.OnceValue(func() map[int]bool {
	tell := make(map[int]bool)
	for code := range phonenumbers.GetSupportedCallingCodes() {
		region := phonenumbers.GetRegionCodeForCountryCode(code)
		if mobile := phonenumbers.GetExampleNumberForType(region, phonenumbers.MOBILE); mobile != nil {
			tell[code] = phonenumbers.GetNumberType(mobile) == phonenumbers.MOBILE
		}
	}
	return tell
})
