package gateway

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/codes"
	"carillon/whatsapp/whatsapptest"
)

// apiWire is the gateway itself. Its webhooks are the Cloud API's.
type apiWire struct {
	whatsapptest.CloudWire
	// cloud answers to messages as the Cloud API does: which of the two comes for a
	// template is not shown.
	cloud bool
}

var _ whatsapptest.PolledWire = apiWire{}

type object = map[string]any

// Read reads a request of each of the three kinds.
func (apiWire) Read(r *http.Request, body []byte) (m whatsapp.Message, err error) {
	if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Authorization") != "Bearer token-1" {
		return m, fmt.Errorf("%s of %s for %s", r.Method, r.Header.Get("Content-Type"), r.Header.Get("Authorization"))
	}
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.DisallowUnknownFields()
	switch r.URL.Path {
	case "/messages":
		return readTemplate(decoder)
	case "/send-message":
		var told struct {
			To      string `json:"phone_number"`
			Body    string `json:"message"`
			Preview bool   `json:"preview_url"`
			ReplyTo string `json:"reply_to"`
		}
		err = decoder.Decode(&told)
		content := object{"body": told.Body}
		if told.Preview {
			content["preview_url"] = true
		}
		return whatsapp.Message{To: told.To, Free: free("text", content, told.ReplyTo)}, err
	case "/send-media":
		var told struct {
			To      string `json:"phone_number"`
			Kind    string `json:"media_type"`
			Link    string `json:"media_url"`
			Caption string `json:"caption"`
		}
		err = decoder.Decode(&told)
		content := object{"link": told.Link}
		if told.Caption != "" {
			content["caption"] = told.Caption
		}
		return whatsapp.Message{To: told.To, Free: free(told.Kind, content, "")}, err
	}
	return m, errors.New("no such path: " + r.URL.Path)
}

// free is a content that is no template.
func free(kind string, content object, answers string) *campaign.FreeForm {
	text, err := json.Marshal(content)
	if err != nil {
		panic(err) // texts always marshal
	}
	return &campaign.FreeForm{Kind: campaign.Kind(kind), Content: text, Answers: answers}
}

func readTemplate(decoder *json.Decoder) (whatsapp.Message, error) {
	var told struct {
		To       string `json:"to"`
		Type     string `json:"type"`
		Template struct {
			Name     string `json:"name"`
			Language struct {
				Code string `json:"code"`
			} `json:"language"`
			Components json.RawMessage `json:"components"`
		} `json:"template"`
	}
	if err := decoder.Decode(&told); err != nil || told.Type != "template" {
		return whatsapp.Message{}, fmt.Errorf("a %q, and no template: %w", told.Type, err)
	}
	return whatsapp.Message{To: told.To, Template: campaign.Template{
		Name: told.Template.Name, Language: told.Template.Language.Code, Components: told.Template.Components,
	}}, nil
}

func answerOf(status int, body object) whatsapptest.Answer {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // texts and numbers always marshal
	}
	return whatsapptest.Answer{Status: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: string(text)}
}

func (w apiWire) Accept(a whatsapp.Accepted) whatsapptest.Answer {
	if w.cloud {
		return w.CloudWire.Accept(a)
	}
	body := object{"status": "success", "message_id": a.ID, "timestamp": "2025-04-27T12:00:00Z"}
	if a.Recipient.Phone != "" {
		body["recipient"] = "+" + a.Recipient.Phone
	}
	return answerOf(http.StatusOK, body)
}

func (apiWire) Refuse(f codes.Fault) whatsapptest.Answer {
	return answerOf(cmp.Or(f.Status, http.StatusBadRequest), object{"status": "error", "code": f.Code, "message": f.Message, "details": "See the code"})
}

func (w apiWire) Silent() []string {
	return append(w.CloudWire.Silent(), `{"status":"sent"}`, `{"status":"queued","message_id":"id-1"}`,
		`{"entry":[{"changes":[{"field":"contact_update","value":{"contacts":[{"wa_id":"447700900123","profile":{"name":"Ana"}}]}}]}]}`)
}

func (apiWire) Asked(r *http.Request) (string, error) {
	if r.Method != http.MethodGet || r.URL.Path != "/message-status" || r.Header.Get("Authorization") != "Bearer token-1" || r.ContentLength > 0 {
		return "", fmt.Errorf("%s %s for %s", r.Method, r.URL, r.Header.Get("Authorization"))
	}
	return r.URL.Query().Get("message_id"), nil
}

func (apiWire) Tell(r whatsapp.Receipt) whatsapptest.Answer {
	body := object{"status": r.Status.String(), "message_id": r.ID, "recipient": "+" + r.Recipient.Phone}
	if !r.At.IsZero() {
		body["timestamp"] = r.At.Format(time.RFC3339)
	}
	if r.Err != nil {
		body["error"] = object{"code": r.Err.Code, "message": r.Err.Message}
	}
	return answerOf(http.StatusOK, body)
}

func (apiWire) Nothing() []whatsapptest.Answer {
	return []whatsapptest.Answer{
		answerOf(http.StatusNotFound, object{"status": "error", "code": 404, "message": "No such message"}),
		answerOf(http.StatusOK, object{"status": "error", "code": "404"}),
		answerOf(http.StatusNotFound, object{"status": "error", "message": "No such message"}),
		answerOf(http.StatusOK, object{"status": "queued", "message_id": "id-1"}),
		answerOf(http.StatusOK, object{"status": "success", "message_id": "id-1"}),
		answerOf(http.StatusOK, object{"status": "delivered", "message_id": "id-2"}),
	}
}

// Examined does not know the message that is asked for.
func (w apiWire) Examined(r *http.Request, _ []byte, _ string) (whatsapptest.Answer, bool) {
	if id, err := w.Asked(r); err != nil || id == "" {
		return whatsapptest.Answer{}, false
	}
	return w.Nothing()[0], true
}

func (w apiWire) Stranger() whatsapptest.Answer {
	return w.Refuse(codes.Fault{Status: http.StatusUnauthorized, Code: 131030, Message: "Invalid or expired access token"})
}
