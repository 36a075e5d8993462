package vonage

import (
	"encoding/json"
	"errors"
	"fmt"

	"carillon/campaign"
	"carillon/whatsapp"
)

// readFree reads what is no template in v1's words, or in Meta's; nil for a template.
func readFree(body []byte) (*whatsapp.Message, error) {
	var told struct {
		Kind      string `json:"message_type"`
		Channel   string `json:"channel"`
		From      string `json:"from"`
		To        string `json:"to"`
		Reference string `json:"client_ref"`
		Context   struct {
			ID string `json:"message_uuid"`
		} `json:"context"`
		Text     string `json:"text"`
		Reaction struct {
			Action, Emoji string
		} `json:"reaction"`
		Custom map[string]json.RawMessage `json:"custom"`
	}
	var members map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(body, &told), json.Unmarshal(body, &members)); err != nil {
		return &whatsapp.Message{}, err
	}
	if told.Kind == "template" || string(told.Custom["type"]) == `"template"` {
		return nil, nil
	}
	m := &whatsapp.Message{To: told.To, Reference: told.Reference, Free: &campaign.FreeForm{Kind: campaign.Kind(told.Kind), Answers: told.Context.ID}}
	switch {
	case told.Channel != "whatsapp" || told.From != sender:
		return m, errors.New("not from the number on WhatsApp")
	case told.Kind == "text":
		m.Free.Content = encoded(object{"body": told.Text})
	case told.Kind == "reaction" && told.Reaction.Action == "react":
		m.Free.Content = encoded(object{"emoji": told.Reaction.Emoji})
	case told.Kind == "custom":
		var kind campaign.Kind
		err := json.Unmarshal(told.Custom["type"], &kind)
		m.Free.Kind, m.Free.Content = kind, told.Custom[string(kind)]
		return m, err
	default:
		return m, readFile(m.Free, members[told.Kind])
	}
	return m, nil
}

// readFile puts a file into Meta's words.
func readFile(free *campaign.FreeForm, content json.RawMessage) error {
	var file struct{ URL, Caption string }
	if err := json.Unmarshal(content, &file); err != nil || file.URL == "" {
		return fmt.Errorf("no file in %s: %w", content, err)
	}
	if free.Kind == "file" {
		free.Kind = campaign.KindDocument
	}
	media := object{"link": file.URL}
	if file.Caption != "" {
		media["caption"] = file.Caption
	}
	free.Content = encoded(media)
	return nil
}

func readBetaFree(body []byte) (whatsapp.Message, error) {
	type number struct{ Type, Number string }
	var told struct {
		From, To  number
		Reference string `json:"client_ref"`
		Message   struct{ Content map[string]json.RawMessage }
	}
	if err := json.Unmarshal(body, &told); err != nil || told.From != (number{"whatsapp", sender}) || told.To.Type != "whatsapp" {
		return whatsapp.Message{}, fmt.Errorf("no message from the number on WhatsApp: %w", err)
	}
	var kind string
	err := json.Unmarshal(told.Message.Content["type"], &kind)
	content := told.Message.Content[kind]
	m := whatsapp.Message{To: told.To.Number, Reference: told.Reference, Free: &campaign.FreeForm{Kind: campaign.Kind(kind), Content: content}}
	switch kind {
	case "text":
		m.Free.Content = append(append([]byte(`{"body":`), content...), '}')
	case "location":
	default:
		err = errors.Join(err, readFile(m.Free, content))
	}
	return m, err
}
