package contacts

import (
	"fmt"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"carillon/campaign"
)

// withoutPlus judges digits that say nothing of their country. Those of a
// default region are that region's by the options' word, unless they are
// written as nobody writes them there and make a number abroad.
func withoutPlus(digits string, opts campaign.ContactOptions) number {
	switch {
	case opts.DefaultRegion == "" && opts.AssumeInternational:
		return international(digits)
	case opts.DefaultRegion == "":
		return invalid("%s has no country code; write it as +<country code><number>, or set contacts.default_region", digits)
	}
	home, abroad := national(digits, opts.DefaultRegion), international(digits)
	switch {
	case opts.AssumeInternational && (!rivals(home, abroad) || !rivals(abroad, home)):
		return best(home, abroad)
	case opts.AssumeInternational:
		return ambiguous(digits, opts.DefaultRegion, home, abroad)
	case !rivals(home, abroad):
		return home
	case lacksTrunkPrefix(digits, opts.DefaultRegion):
		return ambiguous(digits, opts.DefaultRegion, home, abroad)
	}
	home.detail = joined(fmt.Sprintf("it was read as a number of %s, but with a plus it is a foreign number, %s; write the right one with a plus or 00",
		strings.ToUpper(opts.DefaultRegion), abroad.e164), home.detail)
	return home
}

// readNumericPhone judges a cell that holds a number and not a text: whatever
// stood before its first digit other than zero is lost.
func readNumericPhone(text string, opts campaign.ContactOptions) number {
	for _, r := range text {
		if r < '0' || r > '9' {
			return invalid("the cell holds the number %s, which is not a phone number", text)
		}
	}
	plus := international(text)
	if plus.exists() {
		plus.detail = joined("the cell is a number without its plus sign, which was added again; format the column as text", plus.detail)
	}
	if opts.DefaultRegion == "" {
		return plus
	}
	home := national(text, opts.DefaultRegion)
	if rivals(home, plus) && rivals(plus, home) {
		n := ambiguous(text, opts.DefaultRegion, home, plus)
		n.detail += " in a column that is formatted as text"
		return n
	}
	if home.exists() {
		home.detail = joined(fmt.Sprintf("the cell is a number and was read as a number of %s; format the column as text",
			strings.ToUpper(opts.DefaultRegion)), home.detail)
	}
	return best(home, plus)
}

// rivals reports whether the same digits are two people's numbers, and the
// other one is as likely to be meant as n: a mobile, or n is none either.
func rivals(n, other number) bool {
	return n.exists() && other.exists() && campaign.Person(n.e164) != campaign.Person(other.e164) &&
		(other.verdict == campaign.OK || n.verdict != campaign.OK)
}

// ambiguous refuses to guess which of two people is meant.
func ambiguous(digits, region string, home, abroad number) number {
	return invalid("%s may be a number of %s, %s, or a foreign number that has lost its plus, %s; write the right one with a plus or 00",
		digits, strings.ToUpper(region), home.e164, abroad.e164)
}

// lacksTrunkPrefix reports whether a region's numbers are always written with
// a prefix that is dialled within it, as Germany's 0, and the digits have none.
func lacksTrunkPrefix(digits, region string) bool {
	parsed, err := phonenumbers.ParseAndKeepRawInput(digits, strings.ToUpper(region))
	return err == nil && !phonenumbers.IsNationalPrefixPresentIfRequired(parsed)
}

// best is the first number that may be sent, else the first that exists, else
// the first.
func best(a, b number) number {
	for _, verdict := range []campaign.Verdict{campaign.OK, campaign.NotMobile, campaign.ForbiddenCountry} {
		for _, n := range []number{a, b} {
			if n.verdict == verdict {
				return n
			}
		}
	}
	return a
}

func joined(warning, detail string) string {
	if detail == "" {
		return warning
	}
	return warning + "; " + detail
}
