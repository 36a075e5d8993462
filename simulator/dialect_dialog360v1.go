package simulator

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"carillon/campaign"
)

// dialog360V1Dialect is 360dialog before WhatsApp's on-premises client: bodies with
// a namespace to a wa_id, a contacts check, errors in a list, flat webhooks.
// References are neither taken nor echoed.
type dialog360V1Dialect struct{ dialog360Dialect }

var (
	_ Dialect = dialog360V1Dialect{}
	_ broader = dialog360V1Dialect{}
)

func (dialog360V1Dialect) Name() string { return "360dialog" }

func (dialog360V1Dialect) About() string {
	return "360dialog's v1 API: an API key, a contacts check, codes of the on-premises client, flat webhooks, references not echoed; " +
		"no preference, " + noNews
}

func (dialog360V1Dialect) lacks() []string {
	return append([]string{preference}, platformNews...)
}

func (d dialog360V1Dialect) settings(o Options, base string) map[string]string {
	settings := d.dialog360Dialect.settings(o, base+"/v1")
	settings["namespace"] = "c8ae5f90_307a_ca4c_b8f6_d1e2a2573574"
	return settings
}

func (dialog360V1Dialect) routes() []string { return []string{"POST /v1/messages"} }

func (dialog360V1Dialect) more() map[string]extra {
	return map[string]extra{
		"POST /v1/contacts": checkContacts, "PUT /v1/messages/{id}": markRead, "POST /v1/media": storeFile(dialog360V1Dialect{}),
		"GET /v1/configs/templates": list360,
		"GET /v1/configs/webhook":   registeredWebhook,
		"GET /v1/health":            clientHealth,
	}
}

// wrongKey reports whether a request is not from whom it must be.
func wrongKey(r *http.Request, o Options) bool {
	return o.AccessToken != "" && r.Header.Get("D360-API-KEY") != o.AccessToken
}

// v1Message is all that the body of a message may have (360dialog, send message and
// send template message; Meta, on-premises API, messages page).
type v1Message struct {
	Context struct {
		ID string `json:"message_id"`
	} `json:"context"`
	PreviewURL  bool            `json:"preview_url"`
	Text        json.RawMessage `json:"text"`
	Image       json.RawMessage `json:"image"`
	Video       json.RawMessage `json:"video"`
	Audio       json.RawMessage `json:"audio"`
	Document    json.RawMessage `json:"document"`
	Sticker     json.RawMessage `json:"sticker"`
	Location    json.RawMessage `json:"location"`
	Contacts    json.RawMessage `json:"contacts"`
	Interactive json.RawMessage `json:"interactive"`
	Reaction    json.RawMessage `json:"reaction"`

	RecipientType string `json:"recipient_type"`
	To            string `json:"to"`
	Type          string `json:"type"`
	Template      struct {
		Namespace string `json:"namespace"`
		Language  struct {
			Policy string `json:"policy"`
			Code   string `json:"code"`
		} `json:"language"`
		Name       string          `json:"name"`
		Components json.RawMessage `json:"components"`
	} `json:"template"`
}

func (dialog360V1Dialect) decode(r *http.Request, o Options) (request, *refusal) {
	if wrongKey(r, o) {
		return request{}, &refusal{reason: badToken}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest))
	if err != nil {
		return request{}, malformed("The body ended too soon: " + err.Error())
	}
	m, no := readV1(body)
	m.number = cmp.Or(o.PhoneNumberID, madeUpID(r.Header.Get("D360-API-KEY")))
	return m, no
}

// readV1 decodes and checks a body. The refusal is nil or why it is not taken. A
// field that only the Cloud API has is refused.
func readV1(body []byte) (request, *refusal) {
	var m v1Message
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&m); err != nil {
		return request{}, malformed("The body is not a message in JSON: " + err.Error())
	}
	phone, no := m.check()
	if no != nil {
		return request{}, no
	}
	if m.Type != "template" {
		return request{to: m.To, phone: phone}.asFree(m.Type, m.content()), nil
	}
	return request{
		to: m.To, phone: phone, template: m.Template.Name, language: m.Template.Language.Code, components: m.Template.Components,
	}, nil
}

// check refuses what the on-premises client refuses, and returns the recipient in
// E.164.
func (m *v1Message) check() (phone string, no *refusal) {
	t := &m.Template
	switch {
	case m.RecipientType != "" && m.RecipientType != "individual":
		return "", malformed("The parameter recipient_type must be individual.")
	case m.To == "":
		return "", malformed("The parameter to is required.")
	case strings.Trim(m.To, "0123456789") != "":
		return "", malformed("The parameter to must be a wa_id, which has only digits.")
	}
	phone, ok := international("+" + m.To)
	switch {
	case !ok:
		return "", malformed("The parameter to is no wa_id.")
	case m.Type != "template":
		return phone, checkFree(m.Type, m.content(), "")
	case t.Name == "" || t.Namespace == "":
		return "", malformed("The parameters template['name'] and template['namespace'] are required.")
	case t.Language.Code == "" || t.Language.Policy != "deterministic":
		return "", malformed("The parameter template['language'] needs a code, and the policy deterministic.")
	}
	return phone, checkComponents(t.Components)
}

// content stands under the name of the message's type.
func (m *v1Message) content() json.RawMessage {
	return map[string]json.RawMessage{
		"text": m.Text, "image": m.Image, "video": m.Video, "audio": m.Audio, "document": m.Document, "sticker": m.Sticker,
		"location": m.Location, "contacts": m.Contacts, "interactive": m.Interactive, "reaction": m.Reaction,
	}[m.Type]
}

func (dialog360V1Dialect) accept(m request, id string, d decision) answer {
	return v1Answer(http.StatusOK, object{
		"contacts": []object{{"input": m.to, "wa_id": waID(m.phone, d.twin)}}, "messages": []object{{"id": id}},
	})
}

func v1Answer(status int, body object) answer {
	body["meta"] = object{"api_status": "stable", "version": "2.45.2"}
	return answer{status: status, kind: typeJSON, body: escaped(body)}
}

// refuse has errors in the client's own form, and those of 360dialog itself.
func (d dialog360V1Dialect) refuse(no refusal) answer {
	code, status, title := http.StatusBadRequest, http.StatusBadRequest, "Bad request"
	switch no.reason {
	case badToken, noSuchPath:
		return d.dialog360Dialect.refuse(no)
	case timedOut:
		return timeoutAnswer()
	case gatewayDown:
		return gatewayAnswer()
	case unsupported:
		code, title = 501, "Message type is not supported"
	case missingText:
		code, title = 1008, "Required parameter is missing"
	case forbiddenText:
		code, title = 2007, "Structure character policy violated"
	case invalidRecipient:
		code, title = 1013, "User is not valid"
	case noSuchMedia:
		code, title = 1006, "Resource not found"
	case slowTemplate:
		code, title = 2069, "Flow is throttled"
	case overRate:
		if !no.coin {
			return d.dialog360Dialect.refuse(no)
		}
		code, status, title = http.StatusTooManyRequests, http.StatusTooManyRequests, "Too many requests"
	case outOfService:
		if !no.coin {
			return d.dialog360Dialect.refuse(no)
		}
		code, status, title = 1016, http.StatusServiceUnavailable, "System overloaded"
	}
	a := v1Answer(status, object{"errors": []object{v1Error(code, title, no.details)}})
	a.code, a.retryAfter = code, no.wait
	return a
}

func v1Error(code int, title, details string) object {
	e := object{"code": code, "title": title, "href": "https://developers.facebook.com/docs/whatsapp/api/errors/"}
	if details != "" {
		e["details"] = details
	}
	return e
}

// failure is the code of a message that failed in the end. The client has no code
// for a person's marketing limit; its experiment holds marketing back too.
func (dialog360V1Dialect) failure(fate fault) int {
	switch fate {
	case undeliverable:
		return receiverIncapable
	case marketingCap:
		return 472
	case outsideWindow:
		return 470
	}
	return http.StatusRequestTimeout
}

// webhook is flat, whatever it tells. Newer clients tell the recipient within
// message alone, which one half of the receipts does.
func (dialog360V1Dialect) webhook(_ string, list []telling) []byte {
	body := flatBody(list)
	statuses, _ := body["statuses"].([]object)
	for _, status := range statuses {
		id, _ := status["id"].(string)
		if mix(hash(hashStart, id))&1 == 1 {
			delete(status, "recipient_id")
		}
		if within, found := status["message"].(object); found {
			digits, _ := within["recipient_id"].(string)
			within["recipient_id"] = strings.TrimPrefix(digits, "+")
			delete(status, "recipient_user_id")
		}
		if status["status"] == campaign.Delivered.String() {
			status["conversation"] = object{"id": "c1", "origin": object{"type": "business_initiated"}}
			status["pricing"] = object{"billable": true, "pricing_model": "CBP", "category": "business_initiated"}
		}
	}
	return escaped(body)
}

// checkContacts answers the contacts check. Of the people who are never valid it
// finds one half; of the others the message tells it.
func checkContacts(s *Simulator, r *http.Request) answer {
	if wrongKey(r, s.options) {
		return s.options.Dialect.refuse(refusal{reason: badToken})
	}
	var asked struct {
		Blocking string   `json:"blocking"`
		Contacts []string `json:"contacts"`
		Force    bool     `json:"force_check"`
	}
	decoder := json.NewDecoder(io.LimitReader(r.Body, maxRequest))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&asked); err != nil || asked.Blocking != "wait" || len(asked.Contacts) == 0 {
		return s.options.Dialect.refuse(refusal{reason: missingText, details: "blocking must be wait, and contacts a list of numbers"})
	}
	contacts := make([]object, len(asked.Contacts))
	for i, number := range asked.Contacts {
		contacts[i] = object{"input": number, "status": "invalid"}
		if phone, ok := international(number); ok && !s.found(phone) {
			contacts[i] = object{"input": number, "status": "valid", "wa_id": phone[1:]}
		}
	}
	return v1Answer(http.StatusOK, object{"contacts": contacts})
}

// found reports whether a contacts check finds that nobody can be written to at
// this number.
func (s *Simulator) found(phone string) bool {
	d := s.faults.Load().decide(dice(s.options.Seed, hash(hashStart, phone)), dice(s.options.Seed, 0))
	if s.options.Suffixes {
		if by, found := decideBySuffix(Suffixes(), phone, 1); found {
			d = by
		}
	}
	return d.refusal == invalid && !d.coin
}

// markRead takes the word that a person's message was read (360dialog, mark
// messages as read).
func markRead(s *Simulator, r *http.Request) answer {
	var asked struct {
		Status string `json:"status"`
	}
	switch err := json.NewDecoder(io.LimitReader(r.Body, maxRequest)).Decode(&asked); {
	case wrongKey(r, s.options):
		return s.options.Dialect.refuse(refusal{reason: badToken})
	case err != nil || asked.Status != "read":
		return s.options.Dialect.refuse(refusal{reason: badRequest, details: "status must be read"})
	}
	s.book.read()
	return answer{status: http.StatusOK, kind: typeJSON, body: []byte("{}")}
}
