package simulator

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"carillon/campaign"
)

// displayNumber is how the sending number is shown, whatever its id.
const displayNumber = "15550001234"

// shown is how the number that is told is shown.
func (t telling) shown() string { return cmp.Or(t.display, displayNumber) }

// Sign is the value of X-Hub-Signature-256 for a webhook's body: the
// HMAC-SHA256 under the app's secret.
func Sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// signCloud signs a webhook if there is a secret.
func signCloud(h http.Header, o Options, body []byte) {
	if o.AppSecret != "" {
		h.Set("X-Hub-Signature-256", Sign(o.AppSecret, body))
	}
}

// cloudWebhook is the webhook's body: one change for each run of receipts of the
// same number (Meta, status webhook reference), and one for each saying.
func cloudWebhook(account string, list []telling) []byte {
	b := make([]byte, 0, 300+600*len(list))
	b = append(b, `{"object":"whatsapp_business_account","entry":[{"id":`...)
	b = appendEscaped(b, account)
	if at := list[0].newsTime(); at > 0 {
		b = strconv.AppendInt(append(b, `,"time":`...), at, 10)
	}
	b = append(b, `,"changes":[`...)
	for from, to := 0, 0; from < len(list); from = to {
		if from > 0 {
			b = append(b, ',')
		}
		if list[from].said != nil {
			b, to = append(b, cloudChange(list[from])...), from+1
			continue
		}
		for to = from; to < len(list) && list[to].said == nil && list[to].number == list[from].number; {
			to++
		}
		b = appendChange(b, list[from:to])
	}
	return append(b, `]}]}`...)
}

// appendChange appends receipts of one number.
func appendChange(b []byte, receipts []telling) []byte {
	b = append(b, `{"field":"messages","value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":`...)
	b = appendEscaped(b, receipts[0].shown())
	b = append(b, `,"phone_number_id":`...)
	b = appendEscaped(b, receipts[0].number)
	b = append(b, `},"contacts":[`...)
	contacts := len(b)
	for _, r := range receipts {
		if r.status == campaign.Failed { // told without a contact
			continue
		}
		if len(b) > contacts {
			b = append(b, ',')
		}
		b = append(b, `{"profile":{"name":`...)
		b = appendEscaped(b, profileName(r.phone))
		b = append(b, '}')
		if !r.hidden {
			b = append(b, `,"wa_id":"`...)
			b = append(b, waID(r.phone, r.twin)...)
			b = append(b, '"')
		}
		b = append(b, `,"user_id":"`...)
		b = append(b, userID(r.phone)...)
		b = append(b, `"}`...)
	}
	b = append(b, `],"statuses":[`...)
	for n, r := range receipts {
		if n > 0 {
			b = append(b, ',')
		}
		b = appendStatus(b, r)
	}
	return append(b, `]}}`...)
}

// appendStatus appends one receipt.
func appendStatus(b []byte, r telling) []byte {
	b = append(b, `{"id":`...)
	b = appendEscaped(b, r.id)
	b = append(b, `,"status":"`...)
	b = append(b, r.status.String()...)
	b = append(b, `","timestamp":"`...)
	b = strconv.AppendInt(b, r.at.Unix(), 10)
	b = append(b, '"')
	if !r.hidden {
		b = append(b, `,"recipient_id":"`...)
		b = append(b, waID(r.phone, r.twin)...)
		b = append(b, '"')
	}
	if r.status != campaign.Failed || !campaign.IsNumber(r.phone) { // a failure does not tell it of what was sent to a number
		b = append(b, `,"recipient_user_id":"`...)
		b = append(b, userID(r.phone)...)
		b = append(b, '"')
	}
	if r.reference != "" {
		b = append(b, `,"biz_opaque_callback_data":`...)
		b = appendEscaped(b, r.reference)
	}
	switch r.status {
	case campaign.Sent, campaign.Delivered:
		category := "utility"
		if r.marketing {
			category = "marketing_lite"
		}
		b = append(b, `,"pricing":{"billable":true,"pricing_model":"PMP","type":"regular","category":"`+category+`"}`...)
	case campaign.Failed:
		b = appendFailure(b, r.code)
	}
	return append(b, '}')
}

// cloudFailure is the code of a message that failed in the end.
func cloudFailure(fate fault) int {
	switch fate {
	case undeliverable:
		return 131026
	case marketingCap:
		return 131049
	case outsideWindow:
		return reEngagement
	}
	return http.StatusRequestTimeout
}

// failureWords say what a code of a failed message means.
func failureWords(code int) (title, details string) {
	switch code {
	case reEngagement:
		return "Re-engagement message", "More than 24 hours have passed since the person last wrote to this number."
	case receiverIncapable:
		return "Receiver Incapable", "The person's WhatsApp cannot show this message."
	case 131026:
		return "Message undeliverable", "Unable to deliver message; the number may not be on WhatsApp."
	case 131049:
		return "Not delivered to maintain healthy ecosystem engagement",
			"The person has had as many marketing messages as they are likely to read."
	}
	return "Request timed out", "The request took too long and was given up."
}

// appendFailure appends why a message failed, in the words of Meta's error
// codes page where it has some.
func appendFailure(b []byte, code int) []byte {
	title, details := failureWords(code)
	b = append(b, `,"errors":[{"code":`...)
	b = strconv.AppendInt(b, int64(code), 10)
	b = append(b, `,"title":`...)
	b = appendEscaped(b, title)
	b = append(b, `,"message":`...)
	b = appendEscaped(b, title)
	b = append(b, `,"error_data":{"details":`...)
	b = appendEscaped(b, details)
	b = append(b, `},"href":`...)
	b = appendEscaped(b, "/documentation/business-messaging/whatsapp/support/error-codes")
	return append(b, `}]`...)
}

// appendEscaped appends s as a JSON string in the form in which Meta signs it:
// slashes escaped, and all that is not ASCII as \u with lower-case digits.
func appendEscaped(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			i++
			switch {
			case c == '"' || c == '\\' || c == '/':
				b = append(b, '\\', c)
			case c < ' ' || c == 0x7f:
				b = appendUnit(b, uint16(c))
			default:
				b = append(b, c)
			}
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		b = appendRune(b, r)
	}
	return append(b, '"')
}

// appendRune appends a character that is not ASCII as one escape or two.
func appendRune(b []byte, r rune) []byte {
	if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
		return appendUnit(appendUnit(b, uint16(high)), uint16(low))
	}
	return appendUnit(b, uint16(r))
}

// appendUnit appends one UTF-16 unit as an escape.
func appendUnit(b []byte, unit uint16) []byte {
	b = append(b, `\u`...)
	return hex.AppendEncode(b, []byte{byte(unit >> 8), byte(unit)})
}
