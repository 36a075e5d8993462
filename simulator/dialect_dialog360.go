package simulator

import (
	"cmp"
	"encoding/json"
	"net/http"
)

// dialog360Dialect is 360dialog before the Cloud API: the same bodies and
// webhooks, to the number that the API key stands for. What 360dialog refuses
// itself comes in a form of its own.
type dialog360Dialect struct{}

var (
	_ Dialect = dialog360Dialect{}
	_ broader = dialog360Dialect{}
)

func (dialog360Dialect) Name() string { return "360dialog-cloud" }

func (dialog360Dialect) About() string {
	return "360dialog's Cloud API: an API key, refusals of its own (one half of throttle and unavailable), a word in a header of the webhooks"
}

func (dialog360Dialect) alone() bool { return false }

func (dialog360Dialect) lacks() []string { return nil }

func (dialog360Dialect) settings(o Options, base string) map[string]string {
	return map[string]string{"base_url": base, "api_key": o.AccessToken, "webhook_secret": o.AppSecret}
}

func (dialog360Dialect) routes() []string { return []string{"POST /messages"} }

func (dialog360Dialect) more() map[string]extra {
	return map[string]extra{
		"GET /v1/configs/webhook": registeredWebhook, "GET /v1/configs/templates": list360, "POST /media": storeFile(dialog360Dialect{}),
		"GET /health_status": dialog360Health,
	}
}

// registeredWebhook tells the webhook of a number, with the headers that it was
// registered with (360dialog, receiving messages via webhook).
func registeredWebhook(s *Simulator, r *http.Request) answer {
	if wrongKey(r, s.options) {
		return s.options.Dialect.refuse(refusal{reason: badToken})
	}
	headers := http.Header{}
	s.options.Dialect.sign(headers, s.options, nil)
	told := object{}
	for name := range headers {
		told[name] = headers.Get(name)
	}
	return answer{status: http.StatusOK, kind: typeJSON, body: jsonOf(object{"url": s.outbox.webhook(), "headers": told})}
}

func (dialog360Dialect) decode(r *http.Request, o Options) (request, *refusal) {
	key := r.Header.Get("D360-API-KEY")
	if o.AccessToken != "" && key != o.AccessToken {
		return request{}, &refusal{reason: badToken}
	}
	return decodeCloud(r, cmp.Or(o.PhoneNumberID, madeUpID(key)))
}

func (dialog360Dialect) accept(m request, id string, d decision) answer { return acceptCloud(m, id, d) }

// refuse leaves to Meta what Meta refuses. Of what both may refuse, each refuses
// one half.
func (dialog360Dialect) refuse(no refusal) answer {
	switch {
	case no.reason == badToken:
		return dialog360Refusal(http.StatusUnauthorized, "Invalid api key")
	case no.reason == noSuchPath:
		return dialog360Refusal(http.StatusForbidden, "Path is blocked")
	case no.reason == overRate && !no.coin:
		return dialog360Refusal(http.StatusBadRequest, "You have exceeded the limit of 1 request every 1 seconds")
	case no.reason == outOfService && !no.coin:
		return dialog360Refusal(http.StatusBadGateway, "WhatsApp API is not available")
	}
	return refuseCloud(no)
}

// dialog360Refusal is a refusal of 360dialog's own (360dialog, API error message
// list).
func dialog360Refusal(status int, message string) answer {
	type meta struct {
		Success bool   `json:"success"`
		Code    int    `json:"http_code"`
		Message string `json:"developer_message"`
	}
	text, err := json.Marshal(map[string]meta{"meta": {Code: status, Message: message}})
	if err != nil {
		panic(err) // strings and numbers always marshal
	}
	return answer{status: status, kind: typeJSON, body: text, code: status}
}

func (dialog360Dialect) failure(fate fault) int { return cloudFailure(fate) }

func (dialog360Dialect) webhook(account string, list []telling) []byte {
	return cloudWebhook(account, list)
}

// sign tells the secret word: there is no signature that a receiver could trust.
func (dialog360Dialect) sign(h http.Header, o Options, _ []byte) {
	if o.AppSecret != "" {
		h.Set("X-Webhook-Secret", o.AppSecret)
	}
}
