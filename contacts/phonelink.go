package contacts

import "strings"

// withoutLink is the number in a link that a phone or WhatsApp opens; any other text
// stays as it is. Links of WhatsApp have the number with its country code and
// without the plus (WhatsApp, help on click to chat).
func withoutLink(text string) string {
	if !strings.ContainsAny(text, ":/") {
		return text
	}
	for _, scheme := range []string{"whatsapp://", "https://", "http://"} {
		if rest, found := cutFold(text, scheme); found {
			return clickToChat(rest, text)
		}
	}
	for _, scheme := range []string{"tel:", "whatsapp:", "callto:", "sms:"} {
		if rest, found := cutFold(text, scheme); found {
			return strings.TrimSpace(rest)
		}
	}
	return clickToChat(text, text)
}

// clickToChat is the number that a link of WhatsApp without its scheme holds.
func clickToChat(link, otherwise string) string {
	for _, start := range []string{"wa.me/", "www.wa.me/", "api.whatsapp.com/send?phone=", "api.whatsapp.com/send/?phone=", "web.whatsapp.com/send?phone=",
		"web.whatsapp.com/send/?phone=", "send?phone=", "send/?phone="} {
		rest, found := cutFold(link, start)
		if !found {
			continue
		}
		if end := strings.IndexAny(rest, "?&#/"); end >= 0 {
			rest = rest[:end]
		}
		rest = strings.TrimPrefix(strings.TrimPrefix(rest, "%2B"), "+")
		if allDigits(rest) {
			return "+" + rest
		}
	}
	return otherwise
}

// cutFold cuts a start off, in whatever case it is written.
func cutFold(text, start string) (rest string, found bool) {
	if len(text) < len(start) || !strings.EqualFold(text[:len(start)], start) {
		return text, false
	}
	return text[len(start):], true
}
