package simulator

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"carillon/campaign"
)

// maxRequest is the longest message that is read, in bytes.
const maxRequest = 1 << 20

// cloudMessage is the part of a message's body that matters here (Meta,
// send-messages page).
type cloudMessage struct {
	Product   string `json:"messaging_product"`
	To        string `json:"to"`
	Recipient string `json:"recipient"`
	Type      string `json:"type"`
	Reference string `json:"biz_opaque_callback_data"`
	Policy    string `json:"product_policy"`
	Status    string `json:"status"`
	Read      string `json:"message_id"`
	Template  struct {
		Name     string `json:"name"`
		Language struct {
			Code string `json:"code"`
		} `json:"language"`
		Components json.RawMessage `json:"components"`
	} `json:"template"`
}

// decodeBearer reads a request with a bearer token and the number in its path.
func decodeBearer(r *http.Request, o Options) (request, *refusal) {
	if token := o.AccessToken; token != "" && r.Header.Get("Authorization") != "Bearer "+token {
		return request{}, &refusal{reason: badToken}
	}
	number := r.PathValue("number")
	if only := o.PhoneNumberID; only != "" && number != only {
		return request{}, &refusal{reason: noSuchPath}
	}
	return decodeCloud(r, number)
}

// decodeCloud reads the body of a request to a number.
func decodeCloud(r *http.Request, number string) (request, *refusal) {
	return decodeBody(r, number, readCloud)
}

func decodeBody(r *http.Request, number string, read func(body []byte) (request, *refusal)) (request, *refusal) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest))
	if err != nil {
		return request{}, malformed("The body ended too soon: " + err.Error())
	}
	m, no := read(body)
	m.number = number
	return m, no
}

func malformed(details string) *refusal { return &refusal{reason: badRequest, details: details} }

// readCloud decodes and checks a body. The refusal is nil or why it is not taken.
func readCloud(body []byte) (request, *refusal) {
	var m cloudMessage
	if err := json.Unmarshal(body, &m); err != nil {
		return request{}, malformed("The body is not a message in JSON: " + err.Error())
	}
	if m.Product == "whatsapp" && m.Status == "read" && m.Read != "" { // Meta, mark messages as read
		return request{read: true}, nil
	}
	if m.Type != "template" {
		return m.free(body)
	}
	recipient, no := m.check()
	if no != nil {
		return request{}, no
	}
	return m.request(cmp.Or(m.To, m.Recipient), recipient), nil
}

// free is the message of a body that asks for no template.
func (m *cloudMessage) free(body []byte) (request, *refusal) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return request{}, malformed("The body is not a message in JSON: " + err.Error())
	}
	recipient, no := m.checkEnvelope()
	if no == nil {
		no = checkFree(m.Type, members[m.Type], "")
	}
	if no != nil {
		return request{}, no
	}
	return m.request(cmp.Or(m.To, m.Recipient), recipient).asFree(m.Type, members[m.Type]), nil
}

// request is the message to a number, written so and in E.164, or to a user ID.
func (m *cloudMessage) request(to, phone string) request {
	return request{
		to: to, phone: phone, reference: m.Reference,
		template: m.Template.Name, language: m.Template.Language.Code, components: m.Template.Components,
	}
}

// check refuses what Meta refuses, and returns the recipient: in E.164, or the user
// ID.
func (m *cloudMessage) check() (recipient string, no *refusal) {
	if recipient, no = m.checkEnvelope(); no != nil {
		return "", no
	}
	switch {
	case m.Type != "template":
		return "", &refusal{reason: unsupported, details: fmt.Sprintf("Only templates are accepted here, and the type is %q.", m.Type)}
	case m.Template.Name == "":
		return "", malformed("The parameter template['name'] is required.")
	case m.Template.Language.Code == "":
		return "", malformed("The parameter template['language']['code'] is required.")
	case m.Policy != "" && m.Policy != "CLOUD_API_FALLBACK" && m.Policy != "STRICT":
		return "", malformed("The parameter product_policy must be CLOUD_API_FALLBACK or STRICT.")
	}
	return recipient, checkComponents(m.Template.Components)
}

// checkEnvelope refuses what Meta refuses of every message, and returns the
// recipient: in E.164, or the user ID.
func (m *cloudMessage) checkEnvelope() (recipient string, no *refusal) {
	switch {
	case m.Product != "whatsapp":
		return "", malformed("The parameter messaging_product is required and must be whatsapp.")
	case m.To == "" && m.Recipient == "":
		return "", malformed("The parameter to is required.")
	case len(m.Reference) > maxReference:
		return "", malformed("Param biz_opaque_callback_data must be at most 512 characters long.")
	}
	if m.To == "" { // where both are there, the number counts
		if !campaign.LooksLikeUserID(m.Recipient) {
			return "", malformed("The parameter recipient must be a user ID.")
		}
		return m.Recipient, nil
	}
	phone, ok := international(m.To)
	if !ok {
		return "", malformed("The parameter to must be a phone number with a plus sign and the country code.")
	}
	return phone, nil
}

// maxReference is the longest reference, in characters (Meta, calls API).
const maxReference = 512

// checkComponents refuses what Meta refuses of a parameter's text: newlines,
// tabs, more than four spaces in a row, nothing at all.
func checkComponents(raw json.RawMessage) *refusal {
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return nil
	}
	var components []struct {
		Type       string `json:"type"`
		Parameters []struct {
			Type string  `json:"type"`
			Text *string `json:"text"`
		} `json:"parameters"`
	}
	if err := json.Unmarshal(raw, &components); err != nil {
		return malformed("The parameter template['components'] is malformed: " + err.Error())
	}
	for i, c := range components {
		if c.Type == "" {
			return malformed("The parameter template['components'][" + strconv.Itoa(i) + "]['type'] is required.")
		}
		for _, p := range c.Parameters {
			switch {
			case p.Type != "text":
			case p.Text == nil || *p.Text == "":
				return &refusal{reason: missingText, details: c.Type + ": a parameter of type text has no text."}
			case c.Type != "button" && badText(*p.Text):
				return &refusal{reason: forbiddenText, details: c.Type + ": text cannot have new-line or tab characters or more than 4 consecutive spaces."}
			}
		}
	}
	return nil
}

func badText(text string) bool {
	return strings.ContainsAny(text, "\n\r\t") || strings.Contains(text, "     ")
}
