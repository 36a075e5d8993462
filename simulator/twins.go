package simulator

import (
	"strconv"
	"strings"

	"carillon/campaign"
)

// waID is a recipient's canonical identifier: the digits of the number in
// E.164, or those of its twin. Nobody is told that of a user ID.
func waID(phone string, twinned bool) string {
	digits, isNumber := strings.CutPrefix(phone, "+")
	switch {
	case !isNumber:
		return ""
	case twinned:
		return twin(digits)
	}
	return digits
}

// UserID is the user ID that the simulator's person with a number has.
func UserID(phone string) string { return userID(phone) }

// userID is the identifier that a person has for the business, whichever spelling
// of the number is written to (Meta, business-scoped user IDs). An identifier is
// its own.
func userID(phone string) string {
	if !campaign.IsNumber(phone) {
		return phone
	}
	return "US." + strconv.FormatUint(hash(hashStart, campaign.Person(phone)), 10)
}

// twin is the other spelling of a number that has two, and the number itself
// where there is but one (Meta, send-messages page). In Brazil only numbers
// that were mobile before the ninth digit came have two: those that began with
// 6 to 9 (Anatel, resolution 553 of 2010).
func twin(digits string) string {
	for _, t := range []struct {
		country string
		at      int // where the extra digit stands in the long form
		extra   string
		long    int
		next    string // the digits that may stand behind it; empty for any
	}{
		{"55", 4, "9", 13, "6789"}, // Brazil: after the area code
		{"52", 2, "1", 13, ""},     // Mexico: after the country
		{"54", 2, "9", 13, ""},     // Argentina: after the country
	} {
		mobile := func(digit byte) bool { return t.next == "" || strings.IndexByte(t.next, digit) >= 0 }
		switch {
		case !strings.HasPrefix(digits, t.country):
		case len(digits) == t.long && digits[t.at:t.at+1] == t.extra && mobile(digits[t.at+1]):
			return digits[:t.at] + digits[t.at+1:]
		case len(digits) == t.long-1 && mobile(digits[t.at]):
			return digits[:t.at] + t.extra + digits[t.at:]
		}
	}
	return digits
}
