package simulator

import (
	"cmp"
	"encoding/json"
	"net/http"
	"path"
	"strings"
	"time"

	"carillon/campaign"
)

// gatewayDialect is a gateway with the WhatsApp Business API v2. It is asked what
// became of a message, has codes of its own and echoes no references. Webhooks
// have the Cloud API's form; nothing in the documentation tells of templates,
// accounts and preferences.
type gatewayDialect struct{}

var _ asked = gatewayDialect{}

func (gatewayDialect) Name() string { return "gateway" }

func (gatewayDialect) About() string {
	return "WhatsApp Business API v2: asked for statuses, webhooks only with --webhook, codes of its own, references not echoed; no preference, " + noNews
}

func (gatewayDialect) alone() bool { return false }

func (gatewayDialect) lacks() []string { return append([]string{preference}, platformNews...) }

// settings have nothing of webhooks unless they are posted, so that asking is
// proven.
func (gatewayDialect) settings(o Options, base string) map[string]string {
	settings := map[string]string{"base_url": base, "access_token": o.AccessToken}
	if o.AlsoPosts {
		settings["app_secret"], settings["verify_token"] = o.AppSecret, "any-word"
	}
	return settings
}

func (gatewayDialect) routes() []string {
	return []string{
		"POST /messages", "POST /send-message", "POST /send-media", "POST /v2/messages", "POST /v2/send-message", "POST /v2/send-media",
	}
}

func (gatewayDialect) asks() []string {
	return []string{"GET /message-status", "GET /v2/message-status"}
}

// sender is the number that a token stands for.
func (gatewayDialect) sender(r *http.Request, o Options) (number string, no *refusal) {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if o.AccessToken != "" && r.Header.Get("Authorization") != "Bearer "+o.AccessToken {
		return "", &refusal{reason: badToken}
	}
	return cmp.Or(o.PhoneNumberID, madeUpID(token)), nil
}

func (d gatewayDialect) decode(r *http.Request, o Options) (request, *refusal) {
	number, no := d.sender(r, o)
	if no != nil {
		return request{}, no
	}
	switch path.Base(r.URL.Path) {
	case "send-message":
		return decodeBody(r, number, readGatewayText)
	case "send-media":
		return decodeBody(r, number, readGatewayFile)
	}
	return decodeBody(r, number, readGateway)
}

// readGatewayText reads a text (v2, send-message).
func readGatewayText(body []byte) (request, *refusal) {
	var told struct {
		To      string `json:"phone_number"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(body, &told); err != nil {
		return request{}, malformed("The body is not a message in JSON: " + err.Error())
	}
	return gatewayFree(told.To, "text", object{"body": told.Message})
}

// readGatewayFile reads a file (v2, send-media).
func readGatewayFile(body []byte) (request, *refusal) {
	var told struct {
		To      string `json:"phone_number"`
		Kind    string `json:"media_type"`
		Link    string `json:"media_url"`
		Caption string `json:"caption"`
	}
	if err := json.Unmarshal(body, &told); err != nil {
		return request{}, malformed("The body is not a message in JSON: " + err.Error())
	}
	switch told.Kind {
	case "image", "video", "document", "audio", "sticker":
		return gatewayFree(told.To, told.Kind, object{"link": told.Link, "caption": told.Caption})
	}
	return request{}, &refusal{reason: unsupported, details: "There is no media of the type " + told.Kind + "."}
}

// gatewayFree is a message that is no template, to a number with its plus sign.
func gatewayFree(to, kind string, told object) (request, *refusal) {
	phone, ok := international(to)
	if !ok {
		return request{}, &refusal{reason: invalidRecipient, details: "Phone number must include country code"}
	}
	content := jsonOf(told)
	if no := checkFree(kind, content, ""); no != nil {
		return request{}, no
	}
	return request{to: to, phone: phone}.asFree(kind, content), nil
}

// readGateway reads a template: the Cloud API's body without its envelope, to a
// number in digits.
func readGateway(body []byte) (request, *refusal) {
	var m cloudMessage
	if err := json.Unmarshal(body, &m); err != nil {
		return request{}, malformed("The body is not a message in JSON: " + err.Error())
	}
	m.Product = "whatsapp"
	to := m.To
	if to != "" && to[0] != '+' {
		m.To = "+" + to
	}
	phone, no := m.check()
	return m.request(to, phone), no
}

func (d gatewayDialect) question(r *http.Request, o Options) (id string, no *refusal) {
	if _, no := d.sender(r, o); no != nil {
		return "", no
	}
	if id = r.URL.Query().Get("message_id"); id == "" {
		return "", malformed("The parameter message_id is required.")
	}
	return id, nil
}

// v2Answer is all that answers hold.
type v2Answer struct {
	Status    string   `json:"status"`
	ID        string   `json:"message_id,omitempty"`
	Timestamp string   `json:"timestamp,omitempty"`
	Recipient string   `json:"recipient,omitempty"`
	Code      int      `json:"code,omitempty"`
	Message   string   `json:"message,omitempty"`
	Details   string   `json:"details,omitempty"`
	Error     *v2Error `json:"error,omitempty"`
}

// v2Error is why a message failed. Its form is ours: the documentation shows none.
type v2Error struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (v v2Answer) answer(status int) answer {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and numbers always marshal
	}
	return answer{status: status, kind: typeJSON, body: text, code: v.Code}
}

// accept answers to one half of the messages as the Cloud API does, to held ones
// always: which answer comes is not documented. The own one does not tell when; the
// book keeps that.
func (gatewayDialect) accept(m request, id string, d decision) answer {
	if d.coin || d.answer == held {
		return acceptCloud(m, id, d)
	}
	return v2Answer{Status: "success", ID: id, Recipient: "+" + waID(m.phone, d.twin)}.answer(http.StatusOK)
}

// tell has a word of its own for a message of which nothing has become yet: the
// documentation lists four, of which none fits.
func (gatewayDialect) tell(t telling) answer {
	v := v2Answer{Status: t.status.String(), ID: t.id, Timestamp: t.at.UTC().Format(time.RFC3339)}
	if !t.hidden {
		v.Recipient = "+" + waID(t.phone, t.twin)
	}
	if t.status == campaign.Failed {
		v.Error = &v2Error{t.code, v2FailureWords(t.code)}
	}
	return v.answer(http.StatusOK)
}

// refuse words a refusal (v2, error response and common errors; for what has no
// code there, HTTP's number is the code, as the response shows).
func (gatewayDialect) refuse(no refusal) answer {
	bad := func(message string) v2Answer { return v2Answer{Code: http.StatusBadRequest, Message: message} }
	var v v2Answer
	status := http.StatusBadRequest
	switch no.reason {
	case timedOut:
		return timeoutAnswer()
	case gatewayDown:
		return gatewayAnswer()
	case badToken:
		status, v = http.StatusUnauthorized, v2Answer{Code: 131030, Message: "Invalid or expired access token"}
	case noSuchPath:
		status, v = http.StatusNotFound, v2Answer{Code: http.StatusNotFound, Message: "Not found"}
	case unsupported:
		v = bad("Unsupported message type")
	case missingText:
		v = bad("A parameter is missing")
	case forbiddenText:
		v = bad("A parameter has characters that are not allowed")
	case invalidRecipient:
		v = v2Answer{Code: 132000, Message: "Incorrect phone number format"}
	case overRate: // one half of each: the documentation has no status
		v = v2Answer{Code: 133000, Message: "Rate limit exceeded"}
		if no.coin {
			status = http.StatusTooManyRequests
		}
	case noSuchMedia:
		status, v = http.StatusBadRequest, v2Answer{Code: http.StatusBadRequest, Message: "The file is not there"}
	case slowTemplate:
		status, v = http.StatusTooManyRequests, v2Answer{Code: http.StatusTooManyRequests, Message: "Too many messages of this template"}
	case outOfService:
		status, v = http.StatusServiceUnavailable, v2Answer{Code: http.StatusServiceUnavailable, Message: "Service unavailable"}
	default:
		v = bad("Invalid request")
	}
	v.Status, v.Details = "error", no.details
	a := v.answer(status)
	a.retryAfter = no.wait
	return a
}

// failure is the code of a message that failed. The documentation has none but that
// of the number for what is not HTTP's.
func (gatewayDialect) failure(fate fault) int {
	switch fate {
	case undeliverable:
		return 132000
	case marketingCap:
		return http.StatusUnavailableForLegalReasons
	case outsideWindow:
		return http.StatusUnprocessableEntity
	}
	return http.StatusRequestTimeout
}

func v2FailureWords(code int) string {
	switch code {
	case 132000:
		return "Incorrect phone number format"
	case http.StatusUnprocessableEntity:
		return "The person has not written within the last 24 hours"
	case http.StatusUnavailableForLegalReasons:
		return "The person gets no more marketing messages now"
	}
	return "Request timed out"
}

func (gatewayDialect) sign(h http.Header, o Options, body []byte) { signCloud(h, o, body) }

func (gatewayDialect) webhook(account string, list []telling) []byte {
	for i := range list {
		list[i].reference = ""
	}
	return cloudWebhook(account, list)
}
