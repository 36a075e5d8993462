package dialog360

import (
	"cmp"
	"context"
	"crypto/subtle"
	"net/http"
	"strings"

	"carillon/whatsapp"
	"carillon/whatsapp/cloud"
	"carillon/whatsapp/wire"
)

// examiner asks 360dialog about a channel before the Cloud API.
type examiner struct {
	hook   hook
	sender *cloud.Sender
}

// Examine asks which webhook is registered for the number, which tells whether the
// key is accepted as well.
func (x examiner) Examine(ctx context.Context, webhooks string) (e whatsapp.Examination) {
	var told registered
	refusal := x.sender.Ask(ctx, cloud.Question{Path: "../v1/configs/webhook"}, &told, &e.Clock)
	x.hook.judge(&e, told, refusal, webhooks)
	return e
}

// registered is the webhook of a number, with the headers that go with it
// (360dialog, receiving messages via webhook).
type registered struct {
	URL     wire.Text            `json:"url"`
	Headers map[string]wire.Text `json:"headers"`
}

// header is a header that goes with webhooks.
func (r registered) header(name string) (value string) {
	for given, text := range r.Headers {
		if http.CanonicalHeaderKey(given) == http.CanonicalHeaderKey(name) {
			value = string(text)
		}
	}
	return value
}

// judge says what the answer to the question for the webhook tells.
func (h hook) judge(e *whatsapp.Examination, told registered, refusal *whatsapp.Error, webhooks string) {
	const register = "register the webhook with this header in the 360dialog hub, or by POST /v1/configs/webhook"
	switch {
	case refusal == nil:
	case refusal.Class == whatsapp.BadRequest || refusal.HTTPStatus == http.StatusNotFound:
		e.Doubt("token", "which webhook is registered is not told: "+cmp.Or(whatsapp.Excerpt(refusal.Message), refusal.Reason), "check base_url")
		return
	default:
		e.Refused("token", refusal)
		return
	}
	e.Add("token", "is accepted")
	given := told.header(h.header)
	switch {
	case told.URL == "":
		e.Fault("webhook address", "no webhook is registered, so no receipts come", register)
		return
	case webhooks != "" && !strings.HasPrefix(string(told.URL), webhooks):
		e.Doubt("webhook address", "webhooks go to "+string(told.URL)+" and not below "+webhooks, "register the address, or correct http.public_url")
	default:
		e.Add("webhook address", "webhooks go to "+string(told.URL))
	}
	switch {
	case given == "":
		e.Doubt("webhook_secret", "the header "+h.header+" is not told to be registered with the webhook", register)
	case subtle.ConstantTimeCompare([]byte(given), []byte(h.secret)) != 1:
		e.Fault("webhook_secret", "another one is registered in the header "+h.header+", so all webhooks are refused", register)
	default:
		e.Add("webhook_secret", "is registered in the header "+h.header)
	}
}

// Probes are an empty webhook with the header and one without.
func (h hook) Probes() []whatsapp.Probe {
	const key = "webhook_secret"
	proven := cloud.PostProbe(whatsapp.Proven, key, cloud.EmptyWebhook)
	proven.Request.Header.Set(h.header, string(h.secret))
	return []whatsapp.Probe{proven, cloud.PostProbe(whatsapp.Unproven, key, cloud.EmptyWebhook)}
}
