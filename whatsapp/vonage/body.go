package vonage

import (
	"encoding/json"
	"errors"
	"strings"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/wire"
)

// message is v1's body. Of template and custom there is one.
type message struct {
	Type      string    `json:"message_type"`
	Channel   string    `json:"channel"`
	From      string    `json:"from"`
	To        string    `json:"to"`
	Reference string    `json:"client_ref,omitempty"`
	WhatsApp  *locale   `json:"whatsapp,omitempty"`
	Template  *template `json:"template,omitempty"`
	Custom    *custom   `json:"custom,omitempty"`
}

// locale says in which language the template is, and that no other will do.
type locale struct {
	Policy string `json:"policy"`
	Locale string `json:"locale"`
}

const deterministic = "deterministic"

type template struct {
	Name       string   `json:"name"`
	Parameters []string `json:"parameters,omitempty"`
}

// custom is a template in Meta's words.
type custom struct {
	Type     string       `json:"type"`
	Template metaTemplate `json:"template"`
}

type metaTemplate struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace,omitempty"`
	Language  struct {
		Policy string `json:"policy"`
		Code   string `json:"code"`
	} `json:"language"`
	Components json.RawMessage `json:"components"`
}

// body is v1's body for m: with a template where nothing but texts of the body are
// filled in, and with Meta's own components otherwise.
func (s *Settings) body(m whatsapp.Message) ([]byte, *whatsapp.Error) {
	told := message{Type: "template", Channel: "whatsapp", From: s.Sender, To: digits(m.To), Reference: m.Reference}
	if values, ok := texts(m.Template.Components); ok {
		told.WhatsApp = &locale{deterministic, m.Template.Language}
		told.Template = &template{s.named(m.Template.Name), values}
		return encode(told), nil
	}
	told.Type = "custom"
	told.Custom = &custom{Type: "template", Template: metaTemplate{
		Name: m.Template.Name, Namespace: s.Namespace, Components: m.Template.Components,
	}}
	told.Custom.Template.Language.Policy, told.Custom.Template.Language.Code = deterministic, m.Template.Language
	return encode(told), nil
}

// betaMessage is the beta's body.
type betaMessage struct {
	From      party  `json:"from"`
	To        party  `json:"to"`
	Reference string `json:"client_ref,omitempty"`
	Message   struct {
		Content struct {
			Type     string       `json:"type"`
			Template betaTemplate `json:"template"`
		} `json:"content"`
		WhatsApp locale `json:"whatsapp"`
	} `json:"message"`
}

type betaTemplate struct {
	Name       string      `json:"name"`
	Parameters []betaValue `json:"parameters,omitempty"`
}

type betaValue struct {
	Default string `json:"default"`
}

// betaBody is the beta's body for m. The locale is a language tag (en-GB), of
// which Vonage makes WhatsApp's code.
func (s *Settings) betaBody(m whatsapp.Message) ([]byte, *whatsapp.Error) {
	values, ok := texts(m.Template.Components)
	if !ok {
		return nil, unsupported(nothingButTexts)
	}
	told := betaMessage{From: party{Type: "whatsapp", Number: wire.Text(s.Sender)}, To: party{Type: "whatsapp", Number: wire.Text(digits(m.To))}, Reference: m.Reference}
	content := &told.Message.Content
	content.Type, content.Template.Name = "template", s.named(m.Template.Name)
	for _, value := range values {
		content.Template.Parameters = append(content.Template.Parameters, betaValue{value})
	}
	told.Message.WhatsApp = locale{deterministic, strings.ReplaceAll(m.Template.Language, "_", "-")}
	return encode(told), nil
}

// digits is a number as Vonage wants it: without the plus sign.
func digits(number string) string { return strings.TrimPrefix(number, "+") }

// named is a template's name behind its namespace.
func (s *Settings) named(template string) string {
	if s.Namespace == "" {
		return template
	}
	return s.Namespace + ":" + template
}

func encode(body any) []byte {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // texts, and components that were rendered, always marshal
	}
	return text
}

// texts are the values of a template of which nothing but the body's texts are
// filled in. ok is false for one that has other parameters, or names.
func texts(components json.RawMessage) (values []string, ok bool) {
	if len(components) == 0 {
		return nil, true
	}
	var list []map[string]json.RawMessage
	if json.Unmarshal(components, &list) != nil || len(list) > 1 {
		return nil, false
	}
	for _, component := range list {
		var parameters []map[string]any
		if !isBody(component) || json.Unmarshal(component["parameters"], &parameters) != nil {
			return nil, false
		}
		for _, parameter := range parameters {
			text, isText := parameter["text"].(string)
			if !isText || parameter["type"] != "text" || len(parameter) != 2 {
				return nil, false
			}
			values = append(values, text)
		}
	}
	return values, true
}

func isBody(component map[string]json.RawMessage) bool {
	var kind string
	err := json.Unmarshal(component["type"], &kind)
	return err == nil && strings.EqualFold(kind, "body") && len(component) == 2
}

const nothingButTexts = "vonage-beta fills in nothing but the texts of a template's body"

// supportsInBeta wants a template that has nothing but texts of the body, or one of
// the few other messages that there are.
func supportsInBeta(step *campaign.Step) error {
	if step.FreeForm() {
		return betaSupports(step)
	}
	has := func(what string) error {
		return errors.New(nothingButTexts + ", and the step has " + what + "; send it by a channel of the provider vonage, or choose another template")
	}
	switch {
	case step.Header != nil:
		return has("a header")
	case len(step.Buttons) > 0:
		return has("buttons")
	case step.LimitedTimeOffer != nil:
		return has("a limited-time offer")
	case len(step.Carousel) > 0:
		return has("a carousel")
	}
	for _, p := range step.Body {
		switch {
		case p.Name != "":
			return has("a text with a name (" + p.Name + ")")
		case p.Currency != nil || p.DateTime != nil:
			return has("an amount or a date")
		}
	}
	written, err := json.Marshal(step.Components)
	if err != nil {
		return has("components that are no JSON")
	}
	if _, ok := texts(written); len(step.Components) > 0 && !ok {
		return has("components of other kinds")
	}
	return nil
}
