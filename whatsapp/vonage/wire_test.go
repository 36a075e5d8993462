package vonage

import (
	"cmp"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/codes"
	"carillon/whatsapp/whatsapptest"
)

// The channel of these tests. The namespace is that of Nexmo's own test template.
const (
	sender      = "447700900001"
	application = "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"
	namespace   = "whatsapp:hsm:technology:nexmo"
	secret      = "signature-secret"
)

func encoded(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // texts and numbers always marshal
	}
	return text
}

// newKey makes an application's key.
func newKey(t *testing.T, bits int) (key *rsa.PrivateKey, asPEM string) {
	t.Helper()
	key, err := rsa.GenerateKey(nil, bits)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// tokenOf is a token with this header and these claims, signed by HMAC-SHA256.
func tokenOf(secret string, header, claims object) string {
	signed := base64.RawURLEncoding.EncodeToString(encoded(header)) + "." + base64.RawURLEncoding.EncodeToString(encoded(claims))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// hashOf is the claim about a body.
func hashOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// signed is the proof of Vonage's webhooks.
func signed() whatsapptest.Proof {
	return whatsapptest.Proof{Key: "signature_secret", Whole: true, Prove: func(r *whatsapp.Request, secret string) {
		r.Header.Set("Authorization", "Bearer "+tokenOf(secret, object{"alg": "HS256", "typ": "JWT"}, object{
			"iss": "Vonage", "iat": time.Now().Unix(), "jti": "1", "api_key": "abcd1234", "payload_hash": hashOf(r.Body),
		}))
	}}
}

// vonageWire talks as Vonage does, in the words of v1 or in those of the beta.
type vonageWire struct {
	beta bool
	key  *rsa.PublicKey
}

var _ whatsapptest.Wire = vonageWire{}

// caller says what is wrong with a request's token, which is read by hand.
func (w vonageWire) caller(r *http.Request) error {
	parts := strings.Split(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), ".")
	if len(parts) != 3 {
		return fmt.Errorf("the token %q", r.Header.Get("Authorization"))
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return err
	}
	var told struct {
		Application string `json:"application_id"`
		ID          string `json:"jti"`
		Issued      int64  `json:"iat"`
		Expires     int64  `json:"exp"`
	}
	if err := json.Unmarshal(claims, &told); err != nil {
		return err
	}
	if told.Application != application || told.ID == "" || told.Issued == 0 || told.Expires != told.Issued+900 {
		return fmt.Errorf("the claims %s", claims)
	}
	return verifyRS256(w.key, parts)
}

// Read reads a template message (Vonage, Messages API v1 and v0.1).
func (w vonageWire) Read(r *http.Request, body []byte) (whatsapp.Message, error) {
	path := "/v1/messages"
	if w.beta {
		path = "/beta/messages"
	}
	if r.Method != http.MethodPost || r.URL.Path != path || r.Header.Get("Content-Type") != "application/json" {
		return whatsapp.Message{}, fmt.Errorf("%s %s of %s", r.Method, r.URL.Path, r.Header.Get("Content-Type"))
	}
	if err := w.caller(r); err != nil {
		return whatsapp.Message{}, err
	}
	if w.beta {
		return readBeta(body)
	}
	if free, err := readFree(body); free != nil || err != nil {
		return *free, err
	}
	return readV1(body)
}

func readV1(body []byte) (whatsapp.Message, error) {
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
		Custom struct {
			Type     string `json:"type"`
			Template struct {
				Name       string            `json:"name"`
				Namespace  string            `json:"namespace"`
				Language   map[string]string `json:"language"`
				Components json.RawMessage   `json:"components"`
			} `json:"template"`
		} `json:"custom"`
	}
	if err := json.Unmarshal(body, &told); err != nil {
		return whatsapp.Message{}, err
	}
	m := whatsapp.Message{To: told.To, Reference: told.Reference}
	switch of := told.Custom.Template; {
	case told.Channel != "whatsapp" || told.From != sender:
		return m, errors.New("not from the number on WhatsApp")
	case told.Type == "template" && told.WhatsApp.Policy == "deterministic":
		name, found := strings.CutPrefix(told.Template.Name, namespace+":")
		m.Template = campaign.Template{Name: name, Language: told.WhatsApp.Locale, Components: bodyOf(told.Template.Parameters)}
		if !found {
			return m, errors.New("no namespace")
		}
	case told.Type == "custom" && told.Custom.Type == "template" && of.Namespace == namespace && of.Language["policy"] == "deterministic":
		m.Template = campaign.Template{Name: of.Name, Language: of.Language["code"], Components: of.Components}
	default:
		return m, errors.New("no template message")
	}
	return m, nil
}

func readBeta(body []byte) (whatsapp.Message, error) {
	type number struct{ Type, Number string }
	var told struct {
		From      number
		To        number
		Reference string `json:"client_ref"`
		Message   struct {
			Content struct {
				Type     string
				Template struct {
					Name       string
					Parameters []struct{ Default string }
				}
			}
			WhatsApp struct{ Policy, Locale string }
		}
	}
	if err := json.Unmarshal(body, &told); err != nil {
		return whatsapp.Message{}, err
	}
	content, on := told.Message.Content, told.Message.WhatsApp
	if content.Type != "template" {
		return readBetaFree(body)
	}
	name, found := strings.CutPrefix(content.Template.Name, namespace+":")
	if !found || content.Type != "template" || on.Policy != "deterministic" || told.From != (number{"whatsapp", sender}) || told.To.Type != "whatsapp" {
		return whatsapp.Message{}, errors.New("no template message from the number on WhatsApp")
	}
	if strings.Contains(on.Locale, "_") {
		return whatsapp.Message{}, fmt.Errorf("%s is no language tag", on.Locale)
	}
	var values []string
	for _, parameter := range content.Template.Parameters {
		values = append(values, parameter.Default)
	}
	// Vonage looks for WhatsApp's code.
	language := strings.ReplaceAll(on.Locale, "-", "_")
	return whatsapp.Message{To: told.To.Number, Reference: told.Reference, Template: campaign.Template{
		Name: name, Language: language, Components: bodyOf(values),
	}}, nil
}

// bodyOf is a body with these texts in the Cloud API's words.
func bodyOf(values []string) json.RawMessage {
	if len(values) == 0 {
		return nil
	}
	var parameters []object
	for _, value := range values {
		parameters = append(parameters, object{"type": "text", "text": value})
	}
	return encoded([]object{{"type": "body", "parameters": parameters}})
}

// Accept names the message and nobody.
func (vonageWire) Accept(a whatsapp.Accepted) whatsapptest.Answer {
	return whatsapptest.Answer{Status: http.StatusAccepted, Header: http.Header{"Content-Type": {"application/json"}}, Body: string(encoded(object{"message_uuid": a.ID}))}
}

// Refuse answers with a problem document: the code is at the end of its type, and
// in v1 the title as well, a number or a text.
func (w vonageWire) Refuse(f codes.Fault) whatsapptest.Answer {
	return whatsapptest.Answer{
		Status: cmp.Or(f.Status, http.StatusUnprocessableEntity), Header: http.Header{"Content-Type": {"application/problem+json"}},
		Body: string(encoded(w.problem(f.Code, f.Message))),
	}
}

func (w vonageWire) problem(code int, message string) object {
	p := object{
		"type":  "https://developer.vonage.com/api-errors/messages#" + strconv.Itoa(code),
		"title": "Words", "detail": message, "instance": "aaaaaaaa-0000-4000-8000-000000000000",
	}
	if !w.beta {
		p["title"] = code
	}
	return p
}

// Webhook tells of one message each.
func (w vonageWire) Webhook(e whatsapp.Events) (bodies [][]byte) {
	for _, r := range e.Receipts {
		bodies = append(bodies, encoded(w.status(r)))
	}
	for _, m := range e.Inbound {
		bodies = append(bodies, encoded(w.said(m)))
	}
	return bodies
}

// number is how a party is written.
func (w vonageWire) number(digits string) any {
	if w.beta {
		return object{"type": "whatsapp", "number": digits}
	}
	return digits
}

func (w vonageWire) about(id, from, to string, at time.Time) object {
	told := object{"message_uuid": id, "from": w.number(from), "to": w.number(to), "timestamp": at.Format("2006-01-02T15:04:05.000Z")}
	if !w.beta {
		told["channel"] = "whatsapp"
	}
	return told
}

func (w vonageWire) status(r whatsapp.Receipt) object {
	told := w.about(r.ID, sender, r.Recipient.Phone, r.At)
	told["status"] = map[campaign.Status]string{
		campaign.Sent: "submitted", campaign.Delivered: "delivered", campaign.Read: "read", campaign.Failed: "rejected",
	}[r.Status]
	told["client_ref"] = r.Reference
	if !w.beta {
		told["whatsapp"] = object{"recipient": object{"wa_id": r.Recipient.Phone, "user_id": r.Recipient.UserID}}
	}
	if r.Err == nil {
		return told
	}
	if told["error"] = w.problem(r.Err.Code, r.Err.Message); w.beta {
		told["error"] = object{"code": r.Err.Code, "reason": r.Err.Message}
	}
	if r.Err.Code == 0 { // a failure without an explanation
		delete(told, "error")
	}
	return told
}

func (w vonageWire) said(m whatsapp.Inbound) object {
	told := w.about(m.ID, m.From.Phone, sender, m.At)
	content := object{"text": m.Text}
	if m.Type == "button" {
		content = object{"button": object{"text": m.Text, "payload": m.Payload}}
	}
	if m.ReplyTo != "" {
		told["context"] = object{"message_uuid": m.ReplyTo, "message_from": sender}
	}
	if w.beta {
		content["type"] = m.Type
		told["direction"], told["message"] = "inbound", object{"content": content}
		return told
	}
	told["message_type"], told["profile"] = m.Type, object{"name": "Zoë"}
	for key, value := range content {
		told[key] = value
	}
	return told
}

// Silent has unknown statuses and kinds, and other channels.
func (w vonageWire) Silent() []string {
	return []string{
		`{"status":"submitted"}`, `{"message_uuid":"id-1"}`, `{"message_uuid":"id-1","status":null}`, `{"message_uuid":"id-1","status":{}}`,
		`{"message_uuid":"id-1","status":"played","client_ref":"1.1"}`, `{"message_uuid":"id-1","status":"warning"}`,
		`{"message_uuid":"id-1","status":"delivered","channel":"sms","from":"447700900001","to":"447700900123"}`,
		`{"message_uuid":"id-1","status":"delivered","from":{"type":"viber_service_msg","number":"447700900001"}}`,
		`{"message_type":"text","text":"STOP","to":"447700900001"}`, `{"message":{"content":{"type":"text","text":"STOP"}}}`,
		`{"message_uuid":"id-1","message":{"content":{"type":[],"text":[]}}}`, `{"message_uuid":"id-1","message":"text"}`,
	}
}

// Examined refuses an empty message for what it lacks.
func (w vonageWire) Examined(r *http.Request, body []byte, _ string) (whatsapptest.Answer, bool) {
	if r.Method != http.MethodPost || string(body) != "{}" {
		return whatsapptest.Answer{}, false
	}
	return w.Refuse(codes.Fault{Code: 1010, Message: "Missing params"}), true
}

func (vonageWire) Stranger() whatsapptest.Answer {
	return whatsapptest.Answer{Status: http.StatusUnauthorized, Body: `{"type":"https://developer.vonage.com/api-errors","title":"Unauthorized","detail":"You did not provide correct credentials."}`}
}
