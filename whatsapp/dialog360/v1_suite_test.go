package dialog360

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/codes"
	"carillon/whatsapp/whatsapptest"
)

// TestV1Suite runs with the contacts check and without, over receipts of newer
// clients, which tell the recipient under message alone, and of older ones.
func TestV1Suite(t *testing.T) {
	t.Run("checked", func(t *testing.T) { v1Suite(true, v1Wire{newer: true}).Run(t) })
	t.Run("unchecked", func(t *testing.T) { v1Suite(false, v1Wire{}).Run(t) })
}

func v1Suite(check bool, wire v1Wire) whatsapptest.Suite {
	wire.CloudWire = whatsapptest.CloudWire{Flat: true}
	return whatsapptest.Suite{
		Spec: V1Spec(), Book: V1Book(), More: []codes.Meaning{unchecked()},
		Settings: func(base string) whatsapp.Settings {
			s := v1Settings(base + "/v1")
			s.ContactsCheck = check
			return s
		},
		Wrong: map[string][]string{
			"base_url":       nil,
			"api_key":        {"", "key\n", "k ey"},
			"namespace":      {"", "my namespace", "a:b"},
			"contacts_check": nil,
			"webhook_header": {"", "My Header", "X-Mine:"},
			"webhook_secret": {"", "word\n"},
		},
		Digits: true,
		Proof:  whatsapptest.SecretHeader("webhook_secret", DefaultWebhookHeader),
		Wire:   wire,
	}
}

// v1Settings are those of a number at base.
func v1Settings(base string) *V1Settings {
	return &V1Settings{
		BaseURL: base, APIKey: "key", Namespace: "c8ae5f90_307a_ca4c_b8f6_d1e2a2573574",
		WebhookHeader: DefaultWebhookHeader, WebhookSecret: "word",
	}
}

// v1Wire is WhatsApp's on-premises API behind 360dialog. Its webhooks are the flat
// ones that the Cloud API's relays have too.
type v1Wire struct {
	whatsapptest.CloudWire
	newer bool
}

var (
	_ whatsapptest.Preparer  = v1Wire{}
	_ whatsapptest.MediaWire = v1Wire{}
)

type object = map[string]any

// Prepared answers a contacts check.
func (v1Wire) Prepared(r *http.Request, body []byte) (whatsapptest.Answer, bool) {
	if r.URL.Path != "/v1/contacts" {
		return whatsapptest.Answer{}, false
	}
	var told struct {
		Blocking string   `json:"blocking"`
		Contacts []string `json:"contacts"`
	}
	if err := strictly(body, &told); err != nil || told.Blocking != "wait" || len(told.Contacts) != 1 || r.Header.Get(keyHeader) != "key" {
		return v1Answer(http.StatusBadRequest, object{"errors": []object{{"code": 1008, "title": "Required parameter is missing"}}}), true
	}
	number := told.Contacts[0]
	return v1Answer(http.StatusOK, object{"contacts": []object{{"input": number, "status": "valid", "wa_id": strings.TrimPrefix(number, "+")}}}), true
}

// strictly reads JSON that has the fields of into alone, and force_check.
func strictly(body []byte, into any) error {
	body = bytes.Replace(body, []byte(`,"force_check":false`), nil, 1)
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// Read reads a message, and of a template refuses every field that the on-premises API
// does not have.
func (v1Wire) Read(r *http.Request, body []byte) (whatsapp.Message, error) {
	var told struct {
		To       string `json:"to"`
		Type     string `json:"type"`
		Template struct {
			Namespace string `json:"namespace"`
			Language  struct {
				Policy string `json:"policy"`
				Code   string `json:"code"`
			} `json:"language"`
			Name       string          `json:"name"`
			Components json.RawMessage `json:"components"`
		} `json:"template"`
	}
	if bytes.Contains(body, []byte(`"recipient_type":"individual"`)) {
		return readV1Free(r, body)
	}
	if err := strictly(body, &told); err != nil {
		return whatsapp.Message{}, err
	}
	switch kind := r.Header.Get("Content-Type"); {
	case r.Method != http.MethodPost || r.URL.Path != "/v1/messages" || !strings.HasPrefix(kind, "application/json") || r.Header.Get(keyHeader) != "key":
		return whatsapp.Message{}, fmt.Errorf("%s %s of %s", r.Method, r.URL, kind)
	case told.Type != "template" || told.Template.Language.Policy != "deterministic" || told.Template.Namespace != "c8ae5f90_307a_ca4c_b8f6_d1e2a2573574":
		return whatsapp.Message{}, errors.New("no template message")
	}
	return whatsapp.Message{To: told.To, Template: campaign.Template{
		Name: told.Template.Name, Language: told.Template.Language.Code, Components: told.Template.Components,
	}}, nil
}

// readV1Free reads a message that is no template. The client has a text's preview
// beside the text, and numbers for the degrees of a location.
func readV1Free(r *http.Request, body []byte) (whatsapp.Message, error) {
	var told struct {
		To       string `json:"to"`
		Preview  bool   `json:"preview_url"`
		Product  string `json:"messaging_product"`
		Location struct {
			Latitude, Longitude *float64
			Name, Address       string
		} `json:"location"`
	}
	if err := json.Unmarshal(body, &told); err != nil || told.Product != "" || r.URL.Path != "/v1/messages" || r.Header.Get(keyHeader) != "key" {
		return whatsapp.Message{}, fmt.Errorf("%s %s: %w", r.Method, r.URL, err)
	}
	free, err := whatsapptest.ReadFree(body)
	if err != nil {
		return whatsapp.Message{}, err
	}
	var content object
	switch free.Kind {
	case campaign.KindText:
		err = json.Unmarshal(free.Content, &content)
		if _, within := content["preview_url"]; within {
			return whatsapp.Message{}, errors.New("the preview stands within the text")
		}
		if told.Preview {
			content["preview_url"] = true
		}
	case campaign.KindLocation:
		content = object{"latitude": fmt.Sprint(*told.Location.Latitude), "longitude": fmt.Sprint(*told.Location.Longitude)}
		if told.Location.Name != "" {
			content["name"], content["address"] = told.Location.Name, told.Location.Address
		}
	default:
		return whatsapp.Message{To: told.To, Free: free}, nil
	}
	free.Content = written(content)
	return whatsapp.Message{To: told.To, Free: free}, err
}

// ReadUpload reads an upload, whose body is the file.
func (v1Wire) ReadUpload(r *http.Request, body []byte) (kind string, content []byte, err error) {
	if r.Method != http.MethodPost || r.URL.Path != "/v1/media" || r.Header.Get(keyHeader) != "key" {
		return "", nil, fmt.Errorf("%s %s stores nothing", r.Method, r.URL.Path)
	}
	return r.Header.Get("Content-Type"), body, nil
}

// Stored names the file.
func (v1Wire) Stored(id string) whatsapptest.Answer {
	return v1Answer(http.StatusOK, object{"media": []object{{"id": id}}})
}

// Accept names the message and, if known, the recipient.
func (v1Wire) Accept(a whatsapp.Accepted) whatsapptest.Answer {
	body := object{"messages": []object{{"id": a.ID}}}
	if phone := a.Recipient.Phone; phone != "" {
		body["contacts"] = []object{{"input": phone, "wa_id": phone}}
	}
	return v1Answer(http.StatusCreated, body)
}

// Refuse answers with errors of the client's own.
func (v1Wire) Refuse(f codes.Fault) whatsapptest.Answer {
	failure := object{"code": f.Code, "title": "Error", "details": f.Message, "href": "https://developers.facebook.com/docs/whatsapp/api/errors/"}
	return v1Answer(cmp.Or(f.Status, http.StatusBadRequest), object{"errors": []object{failure}})
}

func v1Answer(status int, body object) whatsapptest.Answer {
	body["meta"] = object{"api_status": "stable", "version": "2.45.2"}
	return whatsapptest.Answer{Status: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: string(written(body))}
}

func written(body object) []byte {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // texts and numbers always marshal
	}
	return text
}

// Webhook has each recipient where the client of this version has it.
func (w v1Wire) Webhook(e whatsapp.Events) [][]byte {
	bodies := w.CloudWire.Webhook(e)
	for i, body := range bodies {
		var told object
		if err := json.Unmarshal(body, &told); err != nil {
			panic(err) // it was just written
		}
		statuses, _ := told["statuses"].([]any)
		for _, s := range statuses {
			status := s.(object)
			status["type"] = "message"
			if recipient, found := status["recipient_id"]; found && w.newer {
				delete(status, "recipient_id")
				status["message"] = object{"recipient_id": recipient}
			}
		}
		bodies[i] = written(told)
	}
	return bodies
}

// Silent has the statuses that say nothing of a message's way.
func (w v1Wire) Silent() []string {
	return append(w.CloudWire.Silent(),
		`{"statuses":[{"id":"gBEG","status":"deleted","timestamp":"1767000009","type":"message"},{"id":"gBEG","status":"warning"}]}`,
		`{"errors":[]}`, `{"meta":{"api_status":"stable"}}`)
}

func (v1Wire) List(r *http.Request, all []campaign.Approved, most int) (whatsapptest.Answer, error) {
	return whatsapptest.Wire360{}.List(r, all, most)
}

func (v1Wire) NoList() []whatsapptest.Answer { return whatsapptest.Wire360{}.NoList() }

// Examined tells the webhook that is registered.
func (v1Wire) Examined(r *http.Request, _ []byte, webhooks string) (whatsapptest.Answer, bool) {
	return webhookOf(r, "/v1/configs/webhook", webhooks)
}

// Stranger refuses in 360dialog's own form.
func (v1Wire) Stranger() whatsapptest.Answer { return unknownKey() }

// AsksState wants a question for the client's health.
func (v1Wire) AsksState(r *http.Request) error {
	if r.Method != http.MethodGet || r.URL.Path != "/v1/health" || r.Header.Get(keyHeader) != "key" {
		return fmt.Errorf("%s %s asks for no health, or does not say who asks", r.Method, r.URL)
	}
	return nil
}

// TellState tells whether the client is connected.
func (v1Wire) TellState(s whatsapp.NumberState) (whatsapptest.Answer, whatsapp.NumberState) {
	return v1Answer(http.StatusOK, object{"health": object{"gateway_status": s.Status}}), whatsapp.NumberState{Status: s.Status}
}
