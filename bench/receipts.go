package main

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
)

// appSecret is what webhooks are signed with.
const appSecret = "the-app-secret"

// phoneNumberID is the sending number's identifier.
const phoneNumberID = "106540352242922"

// receipt is one word of the provider about a message.
type receipt struct {
	id        int // the message's number
	reference string
	to        string
	at        time.Duration // when the message came
	status    string
}

// receiptsBody is a webhook's body with these statuses, which name people as Meta does
// since April 2026, by number and user ID (Meta, webhooks reference, messages, and
// business-scoped user IDs).
func receiptsBody(receipts []receipt, now time.Time) []byte {
	b := make([]byte, 0, 300+400*len(receipts))
	b = append(b, `{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"field":"messages","value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550783881","phone_number_id":"`...)
	b = append(b, phoneNumberID...)
	b = append(b, `"},"contacts":[`...)
	for i, r := range receipts {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"profile":{"name":"Somebody"},"wa_id":"`...)
		b = append(b, r.to...)
		b = append(b, `","user_id":"`...)
		b = appendUserID(b, r.to)
		b = append(b, `"}`...)
	}
	b = append(b, `],"statuses":[`...)
	for i, r := range receipts {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"id":"`...)
		b = append(b, messageID(r.id)...)
		b = append(b, `","status":"`...)
		b = append(b, r.status...)
		b = append(b, `","timestamp":"`...)
		b = strconv.AppendInt(b, now.Unix(), 10)
		b = append(b, `","recipient_id":"`...)
		b = append(b, r.to...)
		b = append(b, `","recipient_user_id":"`...)
		b = appendUserID(b, r.to)
		b = append(b, `","biz_opaque_callback_data":"`...)
		b = append(b, r.reference...)
		b = append(b, `","pricing":{"billable":true,"pricing_model":"PMP","category":"utility","type":"regular"}}`...)
	}
	return append(b, `]}}]}]}`...)
}

// appendUserID appends the user ID of whoever has a number.
func appendUserID(b []byte, number string) []byte {
	return append(append(b, "DE."...), number...)
}

// webhook posts receipts to one address.
type webhook struct {
	url    string
	client *http.Client
}

// newWebhook keeps so many connections open.
func newWebhook(url string, connections int) *webhook {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost, transport.MaxIdleConns = connections, connections
	return &webhook{url: url, client: &http.Client{Transport: transport, Timeout: time.Minute}}
}

// post posts the receipts in one signed request. Any answer but 200 is an
// error (Meta, webhooks overview).
func (h *webhook) post(ctx context.Context, receipts []receipt) error {
	body := receiptsBody(receipts, time.Now())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	mac := hmac.New(sha256.New, []byte(appSecret))
	mac.Write(body)
	r.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	r.Header.Set("Content-Type", "application/json")
	answer, err := h.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the webhook answers %s", answer.Status)
	}
	return nil
}
