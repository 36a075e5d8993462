package simulator

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"
)

// maxClientRef is the longest reference, in characters (Vonage, v0.1
// specification).
const maxClientRef = 40

func (d *vonageDialect) decode(r *http.Request, o Options) (request, *refusal) {
	if !d.knows(r, o) {
		return request{}, &refusal{reason: badToken}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest))
	if err != nil {
		return request{}, malformed("The body ended too soon: " + err.Error())
	}
	read := readVonage
	if d.beta {
		read = readVonageBeta
	}
	m, no := read(body)
	if no == nil && o.PhoneNumberID != "" && m.number != o.PhoneNumberID {
		return request{}, &refusal{reason: noSuchPath, details: "The number " + m.number + " is not linked to the application."}
	}
	return m, no
}

// readVonage decodes and checks v1's body: a template of texts alone, or one in
// Meta's words.
func readVonage(body []byte) (request, *refusal) {
	var told struct {
		Type      string `json:"message_type"`
		Channel   string `json:"channel"`
		From      string `json:"from"`
		To        string `json:"to"`
		Reference string `json:"client_ref"`
		WhatsApp  struct {
			Policy string `json:"policy"`
			Locale string `json:"locale"`
		} `json:"whatsapp"`
		Template struct {
			Name       string   `json:"name"`
			Parameters []string `json:"parameters"`
		} `json:"template"`
		Context struct {
			ID string `json:"message_uuid"`
		} `json:"context"`
		Custom struct {
			Type     string `json:"type"`
			Template struct {
				Name     string `json:"name"`
				Language struct {
					Code string `json:"code"`
				} `json:"language"`
				Components json.RawMessage `json:"components"`
			} `json:"template"`
		} `json:"custom"`
	}
	if err := json.Unmarshal(body, &told); err != nil {
		return request{}, malformed("The body is not a message in JSON: " + err.Error())
	}
	m := request{number: told.From, to: told.To, reference: told.Reference}
	meta := told.Custom.Template
	switch {
	case told.Channel != "whatsapp":
		return request{}, malformed("channel must be whatsapp.")
	case told.Type == "template":
		m.template, m.language, m.components = baseName(told.Template.Name), told.WhatsApp.Locale, bodyTexts(told.Template.Parameters)
	case told.Type == "custom" && told.Custom.Type == "template":
		m.template, m.language, m.components = meta.Name, meta.Language.Code, meta.Components
	default:
		kind, content := vonageContent(told.Type, body)
		if no := checkFree(kind, content, told.Context.ID); no != nil {
			return request{}, no
		}
		m = m.asFree(kind, content)
	}
	return m.checked(told.WhatsApp.Policy)
}

// vonageContent is a content that is no template, in the Cloud API's words: as custom
// has it, or out of the form that the kind has at Vonage.
func vonageContent(kind string, members []byte) (string, json.RawMessage) {
	var told map[string]json.RawMessage
	if json.Unmarshal(members, &told) != nil {
		return kind, nil
	}
	content := told[kind]
	switch kind {
	case "custom":
		var within map[string]json.RawMessage
		if json.Unmarshal(content, &within) != nil || json.Unmarshal(within["type"], &kind) != nil {
			return kind, nil
		}
		return kind, within[kind]
	case "text":
		return kind, jsonOf(object{"body": content})
	case "file":
		kind = "document"
	case "image", "video", "audio", "sticker":
	default:
		return kind, content
	}
	var file struct {
		URL     string `json:"url"`
		ID      string `json:"id"`
		Caption string `json:"caption,omitempty"`
	}
	if json.Unmarshal(content, &file) != nil {
		return kind, nil
	}
	return kind, jsonOf(object{"link": file.URL, "id": file.ID, "caption": file.Caption})
}

// readVonageBeta decodes and checks the beta's body.
func readVonageBeta(body []byte) (request, *refusal) {
	type party struct {
		Type   string `json:"type"`
		Number string `json:"number"`
	}
	var told struct {
		From      party  `json:"from"`
		To        party  `json:"to"`
		Reference string `json:"client_ref"`
		Message   struct {
			Content struct {
				Type     string `json:"type"`
				Template struct {
					Name       string `json:"name"`
					Parameters []struct {
						Default string `json:"default"`
					} `json:"parameters"`
				} `json:"template"`
			} `json:"content"`
			WhatsApp struct {
				Policy string `json:"policy"`
				Locale string `json:"locale"`
			} `json:"whatsapp"`
		} `json:"message"`
	}
	if err := json.Unmarshal(body, &told); err != nil {
		return request{}, malformed("The body is not a message in JSON: " + err.Error())
	}
	content := told.Message.Content
	switch {
	case told.From.Type != "whatsapp" || told.To.Type != "whatsapp":
		return request{}, malformed("from and to must be of the type whatsapp.")
	case content.Type != "template":
		return readVonageBetaFree(request{number: told.From.Number, to: told.To.Number, reference: told.Reference}, content.Type, body)
	case !strings.Contains(content.Template.Name, ":"):
		return request{}, malformed("The template's name must have a namespace.")
	}
	var values []string
	for _, parameter := range content.Template.Parameters {
		values = append(values, parameter.Default)
	}
	m := request{
		number: told.From.Number, to: told.To.Number, reference: told.Reference, template: baseName(content.Template.Name),
		language:   strings.ReplaceAll(told.Message.WhatsApp.Locale, "-", "_"), // WhatsApp's code
		components: bodyTexts(values),
	}
	return m.checked(told.Message.WhatsApp.Policy)
}

// readVonageBetaFree completes a message that is no template. The beta has few kinds
// (Vonage, v0.1 specification).
func readVonageBetaFree(m request, kind string, body []byte) (request, *refusal) {
	var told struct {
		Message struct {
			Content json.RawMessage `json:"content"`
		} `json:"message"`
	}
	if err := json.Unmarshal(body, &told); err != nil {
		return request{}, malformed("The body is not a message in JSON: " + err.Error())
	}
	switch kind {
	case "text", "image", "video", "audio", "file", "location":
	default:
		return request{}, &refusal{reason: unsupported, details: "There is no message of type " + kind + "."}
	}
	kind, content := vonageContent(kind, told.Message.Content)
	if no := checkFree(kind, content, ""); no != nil {
		return request{}, no
	}
	return m.asFree(kind, content).checked("")
}

// checked refuses what both APIs refuse, and reads the recipient.
func (m request) checked(policy string) (request, *refusal) {
	switch {
	case m.number == "" || strings.Trim(m.number, "0123456789") != "":
		return request{}, malformed("from must be a number in digits.")
	case m.template == "":
		return request{}, malformed("The template's name is required.")
	case m.language == "" && !m.free:
		return request{}, malformed("The locale is required.")
	case policy != "" && policy != "deterministic":
		return request{}, malformed("policy must be deterministic.")
	case utf8.RuneCountInString(m.reference) > maxClientRef:
		return request{}, malformed("client_ref must be at most 40 characters long.")
	case strings.Trim(m.to, "0123456789") != "":
		return request{}, &refusal{reason: invalidRecipient, details: "to must be a number in digits, without a plus sign."}
	}
	var ok bool
	if m.phone, ok = international("+" + m.to); !ok {
		return request{}, &refusal{reason: invalidRecipient, details: "to must begin with the country code."}
	}
	if m.free {
		return m, nil
	}
	if no := checkComponents(m.components); no != nil {
		return request{}, no
	}
	return m, nil
}

// baseName is a template's name without its namespace.
func baseName(name string) string { return name[strings.LastIndexByte(name, ':')+1:] }

// bodyTexts are the texts of a body in the Cloud API's JSON.
func bodyTexts(values []string) json.RawMessage {
	if len(values) == 0 {
		return nil
	}
	var parameters []object
	for _, value := range values {
		parameters = append(parameters, object{"type": "text", "text": value})
	}
	text := jsonOf(object{"type": "body", "parameters": parameters})
	return append(append([]byte{'['}, text...), ']')
}
