package pages

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"carillon/campaign"
)

// functions are what templates call.
func functions() template.FuncMap {
	return template.FuncMap{
		"asset":     assetURL(hashes()),
		"count":     count,
		"share":     share,
		"rate":      rate,
		"moment":    moment,
		"plural":    plural,
		"several":   several,
		"several64": func(n int64, one, more string) string { return several(int(n), one, more) },
		"braces":    func(column string) string { return "{{" + column + "}}" },
		"meaning":   meaning,
		"deed":      deed,
		"way":       way,
		"outcome":   outcome,
		"sentence":  sentence,
		"int":       func(n int64) int { return int(n) },
	}
}

// sentence makes one of a text that may begin or end in the middle of one.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + strings.TrimSuffix(text[size:], ".") + "."
}

// count writes a number with commas between the thousands.
func count(n int64) string {
	text := strconv.FormatInt(n, 10)
	for at := len(text) - 3; at > 0 && text[at-1] != '-'; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// plural writes a number with its noun, which takes an s.
func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return count(n) + " " + noun + "s"
}

// several writes a number with the words for one and for more.
func several(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(int64(n)) + " " + more
}

// share is a part of a whole in hundredths, for a bar: never 0 for a part that is
// there, and never 100 where something is missing.
func share(part, whole int64) int64 {
	switch {
	case whole <= 0 || part <= 0:
		return 0
	case part >= whole:
		return 100
	}
	return min(max(100*part/whole, 1), 99)
}

// about writes a duration as people say it.
func about(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return plural(max(int64(d/time.Second), 1), "second")
	case d < 2*time.Hour:
		return plural(int64((d+time.Minute/2)/time.Minute), "minute")
	case d < 48*time.Hour:
		return plural(int64((d+time.Hour/2)/time.Hour), "hour")
	}
	return plural(int64(d/(24*time.Hour)), "day")
}

// rate writes messages a second.
func rate(perSecond float64) string {
	if perSecond >= 10 {
		return count(int64(perSecond+0.5)) + "/s"
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", perSecond), ".0") + "/s"
}

// moment shows a time in UTC, which the script rewrites in the reader's zone. It is a
// time.Time or a pointer to one, nil for none.
func moment(at any) (template.HTML, error) {
	var t time.Time
	switch at := at.(type) {
	case time.Time:
		t = at
	case *time.Time:
		if at != nil {
			t = *at
		}
	default:
		return "", fmt.Errorf("%T is not a time", at)
	}
	if t.IsZero() {
		return "–", nil
	}
	utc := t.UTC()
	return template.HTML(fmt.Sprintf(`<time datetime="%s">%s</time>`, //nolint:gosec // digits and letters of a time alone
		utc.Format(time.RFC3339), utc.Format("2 Jan 2006, 15:04:05 UTC"))), nil
}

// meaning is what a status says to whoever has not read about it.
func meaning(s campaign.Status) string {
	switch s {
	case campaign.Waiting:
		return "waits for the step before"
	case campaign.Pending:
		return "may go out"
	case campaign.Posting:
		return "is being sent"
	case campaign.Unknown:
		return "may have been sent; nobody knows yet"
	case campaign.Accepted:
		return "the provider has it"
	case campaign.Held:
		return "the provider holds it back for now"
	case campaign.Sent:
		return "on its way to the phone"
	case campaign.Delivered:
		return "on the phone"
	case campaign.Read:
		return "read"
	case campaign.Failed:
		return "refused or not deliverable"
	case campaign.Undelivered:
		return "no receipt in time"
	case campaign.Skipped:
		return "not to be sent"
	case campaign.Expired:
		return "the campaign ended first"
	case campaign.Rejected:
		return "the row cannot be sent to"
	}
	return ""
}

// verdictMeaning is what a verdict says to whoever has not read about it.
func verdictMeaning(v campaign.Verdict) string {
	switch v {
	case campaign.OK:
		return "is sent to"
	case campaign.Duplicate:
		return "the same person stands above"
	case campaign.Invalid:
		return "is not a number that could be sent to"
	case campaign.MissingPhone:
		return "has no number"
	case campaign.ForbiddenCountry:
		return "WhatsApp does not serve the country"
	case campaign.NotMobile:
		return "is a fixed line; it is sent to, unless the campaign refuses those"
	case campaign.BadValue:
		return "has a value that cannot be sent"
	case campaign.NoConsent:
		return "has not agreed"
	}
	return ""
}
