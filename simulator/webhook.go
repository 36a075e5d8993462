package simulator

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"carillon/campaign"
)

// displayNumber is how the sending number is shown, whatever its id.
const displayNumber = "15550001234"

// postTimeout is how long a webhook may take to answer.
const postTimeout = 10 * time.Second

// delivery is one POST of items. Its bytes stay the same when it is posted
// again.
type delivery struct {
	items []item
	body  []byte
	// posts counts how often it was posted.
	posts int
}

// post posts d once. It reports whether d is done with: answered with 200, or
// nobody to post it to.
func (o *outbox) post(ctx context.Context, d *delivery) (done bool) {
	url := o.webhook()
	if url == "" {
		return true
	}
	if d.body == nil {
		d.body = o.body(d.items)
	}
	d.posts++
	begun := o.book.now()
	o.book.mark(d.items, posted, begun)
	err := o.request(ctx, url, d.body)
	if err == nil {
		o.book.mark(d.items, answered, begun)
		return true
	}
	if ctx.Err() == nil {
		o.log.Warn("webhook not taken, will be posted again", "items", len(d.items), "posts", d.posts, "error", err)
	}
	return false
}

// request does the POST. Any answer but 200 is an error (Meta, webhooks
// overview).
func (o *outbox) request(ctx context.Context, url string, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "facebookexternalua")
	if o.options.AppSecret != "" {
		r.Header.Set("X-Hub-Signature-256", Sign(o.options.AppSecret, body))
	}
	answer, err := o.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<20)); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("answered with %s instead of 200", answer.Status)
	}
	return nil
}

// Sign is the value of X-Hub-Signature-256 for a webhook's body: the
// HMAC-SHA256 under the app's secret.
func Sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// body writes the webhook's body: one change for each run of receipts of the
// same number (Meta, status webhook reference), and one for each saying.
func (o *outbox) body(items []item) []byte {
	about := o.book.receivers(items)
	b := make([]byte, 0, 300+600*len(items))
	account := o.options.WABAID
	if said := items[0].said; said != nil && said.account != "" { // posted alone
		account = said.account
	}
	b = append(b, `{"object":"whatsapp_business_account","entry":[{"id":`...)
	b = appendEscaped(b, account)
	b = append(b, `,"changes":[`...)
	for from, to := 0, 0; from < len(items); from = to {
		if from > 0 {
			b = append(b, ',')
		}
		if said := items[from].said; said != nil {
			b, to = append(b, said.change...), from+1
			continue
		}
		for to = from; to < len(items) && items[to].said == nil && about[to].number == about[from].number; {
			to++
		}
		b = o.appendChange(b, items[from:to], about[from:to])
	}
	return append(b, `]}]}`...)
}

// appendChange appends receipts of one number.
func (o *outbox) appendChange(b []byte, items []item, about []receiver) []byte {
	b = append(b, `{"field":"messages","value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"`+displayNumber+`","phone_number_id":`...)
	b = appendEscaped(b, about[0].number)
	b = append(b, `},"contacts":[`...)
	contacts := len(b)
	for n, i := range items {
		if i.status == campaign.Failed { // told without a contact
			continue
		}
		if len(b) > contacts {
			b = append(b, ',')
		}
		b = append(b, `{"profile":{"name":`...)
		b = appendEscaped(b, profileName(about[n].phone))
		b = append(b, '}')
		if !about[n].hidden {
			b = append(b, `,"wa_id":"`...)
			b = append(b, waID(about[n].phone, about[n].twin)...)
			b = append(b, '"')
		}
		b = append(b, `,"user_id":"`...)
		b = append(b, userID(about[n].phone)...)
		b = append(b, `"}`...)
	}
	b = append(b, `],"statuses":[`...)
	for n, i := range items {
		if n > 0 {
			b = append(b, ',')
		}
		b = o.appendStatus(b, i, about[n])
	}
	return append(b, `]}}`...)
}

// appendStatus appends one receipt.
func (o *outbox) appendStatus(b []byte, i item, m receiver) []byte {
	b = append(b, `{"id":`...)
	b = appendEscaped(b, m.id)
	b = append(b, `,"status":"`...)
	b = append(b, i.status.String()...)
	b = append(b, `","timestamp":"`...)
	b = strconv.AppendInt(b, o.book.start.Add(i.happens).Unix(), 10)
	b = append(b, '"')
	if !m.hidden {
		b = append(b, `,"recipient_id":"`...)
		b = append(b, waID(m.phone, m.twin)...)
		b = append(b, '"')
	}
	if i.status != campaign.Failed { // which does not tell it of what was sent to a number
		b = append(b, `,"recipient_user_id":"`...)
		b = append(b, userID(m.phone)...)
		b = append(b, '"')
	}
	if m.reference != "" {
		b = append(b, `,"biz_opaque_callback_data":`...)
		b = appendEscaped(b, m.reference)
	}
	switch i.status {
	case campaign.Sent, campaign.Delivered:
		b = append(b, `,"pricing":{"billable":true,"pricing_model":"PMP","type":"regular","category":"utility"}`...)
	case campaign.Failed:
		b = appendFailure(b, i.code)
	}
	return append(b, '}')
}

// appendFailure appends why a message failed, in the words of Meta's error
// codes page where it has some.
func appendFailure(b []byte, code int) []byte {
	title, details := "Request timed out", "The request took too long and was given up."
	switch code {
	case 131026:
		title, details = "Message undeliverable", "Unable to deliver message; the number may not be on WhatsApp."
	case 131049:
		title, details = "Not delivered to maintain healthy ecosystem engagement",
			"The person has had as many marketing messages as they are likely to read."
	}
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

// profileName makes up a name; most need escapes, which is what signatures
// break on.
func profileName(phone string) string {
	names := [...]string{"Ana", "Zoë", "José / Café", "山田", "سارة", "Ola 🎉"}
	return names[hash(hashStart, phone)%uint64(len(names))]
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
