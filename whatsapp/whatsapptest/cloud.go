package whatsapptest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf16"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/codes"
)

// CloudWire talks as the Cloud API and its relays do. A relay that differs
// embeds it and has methods of its own for what does.
type CloudWire struct {
	// Number is the phone_number_id of webhooks, Display the number as people
	// write it.
	Number, Display string
	// Flat has webhooks without the envelope: lists at the top.
	Flat bool
}

var _ ExaminedWire = CloudWire{}

// object is one of JSON.
type object = map[string]any

// Read reads a message (Meta, send-messages page).
func (CloudWire) Read(r *http.Request, body []byte) (whatsapp.Message, error) {
	var told struct {
		Policy    campaign.ProductPolicy `json:"product_policy"`
		Sharing   *bool                  `json:"message_activity_sharing"`
		Product   string                 `json:"messaging_product"`
		To        string                 `json:"to"`
		Recipient string                 `json:"recipient"`
		Type      string                 `json:"type"`
		Reference string                 `json:"biz_opaque_callback_data"`
		Template  struct {
			Name       string            `json:"name"`
			Language   map[string]string `json:"language"`
			Components json.RawMessage   `json:"components"`
		} `json:"template"`
	}
	if err := json.Unmarshal(body, &told); err != nil {
		return whatsapp.Message{}, err
	}
	switch kind := r.Header.Get("Content-Type"); {
	case r.Method != http.MethodPost || !strings.HasPrefix(kind, "application/json"):
		return whatsapp.Message{}, fmt.Errorf("%s of %s", r.Method, kind)
	case told.Product != "whatsapp":
		return whatsapp.Message{}, errors.New("no message of WhatsApp")
	case (told.To == "") == (told.Recipient == ""):
		return whatsapp.Message{}, fmt.Errorf("to is %q and recipient %q, and one has to be there", told.To, told.Recipient)
	case told.Type != "template":
		free, err := ReadFree(body)
		return whatsapp.Message{To: told.To, UserID: told.Recipient, Reference: told.Reference, Free: free}, err
	}
	m := whatsapp.Message{To: told.To, UserID: told.Recipient, Reference: told.Reference, Template: campaign.Template{
		Name: told.Template.Name, Language: told.Template.Language["code"], Components: told.Template.Components,
	}}
	if strings.HasSuffix(r.URL.Path, "/marketing_messages") {
		m.Template.MarketingMessages = &campaign.MarketingMessages{ProductPolicy: told.Policy, ActivitySharing: told.Sharing}
	} else if told.Policy != "" || told.Sharing != nil {
		return whatsapp.Message{}, fmt.Errorf("%s does not take marketing messages", r.URL.Path)
	}
	return m, nil
}

// Accept names the message and, if known, the recipient.
func (CloudWire) Accept(a whatsapp.Accepted) Answer {
	body := object{"messaging_product": "whatsapp", "messages": []any{object{"id": a.ID, "message_status": "accepted"}}}
	if phone := a.Recipient.Phone; phone != "" {
		body["contacts"] = []any{object{"input": "+" + phone, "wa_id": phone}}
	} else if id := a.Recipient.UserID; id != "" {
		body["contacts"] = []any{object{"input": id, "user_id": id}}
	}
	return Answer{Status: http.StatusOK, Header: jsonHeader(), Body: string(encode(body))}
}

func jsonHeader() http.Header { return http.Header{"Content-Type": {"application/json"}} }

// Refuse answers with an error of the API's own (Meta, error codes page), and
// status 400 where the fault has none.
func (CloudWire) Refuse(f codes.Fault) Answer {
	failure := object{"code": f.Code, "message": f.Message, "type": "OAuthException", "fbtrace_id": "AbC"}
	if f.Subcode != 0 {
		failure["error_subcode"] = f.Subcode
	}
	if f.Transient {
		failure["is_transient"] = true
	}
	return Answer{Status: cmp.Or(f.Status, http.StatusBadRequest), Header: jsonHeader(), Body: string(encode(object{"error": failure}))}
}

// Webhook tells everything in one body, with Meta's escapes (Meta, webhooks
// reference, messages).
func (w CloudWire) Webhook(e whatsapp.Events) [][]byte {
	value := object{}
	if len(e.Receipts) > 0 {
		statuses := make([]any, len(e.Receipts))
		for i, r := range e.Receipts {
			statuses[i] = cloudStatus(r)
		}
		value["statuses"] = statuses
	}
	if len(e.Inbound) > 0 {
		messages := make([]any, len(e.Inbound))
		for i, m := range e.Inbound {
			messages[i] = cloudMessage(m)
		}
		value["messages"] = messages
	}
	return [][]byte{escape(encode(w.envelope(value)))}
}

// envelope is a value as it stands in a webhook.
func (w CloudWire) envelope(value object) object {
	if w.Flat {
		return value
	}
	value["messaging_product"] = "whatsapp"
	value["metadata"] = object{"phone_number_id": w.Number, "display_phone_number": w.Display}
	return object{"object": "whatsapp_business_account", "entry": []any{object{
		"id": "3300000000000007", "changes": []any{object{"field": "messages", "value": value}},
	}}}
}

func cloudStatus(r whatsapp.Receipt) object {
	s := object{"id": r.ID, "status": r.Status.String(), "timestamp": strconv.FormatInt(r.At.Unix(), 10)}
	maps.Copy(s, told(object{
		"biz_opaque_callback_data": r.Reference, "recipient_id": r.Recipient.Phone,
		"recipient_user_id": r.Recipient.UserID, "recipient_parent_user_id": r.Recipient.ParentID,
	}))
	if r.Err != nil {
		s["errors"] = []any{object{"code": r.Err.Code, "title": r.Err.Message, "message": r.Err.Message}}
	}
	return s
}

func cloudMessage(m whatsapp.Inbound) object {
	said := object{"id": m.ID, "timestamp": strconv.FormatInt(m.At.Unix(), 10), "type": m.Type}
	maps.Copy(said, told(object{"from": m.From.Phone, "from_user_id": m.From.UserID, "from_parent_user_id": m.From.ParentID}))
	if m.ReplyTo != "" {
		said["context"] = object{"id": m.ReplyTo}
	}
	said["text"] = object{"body": m.Text}
	if m.Type == "button" {
		said["button"] = object{"text": m.Text, "payload": m.Payload}
		delete(said, "text")
	}
	return said
}

// told are the fields that hold something.
func told(fields object) object {
	maps.DeleteFunc(fields, func(_ string, value any) bool { return value == "" })
	return fields
}

// escape writes a JSON document as Meta does, which signs what it writes: without
// a character beyond ASCII, and with slashes escaped.
func escape(document []byte) []byte {
	var b strings.Builder
	for _, c := range string(document) {
		switch {
		case c == '/':
			b.WriteString(`\/`)
		case c < 0x80:
			b.WriteRune(c)
		case c < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			high, low := utf16.EncodeRune(c)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		}
	}
	return []byte(b.String())
}

// Silent has unknown statuses, other fields and lists that are none.
func (w CloudWire) Silent() []string {
	var bodies []string
	for _, value := range []object{
		{}, {"statuses": nil, "messages": nil}, {"statuses": object{}, "messages": "none"}, {"statuses": []any{nil, 3, object{}}},
		{"statuses": []any{object{"id": "id-1", "status": "played"}, object{"id": "id-1", "status": "warning"}, object{"id": "id-1"}}},
		{"statuses": []any{object{"status": "sent"}}},
		{"contacts": []any{object{"wa_id": phone}}},
	} {
		bodies = append(bodies, string(encode(w.envelope(value))))
	}
	if w.Flat {
		return bodies
	}
	return append(bodies,
		`{"entry":null}`, `{"entry":{}}`, `{"entry":[null,3]}`, `{"entry":[{"changes":"x"}]}`,
		`{"entry":[{"changes":[{"field":"messages","value":[]}]}]}`,
		`{"entry":[{"changes":[{"field":"calls","value":{"statuses":[{"id":"wacid.1","status":"failed"}]}}]}]}`,
	)
}

var _ NumberedWire = CloudWire{}

// AsksState wants a GET of a number with its fields (Meta, phone number reference).
func (w CloudWire) AsksState(r *http.Request) error {
	switch fields := r.URL.Query().Get("fields"); {
	case r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, "/"+w.Number) || r.Header.Get("Authorization") == "":
		return fmt.Errorf("%s %s asks for no number, or does not say who asks", r.Method, r.URL)
	case !strings.Contains(fields, "quality_rating") || !strings.Contains(fields, "throughput") || !strings.Contains(fields, "health_status"):
		return fmt.Errorf("asks for the fields %q", fields)
	}
	return nil
}

// TellState tells all of it.
func (w CloudWire) TellState(s whatsapp.NumberState) (Answer, whatsapp.NumberState) {
	body := object{"id": w.Number, "quality_rating": strings.ToUpper(s.Quality), "status": strings.ToUpper(s.Status)}
	maps.Copy(body, told(object{"name_status": strings.ToUpper(s.NameStatus), "whatsapp_business_manager_messaging_limit": strings.ToUpper(s.Tier)}))
	if s.Throughput != "" {
		body["throughput"] = object{"level": strings.ToUpper(s.Throughput)}
	}
	maps.Copy(body, HealthStatus(s))
	return Answer{Status: http.StatusOK, Header: jsonHeader(), Body: string(encode(body))}, s
}

// HealthStatus is whether a number can send (Meta, health status page).
func HealthStatus(s whatsapp.NumberState) map[string]any {
	word := strings.ToUpper(s.Health)
	return object{"health_status": object{"can_send_message": word, "entities": []any{
		object{"entity_type": "PHONE_NUMBER", "id": "1", "can_send_message": word}, object{"entity_type": "WABA", "id": "2", "can_send_message": "AVAILABLE"},
	}}}
}
