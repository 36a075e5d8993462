package campaign

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// rule is what the provider asks of one kind of text.
type rule int8

const (
	bodyRule rule = iota
	headerRule
	cardRule
	rawRule
	languageRule
	currencyRule
	thousandthsRule
	amountRule
	latitudeRule
	longitudeRule
	linkRule
	suffixRule
	payloadRule
	couponRule
	codeRule
	titleRule
	expiryRule
	textRule
	captionRule
	headingRule
	emojiRule
	labelRule
	replyIDRule
	rowIDRule
	descriptionRule
	flowLabelRule
	addressCountryRule
	postCodeRule
	birthdayRule
	fileRule
)

// limit is the most characters a text may have.
// Sources: Meta, template components page (header, coupon code, payload, URL);
// media card carousel templates page (text of a card); multi-product templates
// page (section title); authentication templates page (one-time password); the
// API's own schema (32,768, of which all else but a component list written word
// for word keeps to the 1,024 of a template's body); text, interactive reply
// buttons, list, flows and address messages pages (what is no template's).
func (r rule) limit() int {
	switch r {
	case headerRule, headingRule:
		return 60
	case cardRule:
		return 160
	case rawRule:
		return 32768
	case textRule:
		return 4096
	case linkRule, suffixRule:
		return 2000
	case payloadRule:
		return 128
	case couponRule, labelRule:
		return 20
	case replyIDRule:
		return 256
	case rowIDRule:
		return 200
	case descriptionRule:
		return 72
	case flowLabelRule:
		return 30
	case postCodeRule:
		return 6
	case codeRule:
		return 15
	case titleRule:
		return 24
	case fileRule:
		return maxFileName
	default:
		return 1024
	}
}

// prose reports whether the text keeps the line breaks that the definition writes:
// only what fills a template's variable may have none (Meta, error codes page,
// 132018).
func (r rule) prose() bool {
	switch r {
	case rawRule, textRule, captionRule, headingRule:
		return true
	}
	return false
}

// bare reports whether the text is written as a JSON number.
func (r rule) bare() bool {
	return r == thousandthsRule || r == amountRule || r == expiryRule
}

// isURL reports whether the text is percent-encoded.
func (r rule) isURL() bool { return r == linkRule || r == suffixRule }

// apply checks a cleaned text that is not empty and returns it in the form in
// which it is sent.
func (r rule) apply(text string) (string, error) {
	if most := r.limit(); len(text) > most {
		if n := utf8.RuneCountInString(text); n > most {
			return "", fmt.Errorf("has %d characters, %d are allowed; shorten it", n, most)
		}
	}
	switch r {
	case languageRule:
		return parseLanguage(text)
	case currencyRule:
		return parseCurrency(text)
	case thousandthsRule:
		return parseThousandths(text)
	case amountRule:
		return parseAmount(text)
	case latitudeRule:
		return parseDegrees(text, 90)
	case longitudeRule:
		return parseDegrees(text, 180)
	case linkRule:
		return parseLink(text)
	case couponRule:
		return parseCoupon(text)
	case expiryRule:
		return parseExpiry(text)
	case emojiRule:
		return parseEmoji(text)
	case addressCountryRule:
		return parseAddressCountry(text)
	case birthdayRule:
		return parseBirthday(text)
	case fileRule:
		return parseFileName(text)
	default:
		return text, nil
	}
}

// parseLanguage reads a template's language code and writes it as Meta does:
// en, fil, pt_BR.
func parseLanguage(text string) (string, error) {
	language, region, hasRegion := strings.Cut(strings.ReplaceAll(text, "-", "_"), "_")
	fits := len(language) >= 2 && len(language) <= 3 && all(language, isLetter)
	if hasRegion {
		fits = fits && (len(region) == 2 && all(region, isLetter) || len(region) == 3 && all(region, isDigit))
	}
	if !fits {
		return "", fmt.Errorf("%q is not a language code; write one like en or en_US", excerpt(text))
	}
	if !hasRegion {
		return strings.ToLower(language), nil
	}
	return strings.ToLower(language) + "_" + strings.ToUpper(region), nil
}

func parseCurrency(text string) (string, error) {
	if len(text) != 3 || !all(text, isLetter) {
		return "", fmt.Errorf("%q is not a currency; write its three letters, such as EUR", excerpt(text))
	}
	return strings.ToUpper(text), nil
}

func parseThousandths(text string) (string, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return "", fmt.Errorf("%q is not a whole number of thousandths; write 1234500 for 1,234.50, or use amount", excerpt(text))
	}
	return strconv.FormatInt(n, 10), nil
}

func parseDegrees(text string, most float64) (string, error) {
	degrees, err := strconv.ParseFloat(text, 64)
	plain := all(text, func(c byte) bool { return isDigit(c) || c == '.' || c == '-' })
	if err != nil || !plain || degrees < -most || degrees > most {
		return "", fmt.Errorf("%q is not between -%g and %g degrees; write it like 37.483307", excerpt(text), most, most)
	}
	return text, nil
}

func parseLink(text string) (string, error) {
	link, err := url.Parse(text)
	if err != nil || link.Scheme != "http" && link.Scheme != "https" || link.Host == "" {
		return "", fmt.Errorf("%q is not an address the provider can fetch; write one like https://example.com/picture.jpg", excerpt(text))
	}
	return text, nil
}

func parseCoupon(text string) (string, error) {
	if !all(text, func(c byte) bool { return isLetter(c) || isDigit(c) }) {
		return "", fmt.Errorf("%q is not a coupon code, which has only letters a to z and digits", text)
	}
	return text, nil
}

// parseExpiry reads a time and writes it as Unix milliseconds. A smaller
// number would be a date in the seventies; seconds look like that.
func parseExpiry(text string) (string, error) {
	const leastMillis = 100_000_000_000 // March 1973
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		if n < leastMillis {
			return "", fmt.Errorf("%d is not Unix time in milliseconds; are these seconds?", n)
		}
		return strconv.FormatInt(n, 10), nil
	}
	at, err := time.Parse(time.RFC3339, strings.Replace(text, " ", "T", 1))
	if err != nil {
		return "", fmt.Errorf("%q is not a time; write one with its zone, such as 2026-01-31T23:59:00Z, or Unix time in milliseconds", excerpt(text))
	}
	if at.UnixMilli() < leastMillis {
		return "", errors.New("the offer ended in the last century")
	}
	return strconv.FormatInt(at.UnixMilli(), 10), nil
}

func all(text string, ok func(byte) bool) bool {
	for i := range len(text) {
		if !ok(text[i]) {
			return false
		}
	}
	return true
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
